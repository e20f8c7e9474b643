"""Python's websockets with what its pages on performance and memory recommend: uvloop, `broadcast`, no compression."""

import sys
from collections import defaultdict

import uvloop
from websockets.asyncio.server import broadcast, serve

rooms = defaultdict(set)


async def talk(connection):
    room = rooms[connection.request.path]
    room.add(connection)
    await connection.send("joined")
    try:
        async for text in connection:
            broadcast(room, text)
    finally:
        room.discard(connection)


async def main():
    async with serve(talk, "127.0.0.1", int(sys.argv[1]), compression=None, backlog=4096) as server:
        await server.serve_forever()


uvloop.run(main())
