// A slower processor, as Chromium's developer tools have it: for the page's own thread, not for the network or the server.
import type { Person } from "../tests/chat.ts";

// What is asked of the developer tools where a slow device is meant.
export const SLOW = 4;

// From now on the page of this person has a processor this many times slower. It has to show something of the server
// already: with the first page a browser changes to another process.
export async function slowsDown(person: Person, times: number): Promise<void> {
  const session = await person.context.newCDPSession(person.page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: times });
}

// How long a fixed piece of work takes in the page, in milliseconds: the best of some, because others use the machine too.
export async function workTakes(person: Person): Promise<number> {
  return person.page.evaluate(() => {
    let best_ms = Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let attempt = 0; attempt < 5; attempt++) {
      const start = performance.now();
      for (let n = 0; n < 20_000_000; n++) sum = (sum + n * 7) % 1_000_003;
      best_ms = Math.min(best_ms, performance.now() - start);
    }
    return sum < 0 ? Number.NaN : best_ms;
  });
}
