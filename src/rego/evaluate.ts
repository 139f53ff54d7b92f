import { type Pos, RegoError } from "./error.ts";
import { spend } from "./meter.ts";
import type { RuleGroup } from "./rules.ts";
import { type Context, type Eval, Frame, type Step } from "./runtime.ts";
import { equalValues, type Key, keyOf, RSet, type Value } from "./value.ts";
import { objectOf } from "./object-builder.ts";

/** One clause, ready to run. */
export interface ClauseCode {
  readonly frameSize: number;
  /** Calls the frame's `found` for each way in which the clause holds. */
  readonly run: Step;
  readonly value: Eval;
  /** The keys behind the group's path under which the value stands. */
  readonly keys: readonly Eval[];
}

export interface GroupCode {
  readonly group: RuleGroup;
  /** A rule with its `else`s, in the order in which they are tried. */
  readonly chains: readonly (readonly ClauseCode[])[];
  /** Which of the chains add an element to a set. */
  readonly elements: readonly boolean[];
  readonly fallback: ClauseCode | undefined;
}

/** The group's value, worked out once in a context. */
export function evaluateGroup(code: GroupCode, context: Context): Value | undefined {
  const { cache } = context;
  if (cache.has(code)) return cache.get(code) as Value | undefined;
  spend(1);
  const value = workOut(code, context);
  cache.set(code, value);
  return value;
}

function workOut(code: GroupCode, context: Context): Value | undefined {
  if (code.group.kind === "complete") {
    return single(code, [], context, "complete rules must not produce multiple outputs");
  }
  if (code.group.kind === "set") {
    const items: Value[] = [];
    for (const [clause] of code.chains)
      if (clause !== undefined) each(clause, [], context, (value) => void items.push(value));
    return RSet.of(items);
  }
  return objectTree(code, context);
}

/** A function's result for arguments. */
export function evaluateFunction(
  code: GroupCode,
  args: readonly Value[],
  context: Context,
): Value | undefined {
  spend(1);
  const scalar = args.every((arg) => typeof arg !== "object" || arg === null);
  if (!scalar) return single(code, args, context, OUTPUTS);
  const results = (context.cache.get(code) ?? new Map<string, Value | undefined>()) as Map<
    string,
    Value | undefined
  >;
  context.cache.set(code, results);
  const key = JSON.stringify(args.map((arg) => String(keyOf(arg)) + typeof arg));
  if (!results.has(key)) results.set(key, single(code, args, context, OUTPUTS));
  return results.get(key);
}

const OUTPUTS = "functions must not produce multiple outputs for same inputs";

/** All rules that hold must give the same value. */
function single(
  code: GroupCode,
  args: readonly Value[],
  context: Context,
  conflict: string,
): Value | undefined {
  let found: Value | undefined;
  for (const chain of code.chains) {
    const value = chainValue(chain, args, context, { conflict, pos: code.group.pos });
    if (value === undefined) continue;
    if (found !== undefined && !equalValues(found, value))
      throw new RegoError("eval_conflict_error", conflict, code.group.pos);
    found = value;
  }
  if (found !== undefined || code.fallback === undefined) return found;
  return chainValue([code.fallback], args, context, { conflict, pos: code.group.pos });
}

interface Conflict {
  readonly conflict: string;
  readonly pos: Pos;
}

/** The value of the first clause that has one. */
function chainValue(
  chain: readonly ClauseCode[],
  args: readonly Value[],
  context: Context,
  { conflict, pos }: Conflict,
): Value | undefined {
  for (const clause of chain) {
    let found: Value | undefined;
    each(clause, args, context, (value) => {
      if (found !== undefined && !equalValues(found, value))
        throw new RegoError("eval_conflict_error", conflict, pos);
      found = value;
    });
    if (found !== undefined) return found;
  }
  return undefined;
}

function each(
  clause: ClauseCode,
  args: readonly Value[],
  context: Context,
  take: (value: Value, keys: readonly Value[]) => void,
): void {
  const frame = new Frame(clause.frameSize, context, (at) => {
    const value = clause.value(at);
    const keys = clause.keys.map((key) => key(at));
    if (value !== undefined && keys.every((key) => key !== undefined)) take(value, keys);
    return false;
  });
  for (const [at, arg] of args.entries()) frame.slots[at] = arg;
  clause.run(frame);
}

/** An object under construction: what rules add lies at the ends of paths of keys. */
interface Branch {
  readonly entries: Map<Key, { readonly key: Value; node: Branch | Leaf }>;
}

type Leaf = { readonly value: Value } | { readonly items: Value[] };

function objectTree({ group, chains, elements }: GroupCode, context: Context): Value {
  const root: Branch = { entries: new Map() };
  const complain = (): never => {
    throw new RegoError("eval_conflict_error", "object keys must be unique", group.pos);
  };
  for (const [at, chain] of chains.entries()) {
    const add = (value: Value, keys: readonly Value[]): void => {
      if (!grow(root, keys, { value, isElement: elements[at] === true })) complain();
    };
    firstThatHolds(chain, context, add);
  }
  return finished(root);
}

/** Of a rule and its `else`s the first that adds anything. */
function firstThatHolds(
  chain: readonly ClauseCode[],
  context: Context,
  add: (value: Value, keys: readonly Value[]) => void,
): void {
  for (const clause of chain) {
    let added = false;
    each(clause, [], context, (value, keys) => {
      added = true;
      add(value, keys);
    });
    if (added) return;
  }
}

interface Growth {
  readonly value: Value;
  readonly isElement: boolean;
}

/** False if there is another value on the way or at the end. */
function grow(root: Branch, keys: readonly Value[], growth: Growth): boolean {
  let branch = root;
  for (const [depth, key] of keys.entries()) {
    const id = keyOf(key);
    const known = branch.entries.get(id)?.node;
    if (depth === keys.length - 1) return addLeaf(branch, key, known, growth);
    if (known !== undefined && !("entries" in known)) return false;
    const next = known ?? { entries: new Map() };
    branch.entries.set(id, { key, node: next });
    branch = next;
  }
  return growth.value !== undefined && keys.length > 0;
}

function addLeaf(
  branch: Branch,
  key: Value,
  known: Branch | Leaf | undefined,
  { value, isElement }: Growth,
): boolean {
  if (known === undefined) {
    branch.entries.set(keyOf(key), { key, node: isElement ? { items: [value] } : { value } });
    return true;
  }
  if ("entries" in known) return false;
  if ("items" in known) return isElement && known.items.push(value) > 0;
  return !isElement && equalValues(known.value, value);
}

function finished(node: Branch | Leaf): Value {
  if ("value" in node) return node.value;
  if ("items" in node) return RSet.of(node.items);
  return objectOf([...node.entries.values()].map(({ key, node: child }) => [key, finished(child)] as const));
}
