// A page that cannot be loaded: what is shown in its place, and that nothing private is kept for it.
import { type Person, expect, test } from "./chat.ts";

// The worker that stands in is there once the first page has been.
async function hasStandIn(person: Person): Promise<void> {
  await person.page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    if (navigator.serviceWorker.controller) return;
    await new Promise((controlled) => navigator.serviceWorker.addEventListener("controllerchange", controlled));
  });
}

async function isToldThatThereIsNoConnection(person: Person): Promise<void> {
  await expect(person.page.getByRole("heading", { name: "No connection" })).toBeVisible();
  await expect(person.page.getByRole("button", { name: "Try again" })).toBeFocused();
}

test("who loads a page without a network is told so, and is back by itself once there is one", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await hasStandIn(ada);
  await ada.says("said before");
  await ada.hasStored("said before");
  await ada.goesOffline();

  await ada.page.reload();
  await isToldThatThereIsNoConnection(ada);
  await expect(ada.page.getByText("said before")).toHaveCount(0);
  await ada.isAccessible();
  await ada.page.getByRole("button", { name: "Try again" }).click();
  await isToldThatThereIsNoConnection(ada);
  await ada.comesBack();

  await ada.isIn("general");
  await ada.sees("said before");
});

test("a server that is away is told like a network that is, and one button tries again", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await hasStandIn(ada);
  await chat.killServer();

  await ada.page.reload();
  await isToldThatThereIsNoConnection(ada);
  await chat.startServerAgain();
  await ada.page.getByRole("button", { name: "Try again" }).click();

  await ada.isIn("general");
  await ada.isConnected();
});

test("nothing is kept for it: not of rooms, not of files, and not after logging out", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await hasStandIn(ada);
  await ada.says("between us");
  await ada.hasStored("between us");
  await ada.page.reload();
  await ada.sees("between us");
  expect(await ada.page.evaluate(() => caches.keys())).toEqual([]);

  await ada.logsOut();
  await ada.context.setOffline(true);
  ada.mayBeCutOff();
  for (const path of ["/rooms/1-general", "/settings", "/login"]) {
    await ada.goesTo(path);
    await isToldThatThereIsNoConnection(ada);
    await expect(ada.page.getByText("between us")).toHaveCount(0);
  }
  expect(await ada.page.evaluate(() => caches.keys())).toEqual([]);
  await ada.context.setOffline(false);

  await ada.isAtTheDoor();
  await ada.logsIn();
  await ada.isIn("general");
});

test("the pages at the door do without it, and with it they are what they were", async ({ chat }) => {
  const ada = await chat.visitor("ada");
  await ada.goesTo("/signup");
  const workers = (): Promise<number> =>
    ada.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length);
  expect(await workers()).toBe(0);
  await ada.submits("Create account", "ada", "nine odd teapots");
  await ada.isIn("general");
  await hasStandIn(ada);
  expect(await workers()).toBe(1);
  await ada.logsOut();

  const answer = await ada.page.goto(`${ada.wire.origin}/login`);
  expect(answer!.headers()["cache-control"]).toBe("no-store");
  ada.expects(/POST .*\/login: 4\d\d/);
  await ada.submits("Log in", "ada", "not the password");
  await ada.isTold("The username or the password is wrong.");
  await ada.logsIn();
  await ada.isIn("general");
});

test("going back to the public rooms without a network waits for it in the page, and what was written is sent", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.goesTo("/rooms");
  await ada.isConnected();
  await ada.opens("general");
  await ada.goesOffline();
  await ada.says("written without a network");

  await ada.page.goBack();
  await expect(ada.page.getByRole("heading", { name: "Opening this page" })).toBeVisible();
  await expect(ada.page.getByRole("main")).toContainText("opens by itself as soon as that can be reached");
  await ada.isToldOfTheOutage();
  await ada.isAccessible();
  await ada.roomLink("general").click();
  await ada.sees("written without a network");
  await ada.page.goBack();
  await expect(ada.page.getByRole("heading", { name: "Opening this page" })).toBeVisible();
  await ada.comesBack();

  await expect(ada.page.getByRole("heading", { name: "Public rooms" })).toBeVisible();
  await expect(ada.page.getByRole("listitem").filter({ hasText: "general" }).getByText("Joined")).toBeVisible();
  await ada.opens("general");
  await ada.hasStored("written without a network");
});

test("joining without a network is refused in words where one is, and works once there is one", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await bob.isConnected();
  const garden = new URL(bob.page.url()).pathname;
  await ada.goesTo(garden);
  await ada.isConnected();
  await ada.goesOffline();

  const join = ada.page.getByRole("button", { name: "Join garden" });
  await join.click();
  const refusal = ada.page.getByText("This needs the server, which cannot be reached. Try again when you are connected.");
  await expect(refusal).toBeVisible();
  await expect(join).toBeFocused();
  await ada.page.getByRole("button", { name: "Dismiss" }).click();
  await expect(refusal).toHaveCount(0);
  await ada.page.getByRole("link", { name: "Public rooms" }).click();
  await expect(refusal).toBeVisible();
  await expect(ada.page).toHaveURL(new RegExp(`${garden}$`));
  await ada.comesBack();

  await join.click();
  await ada.isIn("garden");
});

test("where only sockets do not get through, pages that the server draws still open", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.losesSockets();

  await ada.page.getByRole("link", { name: "Public rooms" }).click();

  await expect(ada.page.getByRole("heading", { name: "Public rooms" })).toBeVisible();
});
