-- The logs, and what is derived from them. Times are milliseconds since 1970.

CREATE TABLE server (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    -- New logs are of this incarnation; restoring a backup adds one.
    epoch INTEGER NOT NULL,
    -- The number of the room made last: never given to a second room.
    rooms INTEGER NOT NULL
) STRICT;

INSERT INTO server (id, epoch, rooms) VALUES (1, 1, 0);

CREATE TABLE streams (
    -- `room:12`, `inbox:7`.
    name  TEXT    PRIMARY KEY,
    epoch INTEGER NOT NULL,
    head  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    stream      TEXT    NOT NULL REFERENCES streams (name),
    seq         INTEGER NOT NULL CHECK (seq > 0),
    at_ms       INTEGER NOT NULL,
    actor_id    INTEGER NOT NULL REFERENCES users (id),
    -- Of the command that caused it; NULL for what follows from another event.
    client_id   BLOB    CHECK (length(client_id) = 16),
    -- Half a SHA-256 of that command, so that another one with the same id is noticed. Gone with a deleted text,
    -- which could be guessed from it.
    fingerprint BLOB    CHECK (length(fingerprint) = 16),
    -- The message that it changes, so that deleting one finds its earlier texts.
    refers_to   INTEGER,
    -- `protocol::Event` as JSON.
    event       TEXT    NOT NULL,
    PRIMARY KEY (stream, seq)
) STRICT, WITHOUT ROWID;

-- A command appends once, for as long as its stream exists.
CREATE UNIQUE INDEX events_once ON events (actor_id, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX events_of_message ON events (stream, refers_to) WHERE refers_to IS NOT NULL;

CREATE TABLE rooms (
    id          INTEGER PRIMARY KEY,
    -- `protocol::RoomInfo` as JSON; the columns up to `is_everyone` are taken from it, to search by.
    info        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    -- The name in lower case: public names that differ in case only are the same name.
    name_key    TEXT    NOT NULL,
    visibility  TEXT    NOT NULL CHECK (visibility IN ('public', 'private')),
    history     TEXT    NOT NULL CHECK (history IN ('everything', 'since_joining')),
    -- The room that everyone is in.
    is_everyone INTEGER NOT NULL CHECK (is_everyone IN (0, 1)),
    -- The ordinal of the last message.
    messages    INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX rooms_public_name ON rooms (name_key) WHERE visibility = 'public';
CREATE UNIQUE INDEX rooms_one_for_everyone ON rooms (is_everyone) WHERE is_everyone = 1;

CREATE TABLE members (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    -- The event by which they (last) joined.
    since   INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_rooms ON members (user_id, room_id);

-- The lines of the rooms, as the events so far have left them.
CREATE TABLE entries (
    room_id      INTEGER NOT NULL REFERENCES rooms (id),
    seq          INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    actor_id     INTEGER NOT NULL REFERENCES users (id),
    -- NULL for a notice.
    ordinal      INTEGER,
    client_id    BLOB,
    -- The text of a message, or the `protocol::Event` of a notice as JSON.
    body         TEXT    NOT NULL,
    edited_at_ms INTEGER,
    is_deleted   INTEGER NOT NULL DEFAULT 0 CHECK (is_deleted IN (0, 1)),
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;

-- Covers the count of unread messages.
CREATE INDEX entries_unread ON entries (room_id, seq, actor_id) WHERE ordinal IS NOT NULL AND is_deleted = 0;

CREATE TABLE read_cursors (
    user_id INTEGER NOT NULL REFERENCES users (id),
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    version INTEGER NOT NULL,
    seq     INTEGER NOT NULL,
    PRIMARY KEY (user_id, room_id)
) STRICT, WITHOUT ROWID;
