-- Ids of commands grow with time, users do not: in this order, what is stored together lies together in the index, on a
-- few pages instead of on one for each author.
DROP INDEX events_once;
CREATE UNIQUE INDEX events_once ON events (client_id, actor_id) WHERE client_id IS NOT NULL;
