// Writing, changing and deleting messages, and finding them again after a reload.
import { expect, test } from "./chat.ts";

test("messages stand in the order in which they were written, in both browsers", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const texts = Array.from({ length: 12 }, (_, number) => `number ${number + 1}`);

  await ada.says(...texts);
  await ada.hasStored(...texts);

  await ada.seesOnly(...texts);
  await bob.seesOnly(...texts);
  await bob.page.reload();
  await bob.isConnected();
  await bob.seesOnly(...texts);
});

test("both write at the same time, and both see the same order", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const [hers, his] = ["ada", "bob"].map((name) => [1, 2, 3, 4, 5, 6].map((number) => `${name} says ${number}`));

  await Promise.all([ada.says(...hers!), bob.says(...his!)]);
  await Promise.all([ada.hasStored(...hers!, ...his!), bob.hasStored(...hers!, ...his!)]);

  const order = /(ada|bob) says \d/;
  const orders = await Promise.all(
    [ada, bob].map(async (person) => (await person.messages.allInnerTexts()).map((text) => order.exec(text)?.[0])),
  );
  expect(orders[0]).toEqual(orders[1]);
});

test("a message is an article named by its author and time", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("hello");
  await ada.hasStored("hello");
  await expect(ada.page.getByRole("article", { name: /^ada, \d{1,2}:\d\d/ })).toContainText("hello");
});

test("Shift+Enter breaks the line, Enter sends, and blanks alone are not sent", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.composer.fill("   ");
  await ada.composer.press("Enter");
  await ada.composer.fill("");
  await ada.composer.pressSequentially("roses are red");
  await ada.composer.press("Shift+Enter");
  await ada.composer.pressSequentially("violets are blue");
  await expect(ada.composer).toHaveValue("roses are red\nviolets are blue");
  await expect(ada.messages).toHaveCount(0);
  await ada.composer.press("Enter");

  await expect(ada.composer).toHaveValue("");
  await expect(ada.composer).toBeFocused();
  for (const person of [ada, bob]) {
    await expect(person.messages).toHaveCount(1);
    const text = person.log.getByText("roses are red violets are blue");
    expect(await text.innerText()).toBe("roses are red\nviolets are blue");
  }
});

test("the button Send sends what is written", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.composer.fill("by mouse");
  await ada.page.getByRole("button", { name: "Send" }).click();
  await ada.hasStored("by mouse");
  await expect(ada.composer).toHaveValue("");
});

test("a text over the limit is refused in words and stays in the composer", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const text = "x".repeat(10_001);

  await ada.composer.fill(text);
  await ada.composer.press("Enter");

  await expect(ada.page.getByRole("alert").filter({ hasText: /10,?000/ })).toBeVisible();
  await expect(ada.composer).toHaveValue(text);
  await expect(ada.messages).toHaveCount(0);
  await ada.composer.fill("");
});

test("the actions of a message that is longer than the screen are in sight wherever one reads it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const text = Array.from({ length: 60 }, (_, number) => `line ${number + 1}`).join("\n");
  await ada.says(text);
  const message = ada.messages.filter({ hasText: "line 60" });
  await expect(message).toBeVisible();
  const box = (await ada.log.boundingBox())!;

  for (const scrolls of [100_000, -100_000]) {
    await ada.page.mouse.move(box.x + 200, box.y + box.height / 2);
    await ada.page.mouse.wheel(0, scrolls);
    await message.hover();
    await expect(message.getByRole("button", { name: "Reply" })).toBeInViewport({ ratio: 1 });
  }
});

for (const { device, viewport } of [
  { device: "desk", viewport: { width: 1440, height: 900 } },
  { device: "phone", viewport: { width: 390, height: 844 } },
]) {
  test(`nothing moves and nothing is drawn anew when a message is stored, on a ${device}`, async ({ chat }) => {
    const ada = await chat.signUp("ada", { viewport });
    const holdsBack = await ada.canBeKeptWaiting();
    await ada.page.reload();
    await ada.isConnected();
    await ada.says("before");
    await ada.hasStored("before");
    const texts = ["short", "with as many more words as it takes to fill the whole of a line, and then that of the next one too"];

    for (const [index, text] of texts.entries()) {
      const goesOn = holdsBack();
      await ada.says(text);
      const message = ada.messages.nth(index + 1);
      await expect(message.getByText("sent", { exact: true })).toBeVisible();
      const look = await ada.layout();
      const before = await look();
      goesOn();

      await expect(message.getByText(/^(queued|sent)$/)).toHaveCount(0);
      expect(await look()).toEqual(before);
    }
  });
}

