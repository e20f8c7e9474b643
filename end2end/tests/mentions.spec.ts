// Naming people: finishing names, counting what names oneself, marking it.
import { expect, test } from "./chat.ts";

test("a name is finished from a list, by keyboard and by mouse", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await chat.signUp("bob");
  await chat.signUp("bonnie");
  await expect(ada.member("bonnie")).toBeVisible();
  const names = ada.page.getByRole("listbox", { name: "Names" });
  const name = (name: string) => names.getByRole("option", { name, exact: true });

  await ada.composer.pressSequentially("hi @bo");
  await expect(names.getByRole("option")).toHaveText(["bob", "bonnie"]);
  await expect(name("bob")).toHaveAttribute("aria-selected", "true");
  await ada.composer.press("ArrowDown");
  await expect(name("bonnie")).toHaveAttribute("aria-selected", "true");
  await expect(ada.composer).toHaveAttribute("aria-activedescendant", /.+/);
  await ada.composer.press("Enter");
  await expect(ada.composer).toHaveValue("hi @bonnie ");

  await ada.composer.pressSequentially("and @b");
  await name("bob").click();
  await expect(ada.composer).toHaveValue("hi @bonnie and @bob ");
  await expect(ada.composer).toBeFocused();

  // Before a space, too; then Enter sends.
  await ada.composer.fill("hi  there");
  for (let n = 0; n < 6; n++) await ada.composer.press("ArrowLeft");
  await ada.composer.pressSequentially("@bo");
  await ada.composer.press("Enter");
  await expect(ada.composer).toHaveValue("hi @bob there");
  await expect(names).toHaveCount(0);
  await ada.composer.press("Enter");
  await ada.hasStored("hi @bob there");

  // Escape closes the list and nothing else; then Enter sends.
  await ada.composer.pressSequentially("@ro");
  await expect(name("room")).toBeVisible();
  await ada.composer.press("Escape");
  await expect(names).toHaveCount(0);
  await ada.composer.fill("mail@bob is no name");
  await expect(names).toHaveCount(0);
  await ada.composer.press("Enter");
  await ada.hasStored("mail@bob is no name");
});

test("who is named is told apart from who has something to read", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.makes("Private", "den");
  await ada.adds("bob");
  await expect(bob.roomLink("den")).toBeVisible();

  await ada.says("nothing for anybody", "@bob, look", "@room: all of you");

  await bob.hasUnread("den", 3);
  await bob.hasMentions("den", 2);
  await bob.page.reload();
  await bob.isConnected();
  await bob.hasMentions("den", 2);
  await bob.opens("den");
  await bob.hasUnread("den", 0);
  await bob.hasMentions("den", 0);

  await expect(bob.message("@bob, look")).toHaveAccessibleName(/mentions you/);
  await expect(bob.message("@room: all of you")).toHaveAccessibleName(/mentions you/);
  await expect(bob.message("nothing for anybody")).not.toHaveAccessibleName(/mentions you/);
  await expect(ada.message("@bob, look")).not.toHaveAccessibleName(/mentions you/);
});

test("a name is offered by what its user is called, too, and the user name is written", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.puts("/api/v1/profile/name", { name: "Robert Müller" });
  await expect(ada.member("Robert Müller @bob")).toBeVisible();

  await ada.composer.pressSequentially("ask @rob");
  await expect(ada.page.getByRole("listbox", { name: "Names" }).getByRole("option")).toHaveText(["bob Robert Müller"]);
  await ada.composer.press("Enter");

  await expect(ada.composer).toHaveValue("ask @bob ");
});

test("a deleted or edited message names nobody any more", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await bob.makes("Private", "elsewhere");
  await ada.says("@bob one", "@bob two");
  await bob.hasMentions("general", 2);

  await ada.deletes("@bob one");
  await bob.hasMentions("general", 1);
  await ada.edits("@bob two", "nobody");
  await bob.hasMentions("general", 0);
  await bob.hasUnread("general", 1);
});
