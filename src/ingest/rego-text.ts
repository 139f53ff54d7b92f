import * as z from "zod";
import { RegoError, expression } from "../rego/index.ts";
import type { Expression } from "../rego/index.ts";

/** A Rego expression over a body, compiled, with its text. */
export interface Reading {
  readonly source: string;
  readonly expression: Expression;
}

/** What one expression may cost: it is evaluated while its sender waits. */
const limits = { budget: 250_000 };

/** A Rego expression as text in the file. */
export const regoText = z.codec(z.string().min(1), z.custom<Reading>(), {
  decode(source, context) {
    try {
      return { source, expression: expression(source) };
    } catch (error) {
      if (!(error instanceof RegoError)) throw error;
      context.issues.push({ code: "custom", input: source, message: `Rego: ${error.reason}` });
      return z.NEVER;
    }
  },
  encode: ({ source }) => source,
});

/**
 * The value of an expression, undefined where it has none.
 * @throws Error that names the expression when it cannot be evaluated
 */
export function valueOf({ source, expression }: Reading, input: unknown): unknown {
  try {
    return expression.value(input, {}, limits);
  } catch (error) {
    throw new Error(`the expression ${source} failed`, { cause: error });
  }
}
