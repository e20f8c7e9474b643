-- Who does not want to be told of a room's messages. It goes with the membership.
ALTER TABLE members ADD COLUMN is_muted INTEGER NOT NULL DEFAULT 0 CHECK (is_muted IN (0, 1));
