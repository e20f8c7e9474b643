// The door: plain forms, with and without JavaScript.
import { PASSWORD, expect, test } from "./chat.ts";

const REFUSED = /POST .*\/(login|signup): 4\d\d/;

for (const javaScript of [true, false]) {
  test.describe(javaScript ? "with JavaScript" : "without JavaScript", () => {
    test("the first account owns the server, the second does not", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      await expect(ada.page.getByTitle("Owner of this server")).toBeVisible();

      const bob = await chat.signUp("bob", { javaScript });
      await expect(bob.page.getByText("bob", { exact: true }).first()).toBeVisible();
      await expect(bob.page.getByTitle("Owner of this server")).toHaveCount(0);
    });

    test("the form says what a username is like, and offers no log-in where nobody has an account", async ({ chat }) => {
      const ada = await chat.visitor("ada", { javaScript });
      await ada.goesTo("/signup");
      await expect(ada.page.getByRole("textbox", { name: "Username" })).toHaveAccessibleDescription(/^One word, such as/);
      await expect(ada.page.getByRole("link", { name: "Log in" })).toHaveCount(0);

      await ada.submits("Create account", "ada", PASSWORD);
      await ada.isIn("general");
      const bob = await chat.visitor("bob", { javaScript });
      await bob.goesTo("/signup");
      await expect(bob.page.getByRole("link", { name: "Log in" })).toBeVisible();
    });

    test("who logs out is at the door, and gets in again with the password", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });

      await ada.logsOut();
      await expect(ada.page.getByText("Whoever runs this server can set a new one.")).toBeVisible();
      await ada.goesTo("/rooms/1-general");
      await ada.isAtTheDoor();

      await ada.logsIn();
      await ada.isIn("general");
    });

    test("a wrong log-in is told in the same words for an unknown name", async ({ chat }) => {
      const ada = await chat.signUp("ada", { javaScript });
      await ada.logsOut();
      ada.expects(REFUSED);

      for (const [username, password] of [["ada", "not her password"], ["nobody", PASSWORD]] as const) {
        await ada.submits("Log in", username, password);
        await ada.isTold("The username or the password is wrong. Check both and try again.");
        await expect(ada.page.getByRole("textbox", { name: "Username" })).toHaveValue(username);
        await expect(ada.page.getByRole("textbox", { name: "Password" })).toHaveValue("");
      }
    });

    test("a taken name, a common password and a malformed name are told in words", async ({ chat }) => {
      await chat.signUp("ada", { javaScript });
      const bob = await chat.visitor("bob", { javaScript });
      bob.expects(REFUSED);
      await bob.goesTo("/signup");

      await bob.submits("Create account", "Ada", PASSWORD);
      await bob.isTold("This username is taken. Choose another one.");
      await bob.submits("Create account", "bob", "password1");
      await bob.isTold("This password is one of the most common ones.");
      await bob.submits("Create account", "bob the builder", PASSWORD);
      await bob.isTold("A username has 1 to 32 letters, digits, dots, hyphens or underscores");

      await bob.submits("Create account", "bob", PASSWORD);
      await bob.isIn("general");
    });

    test("a short password does not leave the page", async ({ chat }) => {
      const ada = await chat.visitor("ada", { javaScript });
      await ada.goesTo("/signup");
      await expect(ada.page.getByText("At least 8 characters.")).toBeVisible();

      await ada.submits("Create account", "ada", "short");
      await expect(ada.page).toHaveURL(/\/signup$/);
      await expect(ada.page.getByRole("button", { name: "Create account" })).toBeVisible();

      await ada.submits("Create account", "ada", PASSWORD);
      await ada.isIn("general");
    });

    test("a room is readable as the server rendered it", async ({ chat }) => {
      const ada = await chat.signUp("ada");
      await ada.says("written before anybody looked");
      await ada.hasStored("written before anybody looked");

      const bob = await chat.signUp("bob", { javaScript });
      await bob.sees("written before anybody looked");
      await expect(bob.roomLink("general")).toBeVisible();
      await expect(bob.member("ada")).toBeVisible();
      await expect(bob.composer).toBeVisible();
    });
  });
}

test.describe("by invitation only", () => {
  test.use({ flags: ["--registration", "invite"] });

  test("who has no invitation is told that one is needed", async ({ chat }) => {
    await chat.signUp("ada");
    const bob = await chat.visitor("bob");
    bob.expects(/\/signup: 4\d\d/);

    await bob.goesTo("/login");
    await expect(bob.page.getByText("Ask someone who is in for an invitation.")).toBeVisible();
    // Before anything is filled in, and again afterwards.
    await bob.goesTo("/signup");
    await bob.isTold("You need an invitation to sign up here.");
    await bob.goesTo("/signup?invite=mistyped");
    await bob.isTold("This invitation is not valid.");
    await bob.goesTo("/signup");
    await bob.submits("Create account", "bob", PASSWORD);
    await bob.isTold("You need an invitation to sign up here.");
  });
});

test("logging out in one window ends the other one", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const other = await ada.context.newPage();
  await other.goto(`${ada.wire.origin}/rooms/1-general`);
  await expect(other.getByRole("status", { name: "Connection" })).toHaveText("Connected");
  ada.expects(/\/api\/v1\/connect: 401/);

  await ada.logsOut();

  await expect(other).toHaveURL(/\/login/);
  await other.close();
});
