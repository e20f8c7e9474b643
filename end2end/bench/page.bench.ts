// The log-in page and a room, opened by a browser that has nothing of them in its cache: when the first words are to be
// seen, when typing works, how much jumps. Each with the processor as it is, and with one that is slower.
//
// A load in which somebody types is another one than that in which jumps are counted: browsers leave jumps out that
// follow a key.
import { type Chat, type Person, expect, test } from "../tests/chat.ts";
import { ROUNDS, Report } from "./report.ts";
import { SLOW, slowsDown, workTakes } from "./slow.ts";

const FLAGS = ["--posts-per-second", "1000", "--posts-burst", "1000"];
test.use({ flags: FLAGS });

const FCP_MS_MAX = 1_000;
const SHIFT_MAX = 0.05;
// Messages that are in the room: more than its page shows.
const MESSAGES = 80;
// Between two tries to send what was typed.
const TRY_MS = 25;
// Something small of the server, for a browser to begin with.
const BEGINNING = "/favicon.svg";

test("page", async ({ chat }) => {
  const report = new Report();
  report.notes(`limits raised: ${FLAGS.join(" ")}`);
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  for (const person of [ada, bob]) {
    await person.saysAtLength(Array.from({ length: MESSAGES / 2 }, (_, n) => `${n + 1}: what ${person.name} has to say`));
  }
  await ada.sees(`${MESSAGES / 2}: what bob has to say`);
  const room = new URL(ada.page.url()).pathname;
  const cookies = await ada.context.cookies();
  await ada.context.close();
  await bob.context.close();

  for (let round = 1; round <= ROUNDS; round++) {
    for (const times of [1, SLOW]) {
      const at = times === 1 ? "" : `, ${times}× slower`;
      const stranger = await visits(chat, times);
      await stranger.goesTo("/login");
      await expect(stranger.page.getByRole("button", { name: "Log in" })).toBeVisible();
      await stranger.page.waitForLoadState("networkidle");
      report.adds(`log-in page: first contentful paint${at}`, "ms", await firstPaint(stranger), FCP_MS_MAX);
      report.adds(`log-in page: layout shift${at}`, "score", await stranger.shiftedBy(), SHIFT_MAX);
      await stranger.context.close();

      const reader = await visits(chat, times, cookies);
      await reader.goesTo(room);
      await reader.isConnected();
      await reader.page.waitForLoadState("networkidle");
      report.adds(`room page: first contentful paint${at}`, "ms", await firstPaint(reader), FCP_MS_MAX);
      report.adds(`room page: layout shift${at}`, "score", await reader.shiftedBy(), SHIFT_MAX);
      await reader.context.close();

      const writer = await visits(chat, times, cookies);
      writer.room = "general";
      report.adds(`room page: until typing works${at}`, "ms", await typingWorks(writer, room, `round ${round}${at}`));
      await writer.context.close();
    }
  }
  await report.write();
});

// A browser with an empty cache, and at most a session.
async function visits(chat: Chat, times: number, cookies: Parameters<Person["context"]["addCookies"]>[0] = []): Promise<Person> {
  const visitor = await chat.visitor("ada");
  await visitor.context.addCookies(cookies);
  await visitor.goesTo(BEGINNING);
  if (times !== 1) {
    const before_ms = await workTakes(visitor);
    await slowsDown(visitor, times);
    const slower = (await workTakes(visitor)) / before_ms;
    expect(slower, "the processor is slower").toBeGreaterThan(times / 2);
  }
  return visitor;
}

async function firstPaint(person: Person): Promise<number> {
  const paint_ms = await person.page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
  );
  expect(paint_ms, "something was painted").toBeGreaterThan(0);
  return paint_ms;
}

// From the moment at which the page was asked for until a message stands in the log that was typed as soon as there was
// something to type into, and that Enter was pressed for until it went.
async function typingWorks(person: Person, room: string, text: string): Promise<number> {
  await person.page.addInitScript((text) => {
    const state = window as unknown as { shown_ms?: number };
    new MutationObserver(() => {
      const log = state.shown_ms === undefined && document.querySelector("[role=log]");
      if (log && [...log.querySelectorAll("article")].some((article) => article.textContent?.includes(text))) {
        state.shown_ms = performance.now();
      }
    }).observe(document, { subtree: true, childList: true, characterData: true });
  }, text);
  await person.page.goto(person.wire.origin + room, { waitUntil: "commit" });
  await person.composer.focus();
  await person.page.keyboard.insertText(text);
  const isShown = person.page.waitForFunction(() => (window as unknown as { shown_ms?: number }).shown_ms, undefined, {
    timeout: 60_000,
  });
  let isWaiting = true;
  void isShown.finally(() => (isWaiting = false)).catch(() => {});
  while (isWaiting) {
    await person.page.keyboard.press("Enter");
    await new Promise((resolve) => setTimeout(resolve, TRY_MS));
  }
  return (await (await isShown).jsonValue()) ?? Number.NaN;
}
