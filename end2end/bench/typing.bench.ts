// Typing while a room is in uproar, on a slow device; and what a page keeps of all it has shown.
import { type Chat, type Person, test } from "../tests/chat.ts";
import { Crowd, misses, shows } from "./crowd.ts";
import { type Letters, types } from "./letters.ts";
import { ROUNDS, Report, percentile } from "./report.ts";
import { SLOW, slowsDown } from "./slow.ts";

const FLAGS = ["--posts-per-second", "10000", "--posts-burst", "20000"];
test.use({ flags: FLAGS });

const MESSAGES_PER_SECOND = 200;
const LETTERS = 100;
// A quick typist: ten letters a second.
const LETTER_INTERVAL_MS = 100;
// The talk starts before the first letter and goes on after the last.
const TALK_MS = LETTERS * LETTER_INTERVAL_MS + 4_000;
const BEFORE_TYPING_MS = 2_000;
const LETTER_MS_MAX = 50;

const SWITCHES = 200;
const SCROLLED = 10_000;
// Posted at once over one socket: more may not wait there.
const AT_ONCE = 500;
// What the second half of a long use may add to what is held.
const GROWTH_BYTES_MAX = 1_000_000;

test("typing", async ({ chat }) => {
  const report = new Report();
  report.notes(`limits raised: ${FLAGS.join(" ")}`);
  report.notes(`${LETTERS} letters a round, ${LETTER_INTERVAL_MS} ms apart, while ${MESSAGES_PER_SECOND} messages a second arrive`);
  await typingInAnUproar(chat, report);
  await remembering(chat, report);
  await report.write();
});

async function typingInAnUproar(chat: Chat, report: Report): Promise<void> {
  const ada = await chat.signUp("ada");
  const room = Number(/\/rooms\/(\d+)/.exec(ada.page.url())?.[1]);
  const crowd = await Crowd.of(chat, ["bob", "cleo"], room);
  // The page holds as many rows as it ever does before it is timed.
  await crowd.talks("warming up", MESSAGES_PER_SECOND, 3_000);
  await shows(ada, crowd, "warming up", (MESSAGES_PER_SECOND * 3) / 2);
  for (const times of [1, SLOW]) {
    await slowsDown(ada, times);
    const at = times === 1 ? "" : `, ${times}× slower`;
    for (let round = 1; round <= ROUNDS; round++) {
      const about = `round ${round} of ${times}`;
      const quiet = await typesAnew(ada);
      report.adds(`key to picture in a quiet room, p95${at}`, "ms", percentile(quiet.shown, 0.95));
      report.adds(`key to drawn letter in a quiet room, p95${at}`, "ms", percentile(quiet.drawn, 0.95));
      const talk = crowd.talks(about, MESSAGES_PER_SECOND, TALK_MS);
      await new Promise((resolve) => setTimeout(resolve, BEFORE_TYPING_MS));
      const letters = await typesAnew(ada);
      const each = await talk;
      const asked_ms = performance.now();
      await shows(ada, crowd, about, each);
      const shown_ms = performance.now() - asked_ms;
      const missing = await misses(ada, crowd, about, each);
      if (missing) {
        report.leavesOut(`${about}: ${missing}`);
        continue;
      }
      report.adds(`until all is shown after the last message${at}`, "ms", shown_ms);
      for (const [share, target] of [[0.5], [0.95, LETTER_MS_MAX], [0.99]] as const) {
        const name = `p${share * 100}`;
        const isTarget = times === SLOW ? target : undefined;
        report.adds(`key to picture, ${name}${at}`, "ms", percentile(letters.shown, share), isTarget);
        report.adds(`of that until the page took the key, ${name}${at}`, "ms", percentile(letters.waited, share));
        report.adds(`of that until the key was handled, ${name}${at}`, "ms", percentile(letters.handled, share));
        report.adds(`key to drawn letter, ${name}${at}`, "ms", percentile(letters.drawn, share));
      }
    }
  }
  await ada.context.close();
  for (const { context } of crowd.people) await context.close();
}

async function typesAnew(person: Person): Promise<Letters> {
  await person.composer.fill("");
  await person.composer.focus();
  return types(person, LETTERS, LETTER_INTERVAL_MS);
}

// What is held after half of a long use and after all of it, beside what was held before. What grows with use alone
// grows in the second half as in the first.
async function remembering(chat: Chat, report: Report): Promise<void> {
  const dora = await chat.visitor("dora");
  await dora.seesMemory();
  await dora.goesTo("/signup");
  await dora.submits("Create account", dora.name, "nine odd teapots");
  await dora.isIn("general");
  await dora.isConnected();
  await dora.makes("Private", "archive");
  await dora.says("empty so far");
  await dora.hasStored("empty so far");
  const holds = await dora.measures();
  const notes = async (what: string, halves: readonly [() => Promise<void>, () => Promise<void>]): Promise<void> => {
    const before = await holds();
    await halves[0]();
    const half = await holds();
    await halves[1]();
    const after = await holds();
    for (const kind of ["heap_bytes", "wasm_bytes"] as const) {
      const name = kind === "heap_bytes" ? "heap" : "WASM memory";
      report.adds(`${name} before ${what}`, "bytes", before[kind]);
      report.adds(`${name} added by the first half of ${what}`, "bytes", half[kind] - before[kind]);
      report.adds(`${name} added by the second half of ${what}`, "bytes", after[kind] - half[kind], GROWTH_BYTES_MAX);
    }
  };

  const switches = async (): Promise<void> => {
    for (let n = 0; n < SWITCHES / 2; n += 2) {
      for (const room of ["general", "archive"]) {
        await dora.page.keyboard.press("Alt+ArrowDown");
        await dora.isIn(room);
      }
    }
  };
  await switches();
  await notes(`${SWITCHES} room switches`, [switches, switches]);

  const text = (number: number): string => `line ${number} of the long story`;
  for (let told = 0; told < SCROLLED; told += AT_ONCE) {
    await dora.saysAtLength(Array.from({ length: AT_ONCE }, (_, n) => text(told + n + 1)));
  }
  await dora.sees(text(SCROLLED));
  const upTo = (number: number) => async (): Promise<void> => {
    await dora.scrollsUntil("up", text(number));
  };
  await notes(`${SCROLLED} messages scrolled`, [upTo(SCROLLED / 2), upTo(1)]);
  await dora.context.close();
}
