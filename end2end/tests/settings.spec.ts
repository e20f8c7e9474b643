// The settings: plain pages and forms, with and without JavaScript.
import { PASSWORD, type Person, expect, test } from "./chat.ts";

const NEW_PASSWORD = "ten even saucers";

// Through the navigation, as somebody would.
async function opens(person: Person, page: string): Promise<void> {
  await person.page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: page, exact: true }).click();
  await expect(person.page.getByRole("heading", { name: page, level: 1 })).toBeVisible();
}

async function opensSettings(person: Person): Promise<void> {
  await person.page.getByRole("link", { name: "Settings", exact: true }).click();
  await expect(person.page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
}

async function isSure(person: Person, words: string): Promise<void> {
  await expect(person.page.getByRole("status").filter({ hasText: words })).toBeVisible();
}

for (const javaScript of [true, false]) {
  test.describe(javaScript ? "with JavaScript" : "without JavaScript", () => {
    test.describe("by invitation", () => {
      test.use({ flags: ["--registration", "invite"] });

      test("the owner makes a link, the invited comes in, and the link is used up", async ({ chat }) => {
        const ada = await chat.signUp("ada", { javaScript });
        await opensSettings(ada);
        await opens(ada, "Invitations");
        await expect(ada.page.getByText("There is no invitation that can be used.")).toBeVisible();

        await ada.page.getByRole("spinbutton", { name: "People it lets in" }).fill("1");
        await ada.page.getByRole("combobox", { name: "Good for" }).selectOption("a day");
        await ada.page.getByRole("button", { name: "Make link" }).click();
        const link = await ada.page.getByRole("textbox", { name: "Invitation link" }).inputValue();
        await expect(ada.page.getByText("For 1 person, 0 came")).toBeVisible();
        await ada.isAccessible();

        const bob = await chat.visitor("bob", { javaScript });
        await bob.goesTo(new URL(link).pathname + new URL(link).search);
        await bob.submits("Create account", "bob", PASSWORD);
        await bob.isIn("general");
        await ada.goesTo("/settings/invites");
        await expect(ada.page.getByText("There is no invitation that can be used.")).toBeVisible();
        await expect(ada.page.getByRole("textbox", { name: "Invitation link" })).toHaveCount(0);
      });

      test("a revoked link lets nobody in", async ({ chat }) => {
        const ada = await chat.signUp("ada", { javaScript });
        await ada.goesTo("/settings/invites");
        await ada.page.getByRole("button", { name: "Make link" }).click();
        const link = new URL(await ada.page.getByRole("textbox", { name: "Invitation link" }).inputValue());

        await ada.page.getByRole("button", { name: "Revoke invitation 1" }).click();
        await isSure(ada, "The invitation is revoked.");

        const bob = await chat.visitor("bob", { javaScript });
        bob.expects(/\/signup: 403/);
        await bob.goesTo(link.pathname + link.search);
        await bob.submits("Create account", "bob", PASSWORD);
        await bob.isTold("This invitation is not valid.");
      });
    });

    test("a new password takes the old one, and holds", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      ada.expects(/\/settings\/password: 4\d\d/);
      const changes = async (current: string): Promise<void> => {
        await ada.page.getByLabel("Current password").fill(current);
        await ada.page.getByLabel("New password", { exact: true }).fill(NEW_PASSWORD);
        await ada.page.getByLabel("New password, once more").fill(NEW_PASSWORD);
        await ada.page.getByRole("button", { name: "Change password" }).click();
      };
      await opensSettings(ada);
      await opens(ada, "Password");

      await changes("not my password");
      await ada.isTold("The current password is wrong.");
      await changes(PASSWORD);
      await isSure(ada, "Your password is changed.");

      await ada.goesTo("/");
      await ada.isIn("general");
      await ada.logsOut();
      await ada.logsIn(NEW_PASSWORD);
      await ada.isIn("general");
    });

    test("a session on another device is seen and ended", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      const elsewhere = await chat.visitor("ada", { javaScript });
      await elsewhere.logsIn();
      await elsewhere.isIn("general");
      elsewhere.expects(/\/api\/v1\/connect: 401/);

      await opensSettings(ada);
      await opens(ada, "Sessions");
      await expect(ada.page.getByText("Chrome on Linux")).toHaveCount(2);
      await expect(ada.page.getByText("This session")).toHaveCount(1);
      await ada.page.getByRole("button", { name: /^End session/ }).click();
      await isSure(ada, "That session has ended.");

      if (!javaScript) await elsewhere.goesTo("/rooms/1-general");
      await elsewhere.isAtTheDoor();
    });

    test("the owner closes the door, disables an account, and hands the server over", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      const bob = await chat.signUp("bob", { javaScript });
      const cid = await chat.signUp("cid", { javaScript });
      cid.expects(/\/api\/v1\/connect: 401/);
      await opensSettings(ada);

      await opens(ada, "Registration");
      await ada.page.getByRole("radio", { name: "Closed" }).check();
      await ada.page.getByRole("button", { name: "Save" }).click();
      await isSure(ada, "From now on that is who may sign up.");
      await expect(ada.page.getByRole("radio", { name: "Closed" })).toBeChecked();
      const eve = await chat.visitor("eve", { javaScript });
      await eve.goesTo("/login");
      await expect(eve.page.getByText("New accounts are made by the owner of this server only.")).toBeVisible();

      await opens(ada, "Accounts");
      await ada.page.getByRole("button", { name: "Disable cid" }).click();
      await isSure(ada, "The account is disabled");
      if (!javaScript) await cid.goesTo("/rooms/1-general");
      await cid.isAtTheDoor();
      await ada.isAccessible();
      await ada.page.getByText("Make bob the owner").click();
      await ada.page.getByRole("button", { name: "Hand this server over to bob" }).click();
      await isSure(ada, "This server has another owner now.");
      await expect(ada.page.getByRole("link", { name: "Accounts" })).toHaveCount(0);

      await bob.goesTo("/");
      await expect(bob.page.getByTitle("Owner of this server")).toBeVisible();
    });
  });
}

