import { createHash, randomUUIDv7 } from "node:crypto";

const last = { time: "", counter: 0 };

/**
 * A new id: UUIDv7, whose 12 bits after the time count within a millisecond (RFC 9562 §6.2, method 1): ids of one process
 * sort in the order in which they were made.
 */
export function newId(): string {
  const fresh = randomUUIDv7();
  const time = fresh.slice(0, 13);
  if (time > last.time) {
    last.time = time;
    // Leaves room to count on from a start that nobody can guess.
    last.counter = Number.parseInt(fresh.slice(15, 18), 16) & 0x3ff;
  } else {
    last.counter += 1;
  }
  if (last.counter > 0xfff) {
    last.time = nextMillisecond(last.time);
    last.counter = 0;
  }
  return `${last.time}-7${last.counter.toString(16).padStart(3, "0")}${fresh.slice(18)}`;
}

/** `01a2039b-bf93` → `01a2039b-bf94` */
function nextMillisecond(time: string): string {
  return firstIdOf(Number.parseInt(time.replace("-", ""), 16) + 1);
}

/** Less than every id made from then (ms) on, and more than those before. */
export function firstIdOf(time: number): string {
  const hex = Math.max(time, 0).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** An id that always comes out the same for the same words about an id, and sorts with it: a UUIDv7 of its time. */
export function idFrom(id: string, ...words: readonly string[]): string {
  const hex = createHash("sha256")
    .update(JSON.stringify([id, ...words]))
    .digest("hex");
  return `${id.slice(0, 13)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}
