-- Deleted rooms of which something is still to be overwritten: they are gone for everyone already, and it goes on after
-- a restart. The column is not called `room_id`, because what is called so is erased with the room.
CREATE TABLE erasures (
    room          INTEGER PRIMARY KEY,
    -- The events up to this one have been overwritten.
    log_erased_to INTEGER NOT NULL DEFAULT 0
) STRICT;

-- All cursors of a room are found without looking at those of the others.
CREATE INDEX read_cursors_of_room ON read_cursors (room_id);