test("who keeps a room renames it, gives it away, and the other deletes it", async ({ chat }) => {
  await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const cid = await chat.signUp("cid", { viewport: { width: 320, height: 640 } });
  await bob.makes("Private", "cellar");
  await bob.adds("cid");
  await cid.page.getByRole("button", { name: "Show rooms" }).click();
  await cid.opens("cellar");
  await expect(cid.page.getByRole("link", { name: "Room settings" })).toHaveCount(0);

  await bob.page.getByRole("link", { name: "Room settings" }).click();
  await bob.page.getByRole("textbox", { name: "Room name" }).fill("attic");
  await bob.page.getByRole("button", { name: "Rename room" }).click();
  await isSure(bob, "The room has its new name");
  await bob.isAccessible();
  await cid.isIn("attic");
  await bob.page.getByRole("textbox", { name: "Username of a member" }).fill("cid");
  await bob.page.getByRole("button", { name: "Give away" }).click();
  await isSure(bob, "The room is given away.");

  await bob.goesTo("/");
  await bob.isIn("attic");
  await bob.isConnected();
  await cid.page.getByRole("link", { name: "Room settings" }).click();
  expect(await cid.scrollsSideways()).toBe(false);
  cid.expects(/\/delete: 422/);
  await cid.page.getByRole("textbox", { name: "Type the room’s name" }).fill("cellar");
  await cid.page.getByRole("button", { name: "Delete room" }).click();
  await cid.isTold("Nothing was deleted");
  await cid.page.getByRole("textbox", { name: "Type the room’s name" }).fill("attic");
  await cid.page.getByRole("button", { name: "Delete room" }).click();
  await isSure(cid, "The room is deleted");

  await expect(bob.roomLink("attic")).toHaveCount(0);
  await expect(bob.page.getByRole("heading", { name: "You are not in attic any more" })).toBeVisible();
});

test("the owner finds the way to invite people beside the rooms, and nobody else does", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await expect(bob.page.getByRole("link", { name: "Invite people" })).toHaveCount(0);

  await ada.page.getByRole("link", { name: "Invite people" }).click();

  await expect(ada.page.getByRole("heading", { name: "Invitations" })).toBeVisible();
});

test("a link is copied with a button, where scripts run", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await ada.goesTo("/settings/invites");
  await ada.page.getByRole("button", { name: "Make link" }).click();
  const link = await ada.page.getByRole("textbox", { name: "Invitation link" }).inputValue();

  await ada.page.getByRole("button", { name: "Copy" }).click();

  await expect(ada.page.getByRole("button", { name: "Copied" })).toBeVisible();
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(link);
});

test("times are shown in the zone that was chosen, also once the program runs", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("when is this");
  await ada.hasStored("when is this");
  const time = ada.message("when is this").getByRole("time");
  const here = await time.innerText();
  const hours = (clock: string): number => Number(clock.slice(0, 2));

  await opensSettings(ada);
  await opens(ada, "Profile");
  // Where there is no summer time, nine hours from the zone of the browser under test.
  await ada.page.getByRole("combobox", { name: "Time zone" }).selectOption("Asia/Tokyo");
  await ada.page.getByRole("button", { name: "Save time zone" }).click();
  await isSure(ada, "Times are written in this zone");
  await expect(ada.page.getByRole("combobox", { name: "Time zone" })).toHaveValue("Asia/Tokyo");

  const offset_min = await ada.page.evaluate(() => new Date().getTimezoneOffset());
  await ada.goesTo("/rooms/1-general");
  await ada.isConnected();
  await expect(time).not.toHaveText(here);
  expect((hours(await time.innerText()) - hours(here) + 24) % 24).toBe(9 + offset_min / 60);
  await ada.says("and this");
  await ada.hasStored("and this");
  expect(Math.abs(hours(await ada.message("and this").getByRole("time").innerText()) - hours(await time.innerText()))).toBeLessThan(2);
});

test("nothing of the settings scrolls sideways at 320 pixels, and axe finds nothing", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 320, height: 640 } });
  await chat.signUp("a-name-that-is-as-long-as-can-be");
  for (const page of ["", "/profile", "/password", "/sessions", "/invites", "/members", "/registration"]) {
    await ada.goesTo(`/settings${page}`);
    expect(await ada.scrollsSideways(), page).toBe(false);
    await ada.isAccessible();
  }
  await ada.goesTo("/settings/members");
  await ada.page.getByText("Make a-name-that-is-as-long-as-can-be the owner").click();
  expect(await ada.scrollsSideways()).toBe(false);
  await ada.isAccessible();
});
