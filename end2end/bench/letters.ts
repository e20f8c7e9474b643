// From a key to its letter on the screen.
//
// Two measures of the same letters, both from the moment at which the browser got the key (the event's `timeStamp`, so
// time in which the page is busy with something else counts):
// - `shown`: until the next picture was presented, as the browser itself says (Event Timing, in steps of 8 ms; what it
//   does not tell of took less than 16 ms, and counts as 16), and of that the time in which the key `waited` until the
//   page's thread had time for it, and in which the page `handled` it;
// - `drawn`: until the page's thread was done with the frame that has the letter in it (the next frame's callbacks:
//   a task would queue behind all that the server tells), one picture later at most.
// Pictures are watched meanwhile: where nobody looks, a browser without a window says for seconds that it has presented
// nothing, and then that all was presented at once.
import { type Person, expect } from "../tests/chat.ts";

// What people type: words of five letters.
const WORDS = "lorem ipsum dolor ";

export interface Letters {
  shown: number[];
  waited: number[];
  handled: number[];
  drawn: number[];
}

// Types letters into the composer, which is empty and has the focus, at a steady pace, whether or not the ones before are to be seen already.
export async function types(person: Person, count: number, interval_ms: number): Promise<Letters> {
  const watched = await person.composer.evaluateHandle((composer) => {
    const letters: Letters = { shown: [], waited: [], handled: [], drawn: [] };
    const take = (entries: PerformanceEntryList): void => {
      for (const entry of entries as PerformanceEventTiming[]) {
        if (entry.name !== "keydown") continue;
        letters.shown.push(entry.duration);
        letters.waited.push(entry.processingStart - entry.startTime);
        letters.handled.push(entry.processingEnd - entry.processingStart);
      }
    };
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    observer.observe({ type: "event", durationThreshold: 16 } as PerformanceObserverInit);
    let pressed_ms = 0;
    const onKey = (event: Event): void => void (pressed_ms = event.timeStamp);
    const onInput = (): void => {
      const start_ms = pressed_ms;
      requestAnimationFrame(() => requestAnimationFrame(() => letters.drawn.push(performance.now() - start_ms)));
    };
    composer.addEventListener("keydown", onKey, { capture: true });
    composer.addEventListener("input", onInput);
    return { letters, take, observer, onKey, onInput };
  });
  const watching = await watches(person);
  const text = Array.from({ length: count }, (_, n) => WORDS[n % WORDS.length]!);
  const start_ms = performance.now();
  const presses: Promise<void>[] = [];
  for (const [n, letter] of text.entries()) {
    await new Promise((resolve) => setTimeout(resolve, start_ms + n * interval_ms - performance.now()));
    presses.push(person.page.keyboard.press(letter === " " ? "Space" : letter));
  }
  await Promise.all(presses);
  await expect(person.composer, "every letter is there, in order").toHaveValue(text.join(""), { timeout: 60_000 });
  const letters = await person.composer.evaluate(async (composer, { letters, take, observer, onKey, onInput }) => {
    // Two more pictures: the last letter's is told after it was presented.
    for (let n = 0; n < 2; n++) await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
    take(observer.takeRecords());
    observer.disconnect();
    composer.removeEventListener("keydown", onKey, { capture: true });
    composer.removeEventListener("input", onInput);
    return letters;
  }, watched);
  await watching.stop();
  expect(letters.drawn, "every letter was drawn").toHaveLength(count);
  const untold = Array.from({ length: Math.max(0, count - letters.shown.length) }, () => 16);
  const nothing = untold.map(() => 0);
  const { shown, waited, handled, drawn } = letters;
  return { shown: [...shown, ...untold], waited: [...waited, ...nothing], handled: [...handled, ...nothing], drawn };
}

// Has each picture of the page delivered, small, until told to stop.
async function watches(person: Person): Promise<{ stop: () => Promise<void> }> {
  const session = await person.context.newCDPSession(person.page);
  session.on("Page.screencastFrame", ({ sessionId }) => {
    // The last ones come after the end.
    session.send("Page.screencastFrameAck", { sessionId }).catch(() => undefined);
  });
  await session.send("Page.startScreencast", { format: "jpeg", quality: 1, maxWidth: 64, maxHeight: 64 });
  return {
    stop: async () => {
      await session.send("Page.stopScreencast");
      await session.detach();
    },
  };
}
