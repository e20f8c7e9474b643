// Bun's own server, with its topics, as in its guide "Build a publish-subscribe WebSocket server". Compression is off,
// as it is by default.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    const { pathname } = new URL(request.url);
    if (server.upgrade(request, { data: { room: pathname } })) return undefined;
    return new Response("a WebSocket, please", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(socket) {
      socket.subscribe(socket.data.room);
      socket.send("joined");
    },
    message(socket, text) {
      server.publish(socket.data.room, text);
    },
  },
});
