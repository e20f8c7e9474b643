// The vocabulary of the browser tests: a server, and people who use it, each in a browser of their own.
//
//     const ada = await chat.signUp("ada");
//     await ada.says("hi");
//     await bob.sees("hi");
//
// A test fails on every console error, page error, dialog and failed request that it did not announce with
// `expects`, and on every finding of axe on a page that is open at its end. While a test has cut somebody off,
// or has killed the server, errors of the network are expected until that browser is connected again.
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, type Locator, type Page, expect, test as base } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { Server } from "./server.ts";
import { Wire } from "./wire.ts";

export { expect };

export const PASSWORD = "nine odd teapots";

const NETWORK = /net::ERR_|WebSocket connection to .* failed|TypeError: Failed to fetch/;
// A page that is left drops what it was loading.
const LEFT = /net::ERR_ABORTED/;

export type Action = "Add reaction" | "More emoji" | "Reply" | "Copy link" | "Edit" | "Delete" | "Mark as unread" | `React with ${string}`;
// Where pictures of the pages go, to be looked at.
const PICTURES = fileURLToPath(new URL("../screenshots", import.meta.url));

interface Visit {
  javaScript?: boolean;
  viewport?: { width: number; height: number };
  timezone?: string;
  hasTouch?: boolean;
  // Without the worker that stands in for pages that cannot be loaded: tests that write pages of their own need it away.
  standIn?: boolean;
}

