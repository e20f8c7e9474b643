// Parts of the program that are loaded when they are first asked for: where that fails it is said, and can be tried again.
import { expect, test } from "./chat.ts";

const MISSING = "This part of Parlor could not be loaded.";

test("a toolbar that cannot be loaded says so, and comes once it can", async ({ chat }) => {
  const ada = await chat.visitor("ada");
  const loads = await ada.lacksPart("tools");
  await ada.goesTo("/signup");
  await ada.submits("Create account", "ada", "nine odd teapots");
  await ada.isIn("general");
  await ada.isConnected();
  await ada.says("it works");
  await ada.hasStored("it works");

  await ada.message("it works").hover();
  await ada.isTold(MISSING);
  const again = ada.message("it works").getByRole("button", { name: "Try again" });
  await again.click();
  await ada.isTold(MISSING);
  await ada.isAccessible();

  await loads();
  await again.focus();
  await ada.page.keyboard.press("Enter");
  await expect(ada.action("it works", "Reply")).toBeVisible();
  await expect(ada.page.getByText(MISSING)).toHaveCount(0);
  await expect(ada.message("it works")).toBeFocused();
  await ada.answers("it works", "so it does");
});

test("an editor that could not be loaded opens once it can", async ({ chat }) => {
  const ada = await chat.visitor("ada");
  const loads = await ada.lacksPart("tools");
  await ada.goesTo("/signup");
  await ada.submits("Create account", "ada", "nine odd teapots");
  await ada.isIn("general");
  await ada.isConnected();
  await ada.says("it works");
  await ada.hasStored("it works");

  await ada.composer.press("ArrowUp");
  await ada.isTold(MISSING);
  await loads();
  await ada.log.getByRole("button", { name: "Try again" }).last().click();

  const editor = ada.log.getByRole("textbox", { name: "Edit message" });
  await expect(editor).toBeFocused();
  await expect(editor).toHaveValue("it works");
});

test("a picker that could not be loaded opens at the next try", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const loads = await ada.lacksPart("picker");
  await ada.emojiButton.click();
  await ada.isTold(MISSING);
  await loads();

  await ada.emojiButton.click();

  await expect(ada.pickerSearch).toBeFocused();
  await expect(ada.page.getByText(MISSING)).toHaveCount(0);
  // Axe looks at every button: two thousand take it minutes.
  await ada.page.keyboard.press("Escape");
  await expect(ada.picker).toHaveCount(0);
});

test("a dialog that comes into a column that was closed meanwhile is in nobody's way", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  const click = (name: string): Promise<void> => ada.page.getByRole("button", { name, exact: true }).click();
  const dialog = ada.page.getByRole("dialog", { name: "New room" });
  const part = /split_dialogs[^/]*\.wasm$/;
  let comes = (): void => undefined;
  const isWaitedFor = new Promise<void>((resolve) => (comes = resolve));
  await ada.context.route(part, async (route) => isWaitedFor.then(() => route.continue()));
  const loaded = ada.page.waitForResponse(part);

  await click("Show rooms");
  await click("New room");
  await click("Close rooms");
  comes();
  await (await loaded).finished();
  await expect(ada.page.getByRole("dialog", { name: "New room", includeHidden: true })).toBeAttached();
  await ada.says("nothing is in the way");
  await ada.hasStored("nothing is in the way");

  // Nor is one that was open in it when the switcher came over it.
  await click("Show rooms");
  await click("New room");
  await expect(dialog).toBeVisible();
  await ada.page.keyboard.press("Control+k");
  await expect(ada.switcherField).toBeFocused();
  await ada.page.keyboard.press("Escape");
  await ada.says("neither is that");
  await ada.hasStored("neither is that");
});

test("what stands around messages is there before it is asked for, when the network is gone", async ({ chat }) => {
  const ada = await chat.visitor("ada");
  const loaded = ada.page.waitForResponse(/split_tools[^/]*\.wasm$/, { timeout: 60_000 });
  await ada.goesTo("/signup");
  await ada.submits("Create account", "ada", "nine odd teapots");
  await ada.isIn("general");
  await ada.isConnected();
  await ada.says("it works");
  await ada.hasStored("it works");
  await (await loaded).finished();
  await ada.goesOffline();

  await ada.doesWith("it works", "Edit");

  await expect(ada.log.getByRole("textbox", { name: "Edit message" })).toBeFocused();
  await ada.comesBack();
});
