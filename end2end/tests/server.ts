// A server under test: PARLOR_BIN on a free port with a data folder of its own, which can be killed and started again.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

// How long a server may take to start, and to end when it is asked to.
const START_MS_MAX = 20_000;
const STOP_MS_MAX = 10_000;

// The log and the lines that are derived from it. Fails where there is no such message, or more than one.
const REDATE = `
import datetime, json, sqlite3, sys
database = sqlite3.connect(sys.argv[1])
for text, at in json.loads(sys.argv[2]):
    at_ms = round(datetime.datetime.fromisoformat(at + "+00:00").timestamp() * 1000)
    (seq,), = database.execute("SELECT seq FROM entries WHERE room_id = 1 AND body = ?", [text])
    database.execute("UPDATE entries SET at_ms = ? WHERE room_id = 1 AND seq = ?", [at_ms, seq])
    database.execute("UPDATE events SET at_ms = ? WHERE stream = 'room:1' AND seq = ?", [at_ms, seq])
database.commit()
`;

interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export class Server {
  port = 0;
  #process: ChildProcess | undefined;
  #ended: Promise<Ending> = Promise.resolve({ code: 0, signal: null });
  #log = "";

  private constructor(
    readonly data: string,
    readonly flags: readonly string[],
  ) {}

  // `failpoints` is `<point>=<marker>`: the server kills itself there at a command that contains the marker.
  static async start(flags: readonly string[], failpoints: string): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), "parlor-")), flags);
    await server.run(failpoints);
    return server;
  }

  // Starts on the same data, and on the same port if it has run before.
  async run(failpoints = ""): Promise<void> {
    const binary = process.env.PARLOR_BIN;
    if (!binary) throw new Error("PARLOR_BIN does not say where the server is");
    // Our own variables would be settings that the server does not know.
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("PARLOR_"));
    const started = spawn(binary, ["serve", "--listen", `127.0.0.1:${this.port}`, "--data", this.data, ...this.flags], {
      env: { ...Object.fromEntries(inherited), FAILPOINTS: failpoints },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = started;
    this.#ended = new Promise((resolve) => {
      started.once("exit", (code, signal) => resolve({ code, signal }));
      started.once("error", (error) => {
        this.#log += `${binary}: ${error.message}\n`;
        resolve({ code: null, signal: null });
      });
    });
    started.stderr.on("data", (chunk: Buffer) => (this.#log += chunk.toString()));
    const address = new Promise<number>((resolve) => {
      createInterface(started.stdout).on("line", (line) => {
        this.#log += `${line}\n`;
        const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
        if (port) resolve(Number(port));
      });
    });
    const failed = this.#ended.then(() => Promise.reject(new Error(`the server did not start:\n${this.#log}`)));
    this.port = await within(START_MS_MAX, "the server did not say its address", Promise.race([address, failed]));
  }

  // `kill -9`: nothing is flushed, nobody is told.
  async kill(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.dies();
  }

  // Until the server has died by SIGKILL, of its own hand or ours.
  async dies(): Promise<void> {
    const { code, signal } = await within(STOP_MS_MAX, "the server did not die", this.#ended);
    if (signal !== "SIGKILL") throw new Error(`the server ended with ${signal ?? code}:\n${this.#log}`);
    this.#process = undefined;
  }

  // Ends the server politely and removes its data; fails if it had anything to complain about.
  async stop(): Promise<void> {
    try {
      if (!this.#process) return;
      this.#process.kill("SIGTERM");
      const { code, signal } = await within(STOP_MS_MAX, "the server did not end", this.#ended);
      if (code !== 0) throw new Error(`the server ended with ${signal ?? code}:\n${this.#log}`);
      if (this.#log.includes("panicked")) throw new Error(`the server panicked:\n${this.#log}`);
    } finally {
      this.#process?.kill("SIGKILL");
      await this.#ended;
      await rm(this.data, { recursive: true, force: true });
    }
  }

  // Messages of room 1 that were written just now were written at these times instead: in the database, because nobody
  // waits days for a test. Pages that are loaded afterwards show it.
  redate(times: readonly (readonly [text: string, at: string])[]): void {
    execFileSync("python3", ["-c", REDATE, join(this.data, "parlor.db"), JSON.stringify(times)]);
  }

  get log(): string {
    return this.#log;
  }
}

// A bound for something that should happen by itself.
async function within<T>(limit_ms: number, otherwise: string, wait: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${otherwise} within ${limit_ms} ms`)), limit_ms);
  });
  try {
    return await Promise.race([wait, bound]);
  } finally {
    clearTimeout(timer);
  }
}
