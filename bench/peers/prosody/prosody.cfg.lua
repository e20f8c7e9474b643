-- Prosody's rooms over WebSocket, as its documentation has it for a chat without accounts in a page
-- (https://prosody.im/doc/anonymous_logins, /doc/websocket, /doc/modules/mod_muc, /doc/modules/mod_muc_mam).
--
-- What is off would judge the load generator, cost without being measured, or speak to others: limits of what a client
-- sends (`limits`), connections between servers, TLS, which a proxy in front of it does, and logging. Nothing is
-- written to disk: the archive of the rooms is on, and in memory.

run_as_root = true -- where whoever measures is root; it listens on this machine only
network_backend = "epoll" -- its default, and what it recommends for many connections
network_settings = { tcp_backlog = 4096 }
-- Garbage by generations (/doc/advanced_gc), which Lua 5.4 has: a delivery takes half as long as with its default.
gc = { mode = "generational" }
data_path = "data"
storage = "memory"
log = { error = "*console" }
plugin_paths = {}

modules_enabled = { "saslauth", "disco", "websocket" }
modules_disabled = { "s2s", "offline", "tls" }

c2s_ports = {}
https_ports = {}
http_ports = { tonumber(ENV_PORT) }
http_interfaces = { "127.0.0.1" }
http_default_host = "localhost"
consider_websocket_secure = true
c2s_require_encryption = false

VirtualHost "localhost"
    authentication = "anonymous"

Component "rooms.localhost" "muc"
    modules_enabled = { "muc_mam" }
    -- A new room is open at once, to all who come.
    muc_room_locking = false
    -- Who comes is told to nobody but moderators: otherwise everybody would be told of everybody.
    muc_room_default_presence_broadcast = { visitor = false, participant = false, moderator = true }
