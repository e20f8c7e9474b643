// Unread that is right: the New line, marking as unread, muting, reading on all of one's devices, the title.
import { expect, type Person, test } from "./chat.ts";

test("the New line stays while the room is open, and is gone when one comes back", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.joins("garden");
  await ada.opens("general");
  await bob.says("one", "two");
  await ada.hasUnread("garden", 2);

  await ada.opens("garden");
  await ada.hasUnread("garden", 0);
  await ada.hasNewLineAbove("one");
  await bob.says("three");
  await ada.sees("three");
  await ada.hasNewLineAbove("one");

  await ada.opens("general");
  await ada.opens("garden");
  await ada.sees("three");
  await ada.hasNoNewLine();
});

test("on a phone the button that shows the rooms tells of news in the others, but not of muted ones", async ({ chat }) => {
  const ada = await chat.signUp("ada", { viewport: { width: 390, height: 844 } });
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  const button = ada.page.getByRole("button", { name: "Show rooms", exact: true });
  await ada.says("good morning");
  await expect(button).toHaveAccessibleDescription("");

  await bob.adds("ada");
  await expect(button).toHaveAccessibleDescription("Something is new in other rooms");
  await bob.says("the first tomato");
  await bob.opens("general");
  await bob.says("good morning to you");
  await ada.sees("good morning to you");

  await button.click();
  await ada.opens("garden");
  await expect(button).toHaveAccessibleDescription("");
  await ada.page.getByRole("button", { name: "Show members" }).click();
  await ada.members.getByRole("button", { name: "Mute room" }).click();
  await ada.page.getByRole("button", { name: "Close members" }).click();
  await button.click();
  await ada.opens("general");
  await bob.opens("garden");
  await bob.says("the second one");
  await bob.opens("general");
  await bob.says("that was all");
  await ada.sees("that was all");
  await expect(button).toHaveAccessibleDescription("");
});

test("who is brought into a room is shown it as new on all devices, until they have been there", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const elsewhere = await chat.visitor("ada");
  await elsewhere.logsIn();
  await elsewhere.isConnected();
  const mark = (person: Person) => person.page.getByText("New", { exact: true }).filter({ visible: true });
  const marks = (person: Person) => person.rooms.getByRole("listitem").filter({ has: mark(person) });
  const told = (person: Person) => person.page.getByRole("status", { name: "New rooms" });

  await bob.makes("Private", "attic");
  await bob.adds("ada");

  for (const device of [ada, elsewhere]) {
    await expect(marks(device)).toHaveText(/attic/);
    await expect(told(device)).toHaveText("You were brought into attic.");
    await expect(device.page).toHaveTitle("(1) general · Parlor");
  }
  await expect(marks(bob)).toHaveCount(0);
  await elsewhere.page.reload();
  await expect(marks(elsewhere)).toHaveText(/attic/);
  await bob.says("mind the stairs");
  await ada.hasUnread("attic", 1);
  await expect(marks(ada)).toHaveCount(0);

  await ada.opens("attic");
  await ada.sees("mind the stairs");
  for (const device of [ada, elsewhere]) {
    await device.hasUnread("attic", 0);
    await expect(told(device)).toHaveText("");
    await expect(marks(device)).toHaveCount(0);
  }
  await expect(elsewhere.page).toHaveTitle("general · Parlor");
});

test("a message marked as unread stays unread while one looks at it, and after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.joins("garden");
  await bob.says("one", "two", "three");
  await ada.sees("three");
  await ada.hasUnread("garden", 0);
  await ada.message("one").hover();
  await expect(ada.action("one", "Mark as unread")).toHaveCount(1);
  await bob.message("one").hover();
  await expect(bob.action("one", "Reply")).toHaveCount(1);
  await expect(bob.action("one", "Mark as unread")).toHaveCount(0);

  await ada.marksUnread("two");

  await ada.hasUnread("garden", 2);
  await ada.hasNewLineAbove("two");
  await ada.scrollsTo("three");
  await bob.says("four");
  await ada.sees("four");
  await ada.hasUnread("garden", 3);
  await ada.opens("general");
  await ada.page.reload();
  await ada.isConnected();
  await ada.hasUnread("garden", 3);

  await ada.opens("garden");
  await ada.hasNewLineAbove("two");
  await ada.hasUnread("garden", 0);
});

