//! What the pages under `/settings` show. They are drawn on the server only and need no program.

use protocol::{ErrorBody, RoomInfo, Status, UserId, UserRef, invites::Invite, sessions::SessionInfo};

use super::{Me, Registration};

/// One of the pages, as it is opened or as a form came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whose settings.
    pub me: Me,
    /// Which page.
    pub tab: Tab,
    /// What was just done.
    pub done: Option<Deed>,
    /// Why a form was refused.
    pub error: Option<ErrorBody>,
}

/// A page and what it shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Tab {
    /// `/settings`: where everything is.
    Overview,
    /// `/settings/profile`.
    Profile {
        /// The time zone that was chosen for this browser; none where it follows the device.
        zone: Option<String>,
        /// The name by which others call them, where that is not the user name.
        name: Option<String>,
        /// The status that others see.
        status: Option<Status>,
        /// What was typed, where a form was refused.
        typed: Typed,
    },
    /// `/settings/password`.
    Password,
    /// `/settings/sessions`.
    Sessions(Vec<SessionInfo>),
    /// `/settings/invites`, for the owner.
    Invites {
        /// The invitations that can still be used.
        invites: Vec<Invite>,
        /// The link that was just made; it is shown once.
        made: Option<String>,
        /// Who may sign up.
        registration: Registration,
    },
    /// `/settings/members`, for the owner.
    Members {
        /// A page of the accounts, oldest first.
        accounts: Vec<AccountRow>,
        /// After which account the next page begins, if there is one.
        more: Option<UserId>,
    },
    /// `/settings/rooms/<id>`, for who keeps the room and for the owner.
    Room(RoomInfo),
    /// `/settings/registration`, for the owner.
    Registration {
        /// The mode that holds.
        mode: Registration,
        /// It was set where the server was started, and cannot be changed here.
        is_fixed: bool,
    },
}

/// What was typed into a form of the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed {
    /// What was to be the display name.
    pub name: Option<String>,
    /// What were to be the emoji and the words of the status.
    pub status: Option<(String, String)>,
}

/// When a status ends by itself, as the form offers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusEnd {
    /// When the one before would have.
    Kept,
    /// Not at all.
    Never,
    /// Soon.
    HalfHour,
    /// After a meeting.
    Hour,
    /// After half a day's work.
    FourHours,
    /// With the day.
    Today,
    /// With the week.
    Week,
}

impl StatusEnd {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 7] =
        [Self::Kept, Self::Never, Self::HalfHour, Self::Hour, Self::FourHours, Self::Today, Self::Week];

    /// Reads the word of a form.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.word() == word)
    }

    /// The word for a form.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Never => "never",
            Self::HalfHour => "30m",
            Self::Hour => "1h",
            Self::FourHours => "4h",
            Self::Today => "today",
            Self::Week => "week",
        }
    }
}

/// An account, as the owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Whose.
    pub user: UserRef,
    /// Whether it owns the server.
    pub owner: bool,
    /// Whether nobody can log in to it.
    pub disabled: bool,
    /// When it was made.
    pub created_at: protocol::UnixMs,
}

macro_rules! deeds {
    ($( $(#[$doc:meta])+ $name:ident: $word:literal, $sentence:literal; )+) => {
        /// Something that a form did. A redirect carries it to the page that says so.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Deed {
            $( $(#[$doc])+ $name, )+
        }

        impl Deed {
            /// Reads the word of an address.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                [$(Self::$name,)+].into_iter().find(|deed| deed.word() == word)
            }

            /// The word for an address.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }

            /// What happened, for the one who did it.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self { $( Self::$name => $sentence, )+ }
            }
        }
    };
}

deeds! {
    /// The display name is another one.
    NameSet: "name", "Your name is saved. Those who share a room with you see it now.";
    /// The status is another one.
    StatusSet: "status", "Your status is set. Those who share a room with you see it now.";
    /// The status is gone.
    StatusCleared: "cleared", "Your status is cleared.";
    /// The time zone was chosen.
    ZoneChosen: "zone", "Times are written in this zone from now on, in this browser.";
    /// The password is another one.
    PasswordChanged: "password", "Your password is changed. All your other sessions have ended.";
    /// A session was ended.
    SessionEnded: "session", "That session has ended.";
    /// All other sessions were ended.
    OthersEnded: "sessions", "All your other sessions have ended.";
    /// An invitation was revoked.
    InviteRevoked: "revoked", "The invitation is revoked. Its link lets nobody in any more.";
    /// An account was disabled.
    Disabled: "disabled", "The account is disabled and logged out everywhere.";
    /// An account was enabled.
    Enabled: "enabled", "The account is enabled. Its user can log in again.";
    /// Another account owns the server.
    HandedOver: "handed-over", "This server has another owner now. You are a member.";
    /// A room has another name.
    RoomRenamed: "renamed", "The room has its new name, for everyone.";
    /// A room has another keeper.
    RoomGivenAway: "given", "The room is given away. You are still in it.";
    /// A room was deleted.
    RoomDeleted: "deleted", "The room is deleted, with everything that was said in it.";
    /// The way to sign up was decided.
    RegistrationSet: "registration", "From now on that is who may sign up.";
}
