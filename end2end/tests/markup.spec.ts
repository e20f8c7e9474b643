// Markdown: the same for who writes it, for who hears of it, and as the server draws it; and nothing of it runs.
import { expect, test } from "./chat.ts";

const LIVELY = [
  "**Plan** for *today*: ~~sleep~~ `cargo test`, see https://example.org/a_(b).",
  "",
  "1. first",
  "2. second",
  "",
  "> said before",
  "",
  "```rust",
  'fn main() { println!("**no**"); }',
  "```",
  "",
  "| a | b |",
  "|---|---|",
  "| 1 | 2 |",
].join("\n");

test("Markdown looks the same to who writes it, to who hears of it, and after a reload", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.says(LIVELY);

  for (const person of [ada, bob]) {
    for (const loads of ["live", "again"]) {
      if (loads === "again") {
        await person.page.reload();
        await person.isConnected();
      }
      const message = person.messages.last();
      await expect(message.getByRole("strong")).toHaveText("Plan");
      await expect(message.getByRole("emphasis")).toHaveText("today");
      await expect(message.getByRole("deletion")).toHaveText("sleep");
      await expect(message.getByRole("code").first()).toHaveText("cargo test");
      const link = message.getByRole("link", { name: "https://example.org/a_(b)" });
      await expect(link).toHaveAttribute("href", "https://example.org/a_(b)");
      await expect(link).toHaveAttribute("rel", "noopener noreferrer");
      await expect(message.getByRole("listitem")).toHaveText(["first", "second"]);
      await expect(message.getByRole("blockquote")).toHaveText("said before");
      await expect(message.getByRole("group", { name: "Code, rust" })).toHaveText('fn main() { println!("**no**"); }');
      await expect(message.getByRole("columnheader")).toHaveText(["a", "b"]);
      await expect(message.getByRole("cell")).toHaveText(["1", "2"]);
    }
  }
});

test("an edit may bring markup, and it goes with its message", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");
  await ada.says("plan");

  await ada.rewrites("plan", "**plan**");
  for (const person of [ada, bob]) await expect(person.messages.getByRole("strong")).toHaveText("plan");

  await bob.answers("plan", "which?");
  await ada.deletes("plan");
  await bob.sees("which?");
  await expect(bob.messages.getByRole("strong")).toHaveCount(0);
});

test("somebody who is named in markup is marked there", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.says("**ask @bob** or `@bob`");

  await expect(bob.messages.last().getByRole("strong")).toHaveText("ask @bob");
  await bob.page.reload();
  await bob.isConnected();
  expect(await bob.showsWhatTheServerDraws()).toBe(1);
});

test.describe("at length", () => {
  test.use({ flags: ["--posts-per-second", "1000", "--posts-burst", "1000"] });

  test("500 texts with markup are shown as the server draws them, to the letter", async ({ chat }) => {
    const ada = await chat.signUp("ada");
    const texts = generated(500);
    let compared = 0;

    // Of more than 40 that come at once not all are drawn.
    for (let from = 0; from < texts.length; from += 25) {
      await ada.saysAtLength([...texts.slice(from, from + 25), `end ${from}`]);
      await ada.sees(`end ${from}`);
      compared += await ada.showsWhatTheServerDraws();
    }

    expect(compared).toBeGreaterThanOrEqual(500);
    expect(await ada.activeParts()).toEqual([]);
  });
});

test("nothing in markup runs, live and as the server drew it", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  const bob = await chat.signUp("bob");

  await ada.says(...CORPUS, "the end");

  await bob.sees("the end");
  await ada.hasStored("the end");
  for (const person of [ada, bob]) {
    expect(await person.activeParts()).toEqual([]);
    expect(await person.showsWhatTheServerDraws()).toBe(CORPUS.length + 1);
    await person.page.reload();
    await person.isConnected();
    expect(await person.activeParts()).toEqual([]);
  }
});

const CORPUS = [
  "[x](javascript:alert(1))",
  "[x](JaVaScRiPt:alert(1))",
  "[x](&#106;avascript:alert(1))",
  "[x](java\tscript:alert(1))",
  "![x](javascript:alert(1))",
  "<javascript:alert(1)>",
  "[x](data:text/html,<script>alert(1)</script>)",
  "[x](vbscript:alert(1))",
  "[x](//evil.example)",
  '[x](https://a.example/"onmouseover="alert(1))',
  '[x](https://a.example/ "t\" onclick=alert(1) \"")',
  "`<img src=x onerror=alert(1)>`",
  '```"><script>alert(1)</script>\n</code></pre><script>alert(1)</script>\n```',
  "<div onclick=alert(1)>**x**</div>",
  "| <img src=x onerror=alert(1)> |\n|---|\n| </td></table><script>alert(1)</script> |",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
];

// The same texts in every run.
function generated(count: number): string[] {
  const parts = ["word ", "two words", "*", "**", "_", "~~", "`", "```", "\n", "\n\n", "> ", "- ", "1. ", "# ", "| a | b |\n|---|---|\n| c | d |\n"];
  parts.push("[x](https://a.example/)", "![y](https://a.example/y.png)", "[![z](https://a.example/z.png)](https://b.example/) ", "https://b.example/c?d=e&f ", "<b>", "&amp;", "@room ", "---", "\\", "🎉", "ß", "\t", '"', "'", "(", ")");
  let state = 1;
  const next = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  return Array.from({ length: count }, (_, index) => {
    const chosen = Array.from({ length: 1 + next(30) }, () => parts[next(parts.length)]);
    return `${index} ${chosen.join("")}`;
  });
}

test("a message that waits is drawn with its markup as soon as the parser is there", async ({ chat }) => {
  const ada = await chat.signUp("ada");
  await ada.losesSockets();
  await ada.says("a **bold** plan");
  await expect(ada.messages.getByRole("strong")).toHaveText("bold");

  // After a reload nobody has typed anything, and the parser takes its time.
  let comes = (): void => {};
  const parser = new Promise<void>((resolve) => (comes = resolve));
  await ada.context.route(/split_markup[^/]*\.wasm$/, async (route) => {
    await parser;
    await route.continue();
  });
  const asked = ada.page.waitForRequest(/split_markup[^/]*\.wasm$/);
  await ada.page.reload();
  await ada.hasQueued("a **bold** plan");
  await asked;
  comes();

  await expect(ada.messages.getByRole("strong")).toHaveText("bold");
  await ada.comesBack();
  await expect(ada.messages.getByRole("strong")).toHaveText("bold");
});