// Somebody in front of a browser.
export class Person {
  room = "";
  readonly #trouble: string[] = [];
  readonly #expected: RegExp[] = [];
  #isCutOff = false;
  #isOffline = false;

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly context: BrowserContext,
    readonly wire: Wire,
    readonly javaScript: boolean,
  ) {
    const note = (what: string): void => {
      const isExpected = this.#expected.some((pattern) => pattern.test(what)) || LEFT.test(what);
      if (!isExpected && !(this.#isCutOff && NETWORK.test(what))) this.#trouble.push(`${name}: ${what}`);
    };
    // Chromium speaks of a blocked request where it does not run a script.
    if (!javaScript) this.expects(/\.js: csp$/);
    page.on("console", (message) => {
      // Failed requests are noted once, with their address.
      const isAnswer = message.text().startsWith("Failed to load resource: the server responded");
      if (message.type() === "error" && !isAnswer) note(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => note(`page error: ${error.stack ?? error.message}`));
    page.on("requestfailed", (request) => note(`${request.method()} ${request.url()}: ${request.failure()?.errorText}`));
    page.on("response", (response) => {
      // What stands in for a page that cannot be loaded.
      if (this.#isCutOff && response.fromServiceWorker()) return;
      if (response.status() >= 400) note(`${response.request().method()} ${response.url()}: ${response.status()}`);
    });
    page.on("dialog", (dialog) => {
      note(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  // Announces trouble that belongs to the test.
  expects(trouble: RegExp): void {
    this.#expected.push(trouble);
  }

  hasNoTrouble(): void {
    expect.soft(this.#trouble, `what went wrong in ${this.name}'s browser`).toEqual([]);
  }

  // --- the door

  async goesTo(path: string): Promise<void> {
    await this.page.goto(this.wire.origin + path);
  }

  async submits(button: "Create account" | "Log in", username: string, password: string): Promise<void> {
    await this.page.getByRole("textbox", { name: "Username" }).fill(username);
    await this.page.getByRole("textbox", { name: "Password" }).fill(password);
    await this.page.getByRole("button", { name: button }).click();
  }

  async logsIn(password = PASSWORD): Promise<void> {
    await this.goesTo("/login");
    await this.submits("Log in", this.name, password);
  }

  async logsOut(): Promise<void> {
    // A page that connects while its session ends is refused, and says so.
    if (this.javaScript) await this.isConnected();
    await this.page.getByRole("button", { name: "Log out" }).click();
    await this.isAtTheDoor();
  }

  async isAtTheDoor(): Promise<void> {
    await expect(this.page).toHaveURL(/\/login/);
    await expect(this.page.getByRole("button", { name: "Log in" })).toBeVisible();
  }

  async isTold(words: string): Promise<void> {
    await expect(this.page.getByRole("alert").filter({ hasText: words })).toBeVisible();
  }

  // --- rooms

  get rooms(): Locator {
    return this.page.getByRole("navigation", { name: "Rooms" });
  }

  roomLink(room: string): Locator {
    return this.rooms.getByRole("link", { name: room, exact: true });
  }

  async isIn(room: string): Promise<void> {
    await expect(this.page.getByRole("heading", { name: room, exact: true })).toBeVisible();
    this.room = room;
  }

  async opens(room: string): Promise<void> {
    await this.roomLink(room).click();
    await this.isIn(room);
    await this.isConnected();
  }

  async makes(kind: "Public" | "Private", room: string): Promise<void> {
    await this.page.getByRole("button", { name: "New room" }).click();
    const dialog = this.page.getByRole("dialog", { name: "New room" });
    await dialog.getByRole("textbox", { name: "Room name" }).fill(room);
    await dialog.getByRole("radio", { name: kind }).check();
    await dialog.getByRole("button", { name: "Create room" }).click();
    await this.isIn(room);
  }

  async joins(room: string): Promise<void> {
    await this.page.getByRole("link", { name: "Public rooms" }).click();
    await this.isConnected();
    await this.page.getByRole("button", { name: `Join ${room}`, exact: true }).click();
    await this.isIn(room);
    // The server draws the room: before its program runs, keys and buttons do nothing.
    await this.isConnected();
  }

  // Types a name into the form, which stays open once it was opened.
  async startsToAdd(someone: string): Promise<void> {
    const opener = this.members.getByRole("button", { name: "Add someone" });
    if ((await opener.getAttribute("aria-expanded")) !== "true") await opener.click();
    await this.adding.fill(someone);
  }

  get adding(): Locator {
    return this.members.getByRole("combobox", { name: "Add by username" });
  }

  // The browser draws them, so they are in no part of the page that one could look at.
  async isOffered(...names: string[]): Promise<void> {
    await expect(this.members.getByRole("option", { includeHidden: true })).toHaveText(names);
  }

  async adds(someone: string): Promise<void> {
    await this.startsToAdd(someone);
    await this.members.getByRole("button", { name: "Add", exact: true }).click();
    await expect(this.member(someone)).toBeVisible();
  }

  // Puts somebody out, and says so when asked.
  async removes(someone: string): Promise<void> {
    await this.members.getByRole("button", { name: `Remove ${someone}`, exact: true }).click();
    await this.page.getByRole("dialog", { name: "Remove member" }).getByRole("button", { name: "Remove" }).click();
  }

  // Asks to leave the room: what is asked back.
  async startsToLeave(): Promise<Locator> {
    await this.members.getByRole("button", { name: "Leave room" }).click();
    return this.page.getByRole("dialog", { name: "Leave room" });
  }

  async leaves(): Promise<void> {
    const dialog = await this.startsToLeave();
    await dialog.getByRole("button", { name: "Leave" }).click();
    await expect(dialog).toBeHidden();
  }

  get members(): Locator {
    return this.page.getByRole("complementary", { name: "Members" });
  }

  member(someone: string): Locator {
    return this.members.getByRole("listitem", { name: someone });
  }

  // --- presence

  // The words after a member's name.
  async seesThat(someone: string, is: string | RegExp, options: { timeout?: number } = {}): Promise<void> {
    const words = typeof is === "string" ? `^${escaped(is)}$` : is.source;
    const name = new RegExp(words.replace(/^\^/, `^${escaped(someone)}, `));
    await expect(this.members.getByRole("listitem", { name })).toBeVisible(options);
  }

  // While something happens elsewhere, a member stays as they are: every name that the row has had is looked at.
  async seesNoChange(someone: string, is: string, happens: () => Promise<void>): Promise<void> {
    const name = `${someone}, ${is}`;
    const list = await this.members.elementHandle();
    const changes = await this.page.evaluateHandle(
      ({ list, someone }) => {
        const seen: string[] = [];
        const isOf = (name: string | null): name is string => name !== null && name.startsWith(`${someone}, `);
        const look = (): void => {
          const rows = [...(list?.querySelectorAll("li") ?? [])].map((row) => row.getAttribute("aria-label")).filter(isOf);
          seen.push(...(rows.length === 0 ? ["nobody"] : rows));
        };
        new MutationObserver(look).observe(list as Node, { subtree: true, childList: true, attributes: true });
        look();
        return seen;
      },
      { list, someone },
    );
    await happens();
    await this.seesThat(someone, is);
    expect(new Set(await changes.jsonValue())).toEqual(new Set([name]));
  }

  // The page goes out of sight, as if another tab were in front of it: browsers without a window show all of theirs.
  async turnsAway(): Promise<void> {
    await this.#isSeen(false);
  }

  async turnsBack(): Promise<void> {
    await this.#isSeen(true);
  }

  // Another window has the keyboard, while this one stays in sight: browsers without windows give it to all of theirs.
  async looksElsewhere(): Promise<void> {
    await this.#hasFocus(false);
  }

  async looksHere(): Promise<void> {
    await this.#hasFocus(true);
  }

  async #hasFocus(hasFocus: boolean): Promise<void> {
    await this.page.evaluate((hasFocus) => {
      document.hasFocus = () => hasFocus;
      window.dispatchEvent(new Event(hasFocus ? "focus" : "blur"));
    }, hasFocus);
  }

  async #isSeen(isSeen: boolean): Promise<void> {
    await this.page.evaluate((isSeen) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => !isSeen });
      document.dispatchEvent(new Event("visibilitychange"));
    }, isSeen);
  }

  get typing(): Locator {
    return this.page.getByRole("status", { name: "Typing" });
  }

  roomRow(room: string): Locator {
    const link = this.page.getByRole("link", { name: room, exact: true });
    return this.rooms.getByRole("listitem").filter({ has: link });
  }

  async hasUnread(room: string, count: number): Promise<void> {
    const row = this.roomRow(room);
    if (count === 0) await expect(row).not.toContainText("unread");
    else await expect(row).toContainText(new RegExp(`(^|\\D)${count} unread`));
  }

  // --- moving around

  get switcher(): Locator {
    return this.page.getByRole("dialog", { name: "Switch rooms" });
  }

  get switcherField(): Locator {
    return this.switcher.getByRole("combobox", { name: "Switch to room" });
  }

  // What a browser reads that installs the page as an app.
  async manifest(): Promise<{ name: string; display: string; icons: { src: string; type: string; sizes: string }[] }> {
    return this.page.evaluate(async () => {
      const link = document.querySelector<HTMLLinkElement>("link[rel=manifest]");
      return (await fetch(link!.href)).json();
    });
  }

  // --- messages

  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }

  get composer(): Locator {
    return this.page.getByRole("textbox", { name: `Message ${this.room}`, exact: true });
  }

  get messages(): Locator {
    return this.log.getByRole("article");
  }

  message(text: string): Locator {
    return this.messages.filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async says(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.composer.fill(text);
      await this.composer.press("Enter");
    }
  }

  // Says a lot at once, as a bot would: over a socket of its own. The server has to allow so many.
  async saysAtLength(texts: string[]): Promise<void> {
    const room = Number(/\/rooms\/(\d+)/.exec(this.page.url())?.[1]);
    await this.commands(texts.map((text) => ({ type: "post_message", room, text })));
  }

  // Lets the server carry commands out in this order, over a socket of their own. Answers with the streams that they
  // changed, such as `room:12`.
  async commands(commands: { type: string; [field: string]: unknown }[]): Promise<string[]> {
    return this.page.evaluate(async (commands) => {
      const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "parlor.v1");
      const streams: string[] = [];
      await new Promise<void>((resolve, reject) => {
        let answers = 0;
        socket.onclose = (close) => reject(new Error(`closed: ${close.code}`));
        socket.onmessage = ({ data }) => {
          const frame = JSON.parse(data as string);
          if (frame.type === "error") reject(new Error(data as string));
          if (frame.type === "hello") {
            for (const [id, command] of commands.entries()) {
              socket.send(JSON.stringify({ id, command: { client_id: crypto.randomUUID(), ...command } }));
            }
          }
          if (frame.type !== "ack") return;
          streams[frame.id] = frame.done?.stream ?? "";
          if (++answers === commands.length) resolve();
        };
      });
      socket.close();
      return streams;
    }, commands);
  }

  // Sets something of one's own, as a program would.
  async puts(path: string, body: object): Promise<void> {
    const status = await this.page.evaluate(
      async ([path, body]) => {
        const headers = { "Content-Type": "application/json" };
        return (await fetch(path, { method: "PUT", headers, body })).status;
      },
      [path, JSON.stringify(body)] as const,
    );
    expect(status).toBe(204);
  }

  // From the next page on, the server refuses messages with this in them: as if it did so, on the way there.
  async hasRefused(marker: string, reason: string): Promise<void> {
    await this.page.routeWebSocket(/\/ws$/, (browser) => {
      const server = browser.connectToServer();
      browser.onMessage((text) => {
        const { id, command } = JSON.parse(text as string);
        const isRefused = command?.type === "post_message" && command.text.includes(marker);
        if (!isRefused) server.send(text);
        else browser.send(JSON.stringify({ type: "error", id, code: "forbidden", message: reason }));
      });
    });
  }

  // From the next page on, what the server says can be kept from the page for a while. Answers with what holds it back,
  // which answers with what lets it go on.
  async canBeKeptWaiting(): Promise<() => () => void> {
    let waiting: (() => void)[] | undefined;
    await this.page.routeWebSocket(/\/ws$/, (browser) => {
      const server = browser.connectToServer();
      server.onMessage((text) => {
        if (waiting) waiting.push(() => browser.send(text));
        else browser.send(text);
      });
    });
    return () => {
      const held: (() => void)[] = [];
      waiting = held;
      return () => {
        waiting = undefined;
        for (const goes of held) goes();
      };
    };
  }

  // What the page shows of its messages is what the server draws of them, to the letter. How many were compared.
  async showsWhatTheServerDraws(): Promise<number> {
    return this.page.evaluate(async () => {
      const texts = (page: Document) =>
        new Map(
          [...page.querySelectorAll<HTMLElement>("[data-seq]")]
            .map((row) => [row.dataset.seq, row.querySelector(".message__text")?.outerHTML] as const)
            .filter(([, text]) => text !== undefined),
        );
      const answer = await fetch(location.pathname);
      const drawn = texts(new DOMParser().parseFromString(await answer.text(), "text/html"));
      const shown = texts(document);
      let compared = 0;
      for (const [seq, text] of drawn) {
        if (!shown.has(seq)) continue;
        if (shown.get(seq) !== text) throw new Error(`${seq}: drawn ${text}, shown ${shown.get(seq)}`);
        compared += 1;
      }
      return compared;
    });
  }

  // Attributes that are script, and addresses that lead elsewhere than to a site or a mailbox, in messages.
  async activeParts(): Promise<string[]> {
    return this.log.evaluate((log) => {
      const parts: string[] = [];
      for (const element of log.querySelectorAll(".message__text, .message__text *")) {
        for (const { name, value } of element.attributes) {
          const isScript = /^on|^style$|^src|^srcdoc$/.test(name);
          const leadsAway = name === "href" && !/^(https?|mailto):/i.test(value);
          if (isScript || leadsAway) parts.push(`<${element.localName} ${name}="${value}">`);
        }
        if (/^(script|img|svg|iframe|object|embed|form|input|style)$/.test(element.localName)) parts.push(element.localName);
      }
      return parts;
    });
  }

  // Exactly once.
  async sees(...texts: string[]): Promise<void> {
    for (const text of texts) await expect(this.message(text)).toHaveCount(1);
  }

  async seesNothingOf(text: string): Promise<void> {
    await expect(this.log).not.toContainText(text);
  }

  // These messages, each once, in this order, and no other message.
  async seesOnly(...texts: string[]): Promise<void> {
    const whole = texts.map((text) => new RegExp(`(?<![\\w-])${escaped(text)}(?![\\w-])`));
    await expect(this.messages).toHaveText(whole, { useInnerText: true });
  }

  // The message is on the server: no word says that it is still on its way.
  async hasStored(...texts: string[]): Promise<void> {
    for (const text of texts) {
      await this.sees(text);
      await expect(this.onItsWay(text)).toHaveCount(0);
    }
  }

  async hasQueued(...texts: string[]): Promise<void> {
    for (const text of texts) await expect(this.onItsWay(text)).toBeVisible();
  }

  onItsWay(text: string): Locator {
    return this.message(text).getByText(/^(queued|sent)$/);
  }

  // The server has refused it, for this reason, which stands below it.
  async hasBeenRefused(text: string, reason: string): Promise<void> {
    await expect(this.message(text)).toContainText(`Not sent. ${reason}`);
  }

  // Whether the author is named above it: else it goes on with what the same author said before.
  async beginsAGroup(text: string): Promise<boolean> {
    const message = this.message(text);
    await expect(message).toHaveCount(1);
    const author = (await message.getAttribute("aria-label"))!.split(",")[0]!;
    const name = await message.getByText(author, { exact: true }).first().boundingBox();
    // Screen readers are told it all the same, in a corner of one pixel.
    return name !== null && name.width > 1;
  }

  // What stands in the page and where, of the messages and of the composer: each as the element that it is, so that one
  // that was drawn anew is noticed.
  async layout(): Promise<() => Promise<string[]>> {
    const parts = await this.log.evaluateHandle((log) => {
      const texts = [...log.querySelectorAll("article")].flatMap((article) => [article, ...article.querySelectorAll("p")]);
      return [log, ...texts, ...document.querySelectorAll("textarea")];
    });
    return async () =>
      parts.evaluate((parts) =>
        parts.map((part) => {
          const { x, y, width, height } = part.getBoundingClientRect();
          const copy = part.cloneNode(part.localName === "p") as Element;
          for (const time of copy.querySelectorAll("time")) time.remove();
          const words = part.localName === "p" ? `: ${copy.textContent}` : "";
          return `${part.isConnected ? "" : "GONE "}${part.localName}${words} at ${x} ${y}, ${width} × ${height}`;
        }),
      );
  }

  action(text: string, action: Action): Locator {
    const toolbar = this.message(text).getByRole("toolbar", { name: "Message actions" });
    return toolbar.getByRole("button", { name: action, exact: true });
  }

  async doesWith(text: string, action: Action): Promise<void> {
    await this.message(text).hover();
    await this.action(text, action).click();
  }

  // Answers a message.
  async answers(text: string, answer: string): Promise<void> {
    await this.doesWith(text, "Reply");
    await expect(this.page.getByRole("group", { name: "Reply" })).toContainText(text);
    await expect(this.composer).toBeFocused();
    await this.says(answer);
  }

  // The words above an answer, which lead to what it answers.
  quoteOf(answer: string): Locator {
    return this.message(answer).getByRole("link", { name: /^In reply to/ });
  }

  async reactsTo(text: string, emoji: string): Promise<void> {
    await this.doesWith(text, "Add reaction");
    await this.message(text).getByRole("button", { name: `React with ${emoji}` }).click();
  }

  get picker(): Locator {
    return this.page.getByRole("dialog", { name: "Pick an emoji" });
  }

  get pickerSearch(): Locator {
    return this.picker.getByRole("searchbox", { name: "Search emoji" });
  }

  // An emoji in the picker, by what Unicode calls it.
  emoji(name: string, group: string | RegExp = /./): Locator {
    return this.picker.getByRole("grid", { name: group }).getByRole("gridcell", { name, exact: true });
  }

  get emojiButton(): Locator {
    return this.page.getByRole("button", { name: "Emoji", exact: true });
  }

  async opensPickerFor(text: string): Promise<void> {
    await this.doesWith(text, "Add reaction");
    await this.action(text, "More emoji").click();
    await expect(this.picker).toBeVisible();
  }

  // A part of the program cannot be loaded until the answer is called.
  async lacksPart(part: "tools" | "picker" | "markup"): Promise<() => Promise<void>> {
    const [address, where] = [new RegExp(`split_${part}[^/]*\\.wasm$`), this.context];
    this.expects(address);
    this.expects(/Failed to fetch|NetworkError|net::ERR_FAILED/);
    await where.route(address, (route) => route.abort());
    return () => where.unroute(address);
  }

  // An emoji under a message, named by who put it there.
  reaction(text: string, emoji: string): Locator {
    const reactions = this.message(text).getByRole("group", { name: "Reactions" });
    return reactions.getByRole("button", { name: emoji });
  }

  async hasReaction(text: string, emoji: string, people: string[], isMine: boolean): Promise<void> {
    const chip = this.reaction(text, emoji);
    await expect(chip).toHaveAccessibleName(`${emoji} ${people.length}: ${people.join(", ")}`);
    await expect(chip).toHaveAttribute("aria-pressed", String(isMine));
  }

  async hasMentions(room: string, count: number): Promise<void> {
    const link = this.page.getByRole("link", { name: room, exact: true });
    const row = this.rooms.getByRole("listitem").filter({ has: link });
    if (count === 0) await expect(row).not.toContainText("mention");
    else await expect(row).toContainText(new RegExp(`@\\s*${count} mentions?`));
  }

  async edits(text: string, newText: string): Promise<void> {
    await this.rewrites(text, newText);
    await this.hasStored(newText);
  }

  // The new text may look like something else.
  async rewrites(text: string, newText: string): Promise<void> {
    await this.message(text).hover();
    await this.action(text, "Edit").click();
    const editor = this.log.getByRole("textbox", { name: "Edit message" });
    await expect(editor).toHaveValue(text);
    await editor.fill(newText);
    await editor.press("Enter");
  }

  async deletes(text: string): Promise<void> {
    await this.message(text).hover();
    await this.action(text, "Delete").click();
    await this.page.getByRole("dialog", { name: "Delete message" }).getByRole("button", { name: "Delete message" }).click();
    await expect(this.message(text)).toHaveCount(0);
  }

  async marksUnread(text: string): Promise<void> {
    await this.message(text).hover();
    await this.action(text, "Mark as unread").click();
  }

  get newLine(): Locator {
    return this.log.getByText("New", { exact: true });
  }

  async hasNoNewLine(): Promise<void> {
    await expect(this.newLine).toHaveCount(0);
  }

  // There is one, and this message is the next thing below it.
  async hasNewLineAbove(text: string): Promise<void> {
    await expect(this.newLine).toHaveCount(1);
    await this.sees(text);
    // One question to the page: one for each message takes seconds where there are hundreds.
    const isNext = (): Promise<boolean> =>
      this.message(text).evaluate((message) => {
        const log = message.closest("[role=log]")!;
        const line = log.querySelector(".new-line")?.getBoundingClientRect().top ?? Infinity;
        return [...log.querySelectorAll("article")].find((other) => other.getBoundingClientRect().top >= line) === message;
      });
    await expect.poll(isNext, `the line is right above “${text}”`).toBe(true);
  }

  // The address of the page's icon.
  async icon(): Promise<string | null> {
    return this.page.evaluate(() => document.querySelector("link[rel=icon]")?.getAttribute("href") ?? null);
  }

  get jump(): Locator {
    return this.page.getByRole("button", { name: /^Jump to present/ });
  }

  // --- places, in pixels

  // How far the message's upper edge is from that of the log.
  async placeOf(text: string): Promise<number> {
    return this.message(text).evaluate(
      (message) =>
        new Promise<number>((tell) => {
          const top = (element: Element): number => element.getBoundingClientRect().top;
          // Observers of size are told last before a picture: rows that have just come are in their place by then.
          const observer = new ResizeObserver(() => {
            observer.disconnect();
            tell(top(message) - top(message.closest("[role=log]")!));
          });
          observer.observe(message);
        }),
    );
  }

  // What a reload leads back to is where the reader is now: places are noted some moments later.
  async hasNotedPlace(): Promise<void> {
    const isNoted = (): Promise<boolean> =>
      this.log.evaluate((log) => {
        const noted = (history.state as { timeline?: { row: string; offset: number } } | null)?.timeline;
        const row = noted && document.getElementById(noted.row);
        return Boolean(row && Math.abs(row.offsetTop - log.scrollTop - noted.offset) <= 1);
      });
    await expect.poll(isNoted, "the place is noted").toBe(true);
  }

  async isInView(text: string): Promise<void> {
    await expect(this.message(text)).toBeInViewport();
  }

  // Of what comes all at once, the page draws the first only for who goes up.
  async scrollsTo(text: string): Promise<void> {
    await this.scrollsUntil("up", text);
    await this.message(text).evaluate((message) => message.scrollIntoView({ block: "center", behavior: "instant" }));
    await this.isInView(text);
  }

  async scrollsUpTo(text: string): Promise<void> {
    await expect(async () => {
      await this.log.evaluate((log) => (log.scrollTop = 0));
      await expect(this.message(text)).toHaveCount(1, { timeout: 300 });
    }).toPass({ timeout: 30_000 });
    await this.scrollsTo(text);
  }

  // Scrolls as fast as it goes until the message is there. How many messages did the page hold at most?
  async scrollsUntil(direction: "up" | "down", text: string): Promise<{ most: number }> {
    return this.log.evaluate(
      async (log, [direction, text]) => {
        let most = 0;
        for (let picture = 0; picture < 6_000; picture++) {
          const messages = [...log.querySelectorAll("article")];
          most = Math.max(most, messages.length);
          if (messages.some((message) => message.textContent?.includes(text))) return { most };
          log.scrollTop = direction === "up" ? 0 : log.scrollHeight;
          await new Promise((drawn) => requestAnimationFrame(drawn));
        }
        throw new Error(`“${text}” did not come`);
      },
      [direction, text] as const,
    );
  }

  // Where the message's own link leads, after it was brought into view.
  async addressOf(text: string, find: () => Promise<void>): Promise<string> {
    await find();
    const address = await this.message(text).getByRole("link").first().getAttribute("href");
    if (!address) throw new Error(`“${text}” has no link`);
    return address;
  }

  // As if somebody had written the link in a message.
  async followsLinkTo(address: string): Promise<void> {
    await this.log.evaluate((log, address) => {
      const link = log.ownerDocument.createElement("a");
      link.href = address;
      log.append(link);
      link.click();
      link.remove();
    }, address);
  }

  // Whether its ground is another one than that of the page.
  async isMarked(text: string): Promise<boolean> {
    const ground = (message: Element): string => getComputedStyle(message).backgroundColor;
    return (await this.message(text).evaluate(ground)) !== "rgba(0, 0, 0, 0)";
  }

  // How much of the picture has jumped since the page was loaded (CLS).
  async shiftedBy(): Promise<number> {
    return this.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
          }).observe({ type: "layout-shift", buffered: true });
          requestAnimationFrame(() => setTimeout(() => resolve(sum)));
        }),
    );
  }

  // Counts what the page holds, after the garbage was collected.
  async measures(): Promise<() => Promise<{ nodes: number; listeners: number; heap_bytes: number; wasm_bytes: number }>> {
    const session = await this.context.newCDPSession(this.page);
    await session.send("Performance.enable");
    return async () => {
      await session.send("HeapProfiler.collectGarbage");
      const { metrics } = await session.send("Performance.getMetrics");
      const of = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
      const wasm_bytes = await this.page.evaluate(() => {
        const { memory } = window as unknown as { memory?: WebAssembly.Memory };
        return memory?.buffer.byteLength ?? Number.NaN;
      });
      return { nodes: of("Nodes"), listeners: of("JSEventListeners"), heap_bytes: of("JSHeapUsedSize"), wasm_bytes };
    };
  }

  // From the next page on, the memory of its program can be measured. It never gives any back.
  async seesMemory(): Promise<void> {
    await this.page.addInitScript(() => {
      const { instantiateStreaming } = WebAssembly;
      WebAssembly.instantiateStreaming = async (source, imports) => {
        const started = await instantiateStreaming(source, imports);
        const { memory } = started.instance.exports;
        const page = window as unknown as { memory?: WebAssembly.Memory };
        if (memory instanceof WebAssembly.Memory) page.memory ??= memory;
        return started;
      };
    });
  }

  // --- the connection

  get connection(): Locator {
    return this.page.getByRole("status", { name: "Connection" });
  }

  // The program runs, and messages come and go.
  async isConnected(): Promise<void> {
    // Who was cut off for long waits long before the next try, half a minute at most; a browser tells when it is online.
    const waits = this.#isCutOff && !this.#isOffline;
    await expect(this.connection).toHaveText("Connected", waits ? { timeout: 40_000 } : {});
    [this.#isCutOff, this.#isOffline] = [false, false];
  }

  async isToldOfTheOutage(): Promise<void> {
    await expect(this.connection).toContainText("Not connected");
    await expect(this.connection).toBeVisible();
  }

  mayBeCutOff(): void {
    this.#isCutOff = true;
  }

  async goesOffline(): Promise<void> {
    this.mayBeCutOff();
    this.#isOffline = true;
    await this.context.setOffline(true);
    this.wire.carry("nothing");
    await this.isToldOfTheOutage();
  }

  // Pages still come, but no socket opens: what a browser behind some proxies sees.
  async losesSockets(): Promise<void> {
    this.mayBeCutOff();
    this.wire.carry("pages");
    await this.isToldOfTheOutage();
  }

  async comesBack(): Promise<void> {
    this.wire.carry("everything");
    await this.context.setOffline(false);
    await this.isConnected();
  }

  // --- the whole page

  // Without findings, in both themes. Axe is a script itself: a page without scripts is left to the others, who see the same.
  async isAccessible(): Promise<void> {
    if (!this.javaScript) return;
    for (const colorScheme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      // The browser gives a placeholder its new colour with the next picture, not when it is asked for its style.
      await this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const { violations } = await new AxeBuilder({ page: this.page }).analyze();
      const findings = violations.map(({ id, help, nodes }) => {
        return { id, help, at: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })) };
      });
      expect.soft(findings, `axe on ${this.page.url()}, ${colorScheme}`).toEqual([]);
    }
  }

  async scrollsSideways(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  }

  // Takes a picture in each theme, once this is to be seen: of the screen, or of the whole page.
  async isPictured(name: string, shows: Locator, { whole = false } = {}): Promise<void> {
    await (whole ? expect(shows).toBeVisible() : expect(shows).toBeInViewport());
    await this.page.evaluate(() => document.fonts.ready);
    expect(await this.scrollsSideways(), `${name} scrolls sideways`).toBe(false);
    for (const colorScheme of ["light", "dark"] as const) {
      await this.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const path = `${PICTURES}/${name}.${colorScheme}.png`;
      // A busy machine may take long to draw, and nobody waits for it.
      await this.page.screenshot({ path, fullPage: whole, animations: "disabled", timeout: 60_000 });
    }
  }
}

