"""A client of Parlor, written from docs/protocol.md alone: it shows that the page is enough for another language.

`client.py URL USERNAME PASSWORD` follows `general`, posts, has its connection cut with posts unanswered, resumes, sends
them again, and fails unless it saw every event once and in order, and they add up to what the server shows."""
import asyncio, json, random, secrets, socket, struct, sys, time, urllib.error, urllib.request, uuid
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

URL, USERNAME, PASSWORD = sys.argv[1:4]
TEXTS = ["hello from Python", "Zwölf Boxkämpfer 🥊", "a line\nand another", "to be edited", "to be deleted"]

def uuid7():
    """48 bits of milliseconds, then randomness, with the version and the variant of RFC 9562."""
    bits = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return str(uuid.UUID(int=bits & ~(0xF << 76) & ~(0x3 << 62) | 7 << 76 | 2 << 62))

def http(method, path, token=None, body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(URL + path, body and json.dumps(body).encode(), headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error

class Room:
    """A replica of a room: the lines of a snapshot, and every later event folded into them."""
    def __init__(self, number, token):
        snapshot = http("GET", f"/api/v1/rooms/{number}?at=end", token)
        self.number, self.stream, self.epoch = number, f"room:{number}", snapshot["epoch"]
        self.seq = snapshot["window"]["as_of"]
        self.lines = {entry["seq"]: entry for entry in snapshot["window"]["entries"]}
        self.posted = []

    def fold(self, frame):
        seq, last = frame["seq"], self.seq
        assert (frame["stream"], frame["epoch"], seq) == (self.stream, self.epoch, last + 1), f"after {last} came {frame}"
        self.seq = seq
        if frame["type"] == "withheld":
            return
        event, line = frame["event"], {key: frame[key] for key in ("seq", "at", "actor")}
        target = self.lines.get(event.get("message"), {"kind": {}})["kind"]
        match event["type"]:
            case "message_posted":
                body = {"type": "deleted"} if event.get("redacted") else {"type": "text", "text": event["text"]}
                kind = {"type": "message", "client_id": frame["client_id"], "ordinal": event["ordinal"], "body": body}
                self.lines[seq] = line | {"kind": kind}
                self.posted.append(frame["client_id"])
            case "message_edited":
                if not event.get("redacted") and target.get("body") != {"type": "deleted"}:
                    target["body"] = {"type": "text", "text": event["text"], "edited_at": frame["at"]}
            case "message_deleted":
                target["body"] = {"type": "deleted"}
            case "room_created" | "room_renamed" | "member_joined" | "member_left" | "member_added" | "member_removed":
                self.lines[seq] = line | {"kind": {"type": "notice", "notice": event}}
            case unknown:
                raise SystemExit(f"an event that this client does not know: {unknown}")

class Client:
    """A socket that comes back, commands that keep their `client_id` until they are answered, and a followed room."""
    def __init__(self, token, room):
        self.token, self.room, self.id = token, room, 0
        self.waiting = {}  # by id: what was sent and not answered
        self.answers = {}  # by client_id

    async def open(self):
        """Connects, follows the room from where it is, and sends again what was not answered."""
        address, headers, wait = f"ws{URL[4:]}/ws", {"Authorization": f"Bearer {self.token}"}, 0.25
        while True:
            try:
                self.ws = await connect(address, subprotocols=["parlor.v1"], additional_headers=headers, proxy=None)
                break
            except (OSError, InvalidHandshake):
                await asyncio.sleep(random.uniform(0, wait))
                wait = min(wait * 2, 30)
        hello = await self.receive()
        assert hello["type"] == "hello" and "parlor.v1" in hello["versions"] and self.ws.subprotocol == "parlor.v1", hello
        unanswered, self.waiting = [command for command in self.waiting.values() if "client_id" in command], {}
        after = {"epoch": self.room.epoch, "seq": self.room.seq}
        for command in [{"type": "subscribe", "stream": self.room.stream, "after": after}, *unanswered]:
            await self.send(command)

    async def send(self, command):
        self.id += 1
        self.waiting[self.id] = command
        await self.ws.send(json.dumps({"id": self.id, "command": command}))

    async def do(self, kind, client_id=None, **fields):
        client_id = client_id or uuid7()
        await self.send({"type": kind, "client_id": client_id, "room": self.room.number, **fields})
        return client_id

    async def receive(self, hears_answers=True):
        """Takes in one frame. With `hears_answers` off, answers are lost on the way."""
        frame = json.loads(await asyncio.wait_for(self.ws.recv(), 40))
        match frame["type"]:
            case "event" | "withheld":
                self.room.fold(frame)
            case "ack" | "error" if hears_answers:
                command = self.waiting.pop(frame["id"])
                if "client_id" in command:
                    self.answers[command["client_id"]] = frame.get("done") or {"refused": frame["code"]}
            case "reset" | "ended":
                raise SystemExit(f"the room cannot be followed: {frame}")
        return frame

    async def settle(self):
        """Until every command is answered, and every event that the answers tell of is here."""
        while self.waiting or self.room.seq < max(answer.get("seq", 0) for answer in self.answers.values()):
            await self.receive()

async def main():
    token = http("POST", "/api/v1/sessions", body={"username": USERNAME, "password": PASSWORD})["token"]
    general = next(room for room in http("GET", "/api/v1/inbox", token)["rooms"] if room["room"]["name"] == "general")
    client = Client(token, room := Room(general["room"]["id"], token))
    await client.open()

    intended = [await client.do("post_message", text=text) for text in TEXTS]
    await client.settle()
    await client.do("edit_message", message=client.answers[intended[-2]]["seq"], text="edited")
    await client.do("delete_message", message=client.answers[intended[-1]]["seq"])

    # Five posts at once: of the first, the event is seen and the answer lost; what became of the others is unknown.
    await client.settle()
    intended += [await client.do("post_message", text=f"in mid-stream, {number}") for number in range(5)]
    while (await client.receive(hears_answers=False))["type"] != "event":
        pass
    wire = client.ws.transport  # Reset, not closed: nothing is said, and what is on its way is lost.
    wire.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.abort()
    await client.open()
    await client.settle()

    # An answered command sent again gets its old answer and no new event; its id with other content is a conflict.
    answers, seq = dict(client.answers), room.seq
    await client.do("post_message", intended[0], text=TEXTS[0])
    await client.settle()
    assert (client.answers, room.seq) == (answers, seq), client.answers
    await client.do("post_message", intended[0], text="something else")
    await client.settle()
    assert client.answers[intended[0]] == {"refused": "conflict"}, client.answers
    assert room.posted == intended, f"{room.posted} is not {intended}"
    fresh = Room(room.number, token)
    assert (fresh.seq, fresh.lines) == (room.seq, room.lines), f"{fresh.lines} is not {room.lines}"
    http("DELETE", "/api/v1/sessions/current", token)
    await client.ws.wait_closed()
    assert client.ws.close_code == 1008, client.ws.close_code
    print(f"{len(intended)} messages, each once and in order; the log is at {room.seq}")

asyncio.run(asyncio.wait_for(main(), 60))
