-- What is kept of presence; all else lives in memory.

-- When the user's last connection ended.
ALTER TABLE users ADD COLUMN last_seen_at_ms INTEGER;
-- Whether others see which room the user looks at.
ALTER TABLE users ADD COLUMN shows_viewing INTEGER NOT NULL DEFAULT 1 CHECK (shows_viewing IN (0, 1));
