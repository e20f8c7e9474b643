// Meeting: public and private rooms, members, unread counts.
import { expect, test } from "./chat.ts";

test("two people meet in a public room and chat both ways", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.makes("Public", "garden");
  await bob.joins("garden");
  await expect(ada.member("bob")).toBeVisible();
  await ada.says("the roses are out");
  await bob.sees("the roses are out");
  await bob.says("I can smell them");
  await ada.sees("I can smell them");

  await ada.seesOnly("the roses are out", "I can smell them");
  await bob.seesOnly("the roses are out", "I can smell them");
});

for (const javaScript of [true, false]) {
  test(`rooms are looked for by name, go on on another page and are joined ${javaScript ? "with" : "without"} JavaScript`, async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob", { javaScript });
    await ada.makes("Public", "garden");
    await bob.goesTo("/rooms");
    await bob.page.getByRole("searchbox", { name: "Part of a room’s name" }).fill("GARDEN");
    await bob.page.getByRole("button", { name: "Search" }).click();

    const main = bob.page.getByRole("main");
    await expect(main.getByRole("listitem")).toHaveCount(1);
    await expect(main.getByRole("link", { name: "garden", exact: true })).toBeVisible();
    await bob.page.getByRole("searchbox").fill("nothing like it");
    await bob.page.getByRole("button", { name: "Search" }).click();
    await expect(main.getByText("No public room has “nothing like it” in its name.")).toBeVisible();
    expect(await bob.scrollsSideways()).toBe(false);

    await bob.goesTo("/rooms");
    await main.getByRole("button", { name: "Join garden" }).click();
    await bob.isIn("garden");
    await expect(ada.member("bob")).toBeVisible();
    await expect(bob.composer).toBeFocused();
  });
}

test("who goes back from a room to the public rooms finds them as they are now", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.goesTo("/rooms");
  await bob.isConnected();
  await bob.opens("general");
  await ada.makes("Public", "garden");

  await bob.page.goBack();
  await expect(bob.page.getByRole("button", { name: "Join garden" })).toBeVisible();
  await bob.page.goForward();
  await bob.isIn("general");
});

test("a private room is seen by those who are added, and by nobody else", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const eve = await chat.signUp("eve");
  await ada.makes("Private", "cellar");
  await ada.says("mind the third step");
  const address = new URL(ada.page.url()).pathname;

  await ada.adds("bob");
  await bob.opens("cellar");
  await bob.says("thanks");
  await ada.sees("thanks");

  eve.expects(/\/rooms\/.*: 404/);
  await expect(eve.roomLink("cellar")).toHaveCount(0);
  await eve.page.getByRole("link", { name: "Public rooms" }).click();
  await expect(eve.page.getByRole("heading", { name: "Public rooms" })).toBeVisible();
  await expect(eve.page.getByText("cellar")).toHaveCount(0);
  await eve.goesTo(address);
  await expect(eve.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await expect(eve.page.getByText("mind the third step")).toHaveCount(0);
});

test("who adds somebody is offered those who are not in yet, by either name", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await chat.signUp("eve");
  await bob.puts("/api/v1/profile/name", { name: "Robert Ö. Öztürk" });
  await ada.makes("Private", "cellar");

  await ada.startsToAdd("");
  await ada.isOffered("Robert Ö. Öztürk", "eve");
  await ada.adding.fill("@EV");
  await ada.isOffered("eve");
  await ada.adding.fill("özt");
  await ada.isOffered("Robert Ö. Öztürk");
  await ada.adding.fill("R&D");
  await ada.isOffered();

  await ada.adds("bob");
  await ada.isOffered("eve");
});

test("a member who was removed sees no more of the room", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Private", "cellar");
  await ada.adds("bob");
  await bob.opens("cellar");

  await ada.removes("bob");
  await expect(ada.member("bob")).toHaveCount(0);
  await ada.says("he is gone");

  await expect(bob.roomLink("cellar")).toHaveCount(0);
  await expect(bob.page.getByText("he is gone")).toHaveCount(0);
  await expect(bob.page.getByRole("heading", { name: "You are not in cellar any more" })).toBeVisible();
});

test("who leaves a room is out, and may join again", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.joins("garden");

  await bob.leaves();
  await expect(bob.roomLink("garden")).toHaveCount(0);
  await expect(ada.member("bob")).toHaveCount(0);

  await bob.joins("garden");
  await expect(ada.member("bob")).toBeVisible();
});

