// Emoji under messages: who put them there, and taking them back.
import { devices } from "@playwright/test";
import { expect, test } from "./chat.ts";

test("reactions are counted, say who reacted, and are taken back", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("it works", "another");
  await bob.sees("it works");

  await bob.reactsTo("it works", "🎉");
  await ada.hasReaction("it works", "🎉", ["bob"], false);
  await bob.hasReaction("it works", "🎉", ["bob"], true);

  // Pressing it joins in, pressing it again leaves.
  await ada.reaction("it works", "🎉").click();
  for (const person of [ada, bob]) await person.hasReaction("it works", "🎉", ["bob", "ada"], true);
  await bob.reaction("it works", "🎉").click();
  await ada.hasReaction("it works", "🎉", ["ada"], true);
  await bob.hasReaction("it works", "🎉", ["ada"], false);
  await bob.page.reload();
  await bob.isConnected();
  await bob.hasReaction("it works", "🎉", ["ada"], false);

  await ada.reaction("it works", "🎉").click();
  for (const person of [ada, bob]) await expect(person.reaction("it works", "🎉")).toHaveCount(0);
  await expect(ada.message("it works")).toBeFocused();
});

test("reactions go with a deleted message", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("oops");
  await bob.reactsTo("oops", "😮");
  await ada.hasReaction("oops", "😮", ["bob"], false);

  await ada.deletes("oops");

  for (const person of [ada, bob]) await expect(person.log.getByRole("group", { name: "Reactions" })).toHaveCount(0);
});

test("a reaction made without a network goes out once", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("hello");
  // The toolbar is loaded when it is first asked for.
  await bob.message("hello").hover();
  await expect(bob.action("hello", "Add reaction")).toBeVisible();
  await bob.goesOffline();

  await bob.reactsTo("hello", "👍");
  await bob.hasReaction("hello", "👍", ["bob"], true);
  await expect(ada.reaction("hello", "👍")).toHaveCount(0);

  await bob.comesBack();
  await ada.hasReaction("hello", "👍", ["bob"], false);
});

test("a tap shows what can be done with a message", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: devices["Pixel 5"].viewport, hasTouch: true });
  await ada.says("tap me");
  await ada.hasStored("tap me");

  await ada.message("tap me").tap();
  await ada.action("tap me", "Add reaction").tap();
  await ada.action("tap me", "React with 👍").tap();

  await ada.hasReaction("tap me", "👍", ["ada"], true);
  expect(await ada.scrollsSideways()).toBe(false);
});

test("the focus stays on its emoji when others come and go, and goes to the next when its own does", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("it works");
  for (const emoji of ["👍", "🎉", "😮"]) await bob.reactsTo("it works", emoji);
  await ada.hasReaction("it works", "😮", ["bob"], false);
  const focused = (emoji: string) => expect(ada.reaction("it works", emoji)).toBeFocused();
  const takesBack = (emoji: string) => bob.reaction("it works", emoji).click();

  // The first one goes: all others move up.
  await ada.reaction("it works", "😮").focus();
  await takesBack("👍");
  await expect(ada.reaction("it works", "👍")).toHaveCount(0);
  await focused("😮");

  // It goes itself: the one beside it has the focus; with the last, the message.
  await takesBack("😮");
  await expect(ada.reaction("it works", "😮")).toHaveCount(0);
  await focused("🎉");
  await ada.page.keyboard.press("Enter");
  await ada.hasReaction("it works", "🎉", ["bob", "ada"], true);
  await takesBack("🎉");
  await ada.hasReaction("it works", "🎉", ["ada"], true);
  await focused("🎉");
  await ada.page.keyboard.press("Enter");
  await expect(ada.log.getByRole("group", { name: "Reactions" })).toHaveCount(0);
  await expect(ada.message("it works")).toBeFocused();
});
