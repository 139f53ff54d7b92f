import { emitGet } from "./emit-get.ts";
import * as parts from "./emit-parts.ts";
import { RegoError } from "./error.ts";
import type { Collect, Expr, Op, Pattern } from "./ir.ts";
import { changedContext, changeOf } from "./overrides.ts";
import { type Context, type Eval, type Frame, holds, type Match, type Step, visit } from "./runtime.ts";
import { equalValues, forced, lookup, RSet, type Value } from "./value.ts";

/** An expression as a function of the frame. */
export function emitExpr(expr: Expr): Eval {
  switch (expr.op) {
    case "const":
      return () => expr.value;
    case "var": {
      const { slot } = expr.variable;
      return (frame) => frame.slots[slot];
    }
    case "input":
      return (frame) => frame.context.input;
    case "data":
      return (frame) => forced(frame.context.data);
    case "get":
      return emitGet(emitRoot(expr.head), expr.path, emitExpr);
    case "call":
      return parts.callOf(expr.callee, expr.args.map(emitExpr), expr.pos);
    case "array":
    case "set":
      return emitItems(expr.items, expr.op);
    case "object":
      return parts.entriesFrom(
        expr.entries.map(([key]) => emitExpr(key)),
        expr.entries.map(([, value]) => emitExpr(value)),
      );
    case "collect":
      return emitCollect(expr);
    case "template": {
      const evals = expr.parts.map((part) => (typeof part === "string" ? part : emitCollect(part)));
      return parts.templateOf(evals, expr.pos);
    }
  }
}

/** What a reference starts from: `data` is stepped through, not worked out whole. */
function emitRoot(head: Expr): Eval {
  return head.op === "data" ? (frame) => frame.context.data : emitExpr(head);
}

function emitItems(items: readonly Expr[], kind: "array" | "set"): Eval {
  const make = (values: readonly Value[]): Value => (kind === "array" ? values : RSet.of(values));
  const constants = items.map((item) => (item.op === "const" ? item.value : undefined));
  if (constants.every((value) => value !== undefined)) return parts.once(() => make(constants));
  return parts.itemsOf(items.map(emitExpr), make);
}

function emitCollect({ of, key, value, body, slot, pos }: Collect): Eval {
  const collect = {
    of,
    key: key === undefined ? undefined : emitExpr(key),
    value: emitExpr(value),
    slot,
    pos,
  };
  return parts.collectOf(collect, emitOps(body, parts.gatherStep(collect)));
}

function emitPattern(pattern: Pattern): Match {
  switch (pattern.match) {
    case "any":
      return () => true;
    case "bind": {
      const { slot } = pattern.variable;
      return (frame, value) => {
        frame.slots[slot] = value;
        return true;
      };
    }
    case "equal": {
      const expected = emitExpr(pattern.expr);
      return (frame, value) => {
        const wanted = expected(frame);
        return wanted !== undefined && equalValues(wanted, value);
      };
    }
    case "array":
      return parts.arrayMatch(pattern.items.map(emitPattern));
    case "object":
      return parts.objectMatch(
        pattern.entries.map(([key, item]) => [emitExpr(key), emitPattern(item)] as const),
      );
  }
}

/** A body as one step that runs `last` for each way in which it holds. Built from its end, each step holding the next. */
export function emitOps(ops: readonly Op[], last: Step): Step {
  let next = last;
  let checks: Step[] = [];
  for (const op of ops.toReversed()) {
    const check = emitCheck(op);
    if (check === undefined) {
      next = emitIteration(op, emitChecks(checks.toReversed(), next));
      checks = [];
    } else checks.push(check);
  }
  return emitChecks(checks.toReversed(), next);
}

/** A run of statements that hold at most once is a loop, not a nest: bodies of thousands of lines need no deep stack. */
function emitChecks(checks: readonly Step[], next: Step): Step {
  const [first, second] = checks;
  if (first === undefined) return next;
  if (second === undefined) return (frame) => first(frame) && next(frame);
  return (frame) => checks.every((check) => check(frame)) && next(frame);
}

/** The statement as a yes or no, if it can hold only once. */
function emitCheck(op: Op): Step | undefined {
  if (op.op === "test") {
    const evaluate = emitExpr(op.expr);
    return (frame) => holds(evaluate(frame));
  }
  if (op.op === "match") return emitMatch(emitExpr(op.expr), emitPattern(op.pattern));
  if (op.op === "not") {
    const body = emitOps(op.body, () => true);
    return (frame) => !body(frame);
  }
  if (op.op === "every") {
    const slots = { key: op.key?.slot, value: op.value.slot };
    return parts.everyOf(
      emitExpr(op.domain),
      slots,
      emitOps(op.body, () => true),
    );
  }
  return op.op === "lookup" ? emitPoint(op) : undefined;
}

function emitMatch(evaluate: Eval, match: Match): Step {
  return (frame) => {
    const value = evaluate(frame);
    return value !== undefined && match(frame, value);
  };
}

/** A reference whose keys are all known. */
function emitPoint({ head, path, target }: Extract<Op, { op: "lookup" }>): Step | undefined {
  const keys = path.map((key) => (key.match === "equal" ? key.expr : undefined));
  if (!keys.every((key) => key !== undefined)) return undefined;
  const value = emitGet(emitRoot(head), keys, emitExpr);
  return target === undefined ? (frame) => holds(value(frame)) : emitMatch(value, emitPattern(target));
}

function emitIteration(op: Op, next: Step): Step {
  if (op.op === "with") return emitWith(op, next);
  if (op.op !== "lookup") throw new RegoError("eval_internal_error", `${op.op} does not iterate`);
  const head = emitRoot(op.head);
  const target = op.target === undefined ? isNotFalse : emitPattern(op.target);
  let walk: Match = (frame, value) => {
    const whole = forced(value);
    return whole !== undefined && target(frame, whole) && next(frame);
  };
  for (const key of op.path.toReversed()) walk = emitWalk(key, walk);
  return (frame) => {
    const value = head(frame);
    return value !== undefined && walk(frame, value);
  };
}

function isNotFalse(_: Frame, value: Value): boolean {
  return value !== false;
}

/**
 * Runs the statement in a changed context, and what comes after it in the one from before. The slot is the compiler's own:
 * no variable reads the context that waits in it, hence the casts.
 */
function emitWith({ overrides, body, slot }: Extract<Op, { op: "with" }>, next: Step): Step {
  const changes = overrides.map((override) => changeOf(override, emitExpr));
  const run = emitOps(body, (frame) => {
    const inner = frame.context;
    frame.context = frame.slots[slot] as unknown as Context;
    const stop = next(frame);
    frame.context = inner;
    return stop;
  });
  return (frame) => {
    const outer = frame.context;
    const changed = changedContext(frame, changes);
    if (changed === undefined) return false;
    frame.slots[slot] = outer as unknown as Value;
    frame.context = changed;
    const stop = run(frame);
    frame.context = outer;
    return stop;
  };
}

/** One key of an iterating reference. */
function emitWalk(key: Pattern, next: Match): Match {
  if (key.match === "equal") {
    const evaluate = emitExpr(key.expr);
    return (frame, container) => {
      const name = evaluate(frame);
      const value = name === undefined ? undefined : lookup(container, name);
      return value !== undefined && next(frame, value);
    };
  }
  const match = emitPattern(key);
  return (frame, container) => visit(container, (name, value) => match(frame, name) && next(frame, value));
}