test("nobody is out of a room by one press: it is asked first, and told what it comes to", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob", { viewport: { width: 390, height: 844 }, hasTouch: true });
  await ada.makes("Private", "cellar");
  await ada.adds("bob");
  await bob.goesTo("/rooms/2");
  await bob.isIn("cellar");
  await bob.isConnected();

  await ada.page.getByRole("button", { name: "Remove bob" }).click();
  const removal = ada.page.getByRole("dialog", { name: "Remove member" });
  await expect(removal).toContainText("Remove bob from cellar?");
  await expect(removal).toContainText("until they are added again");
  await ada.isAccessible();
  await removal.getByRole("button", { name: "Keep" }).click();
  await expect(removal).toBeHidden();
  await expect(ada.member("bob")).toBeVisible();

  const leaving = await ada.startsToLeave();
  await expect(leaving).toContainText("Leave cellar?");
  await expect(leaving).toContainText("only if somebody adds you again");
  await expect(leaving).toContainText("You keep this room.");
  await ada.page.keyboard.press("Escape");
  await expect(leaving).toBeHidden();
  await ada.isIn("cellar");

  await bob.page.getByRole("button", { name: "Show members" }).tap();
  const parting = await bob.startsToLeave();
  await expect(parting).toContainText("only if somebody adds you again");
  await expect(parting).not.toContainText("You keep this room.");
  await bob.isAccessible();
  await parting.getByRole("button", { name: "Leave" }).tap();
  await bob.isIn("general");
  await expect(ada.member("bob")).toHaveCount(0);

  await expect(await ada.startsToLeave()).toContainText("nobody can come back to it");
});

test("a room without a name and a taken name are refused in words, and the dialog stays", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.makes("Public", "garden");

  await ada.page.getByRole("button", { name: "New room" }).click();
  const dialog = ada.page.getByRole("dialog", { name: "New room" });
  await dialog.getByRole("button", { name: "Create room" }).click();
  await ada.isTold("The room needs a name.");
  await dialog.getByRole("textbox", { name: "Room name" }).fill("Garden");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await ada.isTold("There is already a public room with this name.");
  await ada.isAccessible();

  await dialog.getByRole("textbox", { name: "Room name" }).fill("orchard");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await ada.isIn("orchard");
});

test("a room that is made or refused late leaves alone who has gone on", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const dialog = ada.page.getByRole("dialog", { name: "New room" });
  const name = dialog.getByRole("textbox", { name: "Room name" });
  const createsAndCancels = async (room: string): Promise<void> => {
    await ada.page.getByRole("button", { name: "New room" }).click();
    await name.fill(room);
    await dialog.getByRole("button", { name: "Create room" }).click();
    await dialog.getByRole("button", { name: "Cancel" }).click();
  };
  // Loads the dialog.
  await ada.makes("Public", "garden");

  await ada.goesOffline();
  await createsAndCancels("attic");
  await ada.page.getByRole("button", { name: "New room" }).click();
  await expect(name).toHaveValue("");
  await name.fill("cellar");
  await dialog.getByRole("button", { name: "Create room" }).click();
  await ada.comesBack();
  await ada.isIn("cellar");
  await expect(dialog).toBeHidden();
  await expect(ada.roomLink("attic")).toHaveCount(1);

  await ada.goesOffline();
  await createsAndCancels("Attic");
  await ada.comesBack();
  const refusal = ada.page.getByRole("alert").getByText("“Attic” was not made. There is already a public room");
  await expect(refusal).toBeVisible();
});

test("an unknown name cannot be added, and the reason is told", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.makes("Private", "cellar");

  await ada.startsToAdd("nobody");
  await ada.members.getByRole("button", { name: "Add", exact: true }).click();

  await expect(ada.members.getByRole("status")).not.toBeEmpty();
  await expect(ada.members.getByRole("status")).not.toContainText("is in");
});

test("unread messages are counted in the list, and reading them clears the count", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Public", "garden");
  await bob.joins("garden");
  await ada.opens("general");

  await bob.says("one", "two", "three");
  await ada.hasUnread("garden", 3);
  await bob.hasUnread("garden", 0);
  await bob.deletes("two");
  await ada.hasUnread("garden", 2);
  await ada.page.reload();
  await ada.isConnected();
  await ada.hasUnread("garden", 2);

  await ada.opens("garden");
  await ada.sees("one", "three");
  await ada.hasUnread("garden", 0);
  await expect(ada.log.getByText("New", { exact: true })).toBeVisible();
  await ada.opens("general");
  await ada.page.reload();
  await ada.isConnected();
  await ada.hasUnread("garden", 0);
});

test("reading in one window clears the count in the other", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Public", "garden");
  await ada.joins("garden");
  await ada.opens("general");
  await bob.says("anybody there?");
  await ada.hasUnread("garden", 1);

  const other = await ada.context.newPage();
  await other.goto(`${ada.wire.origin}/rooms`);
  await other.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "garden", exact: true }).click();
  await expect(other.getByRole("log", { name: "Messages" })).toContainText("anybody there?");

  await ada.hasUnread("garden", 0);
  await other.close();
});
