import type { Expr } from "./ir.ts";
import { type Eval, follow } from "./runtime.ts";
import { forced, lookup } from "./value.ts";

/** A reference whose keys are all known: `input.a.b`, `xs[i]` with `i` bound. */
export function emitGet(head: Eval, path: readonly Expr[], emit: (expr: Expr) => Eval): Eval {
  const names = path.map((key) =>
    key.op === "const" && typeof key.value === "string" ? key.value : undefined,
  );
  if (names.every((name) => name !== undefined)) return (frame) => forced(follow(head(frame), names));
  const keys = path.map(emit);
  return (frame) => {
    let value = head(frame);
    for (const key of keys) {
      const name = value === undefined ? undefined : key(frame);
      if (value === undefined || name === undefined) return undefined;
      value = lookup(value, name);
    }
    return forced(value);
  };
}
