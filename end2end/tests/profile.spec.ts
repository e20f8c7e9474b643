// What people say of themselves, and who sees it: with two browsers, one that sets and one that looks on.
import { type Person, expect, test } from "./chat.ts";

async function opensProfile(person: Person): Promise<void> {
  await person.goesTo("/settings/profile");
  await expect(person.page.getByRole("heading", { name: "Profile", level: 1 })).toBeVisible();
}

async function isSure(person: Person, words: string): Promise<void> {
  await expect(person.page.getByRole("status").filter({ hasText: words })).toBeVisible();
}

async function setsStatus(person: Person, emoji: string, text: string, end: string): Promise<void> {
  await opensProfile(person);
  await person.page.getByLabel("Emoji").fill(emoji);
  await person.page.getByRole("textbox", { name: "Status" }).fill(text);
  await person.page.getByRole("combobox", { name: "Clear it after" }).selectOption(end);
  await person.page.getByRole("button", { name: "Set status" }).click();
}

for (const javaScript of [true, false]) {
  test.describe(javaScript ? "with JavaScript" : "without JavaScript", () => {
    test("a status is seen by others at once, and after a reload, until it is cleared", async ({ chat }) => {
      const ada = await chat.signUp("ada");
      const bob = await chat.signUp("bob", { javaScript });

      await setsStatus(bob, "🌴", "On holiday", "This week");
      await isSure(bob, "Your status is set.");
      await ada.seesThat("bob", /^.*, 🌴 On holiday$/);
      await expect(ada.member("bob").getByText("🌴 On holiday")).toBeVisible();
      await ada.page.reload();
      await ada.isConnected();
      await ada.seesThat("bob", /^.*, 🌴 On holiday$/);

      await expect(bob.page.getByRole("textbox", { name: "Status" })).toHaveValue("On holiday");
      await expect(bob.page.getByText(/^Until .*00:00\.$/)).toBeVisible();
      await bob.page.getByRole("button", { name: "In a meeting" }).click();
      await ada.seesThat("bob", /^.*, 📅 In a meeting$/);

      await bob.page.getByRole("button", { name: "Clear status" }).click();
      await isSure(bob, "Your status is cleared.");
      await ada.seesThat("bob", /^(online|offline)[^📅]*$/);
      await expect(ada.members).not.toContainText("In a meeting");
    });

    test("a status that was refused is told in words and can be mended", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      ada.expects(/\/settings\/profile\/status: 422/);

      await setsStatus(ada, "not an emoji", "Writing", "1 hour");
      await ada.isTold("A status has one emoji.");
      await expect(ada.page.getByRole("textbox", { name: "Status" })).toHaveValue("Writing");

      await ada.page.getByLabel("Emoji").fill("");
      await ada.page.getByRole("button", { name: "Set status" }).click();
      await isSure(ada, "Your status is set.");
      await ada.goesTo("/");
      await ada.isIn("general");
      await ada.seesThat("ada", /^.*, 💬 Writing$/);
    });
  });
}

test("a status ends by itself, in every browser", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await bob.puts("/api/v1/profile/status", { emoji: "🍽️", text: "At lunch", until: Date.now() + 8_000 });
  const both = [ada, bob];
  await Promise.all(both.map((person) => person.seesThat("bob", "online, in this room, 🍽️ At lunch")));

  await Promise.all(both.map((person) => person.seesThat("bob", "online, in this room", { timeout: 20_000 })));
  await ada.page.reload();
  await ada.seesThat("bob", "online, in this room");
});

test("hostile words in a status are words", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const words = `</span><script>alert(1)</script><img src=x onerror=alert(2)>"'`;

  await setsStatus(bob, "🐛", words, "Never");
  await ada.seesThat("bob", new RegExp(`^.*, 🐛 ${words.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")}$`));
  await ada.page.reload();
  await expect(ada.member("bob")).toContainText(words);
  await expect(bob.page.getByRole("textbox", { name: "Status" })).toHaveValue(words);
});

async function setsName(person: Person, name: string): Promise<void> {
  await opensProfile(person);
  await person.page.getByRole("textbox", { name: "Display name" }).fill(name);
  await person.page.getByRole("button", { name: "Save name" }).click();
}

