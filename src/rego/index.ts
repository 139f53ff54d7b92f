import type { Version } from "./ast.ts";
import { compileProgram, compileQuery, type CompiledQuery, queryGlobals } from "./compile.ts";
import { RegoError } from "./error.ts";
import type { Callee } from "./ir.ts";
import { type JsonResult, readJson as readNumbers } from "./json.ts";
import { DEFAULT_BUDGET, metered } from "./meter.ts";
import type { Num } from "./number.ts";
import { parseQuery, parseSingle } from "./parse-body.ts";
import { parseModule } from "./parse-module.ts";
import { jsonText } from "./print.ts";
import { type Context, Frame, holds, type Overlay, withData } from "./runtime.ts";
import { type Value } from "./value.ts";
import { fromHost, toJson } from "./json-value.ts";
import { dataOf } from "./virtual.ts";

export { BuiltinError, RegoError } from "./error.ts";
export type { ErrorCode, Pos } from "./error.ts";

/** A function the host adds. It gets JSON values, and returns one, or undefined for no result. */
export interface CustomBuiltin {
  readonly name: string;
  readonly arity: number;
  /** It gets numbers with all their digits, as `readJson` reads them, to hand to `goJson`; else as nearest doubles. */
  readonly exact?: boolean;
  /** May throw BuiltinError: undefined to the policy, an error if `strict`. */
  readonly run: (...args: readonly unknown[]) => unknown;
}

export interface CompileOptions {
  /** Sources by name. */
  readonly modules?: Readonly<Record<string, string>>;
  /** The version of the modules; a query always knows the words of v1. Default `v1`, which forbids deprecated builtins. */
  readonly version?: Version;
  /** A body. */
  readonly query: string;
  /** What errors call the query. */
  readonly file?: string;
  readonly builtins?: readonly CustomBuiltin[];
  /** A builtin's error ends the evaluation instead of being undefined. */
  readonly strict?: boolean;
}

export interface EvalOptions {
  readonly data?: unknown;
  /** Looked at before the evaluation and now and then during it. */
  readonly signal?: AbortSignal | undefined;
  /** How many steps the evaluation may take; default 1,000,000. */
  readonly budget?: number;
  /** What to make of a number; default the nearest double. */
  readonly number?: (exact: Num) => unknown;
}

/** One way in which the query holds. */
export interface Result {
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly expressions: readonly unknown[];
}

export interface Prepared {
  /** All ways in which the query holds; none if it doesn't. `input` undefined is no input, which is not null. */
  readonly eval: (input: unknown, options?: EvalOptions) => Result[];
}

/** Compiles a query once, to be evaluated often. Throws RegoError. */
export function compile(options: CompileOptions): Prepared {
  const query = prepare(options);
  return {
    eval: (input, settings = {}) => {
      const results: Result[] = [];
      const show = (value: Value | undefined): unknown =>
        value === undefined ? undefined : toJson(value, settings.number);
      evaluate(query, { input, strict: options.strict ?? false, ...settings }, (frame) => {
        const shown = query.compiled.variables.map(({ name, slot }) => [name, show(frame.slots[slot])]);
        const expressions = query.compiled.values.map((value) =>
          value === undefined ? true : show(value(frame)),
        );
        results.push({ bindings: Object.fromEntries(shown) as Record<string, unknown>, expressions });
        return false;
      });
      return results;
    },
  };
}

export interface Condition {
  /** True if the body holds. Undefined and false are no match; an evaluation error is thrown. */
  readonly matches: (
    input: unknown,
    data?: unknown,
    options?: Pick<EvalOptions, "signal" | "budget">,
  ) => boolean;
}

type TextOptions = Pick<CompileOptions, "file" | "builtins" | "strict">;

/** A body that holds or not, such as a route's `input:`. Read as Postee's: v0, with the words of v1. */
export function condition(text: string, options: TextOptions = {}): Condition {
  const query = prepare({ version: "v0", ...options, query: text });
  return {
    matches: (input, data, limits = {}) => {
      let found = false;
      evaluate(query, { input, data, strict: options.strict ?? false, ...limits }, (frame) => {
        found = query.compiled.values.every((value) => value === undefined || holds(value(frame)));
        return found;
      });
      return found;
    },
  };
}