test("reading on one device reads on the other, and marking as unread does so too", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.joins("garden");
  await ada.opens("general");
  const elsewhere = await chat.visitor("ada");
  await elsewhere.logsIn();
  await elsewhere.isIn("general");
  await elsewhere.isConnected();
  await bob.says("one", "two");
  await ada.hasUnread("garden", 2);
  await elsewhere.hasUnread("garden", 2);

  await ada.opens("garden");
  await ada.hasUnread("garden", 0);
  await elsewhere.hasUnread("garden", 0);

  await ada.marksUnread("two");
  await elsewhere.hasUnread("garden", 1);
  await elsewhere.opens("garden");
  await elsewhere.hasNewLineAbove("two");
  await elsewhere.hasUnread("garden", 0);
  await ada.hasUnread("garden", 0);
});

test("what comes while another window has the focus is unread on all devices, until one looks", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.joins("garden");
  const elsewhere = await chat.visitor("ada");
  await elsewhere.logsIn();
  await elsewhere.isConnected();
  await elsewhere.opens("general");

  await ada.looksElsewhere();
  await bob.says("one");
  await ada.isInView("one");
  await ada.hasUnread("garden", 1);
  await bob.says("two");
  await ada.isInView("two");
  await ada.hasUnread("garden", 2);
  await elsewhere.hasUnread("garden", 2);
  await expect(ada.page).toHaveTitle("(2) garden · Parlor");

  await ada.looksHere();
  await ada.hasUnread("garden", 0);
  await elsewhere.hasUnread("garden", 0);
});

test("a muted room shows no count on any device, until it is muted no more", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.joins("garden");
  const elsewhere = await chat.visitor("ada");
  await elsewhere.logsIn();
  await elsewhere.isConnected();
  const mute = ada.members.getByRole("button", { name: "Mute room" });
  await expect(mute).toHaveAttribute("aria-pressed", "false");

  await mute.click();
  await expect(mute).toHaveAttribute("aria-pressed", "true");
  await expect(elsewhere.roomRow("garden")).toContainText("muted");
  await ada.opens("general");
  await bob.says("one", "two");
  await bob.opens("general");
  await bob.says("see there");
  await elsewhere.opens("general");
  await elsewhere.sees("see there");
  await ada.sees("see there");

  for (const person of [ada, elsewhere]) {
    await person.page.reload();
    await person.isConnected();
    await person.hasUnread("garden", 0);
    await expect(person.page).toHaveTitle("general · Parlor");
    await person.isAccessible();
  }
  await ada.opens("garden");
  await ada.marksUnread("one");
  await mute.click();
  await ada.hasUnread("garden", 2);
  await elsewhere.hasUnread("garden", 2);
  await bob.hasUnread("garden", 0);
});

test("marking all as read clears every count, for good", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  for (const room of ["garden", "kitchen"]) {
    await bob.makes("Public", room);
    await ada.joins(room);
  }
  await ada.opens("general");
  await bob.says("soup");
  await bob.opens("garden");
  await bob.says("roses", "tulips");
  await ada.hasUnread("garden", 2);
  await ada.hasUnread("kitchen", 1);

  const all = ada.page.getByRole("button", { name: "Mark all as read" });
  await all.click();

  await expect(all).toHaveCount(0);
  for (const room of ["garden", "kitchen"]) await ada.hasUnread(room, 0);
  await ada.page.reload();
  await ada.isConnected();
  for (const room of ["garden", "kitchen"]) await ada.hasUnread(room, 0);
});

test("a room that was marked as unread is read by looking again once all is marked as read", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.joins("garden");
  await bob.says("one", "two");
  await ada.sees("two");
  await ada.hasUnread("garden", 0);
  await ada.marksUnread("one");
  await ada.hasUnread("garden", 2);

  await ada.page.getByRole("button", { name: "Mark all as read" }).click();
  await ada.hasUnread("garden", 0);
  await bob.says("three");

  await ada.sees("three");
  await ada.hasUnread("garden", 0);
  await ada.page.reload();
  await ada.isConnected();
  await ada.hasUnread("garden", 0);
});

test("the title and the icon say that something is unread", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.joins("garden");
  await ada.opens("general");
  await expect(ada.page).toHaveTitle("general · Parlor");
  expect(await ada.icon()).toBe("/favicon.svg");

  await bob.says("one", "two", "three");
  await expect(ada.page).toHaveTitle("(3) general · Parlor");
  expect(await ada.icon()).toBe("/favicon-unread.svg");

  await ada.opens("garden");
  await expect(ada.page).toHaveTitle("garden · Parlor");
  expect(await ada.icon()).toBe("/favicon.svg");
  const guest = await chat.visitor("ada", { javaScript: false });
  await ada.marksUnread("three");
  await guest.logsIn();
  // Ada's browser tells the server within two seconds, and a page without a program stays as it came.
  await expect(async () => {
    await guest.page.reload();
    await expect(guest.page).toHaveTitle("(1) general · Parlor", { timeout: 500 });
  }).toPass({ timeout: 10_000 });
});
