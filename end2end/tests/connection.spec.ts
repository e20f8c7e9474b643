// Without a connection: the banner, the composer, and what was queued goes out once.
import { expect, test } from "./chat.ts";

const THREE = ["first of three", "second of three", "third of three"];

test("three messages written offline go out once each, in order", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.says("before");
  await ada.sees("before");

  await ada.goesOffline();
  await ada.says(...THREE);
  await ada.hasQueued(...THREE);
  await bob.says("meanwhile");
  await bob.hasStored("meanwhile");
  await ada.comesBack();

  await ada.hasStored(...THREE);
  await ada.seesOnly("before", "meanwhile", ...THREE);
  await bob.seesOnly("before", "meanwhile", ...THREE);
});

test("three queued messages survive a reload, and go out once each", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.losesSockets();
  await ada.says(...THREE);
  await ada.hasQueued(...THREE);
  await ada.page.reload();
  await ada.hasQueued(...THREE);
  await expect(bob.messages).toHaveCount(0);
  await ada.comesBack();

  await ada.hasStored(...THREE);
  await ada.seesOnly(...THREE);
  await bob.seesOnly(...THREE);
  await ada.page.reload();
  await ada.isConnected();
  await ada.seesOnly(...THREE);
});

test("three messages written while the server is down and reloaded after it is back are there once each", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await chat.killServer();
  await ada.isToldOfTheOutage();
  await ada.says(...THREE);
  await ada.hasQueued(...THREE);
  await chat.startServerAgain();
  await ada.page.reload();
  await ada.isConnected();
  await bob.isConnected();

  await ada.hasStored(...THREE);
  await ada.seesOnly(...THREE);
  await bob.seesOnly(...THREE);
});

test("the banner says when the next try is, and the composer stays usable", async ({ chat }) => {
  const ada = await chat.signUp("ada");

  await chat.killServer();

  await expect(ada.connection).toContainText(/Next try in \d+ s/);
  await expect(ada.composer).toBeEnabled();
  await ada.composer.fill("a draft");
  await expect(ada.composer).toHaveValue("a draft");
  await ada.isAccessible();

  await chat.startServerAgain();
  // The longer the server was away, the longer the page waits before it asks again: half a minute at most.
  await expect(ada.connection).toHaveText("Connected", { timeout: 40_000 });
  await expect(ada.composer).toHaveValue("a draft");
});

test("logging out with unsent messages warns first", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  // The page may ask once more before it is gone.
  ada.expects(/GET .*\/connect: 401$/);
  await ada.losesSockets();
  await ada.says("not sent yet");
  await ada.hasQueued("not sent yet");

  await ada.page.getByRole("button", { name: "Log out" }).click();
  const warning = ada.page.getByRole("dialog", { name: "Log out with unsent messages?" });
  await expect(warning).toContainText("One message has not been sent yet.");
  await warning.getByRole("button", { name: "Stay" }).click();
  await ada.hasQueued("not sent yet");
  await ada.page.getByRole("button", { name: "Log out" }).click();
  await warning.getByRole("button", { name: "Delete and log out" }).click();
  await ada.isAtTheDoor();

  ada.wire.carry("everything");
  await ada.logsIn();
  await ada.isIn("general");
  await ada.isConnected();
  await expect(ada.messages).toHaveCount(0);
});

test("a log-out that waits for the server says so, asks about what was written meanwhile, and deletes nothing in vain", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const logOut = ada.page.getByRole("button", { name: "Log out" });
  const warning = ada.page.getByRole("dialog", { name: "Log out with unsent messages?" });
  const waits = ada.page.getByText("The server is being looked for");
  ada.mayBeCutOff();
  // The page may ask once more before it is gone.
  ada.expects(/GET .*\/connect: 401$/);
  ada.wire.carry("nothing yet");
  await ada.isToldOfTheOutage();

  await logOut.click();
  await expect(waits).toBeVisible();
  await ada.says("written meanwhile");
  await ada.hasQueued("written meanwhile");
  ada.wire.carry("pages");
  await expect(warning).toContainText("One message has not been sent yet.");
  await expect(waits).toHaveCount(0);

  ada.wire.carry("nothing");
  await warning.getByRole("button", { name: "Delete and log out" }).click();
  await expect(ada.page.getByText("This needs the server, which cannot be reached.")).toBeVisible();
  await ada.hasQueued("written meanwhile");
  ada.wire.carry("pages");
  await logOut.click();
  await warning.getByRole("button", { name: "Delete and log out" }).click();
  await ada.isAtTheDoor();
});
