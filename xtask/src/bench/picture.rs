//! The picture of `fanout`: for each size a bar for everybody who carried, drawn from the figures that were measured and from
//! nothing else, in the colours that the reader's system asks for.

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::scenario::Scenario;

/// What a row is called that is drawn, behind its size and who carried.
const DRAWN: &str = ", deliveries a CPU second";
/// Sizes that are measured only to see how cost grows.
const NOT_DRAWN: &str = "100 members";
const PARLOR: &str = "Parlor";

/// Widths and heights in the picture's own units.
const WIDTH: f64 = 860.0;
const NAMES_END: f64 = 210.0;
const BARS_WIDTH: f64 = 530.0;
const LINE: f64 = 22.0;
const BAR: f64 = 14.0;
const HEAD: f64 = 64.0;
const GROUP_HEAD: f64 = 34.0;
const GROUP_GAP: f64 = 14.0;
const FOOT: f64 = 44.0;

const STYLE: &str = "svg{--ground:#fff;--ink:#1f2328;--faint:#59636e;--bar:#afb8c1;--ours:#6d4aff}\
    @media(prefers-color-scheme:dark){svg{--ground:#0d1117;--ink:#e6edf3;--faint:#9198a1;--bar:#484f58;--ours:#a08bff}}\
    text{font:13px system-ui,sans-serif;fill:var(--ink)}.title{font-size:17px;font-weight:600}\
    .size{font-weight:600}.faint,.value{fill:var(--faint)}.name{text-anchor:end}\
    .ground{fill:var(--ground)}.bar{fill:var(--bar)}.ours{fill:var(--ours)}.spread{stroke:var(--ink);stroke-width:1}";

/// One who carried.
#[derive(Debug, PartialEq)]
struct Bar {
    who: String,
    median: f64,
    least: f64,
    most: f64,
}

/// One size.
#[derive(Debug, PartialEq)]
struct Group {
    size: String,
    /// The best first.
    bars: Vec<Bar>,
}

/// Draws what is in the figures of a run.
///
/// # Errors
/// `fanout` was not measured in it.
pub(super) fn draw(figures: &Value) -> Result<String> {
    let groups = groups(figures)?;
    let rounds = figures["rounds"].as_u64().context("how many rounds it were")?;
    let most = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.most).fold(0.0, f64::max);
    ensure!(most > 0.0, "nothing was delivered");
    let lines: usize = groups.iter().map(|group| group.bars.len()).sum();
    let height = HEAD + FOOT + groups.len() as f64 * (GROUP_HEAD + GROUP_GAP) + lines as f64 * LINE;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">Deliveries in a second of the server's processor time</title>\n\
         <desc id=\"desc\">{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n",
        escaped(&described(&groups)),
    );
    text(&mut svg, "title", 20.0, 30.0, "Deliveries in a second of the server's processor time");
    let what = "Thousands; more is better. Parlor stores each message before it tells; the others carry from memory.";
    text(&mut svg, "faint", 20.0, 50.0, what);
    let mut y = HEAD;
    for group in &groups {
        text(&mut svg, "size", 20.0, y + 20.0, &group.size);
        y += GROUP_HEAD;
        for bar in &group.bars {
            line(&mut svg, y, bar, most);
            y += LINE;
        }
        y += GROUP_GAP;
    }
    let how = match rounds {
        1 => "One round, on one machine.".to_owned(),
        rounds => format!("Median of {rounds} rounds in turns, with the least and the most, on one machine."),
    };
    text(&mut svg, "faint", 20.0, y + 16.0, &how);
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn line(svg: &mut String, y: f64, bar: &Bar, most: f64) {
    let at = |value: f64| NAMES_END + BARS_WIDTH * value / most;
    let (middle, class) = (y + BAR / 2.0, if bar.who == PARLOR { "ours" } else { "bar" });
    text(svg, "name", NAMES_END - 10.0, y + 12.0, &bar.who);
    let (top, width) = (y, at(bar.median) - NAMES_END);
    let (least, end) = (at(bar.least), at(bar.most));
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{NAMES_END}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"2\"/>\n\
         <line class=\"spread\" x1=\"{least:.1}\" y1=\"{middle:.1}\" x2=\"{end:.1}\" y2=\"{middle:.1}\"/>"
    );
    text(svg, "value", end.max(at(bar.median)) + 8.0, y + 12.0, &thousands(bar.median));
}

