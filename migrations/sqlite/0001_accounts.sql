-- Accounts, their sessions, and the invitations to make one.
-- Times are milliseconds since 1970. Secrets are stored as hashes only.

CREATE TABLE users (
    -- AUTOINCREMENT: a number is never given to a second account.
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    username       TEXT    NOT NULL,
    -- The name in lower case: names that differ in case only are the same name.
    username_key   TEXT    NOT NULL UNIQUE,
    password_hash  TEXT    NOT NULL,
    role           TEXT    NOT NULL CHECK (role IN ('owner', 'member')),
    created_at_ms  INTEGER NOT NULL,
    disabled_at_ms INTEGER
) STRICT;

-- One server, one owner, however many sign up at once.
CREATE UNIQUE INDEX users_one_owner ON users (role) WHERE role = 'owner';

CREATE TABLE sessions (
    -- AUTOINCREMENT: a socket of an ended session never passes for one of a new session.
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id       INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the token.
    token_hash    BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_at_ms INTEGER NOT NULL,
    seen_at_ms    INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_of_user ON sessions (user_id, seen_at_ms);
CREATE INDEX sessions_by_age ON sessions (seen_at_ms);

CREATE TABLE invites (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    -- SHA-256 of the token.
    token_hash    BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    created_by    INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    uses_max      INTEGER NOT NULL CHECK (uses_max > 0),
    uses          INTEGER NOT NULL DEFAULT 0 CHECK (uses BETWEEN 0 AND uses_max)
) STRICT;
