import type { Pos } from "./error.ts";
import {
  type CompileOptions,
  compile,
  type EvalOptions,
  expression,
  type Prepared,
  RegoError,
} from "./index.ts";
import { parseQuery } from "./parse-body.ts";

/** Why a body does not hold. */
export interface Explanation {
  /** The first statement that does not hold given those before it, as written. */
  readonly statement: string;
  /** Its row and column in the body, from 1. */
  readonly row: number;
  readonly col: number;
  /** `it is false`, `it is undefined: …` */
  readonly why: string;
  /** What the statement reads from the input, by the text that names it; undefined: it is not there. */
  readonly values: Readonly<Record<string, unknown>>;
}

type Documents = Pick<EvalOptions, "data" | "budget"> & { readonly input: unknown };

/**
 * The first statement of a body that does not hold; undefined when all do. The body is tried with one statement more
 * each time; a beginning that cannot stand without what follows is skipped.
 * @throws RegoError for a body that is none, and what an evaluation throws.
 */
export function explain(
  options: Omit<CompileOptions, "strict">,
  documents: Documents,
): Explanation | undefined {
  for (const { end, negated, ...placed } of statementsOf(options.query)) {
    const query = options.query.slice(0, end);
    const prepared = prepare({ ...options, query }, end === options.query.length);
    const why = prepared === undefined ? undefined : whyNot(prepared, { ...options, query }, documents);
    if (why === undefined) continue;
    const values = valuesIn(placed.statement, documents);
    return { ...placed, why: negated ? "what it denies is so" : why, values };
  }
  return undefined;
}

interface Placed {
  readonly statement: string;
  readonly row: number;
  readonly col: number;
  /** Where it ends in the body. */
  readonly end: number;
  readonly negated: boolean;
}

function statementsOf(text: string): Placed[] {
  const starts = parseQuery(text, "").map(({ kind, pos }) => ({
    ...pos,
    start: offsetOf(text, pos),
    negated: kind === "not",
  }));
  return starts.map(({ row, col, start, negated }, index) => {
    const end = starts[index + 1]?.start ?? text.length;
    const statement = text.slice(start, end).trim().replace(/;$/, "").trim();
    return { statement, row, col, end, negated };
  });
}

function offsetOf(text: string, { row, col }: Pos): number {
  const before = text.split("\n").slice(0, row - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + col - 1;
}

/** Undefined for a beginning of a body that is none by itself: its variables are used or set further down. */
function prepare(options: CompileOptions, whole: boolean): Prepared | undefined {
  try {
    return compile(options);
  } catch (error) {
    if (!whole && error instanceof RegoError) return undefined;
    throw error;
  }
}

function whyNot(prepared: Prepared, options: CompileOptions, documents: Documents): string | undefined {
  const results = prepared.eval(documents.input, documents);
  if (results.some(({ expressions }) => expressions.every((value) => value !== false))) return undefined;
  if (results.length > 0) return "it is false";
  const fault = builtinFault(options, documents);
  return fault === undefined ? "it is false or undefined" : `it is undefined: ${fault}`;
}

/** What a builtin says against its operands: without `strict` it is only undefined. */
function builtinFault(options: CompileOptions, documents: Documents): string | undefined {
  try {
    compile({ ...options, strict: true }).eval(documents.input, documents);
    return undefined;
  } catch (error) {
    if (error instanceof RegoError) return error.reason;
    throw error;
  }
}

const inputReference = /\binput(?:\.[A-Za-z_]\w*|\["[^"\\]*"\]|\[\d+\])+/g;

function valuesIn(statement: string, { input, data }: Documents): Record<string, unknown> {
  const references = new Set(statement.match(inputReference));
  return Object.fromEntries([...references].map((text) => [text, expression(text).value(input, data)]));
}
