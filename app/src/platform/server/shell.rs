//! The document around the app: what the browser loads, and with what.

use leptos::{either::EitherOf3, html, prelude::*};

use crate::{
    address::Address,
    app::App,
    initial::{
        Initial, Inside, Open, Page,
        settings::{Settings, Tab},
    },
    rooms::RoomItem,
    theme::Theme,
    title,
};

/// Addresses of the built front end; none where the server was built without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assets {
    /// The style sheet.
    pub style: Option<String>,
    /// The fonts that every page uses.
    pub fonts: Vec<String>,
    /// The program's JavaScript part.
    pub script: Option<String>,
    /// What that in turn imports: it loads the parts of the program that are first needed later.
    pub imports: Vec<String>,
    /// The program.
    pub wasm: Option<String>,
    /// Where, on this machine, the build says that it has something new; only while the front end is worked on.
    pub reload_port: Option<u16>,
}

/// A whole page.
#[component]
pub(crate) fn Document(
    initial: Initial,
    theme: Theme,
    address: Address,
    assets: Assets,
    nonce: String,
) -> impl IntoView {
    let title = title(&initial);
    let data = match &initial.page {
        Page::Inside(inside) => {
            let json = json_for_script(&initial, inside);
            Some(view! { <script type="application/json" id="initial">{json}</script> })
        }
        Page::Auth(_) | Page::Settings(_) | Page::Failure(_) | Page::Style => None,
    };
    let style = assets.style.clone().map(|href| view! { <link rel="stylesheet" href=href/> });
    let fonts = assets.fonts.iter().cloned().map(|href| preload("font", "font/woff2", href)).collect_view();
    let program = match &initial.page {
        Page::Inside(_) => EitherOf3::A(hydration(&assets, &nonce)),
        Page::Auth(_) => EitherOf3::B(fetched_ahead(&assets, &nonce)),
        Page::Settings(_) | Page::Failure(_) | Page::Style => EitherOf3::C(()),
    };
    let reloading = assets.reload_port.map(|port| {
        let script = format!("new WebSocket('ws://127.0.0.1:{port}/live_reload').onmessage = () => location.reload();");
        view! { <script nonce=nonce.clone()>{script}</script> }
    });
    let placed = matches!(&initial.page, Page::Inside(inside) if matches!(inside.open, Open::Room(_)))
        .then(|| view! { <script nonce=nonce.clone()>{PLACE_TIMELINE}</script> });
    let inside = matches!(&initial.page, Page::Inside(_));
    let stands_in = inside.then(|| view! { <script nonce=nonce.clone()>{STAND_IN}</script> });
    let copying = matches!(&initial.page, Page::Settings(Settings { tab: Tab::Invites { made: Some(_), .. }, .. }))
        .then(|| view! { <script nonce=nonce.clone()>{COPY_LINK}</script> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme.word()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content=theme.color_scheme()/>
                <meta name="referrer" content="same-origin"/>
                <title>{title}</title>
                <link rel="icon" type="image/svg+xml" href="/favicon.svg"/>
                <link rel="apple-touch-icon" href="/icons/parlor-192.png"/>
                <link rel="manifest" href="/parlor.webmanifest"/>
                {fonts}
                {style}
                {program}
                {data}
            </head>
            <body>
                <App initial address/>
                {placed}
                {copying}
                {stands_in}
                {reloading}
                <div id="crashed" class="crashed" role="alert" hidden>
                    <p>
                        "Parlor stopped working in this tab. What you wrote is kept on this device: "
                        <a href="">"reload the page"</a>
                        " to go on."
                    </p>
                </div>
            </body>
        </html>
    }
}

/// Scrolls the timeline to its place while the page is still being read, before anything is painted.
///
/// The place is the one that the tab had before a reload, the message that the address names, the first unread
/// message, or the end.
const PLACE_TIMELINE: &str = r#"{
const log = document.getElementById("timeline");
const kept = history.state && history.state.timeline;
const row = kept && document.getElementById(kept.row);
const at = log && new URLSearchParams(location.search).get("at");
const start = at && document.getElementById("message-" + at) || log && log.querySelector("[data-start]");
if (log) {
    log.dataset.placed = row ? "kept" : "start";
    log.scrollTop = row ? row.offsetTop - kept.offset : start ? start.offsetTop - 72 : log.scrollHeight;
}
}"#;

