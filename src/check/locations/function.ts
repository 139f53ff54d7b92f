import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { deadline } from "../../deadline.ts";
import type { Assertion } from "../../model/assertion.ts";
import { describeError, LocationError } from "../../model/errors.ts";
import { eventRequest, type EventRequest, type EventRequestSettings } from "../../model/event-request.ts";
import { functionCheck } from "../../model/function-check.ts";
import { hidingSecrets, type Hide } from "../../model/hide.ts";
import { noTimings, type Observation } from "../../model/observation.ts";
import type { ProbeRequest } from "../../model/probe-protocol.ts";
import { cutShort } from "../abortable.ts";
import { evaluate } from "../assertions.ts";
import { failed } from "../failure.ts";
import type { Location } from "../location-type.ts";
import { observe } from "../observe.ts";
import type { Finding } from "../probe-type.ts";
import { exchange, type HttpAnswer } from "./ask.ts";
import { judgeForeignAnswer, type ForeignAnswer } from "./foreign-answer.ts";

/** An `http` action that is a vote. */
export interface FunctionSettings extends EventRequestSettings {
  readonly name: string;
  readonly domain: string;
  /** Of a Lambda function URL; null elsewhere. */
  readonly provider: string | null;
  readonly region: string | null;
  readonly bodyFile?: string | undefined;
  /** ms; undefined: until the deadline of the look. */
  readonly timeout?: number | undefined;
  /** What must hold of a 2xx answer for it to be a pass. */
  readonly assertions: readonly Assertion[];
}

/**
 * A function of the user's own as a location: it looks at what it likes, and its answer is its vote (docs/functions.md).
 * Settings come with their secrets revealed.
 */
export function openFunction(settings: FunctionSettings): Location {
  return {
    name: settings.name,
    domain: settings.domain,
    provider: settings.provider,
    region: settings.region,
    ask: (request, signal) => ask(settings, request, signal),
    // Idle connections close by themselves.
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function ask(
  settings: FunctionSettings,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<Observation> {
  const { data: check } = functionCheck.safeParse(request.check);
  if (check === undefined)
    throw new LocationError(
      "location.request",
      `a function of your own cannot run a ${request.check.type} check`,
    );
  using limit = deadline(signal, settings.timeout ?? request.deadlineMs);
  const file = settings.bodyFile === undefined ? null : await readBody(settings.bodyFile);
  const asking = eventRequest(settings, check.event, file);
  const startedAt = Date.now();
  const first = await call(settings, asking, limit.signal);
  const { seen, answer } = first.again ? await callAgain(settings, asking, limit.signal) : first;
  if (seen instanceof LocationError) throw seen;
  if ("attempts" in seen) return seen;
  const timings = { ...noTimings, total: answer.elapsedMs };
  const where = { remoteAddress: null, ipVersion: null, timings, sample: 1, number: 1, startedAt };
  return observe({
    check: check.name,
    location: "",
    resolvedAddresses: [],
    attempts: [{ ...seen, ...where }],
    startedAt,
    durationMs: answer.elapsedMs,
  });
}

async function readBody(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const message = `its body-file cannot be read: ${describeError(cause)}`;
    throw new LocationError("location.request", message, { cause });
  }
}

type Seen = Pick<Finding, "outcome" | "failureSource" | "layer" | "errorClass" | "message" | "assertions">;

interface Called {
  readonly answer: HttpAnswer;
  readonly seen: Seen | Observation | LocationError;
  /** It may do better when it is asked once more. */
  readonly again: boolean;
}

async function call(
  settings: FunctionSettings,
  { method, url, headers, body }: EventRequest,
  signal: AbortSignal,
): Promise<Called> {
  const answer = await exchange({ url, who: "the function", method, headers, body }, signal);
  const hide = hidingSecrets(settings);
  // Before it is cut: the half of a secret is not known again.
  const judged = judgeForeignAnswer({ ...answer, text: hide(answer.text) });
  switch (judged.kind) {
    case "observation":
      return { answer, seen: judged.observation, again: false };
    case "error":
      return { answer, seen: judged.error, again: judged.retryable };
    case "fail":
      return { answer, seen: saidNo(judged), again: false };
    case "pass":
      return {
        answer,
        seen: narrowed(settings.assertions, answer, { text: judged.text, hide }),
        again: false,
      };
  }
}

function saidNo({ errorClass, message }: Extract<ForeignAnswer, { kind: "fail" }>): Seen {
  return { outcome: "fail", failureSource: "target", layer: "http", errorClass, message, assertions: [] };
}

/** Functions that were throttled together must not come back together. */
async function callAgain(
  settings: FunctionSettings,
  asking: EventRequest,
  signal: AbortSignal,
): Promise<Called> {
  try {
    await sleep(100 + Math.random() * 400, undefined, { signal });
  } catch {
    throw cutShort(signal);
  }
  return call(settings, asking, signal);
}

/** A 2xx is a pass unless an assertion of the action says otherwise. */
function narrowed(
  assertions: readonly Assertion[],
  answer: HttpAnswer,
  { text, hide }: { readonly text: string; readonly hide: Hide },
): Seen {
  const { status, headers, text: body, elapsedMs } = answer;
  const evidence = { statusCode: status, headers, body, truncated: false, totalMs: elapsedMs };
  const judged = evaluate(assertions, evidence, hide);
  const results = judged.map(({ result }) => result);
  const unmet = judged.filter(({ result }) => !result.passed);
  const hard = unmet.find(({ result }) => result.degraded !== true);
  if (hard !== undefined) return { ...failed(hard), assertions: results };
  const slow = unmet.some(({ result }) => result.source === "response-time");
  const said = text === "" ? `the function answered ${status}` : `the function says: ${text}`;
  return {
    outcome: slow ? "degraded" : "pass",
    failureSource: null,
    layer: null,
    errorClass: null,
    message: [...unmet.map(({ message }) => message), said].join("; "),
    assertions: results,
  };
}