// A server and its people.
export class Chat {
  readonly people: Person[] = [];

  constructor(
    readonly server: Server,
    readonly browser: Browser,
  ) {}

  // Somebody with an empty browser.
  async visitor(
    name: string,
    { javaScript = true, viewport, timezone, hasTouch = false, standIn = true }: Visit = {},
  ): Promise<Person> {
    const wire = await Wire.to(() => this.server.port);
    const where = { ...(viewport && { viewport }), ...(timezone && { timezoneId: timezone }) };
    const serviceWorkers = standIn ? "allow" : "block";
    const context = await this.browser.newContext({ javaScriptEnabled: javaScript, hasTouch, serviceWorkers, ...where });
    const person = new Person(name, await context.newPage(), context, wire, javaScript);
    this.people.push(person);
    return person;
  }

  // Somebody with a new account, who is in `general`.
  async signUp(name: string, visit: Visit = {}): Promise<Person> {
    const person = await this.visitor(name, visit);
    await person.goesTo("/signup");
    await person.submits("Create account", name, PASSWORD);
    await person.isIn("general");
    if (person.javaScript) await person.isConnected();
    return person;
  }

  // The same browser once more, at the same place.
  async secondTab(of: Person): Promise<Person> {
    const tab = new Person(of.name, await of.context.newPage(), of.context, of.wire, of.javaScript);
    this.people.push(tab);
    await tab.page.goto(of.page.url());
    await tab.isIn(of.room);
    await tab.isConnected();
    return tab;
  }

  // The server is going to die; who is connected will notice.
  expectsDeath(): void {
    for (const person of this.people) person.mayBeCutOff();
  }

  async killServer(): Promise<void> {
    this.expectsDeath();
    await this.server.kill();
  }

  async startServerAgain(): Promise<void> {
    await this.server.run();
  }
}

interface Fixtures {
  chat: Chat;
}

interface Options {
  // Flags of `parlor serve`, beside the address and the data.
  flags: string[];
  // `<point>=<marker>`, see `Server.start`.
  failpoints: string;
}

export const test = base.extend<Fixtures & Options>({
  flags: [[], { option: true }],
  failpoints: ["", { option: true }],
  chat: async ({ browser, flags, failpoints }, use, testInfo) => {
    const server = await Server.start(flags, failpoints);
    const chat = new Chat(server, browser);
    await use(chat);
    const hasPassed = testInfo.errors.length === 0;
    for (const person of chat.people) {
      if (hasPassed && !person.page.isClosed()) await person.isAccessible();
      person.hasNoTrouble();
      await person.context.close();
      await person.wire.close();
    }
    if (!hasPassed) await testInfo.attach("server.log", { body: server.log, contentType: "text/plain" });
    await server.stop();
  },
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
