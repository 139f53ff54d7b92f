/** What the probe thread and its owner share: whether its loop turns, and whose work holds it when it does not. */
import type { Hold } from "./probe-type.ts";

const turns = 0;
const holder = 1;
const nobody = 0;

/** The owner's end. It asks for a sign of life only while somebody waits, so that an idle thread sleeps. */
export class Heartbeat {
  readonly memory = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);
  readonly #cells = new Int32Array(this.memory);
  #seen = 0;
  #missed = 0;

  /**
   * How many times in a row there was no sign since the last call. Counting calls and not time, so that an owner that was
   * itself held up blames nobody.
   */
  missed(): number {
    const now = Atomics.load(this.#cells, turns);
    this.#missed = now === this.#seen ? this.#missed + 1 : 0;
    this.#seen = now;
    return this.#missed;
  }

  /** The number of the question whose work holds the thread; undefined: none that says so. */
  get holder(): number | undefined {
    const number = Atomics.load(this.#cells, holder);
    return number === nobody ? undefined : number;
  }
}

/** The thread's end. */
export class HeartbeatGiver {
  readonly #cells: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
  }

  /** The loop turns. */
  beat(): void {
    Atomics.add(this.#cells, turns, 1);
  }

  /** For the work of one question; numbers are positive. */
  holdFor(number: number): Hold {
    return (work) => {
      Atomics.store(this.#cells, holder, number);
      try {
        return work();
      } finally {
        Atomics.store(this.#cells, holder, nobody);
      }
    };
  }
}
