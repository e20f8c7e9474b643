//! Close codes of the WebSocket (RFC 6455 §7.4.1 and the IANA registry), as Parlor uses them.

/// The server or the page goes away.
pub const GOING_AWAY: u16 = 1001;
/// The peer broke the framing rules.
pub const PROTOCOL_ERROR: u16 = 1002;
/// A text frame was not UTF-8.
pub const NOT_UTF8: u16 = 1007;
/// The session was ended: log in again.
pub const SESSION_ENDED: u16 = 1008;
/// A frame or message above [`crate::limits::FRAME_BYTES_MAX`].
pub const TOO_BIG: u16 = 1009;
/// The server restarts: connect again after the hint.
pub const RESTART: u16 = 1012;
/// The server is over its limits: connect again later.
pub const TRY_AGAIN_LATER: u16 = 1013;
