-- What one does with messages: answer them, name people in them, react to them.

-- The message that this one answers. What its quote shows is looked up there when it is read.
ALTER TABLE entries ADD COLUMN reply_to INTEGER;
-- Some members came too late to read what is answered: then the quote shows nothing of it, to nobody.
ALTER TABLE entries ADD COLUMN is_quote_hidden INTEGER NOT NULL DEFAULT 0 CHECK (is_quote_hidden IN (0, 1));
-- Who is named: `protocol::Mentions` as JSON; NULL for nobody.
ALTER TABLE entries ADD COLUMN mentions TEXT;

-- Deleting a message finds the quotes of it.
CREATE INDEX entries_replies ON entries (room_id, reply_to) WHERE reply_to IS NOT NULL;

-- Who is named where, to be counted: the same as in `entries.mentions`, for messages that are not deleted.
CREATE TABLE mentions (
    room_id   INTEGER NOT NULL REFERENCES rooms (id),
    -- 0 for everyone in the room.
    user_id   INTEGER NOT NULL,
    -- The message.
    seq       INTEGER NOT NULL,
    author_id INTEGER NOT NULL REFERENCES users (id),
    PRIMARY KEY (room_id, user_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_of_message ON mentions (room_id, seq);

CREATE TABLE reactions (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    -- The message.
    message INTEGER NOT NULL,
    -- The event by which it came.
    seq     INTEGER NOT NULL,
    user_id INTEGER NOT NULL REFERENCES users (id),
    emoji   TEXT    NOT NULL,
    PRIMARY KEY (room_id, message, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX reactions_once ON reactions (room_id, message, emoji, user_id);
