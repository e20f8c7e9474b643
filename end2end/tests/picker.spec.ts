// The emoji picker: found by words, by keys and by hand, for reactions and for what one writes.
import { devices } from "@playwright/test";
import { expect, test } from "./chat.ts";

test("an emoji is found by its name and by what people think of, and the count is told", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("it works");
  await ada.hasStored("it works");
  await ada.opensPickerFor("it works");

  await expect(ada.pickerSearch).toBeFocused();
  await ada.pickerSearch.fill("sloth");
  await expect(ada.picker.getByRole("status")).toHaveText("1 emoji found. Enter picks it.");
  await ada.pickerSearch.fill("PARTY");
  await expect(ada.emoji("party popper", "Found")).toBeVisible();
  // Not in its name.
  await ada.pickerSearch.fill("Celebration");
  await expect(ada.emoji("party popper", "Found")).toBeVisible();
  await expect(ada.picker.getByRole("status")).toHaveText(/^\d+ emoji found\. Enter picks the first/);
  await ada.pickerSearch.fill("no such thing");
  await expect(ada.picker.getByRole("status")).toHaveText("No emoji found.");
  await expect(ada.picker.getByText("No emoji goes by that.")).toBeVisible();
  // With few of them in it: axe looks at every button, and two thousand take it minutes.
  await ada.pickerSearch.fill("sloth");
  await expect(ada.emoji("sloth", "Found")).toBeVisible();
  await ada.isAccessible();

  await ada.pickerSearch.fill(":tada");
  await ada.emoji("party popper").click();

  await expect(ada.picker).toHaveCount(0);
  await ada.hasReaction("it works", "🎉", ["ada"], true);
  await expect(ada.message("it works")).toBeFocused();
});

test("by keyboard alone one finds an emoji, picks it, and goes back to where one was", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("it works");
  await ada.hasStored("it works");
  const press = (key: string) => ada.page.keyboard.press(key);
  await ada.log.focus();
  await press("ArrowUp");
  await expect(ada.message("it works")).toBeFocused();
  await expect(ada.action("it works", "Add reaction")).toBeVisible();
  await ada.action("it works", "Add reaction").focus();
  await press("Enter");
  await ada.action("it works", "More emoji").focus();
  await press("Enter");
  await expect(ada.pickerSearch).toBeFocused();

  // Escape goes back to the button.
  await press("Escape");
  await expect(ada.picker).toHaveCount(0);
  await expect(ada.action("it works", "More emoji")).toBeFocused();

  // Arrows go through the grid, up leads back to the field, a letter goes on searching.
  await press("Enter");
  await expect(ada.emoji("beaming face with smiling eyes")).toBeVisible();
  await press("ArrowDown");
  await expect(ada.emoji("grinning face")).toBeFocused();
  await press("ArrowRight");
  await press("ArrowRight");
  await press("ArrowLeft");
  await expect(ada.emoji("grinning face with big eyes")).toBeFocused();
  await press("ArrowDown");
  await press("Home");
  await expect(ada.emoji("slightly smiling face")).toBeFocused();
  await press("ArrowUp");
  await expect(ada.emoji("grinning face")).toBeFocused();
  await press("ArrowUp");
  await expect(ada.pickerSearch).toBeFocused();
  await press("ArrowDown");
  await press("r");
  await expect(ada.pickerSearch).toBeFocused();
  await ada.page.keyboard.type("ocket");
  await expect(ada.pickerSearch).toHaveValue("rocket");
  await expect(ada.emoji("rocket", "Found")).toBeVisible();
  await press("ArrowDown");
  await press("Enter");

  await ada.hasReaction("it works", "🚀", ["ada"], true);
  await expect(ada.message("it works")).toBeFocused();
});

test("the groups lead to their emoji, across them arrows go on, and Tab leaves them", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.emojiButton.click();
  const groups = ada.picker.getByRole("toolbar", { name: "Groups" });

  await groups.getByRole("button", { name: "Flags" }).click();

  await expect(ada.emoji("chequered flag", "Flags")).toBeFocused();
  await expect(ada.emoji("chequered flag", "Flags")).toBeInViewport();
  await expect(groups.getByRole("button", { name: "Flags" })).toHaveAttribute("aria-current", "true");
  await ada.page.keyboard.press("ArrowLeft");
  await expect(ada.picker.getByRole("grid", { name: "Symbols" }).getByRole("gridcell").last()).toBeFocused();
  await ada.page.keyboard.press("Tab");
  await expect(ada.picker.getByRole("combobox", { name: "Skin tone" })).toBeFocused();
  await expect(ada.picker.getByRole("gridcell")).toHaveCount(1914);
  await ada.page.keyboard.press("Escape");
  await expect(ada.emojiButton).toBeFocused();
});

