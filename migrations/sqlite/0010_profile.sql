-- What people say of themselves.

-- How often any of it was set: of two, what was set later holds.
ALTER TABLE users ADD COLUMN profile_version INTEGER NOT NULL DEFAULT 0;
-- The status, and when it ends by itself. Both NULL where there is none; the end also where it stays.
ALTER TABLE users ADD COLUMN status_emoji TEXT;
ALTER TABLE users ADD COLUMN status_text TEXT;
ALTER TABLE users ADD COLUMN status_until_ms INTEGER;
CREATE INDEX users_by_status_end ON users (status_until_ms) WHERE status_until_ms IS NOT NULL;
-- By which the others call them; NULL where that is the user name.
ALTER TABLE users ADD COLUMN display_name TEXT;
