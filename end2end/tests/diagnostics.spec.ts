// The diagnostics: round trips measured live, and the history of this tab's own connection and messages.
import { type Locator } from "@playwright/test";
import { type Person, expect, test } from "./chat.ts";

const region = (person: Person, name: string): Locator => person.page.getByRole("region", { name });
const trips = (person: Person): Locator => region(person, "Round trips");
const history = (person: Person): Locator => region(person, "Connection history").getByRole("listitem");
const state = (person: Person): Locator => trips(person).getByRole("status", { name: "Measurement" });

// A figure of one kind of frames, by the heading of its column.
const figure = async (person: Person, kind: "Text" | "Binary", column: string): Promise<string> => {
  const table = trips(person).getByRole("table", { name: "Round trips" });
  const columns = await table.getByRole("columnheader").allInnerTexts();
  const row = table.getByRole("row", { name: new RegExp(`^${kind}`) });
  const cells = await row.getByRole("rowheader").or(row.getByRole("cell")).allInnerTexts();
  return cells[columns.indexOf(column)]!.trim();
};

// Goes there as a link does, so that the page, and with it the history, stays.
const opensDiagnostics = async (person: Person): Promise<void> => {
  await person.page.getByRole("main").focus();
  await person.page.keyboard.press("?");
  await person.page.getByRole("link", { name: "Diagnostics of the connection" }).click();
  await expect(person.page.getByRole("heading", { name: "Diagnostics", exact: true })).toBeVisible();
  await expect(trips(person)).toBeVisible();
};

test("round trips of text and bytes are measured until they are stopped, and from the start again", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await opensDiagnostics(ada);
  await expect(ada.page).toHaveURL(/\/diagnostics$/);
  await expect(ada.page).toHaveTitle("Diagnostics · Parlor");
  await expect(state(ada)).toHaveText("Nothing is measured yet.");
  expect(await figure(ada, "Text", "Median")).toBe("–");

  await trips(ada).getByRole("button", { name: "Start measuring" }).click();

  await expect(state(ada)).toContainText("Measuring");
  for (const kind of ["Text", "Binary"] as const) {
    await expect(async () => expect(Number(await figure(ada, kind, "Answered"))).toBeGreaterThanOrEqual(5)).toPass();
    expect(await figure(ada, kind, "Median")).toMatch(/^\d+(\.\d)? ms$/);
    expect(await figure(ada, kind, "p95")).toMatch(/^\d+(\.\d)? ms$/);
    expect(await figure(ada, kind, "Lost")).toBe("0");
    expect(await figure(ada, kind, "Loss")).toBe("0 %");
  }
  await expect(trips(ada).getByRole("img", { name: /Text: mostly .* ms.* Binary: mostly .* ms.* Lost: 0\./ })).toBeVisible();
  await ada.isAccessible();

  await trips(ada).getByRole("button", { name: "Stop measuring" }).click();
  await expect(state(ada)).toContainText("Stopped");
  const before = Number(await figure(ada, "Binary", "Sent"));
  expect(before).toBeGreaterThanOrEqual(5);
  await trips(ada).getByRole("button", { name: "Start measuring" }).click();
  // From the start again, and not on from there.
  await expect(async () => expect(Number(await figure(ada, "Binary", "Sent"))).toBeLessThan(before)).toPass({ intervals: [20] });
});

