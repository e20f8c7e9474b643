// Reading comfort: permalinks, places in the history, a bounded page, drafts, times, and what screen readers hear.
import { PASSWORD, type Person, expect, test } from "./chat.ts";

test.use({ flags: ["--posts-per-second", "5000", "--posts-burst", "5000"] });

const text = (number: number): string => `line ${number} of the long story`;

async function tells(person: Person, count: number): Promise<void> {
  await person.saysAtLength(Array.from({ length: count }, (_, index) => text(index + 1)));
  await person.sees(text(count));
}

test("a link to a message opens it with its context, marked, and goes back to where one was", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tells(ada, 300);
  const address = await ada.addressOf(text(150), () => ada.scrollsUpTo(text(150)));
  await ada.goesTo("/rooms/1-general");
  await ada.isConnected();
  await ada.isInView(text(300));

  // In another tab: the server draws it.
  const guest = await chat.visitor("ada", { javaScript: false });
  await guest.logsIn();
  await guest.goesTo(address);
  for (const number of [145, 150, 155]) await guest.sees(text(number));
  await expect(guest.message(text(300))).toHaveCount(0);

  // From a link in the same room, whose window is elsewhere.
  await ada.followsLinkTo(address);
  await ada.isInView(text(150));
  expect(await ada.isMarked(text(150))).toBe(true);
  const place = await ada.placeOf(text(150));
  expect(place).toBeGreaterThan(20);
  expect(place).toBeLessThan(250);

  await ada.page.goBack();
  await ada.isInView(text(300));
  await ada.page.goForward();
  await ada.isInView(text(150));
  await expect.poll(async () => Math.abs((await ada.placeOf(text(150))) - place)).toBeLessThanOrEqual(2);
  await ada.hasNotedPlace();
  await ada.page.reload();
  await ada.isConnected();
  expect(Math.abs((await ada.placeOf(text(150))) - place)).toBeLessThanOrEqual(2);
});

// The browser tells of scrolling before the next picture. Where the page is busy, rows have changed by then; and where those
// are fewer than before, who was at the end was moved up to the new one.
test("who is at the end stays there, however much comes at once", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  for (let told = 0; told < 150; told += 30) {
    await bob.saysAtLength(Array.from({ length: 30 }, (_, n) => text(told + n + 1)));
    await ada.isInView(text(told + 30));
  }
  await ada.log.evaluate((log) => {
    new MutationObserver(() => log.dispatchEvent(new Event("scroll"))).observe(log, { childList: true });
  });

  await bob.saysAtLength(Array.from({ length: 500 }, (_, n) => text(150 + n + 1)));

  await ada.isInView(text(650));
  await expect(ada.page.getByRole("button", { name: "Jump to present" })).toHaveCount(0);
});

// What is loaded above is paid for with what is below: in a flood, whoever is at the end would lose it.
test("who is at the end asks for nothing older before going up", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await tells(ada, 200);
  const asked: string[] = [];
  ada.page.on("request", (request) => {
    if (request.url().includes("/history?before=")) asked.push(request.url());
  });

  // The page has the last lines only: there are older ones to be had.
  await ada.page.reload();
  await ada.isConnected();
  await ada.isInView(text(200));
  await ada.says("one more");
  await ada.hasStored("one more");
  expect(asked).toEqual([]);

  await ada.scrollsUpTo(text(100));
  expect(asked.length).toBeGreaterThan(0);
});

test("the page holds a bounded number of messages however far one scrolls", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const count = 1_100;
  await tells(ada, count);

  const upwards = await ada.scrollsUntil("up", text(1));
  await expect(ada.message(text(count))).toHaveCount(0);
  const downwards = await ada.scrollsUntil("down", text(count));
  await expect(ada.message(text(1))).toHaveCount(0);

  for (const { most } of [upwards, downwards]) {
    expect(most).toBeGreaterThan(200);
    expect(most).toBeLessThanOrEqual(400);
  }
  // Axe would look at each of them; on other pages it has seen them.
  await ada.page.close();
});

test("200 room switches leave no more behind than 20 do", async ({ chat }) => {
  test.slow();
  const ada = await chat.visitor("ada");
  await ada.seesMemory();
  await ada.goesTo("/signup");
  await ada.submits("Create account", ada.name, PASSWORD);
  await ada.isIn("general");
  await ada.isConnected();
  await tells(ada, 40);
  await ada.makes("Public", "garden");
  await ada.says("roses");
  await ada.hasStored("roses");
  const measured = await ada.measures();
  const switches = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time += 2) {
      await ada.page.keyboard.press("Alt+ArrowDown");
      await ada.isIn("general");
      await ada.page.keyboard.press("Alt+ArrowDown");
      await ada.isIn("garden");
    }
  };

  await switches(20);
  const before = await measured();
  await switches(200);

  // What was let go of last is collected only some time later; what is left behind stays.
  await expect(async () => {
    const after = await measured();
    // A switch that left one row, or one listener, would show as hundreds.
    expect(after.nodes - before.nodes, `${before.nodes} nodes, then ${after.nodes}`).toBeLessThan(150);
    expect(after.listeners - before.listeners, `${before.listeners} listeners, then ${after.listeners}`).toBeLessThan(20);
    expect(after.heap_bytes, `${before.heap_bytes} bytes before`).toBeLessThan(before.heap_bytes + 3_000_000);
    // A switch that left forty rows' effects behind would show as millions.
    expect(after.wasm_bytes, `${before.wasm_bytes} bytes before`).toBeLessThan(before.wasm_bytes + 1_000_000);
  }).toPass({ timeout: 30_000 });
});

