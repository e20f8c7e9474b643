// What a scenario has measured, for `cargo xtask bench`, which compares it with the targets and prints it.
import { writeFile } from "node:fs/promises";

// How often everything is measured; BENCH_ROUNDS says otherwise.
export const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);

type Unit = "ms" | "bytes" | "score";

// One line of the table: a figure a round.
interface Row {
  what: string;
  unit: Unit;
  values: number[];
  // The most that its median may be; nothing where it is only for orientation.
  target?: number;
}

export class Report {
  readonly #rows = new Map<string, Row>();
  readonly #notes: string[] = [];
  readonly #unusable: string[] = [];

  // How it was measured: raised limits, for instance.
  notes(sentence: string): void {
    if (!this.#notes.includes(sentence)) this.#notes.push(sentence);
  }

  // A round that is left out, and why.
  leavesOut(round: string): void {
    this.#unusable.push(round);
  }

  // The figure of one more round.
  adds(what: string, unit: Unit, value: number, target?: number): void {
    const row = this.#rows.get(what) ?? { what, unit, values: [], ...(target !== undefined && { target }) };
    row.values.push(value);
    this.#rows.set(what, row);
  }

  // Writes it where BENCH_REPORT says.
  async write(): Promise<void> {
    const report = { notes: this.#notes, left_out: this.#unusable, rows: [...this.#rows.values()] };
    const text = JSON.stringify(report, undefined, 2);
    if (process.env.BENCH_REPORT) await writeFile(process.env.BENCH_REPORT, text);
    else console.log(text);
  }
}

// The value below which this share of the values lies, by nearest rank.
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
