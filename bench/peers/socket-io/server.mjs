// Socket.IO over WebSocket alone, with what its pages on performance and memory recommend: `bufferutil`, and no
// reference to the request that opened a connection. A room is a room of Socket.IO.
//
// With `recovery` who loses the connection gets what was missed, for two minutes: "connection state recovery", as in its
// documentation, with the adapter that is built in.
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, kind] = process.argv.slice(2);
const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true } };
const server = createServer();
const io = new Server(server, {
  transports: ["websocket"],
  serveClient: false,
  ...(kind === "recovery" ? recovery : {}),
});

io.engine.on("connection", (connection) => {
  connection.request = null;
});

io.on("connection", (socket) => {
  let room;
  socket.on("join", (name) => {
    room = name;
    socket.join(room);
    socket.emit("joined");
  });
  socket.on("say", (text) => io.to(room).emit("m", text));
});

server.listen({ host: "127.0.0.1", port: Number(port), backlog: 4096 });
