// The line between one browser and the server: it can be cut, and it can be made to carry pages but no sockets, as some
// proxies do; or nothing arrives for a while. Unlike the browser's own offline switch it also ends what is open.
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

type Carries = "everything" | "pages" | "nothing" | "nothing yet";

export class Wire {
  readonly origin: string;
  readonly #listener;
  readonly #open = new Map<Socket, { isWebSocket: boolean }>();
  #carries: Carries = "everything";
  // What has come while nothing was carried yet.
  #waiting: (() => void)[] = [];

  private constructor(listener: ReturnType<typeof createServer>) {
    this.#listener = listener;
    this.origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  }

  // `port` is asked for each connection: the server may come back on another one.
  static async to(port: () => number): Promise<Wire> {
    const listener = createServer();
    await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
    const wire = new Wire(listener);
    listener.on("connection", (browser: Socket) => wire.#carry(browser, port()));
    return wire;
  }

  carry(what: Carries): void {
    this.#carries = what;
    for (const [socket, { isWebSocket }] of this.#open) {
      if (what === "nothing" || what === "nothing yet" || (what === "pages" && isWebSocket)) socket.resetAndDestroy();
    }
    if (what !== "nothing yet") for (const goOn of this.#waiting.splice(0)) goOn();
  }

  async close(): Promise<void> {
    for (const socket of this.#open.keys()) socket.destroy();
    await new Promise((resolve) => this.#listener.close(resolve));
  }

  #carry(browser: Socket, port: number): void {
    browser.on("error", () => {});
    if (this.#carries === "nothing") {
      browser.resetAndDestroy();
      return;
    }
    browser.setNoDelay(true);
    this.#open.set(browser, { isWebSocket: false });
    browser.on("close", () => this.#open.delete(browser));
    // Browsers open a connection of its own for each socket, so its first bytes tell.
    browser.once("data", async (first: Buffer) => {
      const isWebSocket = first.subarray(0, 7).toString("latin1") === "GET /ws";
      if (this.#carries === "nothing yet") await new Promise<void>((goOn) => this.#waiting.push(goOn));
      this.#open.set(browser, { isWebSocket });
      if (isWebSocket && this.#carries !== "everything") {
        browser.resetAndDestroy();
        return;
      }
      const server = connect({ host: "127.0.0.1", port, noDelay: true });
      server.on("error", () => browser.resetAndDestroy());
      server.on("close", () => browser.destroy());
      browser.on("close", () => server.destroy());
      server.write(first);
      browser.pipe(server).pipe(browser);
    });
  }
}