for (const javaScript of [true, false]) {
  test(`a display name is what others see, at once and after a reload, ${javaScript ? "with" : "without"} JavaScript`, async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob");
    await bob.says("good morning");
    await ada.sees("good morning");
    await expect(ada.message("good morning")).toHaveAccessibleName(/^bob, \d\d:\d\d$/);
    const settings = await chat.visitor("bob", { javaScript });
    await settings.logsIn();
    await settings.isIn("general");

    await setsName(settings, "Robert Müller");
    await isSure(settings, "Your name is saved.");

    // What was said before, and its author, on the other side and on one's own.
    for (const person of [ada, bob]) {
      await expect(person.message("good morning")).toHaveAccessibleName(/^Robert Müller @bob, \d\d:\d\d$/);
      await expect(person.message("good morning").getByText("@bob")).toBeVisible();
      await expect(person.member("Robert Müller @bob, online, in this room")).toContainText("@bob");
    }
    await bob.composer.pressSequentially("hm");
    await expect(ada.typing).toHaveText("Robert Müller @bob is typing");
    await bob.composer.press("Enter");
    await ada.answers("hm", "what is it");
    await expect(bob.quoteOf("what is it")).toHaveText(/Robert Müller @bob hm$/);
    await ada.reactsTo("good morning", "👍");
    await bob.hasReaction("good morning", "👍", ["ada"], false);
    await bob.reactsTo("good morning", "👍");
    await ada.hasReaction("good morning", "👍", ["ada", "Robert Müller @bob"], true);

    await ada.page.reload();
    await ada.isConnected();
    await expect(ada.message("good morning")).toHaveAccessibleName(/^Robert Müller @bob, /);
    await expect(ada.member("bob")).toContainText("Robert Müller");
    // The user name is still what is written to name somebody.
    await ada.says("@bob, look");
    await bob.hasMentions("general", 0);
    await expect(bob.message("@bob, look")).toHaveAccessibleName(/mentions you$/);

    await setsName(settings, "");
    await isSure(settings, "Your name is saved.");
    await expect(ada.message("good morning")).toHaveAccessibleName(/^bob, \d\d:\d\d$/);
    await expect(ada.message("good morning").getByText("@bob")).toHaveCount(0);
  });
}

test("one's own name stands below the rooms, and leads to where it is changed", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.puts("/api/v1/profile/name", { name: "Ada Lovelace" });
  await ada.page.reload();
  await ada.isConnected();

  await ada.page.getByRole("link", { name: "Ada Lovelace Owner" }).click();

  await expect(ada.page.getByRole("heading", { name: "Profile" })).toBeVisible();
});

test("who takes another's name is told apart from them", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const eve = await chat.signUp("eve");
  await ada.says("the real one");
  await eve.says("the other one");
  await eve.hasStored("the other one");
  eve.expects(/\/settings\/profile\/name: 4(09|22)/);

  await setsName(eve, "ada");
  await eve.isTold("Somebody else here has that as their user name. Choose another display name.");
  // Letters of other scripts look the same.
  await setsName(eve, "аda");
  await isSure(eve, "Your name is saved.");

  await expect(ada.message("the other one")).toHaveAccessibleName(/^аda @eve, /);
  await expect(ada.message("the other one").getByText("@eve")).toBeVisible();
  await expect(ada.message("the real one")).toHaveAccessibleName(/^ada, /);
  await expect(ada.members.getByRole("listitem", { name: /^ada, / })).toHaveCount(1);
  await expect(ada.members.getByRole("listitem", { name: /^аda @eve, / })).toContainText("@eve");
  await setsName(eve, "Ada @ada");
  await eve.isTold("A display name has a letter or a digit in it, and no @.");
  await expect(eve.page.getByRole("textbox", { name: "Display name" })).toHaveValue("Ada @ada");
});

test("a display name is in the page before any program runs, and nothing moves when it comes", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob", { javaScript: false });
  await ada.says("read me");
  await ada.hasStored("read me");
  await setsName(ada, "山田 太郎");
  await isSure(ada, "Your name is saved.");

  await bob.goesTo("/rooms/1-general");
  await expect(bob.message("read me")).toHaveAccessibleName(/^山田 太郎 @ada, /);
  await expect(bob.member("山田 太郎 @ada")).toBeVisible();
  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();
  await expect(ada.message("read me")).toHaveAccessibleName(/^山田 太郎 @ada, /);
  expect(await ada.shiftedBy()).toBeLessThan(0.05);
});

test("hostile names are names", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const name = `<b>Bob</b>"'><script>alert(1)</script>`;
  await ada.says("who am I");
  await setsName(ada, name);
  await isSure(ada, "Your name is saved.");
  await expect(ada.page.getByRole("textbox", { name: "Display name" })).toHaveValue(name);

  await ada.goesTo("/rooms/1-general");
  await ada.isIn("general");
  await ada.isConnected();
  await expect(ada.message("who am I")).toContainText(name);
  await expect(ada.member("ada")).toContainText(name);
});
