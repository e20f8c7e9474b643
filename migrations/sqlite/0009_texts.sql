-- What is derived from the texts of messages, and what of deleted ones is still in the log.

-- The event that set the text, where its markup is a tree: it is read from there and not parsed again. NULL where there
-- is none, and where that is not known: then the text is parsed when it is read.
ALTER TABLE entries ADD COLUMN tree_seq INTEGER;
-- What quotes of the message show, where that is not the beginning of its text as it stands.
ALTER TABLE entries ADD COLUMN excerpt TEXT;

-- A program that does not know these columns changes or removes a text alone: they do not outlive it.
CREATE TRIGGER entries_text AFTER UPDATE OF body ON entries
WHEN old.tree_seq IS NOT NULL AND new.tree_seq IS old.tree_seq
BEGIN
    UPDATE entries SET tree_seq = NULL, excerpt = NULL WHERE room_id = new.room_id AND seq = new.seq;
END;

-- Nor does what is counted and shown beside a message outlive it, whichever program deletes it.
CREATE TRIGGER entries_deleted AFTER UPDATE OF is_deleted ON entries
WHEN new.is_deleted = 1 AND old.is_deleted = 0
BEGIN
    DELETE FROM mentions WHERE room_id = new.room_id AND seq = new.seq;
    DELETE FROM reactions WHERE room_id = new.room_id AND message = new.seq;
END;

-- Deleted messages of which edits or quotes still stand in the log: they read as gone already, and are overwritten in
-- batches, after a restart too.
CREATE TABLE redactions (
    room_id INTEGER NOT NULL REFERENCES rooms (id),
    message INTEGER NOT NULL,
    -- The events up to this one have been overwritten.
    done_to INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room_id, message)
) STRICT, WITHOUT ROWID;

-- Whether somebody joined after a message is known without looking at all members.
CREATE INDEX members_since ON members (room_id, since);