test("a refused message stays, says why, and can be edited until it goes, or deleted", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const reason = "That is too much nonsense for this room.";
  await ada.hasRefused("nonsense", reason);
  await ada.page.reload();
  await ada.isConnected();
  const button = (text: string, name: string) => ada.message(text).getByRole("button", { name, exact: true });

  await ada.says("nonsense", "utter nonsense", "sense");
  await ada.hasStored("sense");
  for (const text of ["nonsense", "utter nonsense"]) await ada.hasBeenRefused(text, reason);
  await ada.page.reload();
  await ada.isConnected();
  for (const text of ["nonsense", "utter nonsense"]) await ada.hasBeenRefused(text, reason);

  await button("nonsense", "Edit").click();
  const editor = ada.log.getByRole("textbox", { name: "Edit message" });
  await expect(editor).toHaveValue("nonsense");
  await editor.fill("good sense");
  await editor.press("Enter");
  await ada.hasStored("good sense");
  await button("utter nonsense", "Delete").click();

  await bob.seesOnly("sense", "good sense");
  await ada.seesOnly("sense", "good sense");
  await ada.page.reload();
  await ada.isConnected();
  await ada.seesOnly("sense", "good sense");
  await expect(ada.log.getByText(/^Not sent/)).toHaveCount(0);
});

test("an edited message changes for everybody, and says so", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("teh cat", "another");
  await bob.sees("teh cat");

  await ada.edits("teh cat", "the cat");

  for (const person of [ada, bob]) {
    await person.sees("the cat");
    await person.seesNothingOf("teh cat");
    await expect(person.message("the cat")).toContainText("edited");
    await expect(person.message("another")).not.toContainText("edited");
  }
  await bob.page.reload();
  await bob.isConnected();
  await bob.seesOnly("the cat", "another");
});

test("Escape leaves a message as it was", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.says("stays");
  await ada.hasStored("stays");

  await ada.message("stays").hover();
  await ada.action("stays", "Edit").click();
  const editor = ada.log.getByRole("textbox", { name: "Edit message" });
  await editor.fill("another text");
  await editor.press("Escape");

  await ada.sees("stays");
  await ada.seesNothingOf("another text");
});

test("a deleted message is gone for everybody, also after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("keep this", "burn this");
  await bob.sees("burn this");

  await ada.deletes("burn this");

  for (const person of [ada, bob]) {
    await person.seesNothingOf("burn this");
    await person.sees("keep this", "This message was deleted.");
    await person.page.reload();
    await person.isConnected();
    await person.seesNothingOf("burn this");
    await person.seesOnly("keep this", "This message was deleted.");
  }
});

test("others' messages can be deleted by the owner, and changed by nobody", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("roses");
  await bob.says("thistles");
  await bob.sees("roses", "thistles");
  await ada.sees("thistles");

  await bob.message("roses").hover();
  await expect(bob.action("roses", "Delete")).toHaveCount(0);
  await expect(bob.action("roses", "Edit")).toHaveCount(0);
  await ada.message("thistles").hover();
  await expect(ada.action("thistles", "Edit")).toHaveCount(0);
  await ada.deletes("thistles");
  await bob.seesNothingOf("thistles");
});

test("what was typed before the program came is kept, and a draft survives a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.page.getByRole("link", { name: "Public rooms" }).click();
  await ada.isConnected();
  let arrive = (): void => {};
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  await ada.page.route(/\.wasm/, async (route) => {
    await arrival;
    await route.continue();
  });

  await ada.page.goto(`${ada.wire.origin}/rooms/1-general`, { waitUntil: "commit" });
  await ada.composer.fill("early bird");
  arrive();
  await ada.isConnected();
  await expect(ada.composer).toHaveValue("early bird");
  await ada.page.reload();
  await ada.isConnected();
  await expect(ada.composer).toHaveValue("early bird");
  await ada.composer.press("Enter");
  await ada.hasStored("early bird");
});
