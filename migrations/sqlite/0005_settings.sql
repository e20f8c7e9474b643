-- What people set about themselves, and the owner about the server.

-- Rooms that the account has ever made, also those that are gone; the room for everyone does not count.
ALTER TABLE users ADD COLUMN rooms_made INTEGER NOT NULL DEFAULT 0;
UPDATE users SET rooms_made = (
    SELECT count(*) FROM events e JOIN rooms r ON e.stream = 'room:' || r.id
    WHERE e.seq = 1 AND e.actor_id = users.id AND r.is_everyone = 0
);

-- What the session was opened with, such as `Firefox on Linux`. Empty where it was opened before this was noted.
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';

-- Who may sign up, as the owner has decided; NULL where nobody has.
ALTER TABLE server ADD COLUMN registration TEXT CHECK (registration IN ('open', 'invite', 'closed'));
