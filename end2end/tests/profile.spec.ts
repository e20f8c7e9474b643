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

  await bob.puts("/api/v1/profile/status", { emoji: "🍽️", text: "At lunch", until: Date.now() + 4_000 });
  await ada.seesThat("bob", "online, in this room, 🍽️ At lunch");
  await bob.seesThat("bob", "online, in this room, 🍽️ At lunch");

  await ada.seesThat("bob", "online, in this room", { timeout: 15_000 });
  await bob.seesThat("bob", "online, in this room");
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
