// A long room: places that stay, messages that load while scrolling, the end that follows.
import { type Person, expect, test } from "./chat.ts";

test.use({ flags: ["--posts-per-second", "1000", "--posts-burst", "1000"] });

const COUNT = 130;
const text = (number: number): string => `line ${number} of the long story`;

// Ada has told a long story in `general`, and Bob has come to hear it.
async function tellLongStory(ada: Person): Promise<void> {
  await ada.saysAtLength(Array.from({ length: COUNT }, (_, index) => text(index + 1)));
  await ada.sees(text(COUNT));
}

// Scrolls up to where more is loaded, and goes on by so many pixels a picture, or by many at once just when more has come;
// watches a message in every picture until then: how far did it move by itself?
async function jumpWhileOlderMessagesLoad(person: Person, going: { step_px?: number; leap_px?: number }): Promise<number> {
  return person.log.evaluate(async (log, { step_px = 0, leap_px = 0 }) => {
    const articles = (): HTMLElement[] => [...log.querySelectorAll<HTMLElement>("article")];
    const before = articles().length;
    // Observers of size are the last to run before a picture is painted, so they see what is seen.
    const probe = document.body.appendChild(document.createElement("div"));
    probe.style.position = "fixed";
    const picture = (): Promise<void> =>
      new Promise((resolve) => {
        const observer = new ResizeObserver(() => {
          if (probe.dataset["grown"] !== "yes") return;
          observer.disconnect();
          resolve();
        });
        probe.dataset["grown"] = "no";
        observer.observe(probe);
        requestAnimationFrame(() => {
          probe.dataset["grown"] = "yes";
          probe.style.width = probe.style.width === "1px" ? "2px" : "1px";
        });
      });

    log.scrollTop = 300 + leap_px;
    const watched = articles().find((article) => article.getBoundingClientRect().top > log.getBoundingClientRect().top);
    if (!watched) throw new Error("nothing is in view");
    const start = watched.getBoundingClientRect().top;
    let scrolled = 0;
    let jump = 0;
    let picturesAfter = 0;
    const scrollsUp = (by_px: number): void => {
      const from = log.scrollTop;
      log.scrollTop = from - by_px;
      scrolled += from - log.scrollTop;
    };
    const leaps = new MutationObserver(() => {
      leaps.disconnect();
      scrollsUp(leap_px);
    });
    leaps.observe(log, { childList: true });
    for (let pictures = 0; pictures < 600 && picturesAfter < 10; pictures++) {
      await picture();
      jump = Math.max(jump, Math.abs(watched.getBoundingClientRect().top - start - scrolled));
      scrollsUp(step_px);
      if (articles().length !== before) picturesAfter++;
    }
    probe.remove();
    if (picturesAfter === 0) throw new Error(`nothing was loaded above ${before} messages`);
    return jump;
  }, going);
}

test("older messages load while scrolling goes on, without a jump", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tellLongStory(ada);
  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();

  expect(await jumpWhileOlderMessagesLoad(ada, { step_px: 2 })).toBeLessThanOrEqual(1);
});

test("older messages load while a finger throws the room by more than a window, without a jump", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 1_280, height: 400 } });
  await tellLongStory(ada);
  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();

  expect(await jumpWhileOlderMessagesLoad(ada, { leap_px: 500 })).toBeLessThanOrEqual(1);
});

test("older messages load while scrolling up, without a jump, to the very first", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tellLongStory(ada);
  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();
  await expect(ada.message(text(1))).toHaveCount(0);
  await ada.isInView(text(COUNT));

  expect(await jumpWhileOlderMessagesLoad(ada, {})).toBeLessThanOrEqual(1);

  await expect(async () => {
    await ada.log.evaluate((log) => (log.scrollTop = 0));
    await expect(ada.message(text(1))).toBeInViewport({ timeout: 500 });
  }).toPass();
  await expect(ada.page.getByText("This is where the room begins.")).toBeVisible();
});

test("a reload keeps the room and the exact place", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tellLongStory(ada);
  await ada.scrollsTo(text(70));
  await expect(ada.page).toHaveURL(/\?at=\d+/);
  // Chromium takes what it knows before it asks the page: the last third of a second is not in it.
  await ada.hasNotedPlace();
  const place = await ada.placeOf(text(70));

  await ada.page.reload();
  await ada.isConnected();

  await ada.isIn("general");
  expect(Math.abs((await ada.placeOf(text(70))) - place)).toBeLessThanOrEqual(2);
});

