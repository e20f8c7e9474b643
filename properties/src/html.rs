//! HTML as the server writes it for messages, read by the letter: what is not in the lists below is refused, whatever browsers
//! would make of it.

/// Elements that a message may consist of, and their attributes.
const ALLOWED: [(&str, &[&str]); 20] = [
    ("a", &["class", "href", "rel", "target"]),
    ("blockquote", &["class"]),
    ("code", &["class"]),
    ("del", &["class"]),
    ("div", &["aria-label", "class", "dir", "role", "tabindex"]),
    ("em", &["class"]),
    ("li", &["class"]),
    ("ol", &["class", "start"]),
    ("p", &["class", "dir"]),
    ("pre", &["aria-label", "class", "role", "tabindex"]),
    ("span", &["class"]),
    ("strong", &["class"]),
    ("table", &["class"]),
    ("tbody", &["class"]),
    ("td", &["class"]),
    ("th", &["class"]),
    ("tr", &["class"]),
    ("ul", &["class"]),
    // Not written today.
    ("br", &[]),
    ("hr", &[]),
];

/// Reads a message's HTML: its letters.
///
/// # Panics
/// Something is in it that may not be, or not where it may.
pub(crate) fn letters(html: &str) -> String {
    let (mut letters, mut open, mut rest) = (String::new(), Vec::new(), html);
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        assert!(text.is_empty() || !open.is_empty(), "letters outside of the message");
        letters.push_str(&unescaped(text));
        let Some(tag) = after.strip_prefix('<') else { break };
        rest = match tag.strip_prefix('/') {
            Some(tag) => {
                let (name, after) = tag.split_once('>').unwrap_or_else(|| panic!("an open tag: {tag}"));
                assert_eq!(open.pop(), Some(name), "something else is closed");
                after
            }
            None => {
                let (name, after) = opened(tag);
                assert!(!(name == "a" && open.contains(&"a")), "a link in a link");
                open.push(name);
                after
            }
        };
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    letters
}

/// Reads a tag after its `<`: its name, and what comes after it.
fn opened(tag: &str) -> (&str, &str) {
    let (name, mut rest) = tag.split_at(tag.find([' ', '>']).unwrap_or_else(|| panic!("an open tag: {tag}")));
    let Some((_, attributes)) = ALLOWED.iter().find(|(allowed, _)| *allowed == name) else {
        panic!("<{name}> is not allowed");
    };
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            return (name, after);
        }
        let (attribute, after) = rest
            .strip_prefix(' ')
            .and_then(|rest| rest.split_once("=\""))
            .unwrap_or_else(|| panic!("no attribute: {rest}"));
        assert!(attributes.contains(&attribute), "<{name} {attribute}> is not allowed");
        let (value, after) = after.split_once('"').unwrap_or_else(|| panic!("an open value: {after}"));
        assert!(!value.contains('<'), "{value} in an attribute");
        has_value(attribute, &unescaped(value));
        rest = after;
    }
}

fn has_value(attribute: &str, value: &str) {
    let is_allowed = match attribute {
        "href" => {
            let scheme = value.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
            matches!(scheme.as_deref(), Some("http" | "https" | "mailto")) && !value.contains(char::is_control)
        }
        "target" => value == "_blank",
        "rel" => value == "noopener noreferrer",
        "tabindex" => value == "0",
        "start" => value.parse::<u64>().is_ok(),
        "role" => matches!(value, "group" | "separator"),
        "dir" => value == "auto",
        "class" => value.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | ' ')),
        // What the author says that code is written in.
        "aria-label" => value.starts_with("Code") || value == "Table",
        _ => false,
    };
    assert!(is_allowed, "{attribute}={value:?}");
}

/// A text without its character references, of which there are only these.
fn unescaped(text: &str) -> String {
    assert!(!text.contains('>'), "an open > in {text}");
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or_else(|| panic!("an open & before {part}"));
        plain.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "#x27" => '\'',
            "#x2F" => '/',
            _ => panic!("&{name}; is not written here"),
        });
        plain.push_str(rest);
    }
    plain
}