export interface Expression {
  /** The expression's (first) value as JSON, or undefined. */
  readonly value: (
    input: unknown,
    data?: unknown,
    options?: Pick<EvalOptions, "signal" | "budget">,
  ) => unknown;
}

/** A single term, such as the inside of `{{ … }}`. */
export function expression(text: string, options: TextOptions = {}): Expression {
  // Two checks in one: that it parses as a term, and then as the query it is compiled as.
  parseSingle(text, options.file ?? "");
  const query = prepare({ version: "v0", ...options, query: text });
  return {
    value: (input, data, limits = {}) => {
      let found: unknown;
      evaluate(query, { input, data, strict: options.strict ?? false, ...limits }, (frame) => {
        const value = query.compiled.values[0]?.(frame);
        found = value === undefined ? undefined : toJson(value);
        return true;
      });
      return found;
    },
  };
}

/** The path of a module's package: `package a.b` is `["a", "b"]`. Throws RegoError. */
export function packagePath(source: string, version: Version, file = ""): readonly string[] {
  return parseModule(source, file, version).path;
}

/** The value of JSON text, with every digit of its numbers, or why it is none or cannot be read. */
export function readJson(text: string): JsonResult {
  try {
    return readNumbers(text);
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    return { ok: false, reason: error.reason };
  }
}

/**
 * JSON as Go's encoder writes it: keys sorted, `<`, `>` and `&` as \u003c …; `indent` is put before each member once for
 * each level. Takes what `readJson` gives and what an evaluation gives. Throws RegoError when it would be absurdly long.
 */
export function goJson(value: unknown, indent = ""): string {
  return jsonText(fromHost(value), { escapeHtml: true, indent });
}

interface Query {
  readonly compiled: CompiledQuery;
  /** What `data` is, with the rules if there are any. */
  readonly rooted: Context["rooted"];
}

/** Compiles what the options say; sources nested absurdly are errors like others, not crashes. */
function prepare(options: CompileOptions): Query {
  try {
    return prepareAll(options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RegoError(
      "rego_compile_error",
      `the source is nested too deeply: ${error.message}`,
      undefined,
      { cause: error },
    );
  }
}

function prepareAll({
  modules = {},
  version = "v1",
  query,
  file = "",
  builtins = [],
}: CompileOptions): Query {
  const custom = new Map(builtins.map((builtin) => [builtin.name, hosted(builtin)]));
  const parsed = Object.entries(modules).map(([name, source]) => parseModule(source, name, version));
  const world = compileProgram(parsed, version, custom);
  const compiled = compileQuery(parseQuery(query, file), queryGlobals(world));
  return { compiled, rooted: dataOf(parsed.length === 0 ? undefined : world.program) };
}

function hosted({ name, arity, exact = false, run }: CustomBuiltin): Callee {
  const call = (args: readonly Value[]): Value | undefined => {
    const result = run(...args.map((arg) => (exact ? toJson(arg, (number) => number) : toJson(arg))));
    return result === undefined ? undefined : fromHost(result);
  };
  return { name, arity, run: call };
}

interface Run extends EvalOptions {
  readonly input: unknown;
  readonly strict: boolean;
}

const NO_DATA: Value = {};
const NO_OVERLAYS: readonly Overlay[] = [];

function evaluate({ compiled, rooted }: Query, run: Run, last: (frame: Frame) => boolean): void {
  const { strict, signal, budget = DEFAULT_BUDGET } = run;
  const input = run.input === undefined ? undefined : fromHost(run.input);
  const base = run.data === undefined ? NO_DATA : fromHost(run.data);
  const context = withData({
    input,
    base,
    strict,
    cache: new Map(),
    rooted,
    overlays: NO_OVERLAYS,
    mocks: undefined,
  });
  metered(budget, signal, () => compiled.run(new Frame(compiled.frameSize, context, last)));
}
