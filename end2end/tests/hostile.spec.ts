// Script in what people write, and script that got into a page: nothing of it runs.
import { expect, test } from "./chat.ts";

const CORPUS = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</textarea><script>alert(1)</script>",
  "</title><script>alert(1)</script>",
  "</script><script>alert(1)</script>",
  "<svg onload=alert(1)>",
  "<!--<script>alert(1)</script>-->",
  "javascript:alert(1)",
  '"onfocus=alert(1) autofocus="',
  "{{constructor.constructor('alert(1)')()}}",
];

test("script in a message is shown as text, live and as the server rendered it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.says(...CORPUS);
  await ada.hasStored(...CORPUS);

  for (const person of [ada, bob]) {
    await person.sees(...CORPUS);
    await person.page.reload();
    await person.isConnected();
    await person.sees(...CORPUS);
  }
});

for (const name of ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</textarea><script>alert(1)</script>"]) {
  test(`a room named ${name} is only a name`, async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const bob = await chat.signUp("bob");

    await ada.makes("Public", name);
    await ada.says("quiet in here");
    await bob.joins(name);

    for (const person of [ada, bob]) {
      await person.sees("quiet in here");
      await person.page.reload();
      await person.isIn(name);
      await person.isConnected();
      await expect(person.roomLink(name)).toBeVisible();
      await expect(person.composer).toBeVisible();
      await person.sees("quiet in here");
    }
  });
}

test("a topic full of script is only words", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  const topic = `</p><script>alert(1)</script><img src=x onerror=alert(1)>"'`;

  await ada.page.getByRole("button", { name: "Change topic" }).click();
  await ada.page.getByRole("textbox", { name: "Topic" }).fill(topic);
  await ada.page.keyboard.press("Enter");

  for (const person of [ada, bob]) {
    await expect(person.page.getByTitle(topic)).toHaveText(topic);
    await person.page.reload();
    await person.isConnected();
    await expect(person.page.getByTitle(topic)).toHaveText(topic);
    await expect(person.log).toContainText(topic);
  }
});

test("a draft full of script is a draft after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const draft = "</textarea><script>alert(1)</script>";
  await ada.composer.fill(draft);

  await ada.page.reload();
  await ada.isConnected();

  await expect(ada.composer).toHaveValue(draft);
});

test("script that got into the page does not run, and hydration works", async ({ chat }) => {
  const ada = await chat.signUp("ada", { standIn: false });
  ada.expects(/Content Security Policy|\/nothing\.png: 404/);
  // Chromium asks before a page that did not come over the wire may open sockets to this machine.
  await ada.context.grantPermissions(["local-network-access"]);
  await ada.page.route(/\/rooms\//, async (route) => {
    const response = await route.fetch();
    const body = await response.text();
    const injected = "<script>document.title = 'taken over'; window.takenOver = true</script><img hidden alt='' src='/nothing.png' onerror='window.takenOver = true'>";
    await route.fulfill({ response, body: body.replace("</body>", `${injected}</body>`) });
  });
  const violations = ada.page.waitForEvent("console", (message) => /Content Security Policy/.test(message.text()));

  await ada.page.reload();

  await violations;
  await ada.isConnected();
  await ada.says("still here");
  await ada.hasStored("still here");
  expect(await ada.page.evaluate(() => "takenOver" in window)).toBe(false);
  await expect(ada.page).not.toHaveTitle("taken over");
});
