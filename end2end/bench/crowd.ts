// People who talk a lot: each posts at a steady pace over a socket of its own, from a page that runs nothing else.
import { type Chat, type Person, expect } from "../tests/chat.ts";

// A page that is only drawn by the server.
const QUIET_PAGE = "/settings";
// How long a page may take to show what was said while it was slow.
const CAUGHT_UP_MS_MAX = 300_000;
// Of what each author has said at last, so many messages are looked at.
const EACH_CHECKED = 50;

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
      const texts = Array.from({ length: each }, (_, n) => said(about, n + 1, person.name));
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

const said = (about: string, number: number, name: string): string => `${about}: number ${number} of what ${name} says`;

// Waits until somebody who reads at the end of the room has what each of a crowd has said at last.
export async function shows(reader: Person, crowd: Crowd, about: string, each: number): Promise<void> {
  for (const { name } of crowd.people) {
    await expect(reader.message(said(about, each, name))).toBeVisible({ timeout: CAUGHT_UP_MS_MAX });
  }
}

// What they have not got of what a crowd of people has said, each of them so many messages; nothing when it is all
// there. Of each author the last ones have to be there, once each and in order; the reader goes up to see them, and
// comes back.
export async function misses(reader: Person, crowd: Crowd, about: string, each: number): Promise<string | undefined> {
  const first = Math.max(1, each - EACH_CHECKED + 1);
  for (const { name } of crowd.people) await reader.scrollsUntil("up", said(about, first, name));
  const rows = await reader.messages.evaluateAll((articles) => articles.map((article) => article.textContent ?? ""));
  const wrong = crowd.people.flatMap(({ name }) => {
    const pattern = new RegExp(`${about}: number (\\d+) of what ${name} says`);
    const numbers = rows.map((row) => Number(pattern.exec(row)?.[1])).filter((number) => number >= first);
    const wanted = Array.from({ length: each - first + 1 }, (_, n) => first + n);
    return String(numbers) === String(wanted) ? [] : [`of ${name}: ${numbers.length}, from ${numbers[0]} to ${numbers.at(-1)} of ${each}`];
  });
  await reader.log.evaluate((log) => void (log.scrollTop = log.scrollHeight));
  await shows(reader, crowd, about, each);
  return wrong.length === 0 ? undefined : wrong.join("; ");
}