test("an emoji goes into the composer at the caret, the draft is kept, and it can be undone", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.composer.fill("cake  at three");
  await ada.composer.press("Home");
  for (let step = 0; step < 5; step++) await ada.composer.press("ArrowRight");

  await ada.emojiButton.click();
  await ada.pickerSearch.fill("shortcake");
  await ada.page.keyboard.press("Enter");

  await expect(ada.composer).toBeFocused();
  await expect(ada.composer).toHaveValue("cake 🍰 at three");
  await ada.page.keyboard.type("!");
  await expect(ada.composer).toHaveValue("cake 🍰! at three");
  await ada.page.reload();
  await ada.isConnected();
  await expect(ada.composer).toHaveValue("cake 🍰! at three");

  await ada.composer.press("End");
  await ada.emojiButton.click();
  await ada.emoji("shortcake", "Used last").click();
  await expect(ada.composer).toHaveValue("cake 🍰! at three🍰");
  await ada.page.keyboard.press("Control+z");
  await expect(ada.composer).toHaveValue("cake 🍰! at three");
});

test("what was used last stands first, on this device, and a skin tone stays chosen", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.emojiButton.click();
  await expect(ada.emoji("grinning face")).toBeVisible();
  await expect(ada.picker.getByRole("grid", { name: "Used last" })).toHaveCount(0);
  await ada.picker.getByRole("combobox", { name: "Skin tone" }).selectOption({ label: "✋🏽 Medium" });
  for (const name of ["rocket", "thumbs up", "rocket", "victory hand"]) {
    if (!(await ada.picker.isVisible())) await ada.emojiButton.click();
    await ada.pickerSearch.fill(name);
    await ada.emoji(name, "Found").click();
    await expect(ada.picker).toHaveCount(0);
  }
  await expect(ada.composer).toHaveValue("🚀👍🏽🚀✌🏽");

  await ada.page.reload();
  await ada.isConnected();
  await ada.emojiButton.click();

  const recent = ada.picker.getByRole("grid", { name: "Used last" }).getByRole("gridcell");
  await expect(recent).toHaveText(["✌🏽", "🚀", "👍🏽"]);
  await ada.page.keyboard.press("Escape");
});

test("fingers and small screens have the whole picker, and no keyboard in the way", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 320, height: devices["Pixel 5"].viewport.height }, hasTouch: true });
  await ada.says("tap me");
  await ada.hasStored("tap me");
  await ada.message("tap me").tap();
  await ada.action("tap me", "Add reaction").tap();
  await ada.action("tap me", "More emoji").tap();

  const first = ada.emoji("grinning face");
  await expect(first).toBeInViewport({ ratio: 1 });
  // The focus in the field would open a keyboard over half of it.
  await expect(ada.picker).toBeFocused();
  await expect(ada.picker).toBeInViewport({ ratio: 1 });
  expect((await first.boundingBox())!.width).toBeGreaterThanOrEqual(32);
  expect(await ada.scrollsSideways()).toBe(false);
  await ada.emoji("grinning squinting face").tap();
  await ada.hasReaction("tap me", "😆", ["ada"], true);

  // Beside it is out of it.
  await ada.emojiButton.tap();
  await expect(first).toBeVisible();
  await ada.page.touchscreen.tap(160, 20);
  await expect(ada.picker).toHaveCount(0);
});

test("a picker that was left open is closed when one comes back", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.makes("Public", "garden");
  await ada.opens("general");
  await ada.emojiButton.click();
  await expect(ada.picker).toBeVisible();

  await ada.page.goBack();
  await ada.isIn("garden");
  await expect(ada.picker).toHaveCount(0);
  await ada.page.goForward();
  await ada.isIn("general");
  await expect(ada.composer).toBeVisible();
  await expect(ada.picker).toHaveCount(0);
});

test("an emoji is written by its name between colons, or finished from a list", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const offered = ada.page.getByRole("listbox", { name: "Emoji" });
  const suggestions = ada.page.getByRole("status", { name: "Suggestions" });

  await ada.composer.pressSequentially("we did it :tada:");
  await expect(ada.composer).toHaveValue("we did it 🎉");
  await ada.composer.pressSequentially(" thanks :rocke");
  await expect(offered.getByRole("option").first()).toHaveText("🚀 :rocket:");
  await expect(suggestions).toHaveText(/^\d+ emoji match/);
  await ada.composer.press("Enter");
  await expect(ada.composer).toHaveValue("we did it 🎉 thanks 🚀 ");
  await ada.composer.pressSequentially(":sloth");
  await offered.getByRole("option", { name: ":sloth:" }).click();
  await expect(ada.composer).toHaveValue("we did it 🎉 thanks 🚀 🦥 ");
  await expect(offered).toHaveCount(0);
  await ada.composer.press("Enter");
  await ada.hasStored("we did it 🎉 thanks 🚀 🦥");

  // Who takes it back wants what they typed.
  await ada.composer.pressSequentially("the name is :tada:");
  await expect(ada.composer).toHaveValue("the name is 🎉");
  await ada.composer.press("Control+z");
  await expect(ada.composer).toHaveValue("the name is :tada:");
  await ada.composer.press("Enter");
  await ada.hasStored("the name is :tada:");

  for (const literal of ["at 12:30:45:", "std::mem::take", "`:tada:`", ":nosuchemoji:", "fine :)"]) {
    await ada.composer.pressSequentially(literal);
    await ada.composer.press("Enter");
    await ada.hasStored(literal.replaceAll("`", ""));
  }
});
