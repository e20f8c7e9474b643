// People who talk a lot: each posts at a steady pace over a socket of its own, from a page that runs nothing else.
import { type Chat, type Person, expect } from "../tests/chat.ts";

// A page that is only drawn by the server.
const QUIET_PAGE = "/settings";
// How long a page may take to show what was said while it was slow.
const CAUGHT_UP_MS_MAX = 300_000;
// Rows of one author that a page at least has of a crowd's talk.
const EACH_HELD_MIN = 50;

export class Crowd {
  private constructor(
    readonly people: readonly Person[],
    readonly room: number,
  ) {}

  // Opens accounts for them; they are members of `general`.
  static async of(chat: Chat, names: readonly string[], room: number): Promise<Crowd> {
    const people: Person[] = [];
    for (const name of names) {
      const person = await chat.signUp(name);
      await person.goesTo(QUIET_PAGE);
      people.push(person);
    }
    return new Crowd(people, room);
  }

  // All of them together post this many messages a second for so long. Answers, once the server has stored all of
  // them, with how many each has said; fails when the server refused one.
  async talks(about: string, per_second: number, duration_ms: number): Promise<number> {
    const each = Math.round((per_second * duration_ms) / 1_000 / this.people.length);
    const talk = async (person: Person): Promise<void> => {
      const texts = Array.from({ length: each }, (_, n) => `${about}: number ${n + 1} of what ${person.name} says`);
      await person.page.evaluate(post, { texts, room: this.room, interval_ms: duration_ms / each });
    };
    await Promise.all(this.people.map(talk));
    return each;
  }
}

// In the page: each message at its time, whether or not those before were answered.
async function post(load: { texts: string[]; room: number; interval_ms: number }): Promise<void> {
  const { texts, room, interval_ms } = load;
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "parlor.v1");
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let stored = 0;
    const send = (start_ms: number): void => {
      const due = Math.min(texts.length, Math.floor((performance.now() - start_ms) / interval_ms) + 1);
      for (; sent < due; sent++) {
        const command = { type: "post_message", client_id: crypto.randomUUID(), room, text: texts[sent] };
        socket.send(JSON.stringify({ id: sent + 1, command }));
      }
      if (sent < texts.length) setTimeout(() => send(start_ms), interval_ms / 2);
    };
    socket.onclose = (close) => reject(new Error(`closed: ${close.code}`));
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data as string) as { type: string };
      if (frame.type === "error") reject(new Error(data as string));
      if (frame.type === "hello") send(performance.now());
      if (frame.type === "ack" && ++stored === texts.length) resolve();
    };
  });
  socket.onclose = null;
  socket.close();
}

// What somebody who reads at the end of the room has not got of what a crowd of people has said, each of them so many
// messages; nothing when it is all there. The page keeps the last rows only: of each author they have to be the last
// ones, once each and in order.
export async function misses(reader: Person, crowd: Crowd, about: string, each: number): Promise<string | undefined> {
  let wrong: string[] = [];
  const look = async (): Promise<void> => {
    const rows = await reader.messages.evaluateAll((articles) => articles.map((article) => article.textContent ?? ""));
    wrong = crowd.people.flatMap(({ name }) => {
      const said = new RegExp(`${about}: number (\\d+) of what ${name} says`);
      const numbers = rows.map((row) => Number(said.exec(row)?.[1])).filter((number) => number > 0);
      const wanted = numbers.map((_, n) => each - numbers.length + n + 1);
      const isAll = numbers.length >= Math.min(each, EACH_HELD_MIN) && String(numbers) === String(wanted);
      return isAll ? [] : [`of ${name}: ${numbers.length}, from ${numbers[0]} to ${numbers.at(-1)} of ${each}`];
    });
    expect(wrong).toEqual([]);
  };
  await expect(look)
    .toPass({ timeout: CAUGHT_UP_MS_MAX })
    .catch(() => {});
  return wrong.length === 0 ? undefined : wrong.join("; ");
}