/// Has the browser ask `assets/sw.js` where a page cannot be loaded, once this one is there. Only who is in gets it: at
/// the door nothing is left behind.
const STAND_IN: &str = r#"if (navigator.serviceWorker) addEventListener("load", () => navigator.serviceWorker.register("/sw.js").catch(() => {}));"#;

/// Shows the button that copies the new invitation's link, and lets it do so. Without scripts there is only the field.
const COPY_LINK: &str = r#"{
const [link, button] = ["invite-link", "copy-link"].map((id) => document.getElementById(id));
if (navigator.clipboard) {
    button.hidden = false;
    button.onclick = () => navigator.clipboard.writeText(link.value).then(() => { button.textContent = "Copied"; });
}
}"#;

/// Asks for a file before anything in the page needs it. (`as` is a keyword, which `view!` does not take.)
fn preload(kind: &'static str, mime: &'static str, href: String) -> impl IntoView {
    html::link().rel("preload").r#as(kind).r#type(mime).crossorigin("anonymous").href(href)
}

/// The script that takes the page over.
fn hydration(assets: &Assets, nonce: &str) -> impl IntoView + use<> {
    let nonce = nonce.to_owned();
    let addresses = assets.script.clone().zip(assets.wasm.clone());
    let imports =
        assets.imports.iter().cloned().map(|href| view! { <link rel="modulepreload" href=href/> }).collect_view();
    addresses.map(|(script, wasm)| {
        let start = format!(
            "import init, {{ hydrate }} from {script:?};\nawait init({{ module_or_path: {wasm:?} }});\nhydrate();"
        );
        view! {
            <link rel="modulepreload" href=script/>
            {imports}
            {preload("fetch", "application/wasm", wasm)}
            <script type="module" nonce=nonce>{start}</script>
        }
    })
}

/// The forms need no program; the room behind them does, and its first picture is right with the zone known.
fn fetched_ahead(assets: &Assets, nonce: &str) -> impl IntoView + use<> {
    const TELL_ZONE: &str = r#"document.cookie = "zone=" + encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC") + "; path=/; max-age=31536000; samesite=lax";"#;
    let addresses = assets.script.clone().into_iter().chain(assets.wasm.clone());
    let links = addresses.map(|href| view! { <link rel="prefetch" href=href/> }).collect_view();
    let nonce = nonce.to_owned();
    view! {
        {links}
        <script nonce=nonce>{TELL_ZONE}</script>
    }
}

/// The text of the page's title.
fn title(initial: &Initial) -> String {
    let of_page = match &initial.page {
        Page::Auth(form) => match form.form {
            crate::Form::LogIn => "Log in".to_owned(),
            crate::Form::SignUp => "Create account".to_owned(),
        },
        Page::Inside(inside) => {
            let rooms: Vec<RoomItem> = inside.inbox.rooms.iter().cloned().map(RoomItem::from).collect();
            return title::whole(title::unread_in(&rooms), title::of_open(&inside.open));
        }
        Page::Settings(settings) => settings.tab.name().to_owned(),
        Page::Style => "Style".to_owned(),
        Page::Failure(failure) => if failure.status == 404 { "Not found" } else { "Something went wrong" }.to_owned(),
    };
    title::whole(0, &of_page)
}

/// JSON that may stand in a `<script>`: `<` is written so that no text can close the element or open a comment
/// (HTML, 4.12.1.3).
fn json_for_script(initial: &Initial, inside: &Inside) -> String {
    let Initial { build, now, zone, is_zone_chosen, page: _ } = initial;
    let (build, zone, is_zone_chosen) = (build.clone(), zone.clone(), *is_zone_chosen);
    let started_from = Initial { build, now: *now, zone, is_zone_chosen, page: inside };
    serde_json::to_string(&started_from).expect("the types of a page have string keys only").replace('<', "\\u003c")
}
