// Who is there, who looks at the room, and who is writing: with several people, tabs, and a line that breaks.
import { expect, test } from "./chat.ts";

const GRACE_MS = 12_000;
// How long the users of a server that was killed may be shown.
const GHOST_MS_MAX = 15_000;
test.use({ flags: ["--presence-grace-ms", `${GRACE_MS}`] });

test("people are online, away while their page is out of sight, and online again", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.seesThat("bob", "online, in this room");
  await bob.seesThat("ada", "online, in this room");

  await bob.turnsAway();
  await ada.seesThat("bob", "away");
  await bob.turnsBack();
  await ada.seesThat("bob", "online, in this room");
});

test("somebody with two tabs is there until both are out of sight", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const second = await chat.secondTab(bob);
  await second.turnsAway();
  await ada.seesThat("bob", "online, in this room");
  await ada.seesNoChange("bob", "online, in this room", () => second.page.close());

  await bob.turnsAway();
  // The tab that was closed counts until its grace of 15 s is over.
  await ada.seesThat("bob", "away", { timeout: 30_000 });
});

test("a reload does not flicker", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.seesThat("bob", "online, in this room");

  await ada.seesNoChange("bob", "online, in this room", async () => {
    for (let n = 0; n < 3; n++) {
      await bob.page.reload();
      await bob.isConnected();
      await bob.seesThat("ada", "online, in this room");
    }
  });
});

test("a gap in the network does not flicker", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.seesThat("bob", "online, in this room");

  await ada.seesNoChange("bob", "online, in this room", async () => {
    await bob.goesOffline();
    // The banner counts on while the line is down; after its first try the gap has lasted some seconds.
    await bob.comesBack();
  });
});

test("a killed server leaves no ghosts, and who comes back to it is there again", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const cleo = await chat.signUp("cleo");
  for (const someone of ["bob", "cleo"]) await ada.seesThat(someone, "online, in this room");

  await chat.killServer();
  await ada.isToldOfTheOutage();
  // She cannot tell anybody that she goes.
  await cleo.page.close();
  await chat.startServerAgain();

  await ada.isConnected();
  await ada.seesThat("cleo", /^offline/, { timeout: GHOST_MS_MAX });
  await bob.isConnected();
  await ada.seesThat("bob", "online, in this room", { timeout: GHOST_MS_MAX });
  await bob.seesThat("ada", "online, in this room");
  await bob.seesThat("cleo", /^offline/);
});

test("who logs out is offline at once, and was seen just now", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.seesThat("bob", "online, in this room");

  await bob.logsOut();

  await ada.seesThat("bob", /^offline, last seen at \d\d:\d\d$/);
  await ada.page.reload();
  await ada.seesThat("bob", /^offline, last seen at \d\d:\d\d$/);
});

test("the member list shows who is in this room and who is in another", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const cleo = await chat.signUp("cleo");
  await ada.makes("Private", "back room");
  await ada.adds("bob");

  await ada.seesThat("bob", "online");
  await bob.opens("back room");
  await ada.seesThat("bob", "online, in this room");
  await cleo.seesThat("bob", "online");
  await expect(cleo.member("ada")).toHaveAccessibleName("ada, online");
});

test("who turns it off is not shown in a room, on any tab, and not after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const second = await chat.secondTab(bob);
  await ada.seesThat("bob", "online, in this room");

  await bob.members.getByRole("switch", { name: "Show others which room I am in" }).uncheck();

  await ada.seesThat("bob", "online");
  await expect(second.members.getByRole("switch")).not.toBeChecked();
  await bob.page.reload();
  await bob.isConnected();
  await expect(bob.members.getByRole("switch")).not.toBeChecked();
  await ada.seesThat("bob", "online");
});

test("presence is in the page before any program runs, and nothing moves when it comes", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.visitor("bob", { javaScript: false });
  await bob.goesTo("/signup");
  await bob.submits("Create account", "bob", "nine odd teapots");
  await bob.isIn("general");

  await bob.seesThat("ada", "online, in this room");
  await bob.seesThat("bob", "offline");
  await ada.page.reload();
  await ada.isConnected();
  await ada.seesThat("ada", "online, in this room");
  expect(await ada.shiftedBy()).toBeLessThan(0.05);
});

test("who is writing is shown within moments, and not after the message came", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const cleo = await chat.signUp("cleo");

  await ada.composer.pressSequentially("he");
  await expect(bob.typing).toHaveText("ada is typing");
  await expect(ada.typing).toHaveText("");
  // Who stops is forgotten after five seconds: they go on.
  await ada.composer.press("w");
  const writing = cleo.composer.pressSequentially("w".repeat(30), { delay: 250, timeout: 30_000 });
  await expect(bob.typing).toHaveText("ada and cleo are typing");

  await ada.composer.press("w");
  const said = await ada.composer.inputValue();
  await ada.composer.press("Enter");
  await bob.sees(said);
  await expect(bob.typing).toHaveText("cleo is typing", { timeout: 3_000 });
  await writing;
  await cleo.composer.fill("");
  await expect(bob.typing).toHaveText("");
});

test("who stops writing is not shown for longer than a few seconds", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.composer.pressSequentially("hm");
  await expect(bob.typing).toHaveText("ada is typing");
  const started = Date.now();
  await expect(bob.typing).toHaveText("");

  expect(Date.now() - started).toBeLessThan(9_000);
  await expect(ada.composer).toHaveValue("hm");
});

test.describe("with a short grace", () => {
  test.use({ flags: ["--presence-grace-ms", "500"] });

  test("a browser that is closed is offline after the grace", async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob");
    await ada.seesThat("bob", "online, in this room");

    await bob.page.close();

    await ada.seesThat("bob", /^offline, last seen at \d\d:\d\d$/);
  });
});