test("back and forward keep the place", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.makes("Public", "garden");
  await ada.opens("general");
  await tellLongStory(ada);
  await ada.scrollsTo(text(100));
  await expect(ada.page).toHaveURL(/\?at=\d+/);
  const place = await ada.placeOf(text(100));

  await ada.opens("garden");
  await ada.page.goBack();

  await ada.isIn("general");
  await ada.isInView(text(100));
  await expect.poll(async () => Math.abs((await ada.placeOf(text(100))) - place)).toBeLessThanOrEqual(2);
});

test("on a phone back keeps the place, whatever was opened and closed before", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  const showRooms = ada.page.getByRole("button", { name: "Show rooms", exact: true });
  await showRooms.click();
  await ada.makes("Public", "garden");
  await showRooms.click();
  await ada.opens("general");
  await tellLongStory(ada);
  await showRooms.click();
  await ada.page.getByRole("button", { name: "Close rooms" }).click();
  const address = await ada.addressOf(text(20), () => ada.scrollsTo(text(20)));
  await ada.scrollsTo(text(100));
  const place = await ada.placeOf(text(100));

  const isThere = async (): Promise<void> => {
    await ada.isIn("general");
    await ada.isInView(text(100));
    await expect.poll(async () => Math.abs((await ada.placeOf(text(100))) - place)).toBeLessThanOrEqual(2);
  };
  await showRooms.click();
  await ada.opens("garden");
  await ada.page.goBack();
  await isThere();

  // Where Back closed what was open, the entry below has the place.
  await showRooms.click();
  await ada.page.goBack();
  await expect(ada.rooms).toBeHidden();
  await ada.hasNotedPlace();
  await showRooms.click();
  await ada.opens("garden");
  await ada.page.goBack();
  await isThere();

  // Forward from an entry that stood for something open, to another one of the same room.
  await ada.followsLinkTo(address);
  await ada.isInView(text(20));
  await ada.page.goBack();
  await isThere();
  await ada.page.goForward();
  await ada.isInView(text(20));
});

test("on a phone who goes back by several steps is where they went", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  const showRooms = ada.page.getByRole("button", { name: "Show rooms", exact: true });
  await showRooms.click();
  await ada.makes("Public", "garden");
  await showRooms.click();
  await ada.opens("general");
  await showRooms.click();
  await ada.opens("garden");
  await showRooms.click();
  await ada.opens("general");
  await showRooms.click();
  await ada.page.getByRole("button", { name: "Close rooms" }).click();

  const entry = (): Promise<number> => ada.page.evaluate(() => (history.state as { number: number }).number);
  const before = await entry();
  await ada.page.evaluate(() => history.go(-4));
  await expect.poll(entry).toBe(before - 4);
  await ada.isIn("general");
  await ada.page.goForward();
  await ada.isIn("garden");

  // A dialog of before does not stay over another room.
  await showRooms.click();
  await ada.page.getByRole("button", { name: "Switch rooms" }).click();
  await expect(ada.switcher).toBeVisible();
  await ada.page.evaluate(() => history.go(-2));
  await ada.isIn("general");
  await expect(ada.switcher).toBeHidden();
});

test("where the members are a column over the messages, back closes it", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 820, height: 1_180 } });
  await ada.makes("Public", "garden");
  await ada.page.getByRole("button", { name: "Show members" }).click();
  await expect(ada.members).toBeVisible();

  await ada.page.goBack();
  await expect(ada.members).toBeHidden();
  await ada.isIn("garden");

  // And so does a dialog that was open when the window became narrow.
  await ada.page.keyboard.press("Control+k");
  await expect(ada.switcher).toBeVisible();
  await ada.page.setViewportSize({ width: 390, height: 844 });
  const isOver = (): Promise<boolean> => ada.page.evaluate(() => (history.state as { over: boolean }).over);
  await expect.poll(isOver).toBe(true);
  await ada.page.goBack();
  await expect(ada.switcher).toBeHidden();
  await ada.isIn("garden");
  await ada.page.goBack();
  await ada.isIn("general");
});

test("who is at the end follows it, and who reads above is not moved", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await tellLongStory(ada);
  await bob.isInView(text(COUNT));
  await ada.scrollsTo(text(90));
  const place = await ada.placeOf(text(90));

  await bob.says("news from the end");
  await bob.isInView("news from the end");
  const jump = ada.page.getByRole("button", { name: "Jump to present" });
  await expect(jump).toContainText("1 new");
  expect(await ada.placeOf(text(90))).toBe(place);

  await jump.click();
  await ada.isInView("news from the end");
  await expect(jump).toHaveCount(0);
});

