//! What the server knows when it renders a page, and the browser when it takes the page over.
//!
//! It stands in the page as JSON; the browser starts from exactly what the server rendered from.

use protocol::{
    ErrorBody, InboxSnapshot, RoomPresence, RoomSnapshot, UnixMs, UserRef, from_json,
    json::{self, Document, FromJson},
    snapshot::{DirectoryEntry, Doorstep},
    tagged_from_json,
};
use serde::Serialize;

pub mod settings;

/// A page and all that it shows. Only what is inside comes to life, so only `Initial<Inside>` stands in pages.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Initial<P = Page> {
    /// The build that rendered it; another one answering later means that the page is old.
    pub build: String,
    /// The server's time when it was rendered.
    pub now: UnixMs,
    /// The time zone that times are written in, if the browser has told it: an IANA name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// It was chosen, and does not follow the device.
    pub is_zone_chosen: bool,
    /// Which page.
    pub page: P,
}

impl<P: FromJson> FromJson for Initial<P> {
    fn from_json(json: &Document) -> Option<Self> {
        let object = json.as_object()?;
        let (build, now) = (json::field(object, "build")?, json::field(object, "now")?);
        let (zone, is_zone_chosen) = (json::field(object, "zone")?, json::field(object, "is_zone_chosen")?);
        Some(Self { build, now, zone, is_zone_chosen, page: json::field(object, "page")? })
    }
}

/// A page.
#[derive(Clone, Debug, PartialEq)]
pub enum Page {
    /// Log-in or sign-up.
    Auth(AuthForm),
    /// What someone who is logged in sees.
    Inside(Inside),
    /// The settings.
    Settings(settings::Settings),
    /// That something is not there or did not work.
    Failure(Failure),
    /// Every part of the pages in each of its states; in development builds only.
    Style,
}

/// The log-in or the sign-up form, empty or as it came back.
#[derive(Clone, Debug, PartialEq)]
pub struct AuthForm {
    /// Which of the two.
    pub form: Form,
    /// What was typed as the user name.
    pub username: String,
    /// The invitation in the address, if there is one.
    pub invite: Option<String>,
    /// Where to go afterwards: a path of this server.
    pub next: Option<String>,
    /// Who may sign up.
    pub registration: Registration,
    /// Nobody has an account yet: the first one made owns the server.
    pub first: bool,
    /// Why it came back.
    pub error: Option<ErrorBody>,
}

/// One of the two forms for people without a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For those who have an account.
    LogIn,
    /// For those who want one.
    SignUp,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registration {
    /// Everyone.
    Open,
    /// Those with an invitation.
    Invite,
    /// Nobody.
    Closed,
}

/// What someone who is logged in sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inside {
    /// Who they are.
    pub me: Me,
    /// Their rooms.
    pub inbox: InboxSnapshot,
    /// What is open beside the list of rooms.
    pub open: Open,
    /// Who is there, where a room is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<Box<RoomPresence>>,
    /// Whether others see which room the user looks at.
    pub shows_viewing: bool,
}

from_json!(Inside { me, inbox, open, presence, shows_viewing });

/// Whose page it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Me {
    /// The account.
    pub user: UserRef,
    /// Whether it owns the server.
    pub owner: bool,
    /// By what the others call them, where that is not the user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
}

from_json!(Me { user, owner, called });

/// What is open beside the list of rooms.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Open {
    /// A room that the user is in.
    Room(RoomSnapshot),
    /// A public room that the user is not in.
    Doorstep(Doorstep),
    /// The list of public rooms.
    Directory {
        /// A page of the rooms, by name.
        rooms: Vec<DirectoryEntry>,
        /// What their names have in them; empty for all rooms.
        name: String,
        /// The address of the next page, if there is one.
        more: Option<String>,
    },
    /// The diagnostics, which know everything themselves.
    Diagnostics,
    /// Nothing that the user can see.
    Missing,
}

tagged_from_json!(Open {
    "room" => Room(_),
    "doorstep" => Doorstep(_),
    "directory" => Directory { rooms, name, more },
    "diagnostics" => Diagnostics {},
    "missing" => Missing {},
});

/// That something is not there or did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub error: ErrorBody,
}
