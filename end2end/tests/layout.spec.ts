// Small screens, and every page in both themes.
import { expect, test } from "./chat.ts";

test("nothing scrolls sideways at 320 pixels", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 320, height: 640 } });
  const long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen".repeat(4);
  await ada.says(long, `https://example.org/${"a".repeat(200)}`);
  await ada.hasStored(long);
  expect(await ada.scrollsSideways()).toBe(false);

  await ada.page.getByRole("button", { name: "Show rooms" }).click();
  await expect(ada.rooms).toBeInViewport();
  await ada.isAccessible();
  expect(await ada.scrollsSideways()).toBe(false);
  await ada.page.getByRole("button", { name: "Close rooms" }).click();
  await ada.page.getByRole("button", { name: "Show members" }).click();
  await expect(ada.members).toBeInViewport();
  await ada.isAccessible();
  expect(await ada.scrollsSideways()).toBe(false);

  for (const path of ["/rooms", "/rooms/1-general"]) {
    await ada.goesTo(path);
    await ada.isConnected();
    expect(await ada.scrollsSideways(), path).toBe(false);
  }
  const bob = await chat.visitor("bob", { viewport: { width: 320, height: 640 } });
  for (const path of ["/login", "/signup"]) {
    await bob.goesTo(path);
    expect(await bob.scrollsSideways(), path).toBe(false);
  }
});

test("on a phone the composer is at the lower edge of the screen, and the messages scroll above it", async ({ chat }) => {
  const [width, height] = [390, 844];
  const ada = await chat.signUp("ada", { viewport: { width, height } });
  const isLaidOut = async (): Promise<void> => {
    const [log, composer] = [await ada.log.boundingBox(), await ada.composer.boundingBox()];
    // The send button, a hint at most, and the margin are below the upper edge of an empty field.
    expect(composer!.y + composer!.height, "the composer ends on the screen").toBeLessThanOrEqual(height);
    expect(composer!.y, "and is at its lower edge").toBeGreaterThan(height - 120);
    expect(log!.y + log!.height, "the messages end where it begins").toBeLessThanOrEqual(composer!.y);
    expect(log!.height, "and have the rest").toBeGreaterThan(height * 0.6);
    expect(await ada.page.evaluate(() => document.documentElement.scrollHeight)).toBe(height);
  };
  await isLaidOut();

  await ada.says(...Array.from({ length: 15 }, (_, number) => `line ${number + 1}\n.\n.\n.`));
  await expect(ada.messages).toHaveCount(15);

  await isLaidOut();
  const scrolled = await ada.log.evaluate((log) => [log.scrollHeight > log.clientHeight * 1.5, log.scrollTop > 0]);
  expect(scrolled).toEqual([true, true]);
  expect(await ada.scrollsSideways()).toBe(false);
});

test("on a phone, what the room is about is with its members", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  await ada.page.getByRole("button", { name: "Change topic" }).click();
  await ada.page.getByRole("textbox", { name: "Topic" }).fill("Lunch is at half past twelve, and whoever comes first lays the table.");
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("button", { name: "Change topic" })).toBeVisible();

  await ada.page.getByRole("button", { name: "Show members" }).click();

  await expect(ada.members.getByText("Lunch is at half past twelve")).toBeVisible();
});

test("a long name has its line in the list of members, and what else there is to say goes below", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.puts("/api/v1/profile/name", { name: "Ada Marie Adler-Östergaard" });
  await ada.page.reload();
  await ada.isConnected();
  const row = ada.member("ada");

  const name = await row.getByText("Ada Marie Adler-Östergaard").boundingBox();
  const note = await row.getByText("creator").boundingBox();

  expect(name!.width, "the name has most of the line").toBeGreaterThan(150);
  expect(note!.y, "the notes are below it").toBeGreaterThanOrEqual(name!.y + name!.height - 2);
});

test("every page is without findings of axe, in light and dark", async ({ chat }) => {
  const visitor = await chat.visitor("visitor");
  for (const path of ["/signup", "/login"]) {
    await visitor.goesTo(path);
    await visitor.isAccessible();
  }

  const ada = await chat.signUp("ada");
  await ada.isAccessible();
  await ada.says("a first message", "a second one", "a third one");
  await ada.hasStored("a first message", "a second one", "a third one");
  await ada.deletes("a third one");
  await ada.edits("a second one", "a changed one");
  await ada.message("a changed one").hover();
  await ada.isAccessible();
  await ada.action("a changed one", "Delete").click();
  await ada.isAccessible();
  await ada.page.getByRole("button", { name: "Keep" }).click();

  await ada.page.getByRole("link", { name: "Public rooms" }).click();
  await ada.isConnected();
  await ada.isAccessible();
  await ada.goesTo("/diagnostics");
  await expect(ada.page.getByRole("region", { name: "Last messages" })).toBeVisible();
  await ada.isAccessible();
  ada.expects(/\/rooms\/999: 404/);
  await ada.goesTo("/rooms/999");
  await expect(ada.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await ada.isAccessible();

  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  const address = new URL(bob.page.url()).pathname;
  await ada.goesTo(address);
  await expect(ada.page.getByRole("button", { name: "Join garden" })).toBeVisible();
  await ada.isAccessible();
});

test("a keyboard alone is enough to sign up, make a room and write in it", async ({ chat }) => {
  const ada = await chat.visitor("ada");
  await ada.goesTo("/signup");
  await expect(ada.page.getByRole("textbox", { name: "Username" })).toBeFocused();
  await ada.page.keyboard.type("ada");
  await ada.page.keyboard.press("Tab");
  await ada.page.keyboard.type("nine odd teapots");
  await ada.page.keyboard.press("Enter");
  await ada.isIn("general");
  await ada.isConnected();

  await ada.page.getByRole("button", { name: "New room" }).focus();
  await ada.page.keyboard.press("Enter");
  await expect(ada.page.getByRole("textbox", { name: "Room name" })).toBeFocused();
  await ada.page.keyboard.type("garden");
  await ada.page.keyboard.press("Enter");
  await ada.isIn("garden");
  await ada.composer.focus();
  await ada.page.keyboard.type("no mouse");
  await ada.page.keyboard.press("Enter");

  await ada.hasStored("no mouse");
});
