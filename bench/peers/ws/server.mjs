// Node's `ws`, as its own documentation has it for a broadcast: each text is one Buffer that all clients are sent.
// Compression is off, as it is by default, and `bufferutil` is installed, which its README recommends for speed.
//
// With `framed` the frame is made once for all of them. `Sender.frame` was made public for this, but is not
// documented, so it is measured beside the documented way and not in its place.
import { createServer } from "node:http";
import { Sender, WebSocket, WebSocketServer } from "ws";

const [port, kind] = process.argv.slice(2);
const rooms = new Map();

const sends = (room, data) => {
  for (const client of room) {
    if (client.readyState === WebSocket.OPEN) client.send(data, { binary: false });
  }
};

const sendsFramed = (room, data) => {
  const options = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true };
  const frame = Buffer.concat(Sender.frame(data, options));
  for (const client of room) {
    if (client.readyState === WebSocket.OPEN) client._socket.write(frame);
  }
};

const broadcast = kind === "framed" ? sendsFramed : sends;
const server = createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });

sockets.on("connection", (client, request) => {
  const room = rooms.get(request.url) ?? new Set();
  rooms.set(request.url, room.add(client));
  client.on("error", console.error);
  client.on("message", (data) => broadcast(room, data));
  client.on("close", () => room.delete(client));
  client.send("joined");
});

server.listen({ host: "127.0.0.1", port: Number(port), backlog: 4096 });
