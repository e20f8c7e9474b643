// Moving around by keys alone: the room switcher, shortcuts, and a focus that is never lost.
import { type Person, expect, test } from "./chat.ts";

// Ada is in four rooms, and in `general` at the moment.
async function furnish(ada: Person): Promise<void> {
  for (const room of ["garden", "kitchen", "attic"]) await ada.makes("Public", room);
  await ada.opens("general");
}

test("a few letters and Enter lead to a room, and the composer has the focus there", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await furnish(ada);

  await ada.page.keyboard.press("Control+k");
  await expect(ada.switcher).toBeVisible();
  await expect(ada.switcherField).toBeFocused();
  await ada.page.keyboard.type("ktc");
  await expect(ada.switcher.getByRole("option")).toHaveText(["kitchen"]);
  await ada.isAccessible();
  await ada.page.keyboard.press("Enter");

  await ada.isIn("kitchen");
  await expect(ada.switcher).toBeHidden();
  await expect(ada.composer).toBeFocused();
  await ada.page.keyboard.type("soup is ready");
  await ada.page.keyboard.press("Enter");
  await ada.hasStored("soup is ready");
});

test("the switcher shows unread rooms first, then recent ones, and arrows choose", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await furnish(ada);
  await ada.opens("attic");
  await ada.opens("general");
  await bob.joins("kitchen");
  await bob.says("anybody hungry?");
  await ada.hasUnread("kitchen", 1);

  await ada.page.keyboard.press("Meta+k");
  const options = ada.switcher.getByRole("option");
  await expect(options).toHaveText([/^kitchen/, "attic", "garden", "general"]);
  await expect(ada.switcherField).toHaveAttribute("aria-activedescendant", (await options.nth(0).getAttribute("id"))!);
  await ada.page.keyboard.press("ArrowDown");
  await ada.page.keyboard.press("ArrowDown");
  await ada.page.keyboard.press("ArrowUp");
  await expect(options.nth(1)).toHaveAttribute("aria-selected", "true");
  await ada.page.keyboard.press("Enter");
  await ada.isIn("attic");

  // Open and closed again, it leaves everything as it was; and it starts afresh.
  await ada.page.keyboard.press("Control+k");
  await ada.page.keyboard.type("zzz");
  await expect(options).toHaveCount(0);
  await expect(ada.switcher.getByRole("status")).toContainText("no room of such a name");
  await ada.page.keyboard.press("Escape");
  await expect(ada.composer).toBeFocused();
  await ada.page.getByRole("button", { name: "Switch rooms" }).click();
  await expect(options).toHaveCount(4);
  await ada.page.keyboard.press("Control+k");
  await expect(ada.switcher).toBeHidden();
  await ada.isIn("attic");
});

test("Alt and the arrows go through the rooms, with Shift through the unread ones", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await furnish(ada);
  await bob.joins("attic");
  await bob.says("dust everywhere");
  await ada.hasUnread("attic", 1);
  const order = await ada.rooms.getByRole("link").allInnerTexts();

  await ada.page.keyboard.press("Alt+ArrowDown");
  await ada.isIn("garden");
  await expect(ada.composer).toBeFocused();
  await ada.page.keyboard.press("Alt+ArrowUp");
  await ada.isIn("general");
  await ada.page.keyboard.press("Alt+ArrowUp");
  await ada.isIn("attic");
  await ada.hasUnread("attic", 0);
  await bob.opens("general");
  await bob.says("phew");
  await ada.hasUnread("general", 1);
  await ada.page.keyboard.press("Alt+ArrowUp");
  await ada.isIn("kitchen");
  await ada.page.keyboard.press("Alt+Shift+ArrowDown");
  await ada.isIn("general");
  await expect(ada.composer).toBeFocused();

  // Wherever one is, and whatever is unread, rooms stay where they are.
  expect(await ada.rooms.getByRole("link").allInnerTexts()).toEqual(order);
});

test("skipping to the messages is no way in the history", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const entries = (): Promise<number> => ada.page.evaluate(() => history.length);
  const before = await entries();

  await ada.page.getByRole("link", { name: "Skip to the messages" }).focus();
  await ada.page.keyboard.press("Enter");

  await expect(ada.page.getByRole("main")).toBeFocused();
  expect(await entries()).toBe(before);
});

test("? lists all shortcuts, but is a letter while one writes; Shift and Escape read everything", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await furnish(ada);
  await bob.joins("garden");
  await bob.says("roses");
  await ada.hasUnread("garden", 1);
  await ada.composer.press("?");
  await expect(ada.composer).toHaveValue("?");
  const shortcuts = ada.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(shortcuts).toHaveCount(0);
  await ada.composer.fill("");

  await ada.roomLink("general").focus();
  await ada.page.keyboard.press("?");
  await expect(shortcuts).toBeVisible();
  await expect(shortcuts).toContainText("Next unread room");
  await ada.isAccessible();
  await ada.page.keyboard.press("Alt+ArrowDown");
  await ada.isIn("general");
  await ada.page.keyboard.press("Escape");
  await expect(shortcuts).toBeHidden();
  await expect(ada.roomLink("general")).toBeFocused();
  await ada.hasUnread("garden", 1);
  await ada.page.keyboard.press("Shift+Escape");

  await ada.hasUnread("garden", 0);
});

test("the pages name a manifest with icons that are there", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const { name, display, icons } = await ada.manifest();

  expect([name, display]).toEqual(["Parlor", "standalone"]);
  for (const { src, type } of icons) {
    const answer = await ada.page.request.get(ada.wire.origin + src);
    expect([src, answer.status(), answer.headers()["content-type"]]).toEqual([src, 200, type]);
  }
  expect(icons.map((icon) => icon.sizes)).toEqual(["any", "192x192", "512x512"]);
});

test("on a phone Back closes what is open over the room first, and needs no second press for what was closed", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  const { page } = ada;
  const showRooms = page.getByRole("button", { name: "Show rooms", exact: true });
  const showMembers = page.getByRole("button", { name: /^Show members/ });
  await showRooms.click();
  await ada.makes("Private", "Gärten");
  await expect(ada.rooms).toBeHidden();

  await showRooms.click();
  await expect(ada.rooms).toBeVisible();
  await page.goBack();
  await expect(ada.rooms).toBeHidden();
  await ada.isIn("Gärten");
  await page.goForward();
  await ada.isIn("Gärten");
  await ada.composer.press("Control+k");
  await expect(ada.switcher).toBeVisible();
  await page.goBack();
  await expect(ada.switcher).toBeHidden();
  await ada.isIn("Gärten");

  // What was closed in another way is passed by.
  await showMembers.click();
  await page.getByRole("button", { name: "Close members" }).click();
  await showMembers.click();
  await page.getByRole("button", { name: "Close members" }).click();
  await expect(ada.members).toBeHidden();
  await page.goBack();
  await ada.isIn("general");

  await showRooms.click();
  await ada.opens("general");
  await expect(ada.rooms).toBeHidden();
  await showRooms.click();
  await ada.opens("Gärten");
  await page.goBack();
  await ada.isIn("general");
  await expect(ada.rooms).toBeHidden();
  await showRooms.click();
  await page.getByRole("link", { name: "Public rooms" }).click();
  await expect(page.getByRole("heading", { name: "Public rooms" })).toBeVisible();
  await page.goBack();
  await ada.isIn("general");
  await expect(ada.rooms).toBeHidden();
});
