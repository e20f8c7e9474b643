// A day's work without a mouse: nothing here clicks, and after every step the focus is somewhere, and seen.
import { type Locator } from "@playwright/test";
import { PASSWORD, type Person, expect, test } from "./chat.ts";

// On the way to anything there are fewer stops than this.
const STOPS_MAX = 80;

// The focus is on something that can be seen, and so can that it is there: by a ring of its own or of what is around it.
async function keepsFocus(person: Person, after: string): Promise<void> {
  const look = (): Promise<string> =>
    person.page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body) return "the focus is lost";
      const { width, height, top, left } = focused.getBoundingClientRect();
      const isOnScreen = width > 0 && height > 0 && top < innerHeight && left < innerWidth && top + height > 0;
      if (!isOnScreen) return `it is out of sight, on ${focused.outerHTML.slice(0, 120)}`;
      for (let around: Element | null = focused, steps = 0; around && steps < 3; around = around.parentElement, steps++) {
        const { outlineStyle, outlineWidth } = getComputedStyle(around);
        if (outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0) return "seen";
      }
      // Where one has arrived, as screen readers do: the messages, or the heading of a dialog. The next step shows a ring.
      return focused.matches("#main, dialog h2") ? "seen" : `it is not shown, on ${focused.outerHTML.slice(0, 120)}`;
    });
  await expect.poll(look, { message: `after ${after}` }).toBe("seen");
}

async function presses(person: Person, key: string): Promise<void> {
  await person.page.keyboard.press(key);
  await keepsFocus(person, key);
}

async function types(person: Person, text: string): Promise<void> {
  await person.page.keyboard.type(text);
  await keepsFocus(person, `typing “${text}”`);
}

// Goes on with a key until the focus is there.
async function reaches(person: Person, target: Locator, key = "Tab"): Promise<void> {
  const isThere = (): Promise<boolean> => target.evaluate((element) => element === document.activeElement);
  for (let stops = 0; stops < STOPS_MAX; stops++) {
    if (await isThere()) return;
    await presses(person, key);
  }
  throw new Error(`${key} does not lead to ${target}`);
}

test("a day's work by keyboard alone: the focus is always somewhere, and seen", async ({ chat }) => {
  const bob = await chat.signUp("bob");
  const ada = await chat.signUp("ada");
  await ada.context.clearCookies();
  await bob.makes("Public", "kitchen");
  const { page } = ada;
  const button = (name: string | RegExp): Locator => page.getByRole("button", { name, exact: true });

  // In the morning.
  await ada.goesTo("/login");
  await expect(page.getByRole("textbox", { name: "Username" })).toBeFocused();
  await types(ada, "ada");
  await presses(ada, "Tab");
  await types(ada, PASSWORD);
  await page.keyboard.press("Enter");
  await ada.isIn("general");
  await ada.isConnected();

  // A room of one's own. A page begins with the way past what is on every page.
  await page.keyboard.press("Tab");
  await keepsFocus(ada, "the first Tab");
  await expect(page.getByRole("link", { name: "Skip to the messages" })).toBeFocused();
  await reaches(ada, button("New room"));
  await presses(ada, "Enter");
  await expect(page.getByRole("textbox", { name: "Room name" })).toBeFocused();
  await types(ada, "garden");
  await presses(ada, "Enter");
  await ada.isIn("garden");
  await expect(ada.composer).toBeFocused();
  await types(ada, "roses are read");
  await presses(ada, "Enter");
  await types(ada, "no mouse was here");
  await presses(ada, "Enter");
  await ada.hasStored("roses are read", "no mouse was here");
  await presses(ada, "ArrowUp");
  await expect(ada.log.getByRole("textbox", { name: "Edit message" })).toBeFocused();
  await types(ada, ", nor a cat");
  await presses(ada, "Enter");
  await ada.hasStored("no mouse was here, nor a cat");
  await expect(ada.composer).toBeFocused();
  await reaches(ada, ada.log, "Shift+Tab");
  await presses(ada, "ArrowUp");
  await presses(ada, "ArrowUp");
  await reaches(ada, ada.action("roses are read", "Delete"));
  await presses(ada, "Enter");
  await reaches(ada, page.getByRole("dialog", { name: "Delete message" }).getByRole("button", { name: "Delete message" }));
  await presses(ada, "Enter");
  await ada.seesNothingOf("roses are read");
  await keepsFocus(ada, "deleting a message");

  // Around the house.
  await presses(ada, "Control+k");
  await expect(ada.switcherField).toBeFocused();
  await types(ada, "gen");
  await presses(ada, "Enter");
  await ada.isIn("general");
  await expect(ada.composer).toBeFocused();
  await presses(ada, "Alt+ArrowDown");
  await ada.isIn("garden");
  await presses(ada, "Alt+ArrowUp");
  await ada.isIn("general");
  await bob.opens("general");
  await bob.says("soup is ready", "come and get it");
  await ada.sees("come and get it");

  // Later is soon enough.
  await reaches(ada, ada.log, "Shift+Tab");
  await presses(ada, "ArrowUp");
  await presses(ada, "ArrowUp");
  await reaches(ada, ada.action("soup is ready", "Mark as unread"));
  await presses(ada, "Enter");
  await ada.hasUnread("general", 2);
  await presses(ada, "Shift+Escape");
  await ada.hasUnread("general", 0);

  // Another room, found in the list of all.
  await reaches(ada, page.getByRole("link", { name: "Public rooms" }), "Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Public rooms" })).toBeVisible();
  await ada.isConnected();
  await reaches(ada, button("Join kitchen"));
  await page.keyboard.press("Enter");
  await ada.isIn("kitchen");
  await ada.isConnected();
  await expect(ada.composer).toBeFocused();

  // Who is there, where they are beside the messages and where they are a panel over them.
  await reaches(ada, ada.members.getByRole("button", { name: "Mute room" }));
  await presses(ada, "Enter");
  await expect(ada.members.getByRole("button", { name: "Mute room" })).toHaveAttribute("aria-pressed", "true");
  await page.setViewportSize({ width: 900, height: 700 });
  await reaches(ada, button(/^Show members/), "Shift+Tab");
  await presses(ada, "Enter");
  await expect(ada.members).toBeInViewport();
  await reaches(ada, button("Close members"));
  await presses(ada, "Enter");
  await expect(ada.members).toBeHidden();

  // What there is to know, another look, the settings.
  await presses(ada, "?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toBeVisible();
  await presses(ada, "Escape");
  await reaches(ada, button(/^Theme: /), "Shift+Tab");
  await presses(ada, "Enter");
  await expect(button("Theme: light")).toBeFocused();
  await reaches(ada, page.getByRole("link", { name: "Settings", exact: true }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  const pages = page.getByRole("navigation", { name: "Settings" });
  await page.keyboard.press("Tab");
  await reaches(ada, pages.getByRole("link", { name: "Sessions" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Sessions", level: 1 })).toBeVisible();
  await page.keyboard.press("Tab");
  await reaches(ada, button("End all other sessions"));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "have ended" })).toBeVisible();
  await page.keyboard.press("Tab");
  await reaches(ada, page.getByRole("link", { name: "Back to the rooms" }));
  await page.keyboard.press("Enter");
  await ada.isIn("kitchen");
  await ada.isConnected();

  // In the evening.
  await page.keyboard.press("Tab");
  await reaches(ada, button("Log out"));
  await page.keyboard.press("Enter");
  await ada.isAtTheDoor();
  await keepsFocus(ada, "logging out");
});
