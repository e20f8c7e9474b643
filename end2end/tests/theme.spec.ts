// Light, dark, or as the system has it.
import { type Person, expect, test } from "./chat.ts";

async function isDark(person: Person): Promise<boolean> {
  return person.page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
    context.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data[0]! < 128;
  });
}

test("the theme is the system's, until another one is chosen, which the server then draws at once", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.page.emulateMedia({ colorScheme: "dark" });
  expect(await isDark(ada)).toBe(true);
  await ada.page.emulateMedia({ colorScheme: "light" });
  expect(await isDark(ada)).toBe(false);

  const button = ada.page.getByRole("button", { name: /^Theme: / });
  await expect(button).toHaveAccessibleName("Theme: system");
  await button.click();
  await expect(button).toHaveAccessibleName("Theme: light");
  await button.click();
  await expect(button).toHaveAccessibleName("Theme: dark");
  expect(await isDark(ada)).toBe(true);
  await ada.isAccessible();

  // Before any program runs, and on the forms, too.
  await ada.page.emulateMedia({ colorScheme: "light" });
  let arrive = (): void => {};
  const arrival = new Promise<void>((resolve) => (arrive = resolve));
  await ada.page.route(/\.wasm/, async (route) => {
    await arrival;
    await route.continue();
  });
  await ada.page.reload({ waitUntil: "commit" });
  await expect(button).toHaveAccessibleName("Theme: dark");
  expect(await isDark(ada)).toBe(true);
  arrive();
  await ada.isConnected();
  await expect(button).toHaveAccessibleName("Theme: dark");
  await ada.logsOut();
  expect(await isDark(ada)).toBe(true);
  ada.expects(/POST .*\/login: 4\d\d/);
  await ada.submits("Log in", "ada", "not the password");
  await ada.isTold("The username or the password is wrong.");
  expect(await isDark(ada)).toBe(true);
  await ada.logsIn();
  await ada.isConnected();

  await button.click();
  await expect(button).toHaveAccessibleName("Theme: system");
  expect(await isDark(ada)).toBe(false);
  await ada.page.reload();
  await expect(button).toHaveAccessibleName("Theme: system");
  expect(await isDark(ada)).toBe(false);
});
