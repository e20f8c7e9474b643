// Answering a message: the quote, where it leads, and what becomes of it.
import { expect, test } from "./chat.ts";

test("an answer quotes what it answers, in both browsers and after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("who is for lunch?", "nobody?");
  await bob.sees("nobody?");

  await bob.answers("who is for lunch?", "me");

  for (const person of [ada, bob]) {
    await expect(person.quoteOf("me")).toHaveText(/ada who is for lunch\?/);
    await person.page.reload();
    await person.isConnected();
    await expect(person.quoteOf("me")).toHaveText(/ada who is for lunch\?/);
  }
});

test("a quote changes with its message, and goes with it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("teh plan");
  await bob.answers("teh plan", "fine");
  await expect(ada.quoteOf("fine")).toContainText("teh plan");

  await ada.edits("teh plan", "the plan");
  for (const person of [ada, bob]) await expect(person.quoteOf("fine")).toContainText("the plan");

  await ada.deletes("the plan");
  for (const person of [ada, bob]) {
    await expect(person.quoteOf("fine")).toContainText("A message that was deleted");
    await person.seesNothingOf("the plan");
    await person.page.reload();
    await person.isConnected();
    await expect(person.quoteOf("fine")).toContainText("A message that was deleted");
  }
});

test("answers do not group with what their author said before", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("one", "two");
  await ada.hasStored("two");

  await ada.answers("one", "three");

  await ada.hasStored("three");
  // The name above a message is seen where a group begins.
  const name = (text: string) => ada.message(text).getByText("ada", { exact: true }).first();
  const width = async (text: string) => (await name(text).boundingBox())?.width ?? 0;
  expect(await width("two")).toBeLessThan(2);
  expect(await width("one")).toBeGreaterThan(10);
});

test("Escape and the button cancel an answer, and the text stays", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("question");
  await ada.hasStored("question");
  const bar = ada.page.getByRole("group", { name: "Reply" });

  for (const cancel of ["key", "button"]) {
    await ada.doesWith("question", "Reply");
    await ada.composer.fill("a word");
    if (cancel === "key") await ada.composer.press("Escape");
    else await bar.getByRole("button", { name: "Cancel reply" }).click();
    await expect(bar).toHaveCount(0);
    await expect(ada.composer).toHaveValue("a word");
  }
  await ada.composer.press("Enter");
  await ada.hasStored("a word");
  await expect(ada.quoteOf("a word")).toHaveCount(0);
});

test.describe("far up", () => {
  test.use({ flags: ["--posts-per-second", "1000", "--posts-burst", "1000"] });

  test("a quote leads to its message, however far away that is", async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob");
    await ada.says("the beginning");
    await ada.hasStored("the beginning");
    await ada.doesWith("the beginning", "Reply");
    await bob.saysAtLength(Array.from({ length: 260 }, (_, n) => `filler ${n}`));
    await ada.sees("filler 259");
    await ada.says("the answer");
    await ada.hasStored("the answer");

    // Bob comes without the original in his window.
    await bob.page.reload();
    await bob.isConnected();
    await bob.isInView("the answer");
    await expect(bob.message("the beginning")).toHaveCount(0);
    await expect(bob.quoteOf("the answer")).toContainText("ada the beginning");
    await bob.quoteOf("the answer").click();

    await bob.isInView("the beginning");
    await expect(bob.message("the beginning")).toBeFocused();
    await bob.page.getByRole("button", { name: /Jump to present/ }).click();
    await bob.isInView("the answer");
  });
});

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  test(`an answer to a long message stands below its quote, and widens nothing at ${viewport.width} pixels`, async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob", { viewport });
    const long = "a long story ".repeat(60).trim();
    await ada.says(long);
    await bob.sees(long);

    await bob.doesWith(long, "Reply");
    await expect(bob.page.getByRole("group", { name: "Reply" })).toBeVisible();

    const send = await bob.page.getByRole("button", { name: "Send" }).boundingBox();
    expect(send!.x + send!.width).toBeLessThanOrEqual(viewport.width);
    await bob.says("short");
    await bob.hasStored("short");
    const [quote, answer] = [await bob.quoteOf("short").boundingBox(), await bob.log.getByText("short", { exact: true }).boundingBox()];
    expect(answer!.y).toBeGreaterThanOrEqual(quote!.y + quote!.height);
    expect(await bob.scrollsSideways()).toBe(false);
  });
}

test("the link of a message leads to it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await ada.says("look here");
  await ada.hasStored("look here");

  await ada.doesWith("look here", "Copy link");

  await expect(ada.message("look here").getByRole("status")).toHaveText("Link copied");
  const link = await ada.page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/rooms\/1-general\?at=\d+$/);
  await ada.page.goto(link);
  await ada.isConnected();
  await ada.isInView("look here");
});

test("everything that is done with messages can be done by keyboard", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("one", "two");
  await ada.hasStored("two");
  const press = (key: string) => ada.page.keyboard.press(key);

  await ada.log.focus();
  await press("ArrowUp");
  await expect(ada.message("two")).toBeFocused();
  await press("ArrowUp");
  await expect(ada.message("one")).toBeFocused();
  await press("Tab");
  await expect(ada.message("one").getByRole("link", { name: /\d/ })).toBeFocused();
  await press("Tab");
  await expect(ada.action("one", "Add reaction")).toBeFocused();
  await press("Tab");
  await press("Enter");
  await expect(ada.composer).toBeFocused();
  await press("Escape");

  // Up in an empty composer edits one's last message; Escape leaves it as it was, and one is back.
  await press("ArrowUp");
  const editor = ada.log.getByRole("textbox", { name: "Edit message" });
  await expect(editor).toBeFocused();
  await expect(editor).toHaveValue("two");
  await press("Escape");
  await expect(ada.composer).toBeFocused();
  await ada.sees("two");
});

test("the mark of an edited message shows what it said before", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("first words");
  await ada.edits("first words", "second words");
  await ada.edits("second words", "last words");
  await bob.sees("last words");

  const mark = bob.message("last words").getByRole("button", { name: "edited" });
  await mark.click();

  const earlier = bob.log.getByRole("list", { name: "Earlier texts" }).getByRole("listitem");
  await expect(earlier).toHaveText([/first words/, /second words/]);
  await mark.click();
  await expect(earlier).toHaveCount(0);
});