test("measuring says why it ends, and where it cannot begin", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await opensDiagnostics(ada);
  await trips(ada).getByRole("button", { name: "Start measuring" }).click();
  await expect(state(ada)).toContainText("Measuring");

  await ada.goesOffline();
  await expect(state(ada)).toContainText("The connection was lost.");
  await trips(ada).getByRole("button", { name: "Start measuring" }).click();
  await expect(state(ada)).toContainText("The server cannot be reached.");
  await ada.comesBack();

  // What an address may have is taken by somebody else.
  ada.expects(/WebSocket connection to .*\/ws\/echo' failed/);
  await ada.page.evaluate(async () => {
    const open = Array.from({ length: 10 }, () => new WebSocket(`${location.origin.replace("http", "ws")}/ws/echo`));
    await Promise.all(open.map((socket) => new Promise((resolve) => (socket.onopen = resolve))));
    (window as unknown as { taken: WebSocket[] }).taken = open;
  });
  await trips(ada).getByRole("button", { name: "Start measuring" }).click();
  await expect(state(ada)).toContainText("an address may have ten at a time");

  await ada.page.evaluate(() => (window as unknown as { taken: WebSocket[] }).taken.forEach((socket) => socket.close()));
  await expect(async () => {
    const start = trips(ada).getByRole("button", { name: "Start measuring" });
    if (await start.isVisible()) await start.click();
    await expect(state(ada)).toContainText("Measuring", { timeout: 3_000 });
  }).toPass();
});

test("leaving the page ends what it measures", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await opensDiagnostics(ada);
  const opened = ada.page.waitForEvent("websocket", (socket) => socket.url().endsWith("/ws/echo"));
  await trips(ada).getByRole("button", { name: "Start measuring" }).click();
  const socket = await opened;
  await expect(state(ada)).toContainText("Measuring");

  const closed = socket.isClosed() ? Promise.resolve() : socket.waitForEvent("close");
  await ada.opens("general");
  await closed;

  await opensDiagnostics(ada);
  await expect(state(ada)).toHaveText("Nothing is measured yet.");
});

test("the history tells what was lost and resumed in this tab", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await opensDiagnostics(ada);
  await expect(history(ada)).toHaveText([/^\d\d:\d\d:\d\d\s*Connected\.$/]);

  await ada.goesOffline();
  await expect(history(ada).filter({ hasText: "Connection lost: it broke." })).toHaveCount(1);
  await expect(history(ada).filter({ hasText: "Could not connect: the server cannot be reached." })).toHaveCount(1);
  await bob.says("one", "two");
  await bob.hasStored("one", "two");
  await ada.comesBack();

  await expect(history(ada).first()).toContainText(/Resumed 2 streams; 2 events came that were missed\./);
  const counts = region(ada, "Connection history");
  await expect(counts.getByRole("term").filter({ hasText: "Resumed" })).toBeVisible();
  await ada.opens("general");
  await ada.seesOnly("one", "two");
});

test("a message has the times of its stages, up to being read by somebody else", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.goesTo("/rooms");
  await bob.isConnected();
  await ada.says("nobody reads this yet");
  await ada.hasStored("nobody reads this yet");
  await opensDiagnostics(ada);
  const row = region(ada, "Last messages").getByRole("row", { name: /^general, \d+/ });
  await expect(region(ada, "Last messages")).not.toContainText("nobody reads this yet");
  await expect(row.getByRole("cell")).toHaveText([/^\d+ ms$/, /^\d+ ms$/, "waiting"]);

  await bob.opens("general");
  await bob.sees("nobody reads this yet");

  await expect(row.getByRole("cell")).toHaveText([/^\d+ ms$/, /^\d+ ms$/, /^\d+ ms$/]);
});

test("the page is there by its address, on a phone, and says who has written nothing", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 320, height: 640 } });
  await ada.goesTo("/diagnostics");
  await ada.isConnected();
  await expect(trips(ada)).toBeVisible();
  await expect(region(ada, "Last messages")).toContainText("You have written nothing in this tab yet.");
  expect(await ada.scrollsSideways()).toBe(false);

  await ada.losesSockets();
  await expect(ada.connection.getByRole("link", { name: "Diagnostics" })).toBeVisible();
  await ada.comesBack();
  await ada.goesTo("/settings");
  await ada.page.getByRole("main").getByRole("link", { name: "Diagnostics" }).click();
  await expect(trips(ada)).toBeVisible();
});