test("who comes back to a room that was lively finds there what is new", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await ada.opens("general");
  await tells(ada, 300);
  await ada.opens("garden");
  await bob.says("one", "two", "three");
  await ada.hasUnread("general", 3);

  await ada.opens("general");

  await ada.hasNewLineAbove("one");
  await ada.isInView("one");
});

test("each room has a draft of its own, which a reload keeps", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.makes("Public", "garden");
  await ada.composer.fill("about roses");
  await ada.opens("general");
  await expect(ada.composer).toHaveValue("");
  await ada.composer.fill("about everything");

  await ada.opens("garden");
  await expect(ada.composer).toHaveValue("about roses");
  await ada.page.reload();
  await ada.isConnected();
  await expect(ada.composer).toHaveValue("about roses");
  await ada.opens("general");
  await expect(ada.composer).toHaveValue("about everything");
  await ada.composer.fill("");
});

test("times are those of the reader's zone from the first picture on, and nothing shifts", async ({ chat }) => {
  const ada = await chat.signUp("ada", { timezone: "Asia/Kathmandu" });
  await tells(ada, 30);
  let arrive = (): void => {};
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  await ada.page.route(/\.wasm/, async (route) => {
    await arrival;
    await route.continue();
  });

  await ada.page.reload({ waitUntil: "commit" });
  await ada.sees(text(30));
  const day = ada.log.getByText("Today", { exact: true });
  await expect(day).toHaveCount(1);
  const label = await ada.message(text(30)).getAttribute("aria-label");
  arrive();
  await ada.isConnected();

  const local = await ada.page.evaluate(() => {
    const clock = (at: Date): string => at.toTimeString().slice(0, 5);
    const time = [...document.querySelectorAll("article time")].at(-1)!.getAttribute("datetime")!;
    return clock(new Date(time));
  });
  expect(label).toBe(`ada, ${local}`);
  await expect(ada.message(text(30))).toHaveAttribute("aria-label", label!);
  await expect(day).toHaveCount(1);
  expect(await ada.shiftedBy()).toBeLessThan(0.05);
});

test("what others say in the open room is announced, politely and alone, and the focus stays", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.composer.focus();
  await expect(ada.log).toHaveAttribute("aria-live", "off");
  const news = ada.page.getByRole("status", { name: "New messages" });
  await ada.says("my own words");
  await bob.sees("my own words");

  await bob.says("hello ada");
  await expect(news).toHaveText("bob: hello ada");
  await expect(ada.composer).toBeFocused();
  await bob.makes("Public", "garden");
  await bob.says("not for her");
  await bob.opens("general");
  await bob.says("and again");
  await expect(news).toHaveText("bob: and again");
  await ada.page.reload();
  await ada.isConnected();
  await expect(news).toHaveText("");
});

// As above, the browser may tell of scrolling while rows that have changed are not in their place yet.
test("who goes down has read what they have seen, and nothing further", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.saysAtLength(Array.from({ length: 620 }, (_, n) => text(n + 1)));
  await ada.hasUnread("general", 620);
  await ada.opens("general");
  await ada.log.evaluate((log) => {
    new MutationObserver(() => log.dispatchEvent(new Event("scroll"))).observe(log, { childList: true });
  });

  // The number of the lowest message that was whole in any picture, on the way to one far down.
  const seen = await ada.log.evaluate(async (log) => {
    const picture = (): Promise<void> =>
      new Promise((resolve) => {
        const observer = new ResizeObserver(() => {
          observer.disconnect();
          resolve();
        });
        observer.observe(log);
      });
    let seen = 0;
    for (let pictures = 0; pictures < 6_000 && seen < 480; pictures++) {
      log.scrollTop += 300;
      await picture();
      const bottom = log.getBoundingClientRect().bottom + 1;
      const whole = [...log.querySelectorAll("article")].filter((one) => one.getBoundingClientRect().bottom <= bottom);
      seen = Math.max(seen, Number(/line (\d+) of/.exec(whole.at(-1)?.textContent ?? "")?.[1] ?? 0));
    }
    return seen;
  });

  expect(seen).toBeGreaterThanOrEqual(480);
  await expect(async () => {
    const left = Number(/(\d+) unread/.exec((await ada.roomRow("general").textContent()) ?? "")?.[1]);
    expect(620 - left, "what is read was seen").toBeLessThanOrEqual(seen + 4);
    expect(620 - left, "what was seen is read").toBeGreaterThanOrEqual(seen);
  }).toPass();
});
