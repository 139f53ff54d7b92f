/** The function that checks from a region of AWS: docs/locations/lambda.md. `npm run build` makes one file of it. */
import { createSecureContext } from "node:tls";
import type { Endpoint } from "./check/guard.ts";
import { readRequest } from "./check/read-request.ts";
import { runProbe } from "./check/run-probe.ts";
import { walkthroughRequest, walkthroughSentence } from "./check/walkthrough.ts";
import { isSameText } from "./constant-time.ts";
import { readFunctionUrlEvent } from "./function-url-event.ts";
import type { FunctionUrlRequest, FunctionUrlResponse } from "./function-url-event.ts";
import { createLog } from "./log.ts";
import { ConfigError, LocationError } from "./model/errors.ts";
import type { Observation } from "./model/observation.ts";
import { probeProtocolVersion } from "./model/probe-protocol.ts";
import type { ProbeRequest, ProbeResponse, TargetOrigin } from "./model/probe-protocol.ts";
import { formatDuration } from "./model/settings.ts";
import { problemJson, problemType } from "./web/problem.ts";

/** The part of Lambda's context that is used. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis(): number;
}

/** What telling the answer needs of the function's own time. */
const returnMs = 500;

const log = createLog((line) => process.stdout.write(`${line}\n`), { json: true });

// Before the first event there is more of the processor than after it, and the roots are loaded once.
createSecureContext();
let started = false;

/** One event on its way. */
interface Call {
  readonly context: LambdaContext;
  /** The first in this process. */
  readonly coldStart: boolean;
  /** Strangers may ask: whoever finds the URL. */
  readonly open: boolean;
}

/**
 * Answers a function URL: 200 with an observation for the probe protocol, whatever was seen; 400 and 401 as problem
 * details; for anything else, the walkthrough's bare POST above all, a sentence about the function's own `SITE`, or 503
 * when it could not look. An event that comes without a URL (Invoke API) is the request itself, and its answer the result.
 * @throws Error where the walkthrough's function raises one: its URL answers 502. Without a URL, ConfigError and
 * LocationError, too.
 */
export async function handler(
  event: unknown,
  context: LambdaContext,
): Promise<FunctionUrlResponse | ProbeResponse | string> {
  const coldStart = !started;
  started = true;
  const request = readFunctionUrlEvent(event);
  const { CROSSCHECK_TOKEN: token = "" } = process.env;
  if (request !== undefined) {
    const call = { context, coldStart, open: token === "" && !request.signed };
    return isAllowed(request, token) ? answerUrl(request, call) : refuse(401, wrongToken);
  }
  const call = { context, coldStart, open: false };
  return asksForProbe(event) ? answerProbe(JSON.stringify(event), call) : answerSentence(call);
}

const wrongToken = "show the function's CROSSCHECK_TOKEN: Authorization: Bearer …";

function isAllowed({ headers }: FunctionUrlRequest, token: string): boolean {
  const shown = /^bearer +(\S.*)$/i.exec(headers["authorization"] ?? "")?.[1] ?? "";
  return token === "" || isSameText(shown, token);
}

async function answerUrl(request: FunctionUrlRequest, call: Call): Promise<FunctionUrlResponse> {
  const { method, headers, body } = request;
  // Postee sends its event beside the body, which is empty or whatever its user has written there.
  const asks = method === "POST" && !("postee-event" in headers) && asksForProbe(jsonOf(body));
  try {
    if (asks) return respond(200, "application/json", JSON.stringify(await answerProbe(body, call)));
    return respond(200, "text/plain; charset=utf-8", await answerSentence(call));
  } catch (error) {
    if (error instanceof ConfigError && asks) return refuse(400, error.message);
    // A function that could not look must not look like a site that is down, which is what 502 says.
    if (error instanceof ConfigError || error instanceof LocationError) return refuse(503, error.message);
    throw error;
  }
}

/** What says so must be of the protocol: a request that is half right is refused. */
function asksForProbe(value: unknown): boolean {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  return "check" in value && "version" in value && typeof value.version === "number";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a target, a control or a resolver that a stranger names. */
const stranger: TargetOrigin = { from: "alert", allowPrivate: [] };

async function answerProbe(text: string, call: Call): Promise<ProbeResponse> {
  const asked = readRequest(text);
  const deadlineMs = Math.min(asked.deadlineMs, timeLeft(call));
  // A stranger's word on where a target comes from is no word.
  const target = call.open ? stranger : asked.target;
  const seen = await look({ ...asked, deadlineMs, target }, call);
  return { version: probeProtocolVersion, observation: explained(seen, asked, { deadlineMs, ...call }) };
}

async function answerSentence(call: Call): Promise<string> {
  const { SITE: site = "", EXPECTED: expected } = process.env;
  return walkthroughSentence(site, await look(walkthroughRequest({ site, expected }, timeLeft(call)), call));
}

function timeLeft({ context }: Call): number {
  return Math.max(1, context.getRemainingTimeInMillis() - returnMs);
}

async function look(request: ProbeRequest, { context, coldStart, open }: Call): Promise<Observation> {
  const own = open ? stranger : undefined;
  const seen = await runProbe(request, { signal: new AbortController().signal, own, sealed: runtimeApi() });
  const { check, outcome, errorClass, message, durationMs } = seen;
  log.info("check", {
    requestId: context.awsRequestId,
    check,
    location: request.location,
    outcome,
    errorClass,
    message,
    durationMs: Math.round(durationMs),
    coldStart,
  });
  return coldStart ? { ...seen, coldStart } : seen;
}

/** Where Lambda hands out events and takes answers: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html */
function runtimeApi(): Endpoint {
  const { AWS_LAMBDA_RUNTIME_API: text = "127.0.0.1:9001" } = process.env;
  const [, address = text, port = "80"] = /^(.*):(\d+)$/.exec(text) ?? [];
  return { address, port: Number(port) };
}

/** What the function's own settings have to do with what could not be seen. */
function explained(
  seen: Observation,
  asked: ProbeRequest,
  { deadlineMs, open }: { readonly deadlineMs: number; readonly open: boolean },
): Observation {
  const add = (words: string) => ({ ...seen, message: `${seen.message}; ${words}` });
  if (seen.errorClass === "location.timeout" && deadlineMs < asked.deadlineMs) {
    const wanted = formatDuration(Math.ceil(asked.deadlineMs));
    return add(`the function's own timeout leaves no more: give it ${wanted} and 2s`);
  }
  if (seen.errorClass === "location.blocked-target" && open)
    return add(
      "whoever finds this function's URL may ask it, so it looks at public addresses only: give it a CROSSCHECK_TOKEN",
    );
  return seen;
}

function refuse(status: 400 | 401 | 503, detail: string): FunctionUrlResponse {
  log.warn("refused", { status, detail });
  return respond(status, problemType, problemJson(status, detail));
}

function respond(statusCode: number, type: string, body: string): FunctionUrlResponse {
  return { statusCode, headers: { "content-type": type }, body };
}
