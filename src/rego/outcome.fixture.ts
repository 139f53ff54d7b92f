import { type CompileOptions, compile, type EvalOptions, RegoError } from "./index.ts";
import { type Num, numText } from "./number.ts";

/** What a query comes to, in one line: for tables of tests. Bindings, else the only expression; `undefined` if none. */
export function outcome(
  query: string,
  input?: unknown,
  options: Partial<CompileOptions & EvalOptions> = {},
): string {
  try {
    const results = compile({ version: "v0", ...options, query }).eval(input, {
      number: plainNumber,
      ...options,
    });
    if (results.length === 0) return "undefined";
    return results.map(({ bindings, expressions }) => shown(bindings, expressions)).join(" | ");
  } catch (error) {
    if (error instanceof RegoError) return error.message;
    throw error;
  }
}

/** Numbers as they are, beyond the safe integers as `text`. */
function plainNumber(n: Num): unknown {
  return typeof n === "number" ? n : `#${numText(n)}`;
}

function shown(bindings: Readonly<Record<string, unknown>>, expressions: readonly unknown[]): string {
  const names = Object.keys(bindings).toSorted();
  if (names.length === 0) return expressions.map((value) => JSON.stringify(value)).join(", ");
  return names.map((name) => `${name}=${JSON.stringify(bindings[name])}`).join(" ");
}
