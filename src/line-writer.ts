import type { Writable } from "node:stream";

/** How much may wait for whoever reads the lines; what comes after it is counted, not kept. */
const maxUnreadBytes = 1024 * 1024;

/**
 * Writes the lines of one turn of the event loop together: a write costs as much as handling an alert. Whoever has stopped
 * reading at the other end costs a bounded amount of memory and nobody's time.
 */
export class LineWriter {
  readonly #stream: Writable;
  #lines: string[] = [];
  #lost = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** How many lines were not kept since this was asked last and there was room again. */
  takeLost(): number {
    if (this.#lost === 0 || this.#stream.writableLength > 0) return 0;
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  add(line: string): void {
    if (this.#stream.writableLength > maxUnreadBytes) {
      this.#lost += 1;
      return;
    }
    this.#lines.push(line);
    if (this.#lines.length === 1) setImmediate(() => this.flush());
  }

  /** Writes what waits: for the end of the process, which waits for no turn of the loop. */
  flush(): void {
    if (this.#lines.length === 0) return;
    const text = `${this.#lines.join("\n")}\n`;
    this.#lines = [];
    this.#stream.write(text);
  }
}