fn text(svg: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let _ = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
}

fn groups(figures: &Value) -> Result<Vec<Group>> {
    let scenarios = figures["scenarios"].as_array().context("no scenarios")?;
    let fanout = scenarios.iter().find(|scenario| scenario["scenario"] == Scenario::Fanout.name());
    let rows = fanout.context("fanout was not measured")?["rows"].as_array().context("no rows")?;
    let mut groups: Vec<Group> = Vec::new();
    for row in rows {
        let what = row["what"].as_str().context("a row without a name")?;
        let Some((size, who)) = what.strip_suffix(DRAWN).and_then(|what| what.split_once(": ")) else { continue };
        if size.starts_with(NOT_DRAWN) {
            continue;
        }
        let number = |key: &str| row[key].as_f64().with_context(|| format!("no {key} of {what}"));
        let (median, least, most) = (number("median")?, number("least")?, number("most")?);
        let bar = Bar { who: who.to_owned(), median, least, most };
        match groups.iter_mut().find(|group| group.size == size) {
            Some(group) => group.bars.push(bar),
            None => groups.push(Group { size: size.to_owned(), bars: vec![bar] }),
        }
    }
    for group in &mut groups {
        group.bars.sort_by(|a, b| b.median.total_cmp(&a.median));
    }
    Ok(groups)
}

/// The same in words, for who does not see it.
fn described(groups: &[Group]) -> String {
    let groups = groups.iter().map(|Group { size, bars }| {
        let bars: Vec<String> = bars.iter().map(|bar| format!("{} {}", bar.who, thousands(bar.median))).collect();
        format!("{size}: {}.", bars.join(", "))
    });
    format!("In thousands. {}", groups.collect::<Vec<_>>().join(" "))
}

fn thousands(value: f64) -> String {
    if value < 9_950.0 { format!("{:.1}", value / 1e3) } else { format!("{:.0}", value / 1e3) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn figures() -> Value {
        let row = |what: &str, median: f64| json!({ "what": what, "median": median, "least": median * 0.9, "most": median * 1.1 });
        let rows = [
            row("1000 members, 8 in flight: a & b, deliveries a CPU second", 400_000.0),
            row("1000 members, 8 in flight: a & b, CPU a delivery", 2_500.0),
            row("1000 members, 8 in flight: Parlor, deliveries a CPU second", 500_000.0),
            row("1000 members, 8 in flight: deliveries a CPU second, Parlor ÷ a & b", 1.25),
            row("100 members, 8 in flight: Parlor, deliveries a CPU second", 900_000.0),
        ];
        json!({ "rounds": 5, "scenarios": [{ "scenario": "fanout", "rows": rows }] })
    }

    #[test]
    fn who_carried_is_drawn_with_the_best_first_and_nothing_else_is() {
        let groups = groups(&figures()).unwrap();

        assert_eq!(groups.len(), 1, "{groups:?}");
        assert_eq!(groups[0].size, "1000 members, 8 in flight");
        assert_eq!(groups[0].bars.iter().map(|bar| bar.who.as_str()).collect::<Vec<_>>(), [PARLOR, "a & b"]);
    }

    #[test]
    fn the_picture_says_what_it_shows_in_words_too_and_follows_the_system_into_the_dark() {
        let svg = draw(&figures()).unwrap();

        assert!(svg.contains("In thousands. 1000 members, 8 in flight: Parlor 500, a &amp; b 400.</desc>"), "{svg}");
        assert!(svg.contains("prefers-color-scheme:dark"));
        assert!(svg.contains("Median of 5 rounds"));
        assert_eq!(svg.matches("class=\"ours\"").count(), 1);
        assert!(draw(&json!({ "rounds": 5, "scenarios": [] })).is_err(), "not measured");
    }
}