test("away from the end a button leads back, and says how many messages are new", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await tellLongStory(ada);
  await expect(ada.jump).toHaveCount(0);

  await ada.scrollsTo(text(90));
  await expect(ada.jump).toHaveAccessibleName("Jump to present");
  await bob.says("first news", "second news");
  await expect(ada.jump).toHaveAccessibleName("Jump to present · 2 new");
  await bob.says("third news");
  await expect(ada.jump).toHaveAccessibleName("Jump to present · 3 new");

  await ada.jump.focus();
  await ada.page.keyboard.press("Enter");
  await ada.isInView("third news");
  await expect(ada.jump).toHaveCount(0);
  await ada.hasUnread("general", 0);
  await ada.scrollsTo(text(90));
  await expect(ada.jump).toHaveAccessibleName("Jump to present");
  // Axe would look at each message; elsewhere it has.
  for (const { page } of [ada, bob]) await page.close();
});

test("what somebody says within seven minutes of a day is one group", async ({ chat }) => {
  const ada = await chat.signUp("ada", { timezone: "UTC" });
  const bob = await chat.signUp("bob", { timezone: "UTC" });
  const day = (time: string): string => `2026-03-01T${time}`;
  const told: [Person, string, at: string, begins: boolean][] = [
    [ada, "ten o'clock", day("10:00:00"), true],
    [ada, "nearly seven minutes later", day("10:06:59"), false],
    [ada, "seven minutes after that", day("10:13:59"), true],
    [bob, "somebody else", day("10:14:00"), true],
    [bob, "at once", day("10:14:01"), false],
    [ada, "and back", day("10:14:02"), true],
    [ada, "before midnight", day("23:59:00"), true],
    [ada, "after midnight", "2026-03-02T00:01:00", true],
    [ada, "still up", "2026-03-02T00:02:00", false],
  ];
  for (const [person, text] of told) {
    await person.says(text);
    await ada.hasStored(text);
  }
  await ada.answers("ten o'clock", "an answer");
  await ada.hasStored("an answer");
  chat.server.redate([...told.map(([, text, at]) => [text, at] as const), ["an answer", "2026-03-02T00:03:00"]]);

  // Below the New line a group begins: all of it has to be read, and the server to know that.
  await expect(async () => {
    await bob.page.reload();
    await bob.isConnected();
    await bob.hasNoNewLine();
  }).toPass();
  for (const [, text, at, begins] of told) expect(await bob.beginsAGroup(text), `${text}, ${at}`).toBe(begins);
  expect(await bob.beginsAGroup("an answer"), "an answer stands by itself").toBe(true);
});

test("a room with unread messages opens at the first of them, as the server rendered it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.says(text(0));
  await bob.hasUnread("general", 1);
  await bob.opens("general");
  await bob.sees(text(0));
  await bob.hasUnread("general", 0);
  await bob.opens("garden");
  await tellLongStory(ada);
  await bob.hasUnread("general", COUNT);

  await bob.goesTo("/rooms/1-general");
  await bob.isIn("general");
  await bob.isInView(text(1));
  await expect(bob.log.getByText("New", { exact: true })).toBeInViewport();
  await expect(bob.message(text(COUNT))).toHaveCount(0);
  await bob.isConnected();
  await bob.isInView(text(1));
});

test("newer messages load while scrolling down", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tellLongStory(ada);
  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();
  await expect(async () => {
    await ada.log.evaluate((log) => (log.scrollTop = 0));
    await expect(ada.message(text(1))).toBeInViewport({ timeout: 500 });
  }).toPass();
  await ada.scrollsTo(text(5));
  await expect(ada.page).toHaveURL(/\?at=\d+/);
  await ada.page.reload();
  await ada.isConnected();
  await ada.isInView(text(5));
  await expect(ada.message(text(COUNT))).toHaveCount(0);

  await expect(async () => {
    await ada.log.evaluate((log) => (log.scrollTop = log.scrollHeight));
    await expect(ada.message(text(COUNT))).toBeInViewport({ timeout: 500 });
  }).toPass();
  await ada.sees(text(COUNT));
});

test("the jump to the present goes to the very end, however high what stands there is", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tellLongStory(ada);
  const high = (part: number): string => `the end, part ${part}${"\n\nand so on".repeat(20)}`;
  await ada.saysAtLength(Array.from({ length: 70 }, (_, index) => high(index + 1)));
  await ada.goesTo("/rooms/1-general?at=10");
  await ada.isConnected();

  await ada.jump.click();

  await ada.isInView(high(70));
  await expect(ada.jump).toHaveCount(0);
});
