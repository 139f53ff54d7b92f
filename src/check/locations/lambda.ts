import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { LocationError } from "../../model/errors.ts";
import { functionUrlRegion } from "../../model/function-url.ts";
import { hidingAll, hidingSecrets } from "../../model/hide.ts";
import type { Observation } from "../../model/observation.ts";
import type { ProbeRequest } from "../../model/probe-protocol.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { cutShort } from "../abortable.ts";
import { hidingCheck } from "../hiding-check.ts";
import { defineLocation, placeKeys, placeOf } from "../location-type.ts";
import { answered, exchange, jsonOf, readObservation, type HttpAnswer } from "./ask.ts";

const lambdaSettings = settings({
  type: z.literal("lambda"),
  name: name.describe("what routes call it"),
  url: z
    .url({ abort: true })
    .refine(isSafe, "a function's URL is https://…; http:// is for this machine only")
    .describe("the function's URL"),
  auth: z
    .enum(["none", "bearer"], { error: (issue) => (issue.input === "aws-iam" ? notSigned : undefined) })
    .default("none")
    .describe("how it knows who asks: not at all, or by `token`"),
  token: secret.optional().describe("the function's CROSSCHECK_TOKEN, for `auth: bearer`"),
  ...placeKeys,
})
  .refine(({ auth, token }) => auth !== "bearer" || token !== undefined, {
    path: ["token"],
    error: "auth: bearer needs the function's token",
  })
  .refine(({ auth, token }) => auth === "bearer" || token === undefined, {
    path: ["token"],
    error: "a token is shown with auth: bearer only: write that, too",
  });
type LambdaSettings = z.output<typeof lambdaSettings>;

const notSigned =
  "aws-iam needs signed calls, which this version cannot make yet: use bearer, with the function's URL on auth type NONE";

/** Crosscheck's own function behind a function URL; docs/locations/lambda.md. */
export const lambda = defineLocation({
  name: "lambda",
  settings: lambdaSettings,
  open(lambda) {
    const region = functionUrlRegion(lambda.url);
    const known = region === undefined ? {} : { provider: "aws", region };
    return Promise.resolve({
      name: lambda.name,
      ...placeOf(lambda, known),
      ask: (request, signal) => ask(lambda, request, signal),
      // Idle connections close by themselves.
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

const who = "the function";

async function ask(lambda: LambdaSettings, request: ProbeRequest, signal: AbortSignal): Promise<Observation> {
  const started = performance.now();
  let answer = await post(lambda, request, signal);
  if (mayDoBetter(answer)) {
    await pause(signal);
    const deadlineMs = Math.max(1, request.deadlineMs - (performance.now() - started));
    answer = await post(lambda, { ...request, deadlineMs }, signal);
  }
  if (answer.status !== 200) throw refusal(answer);
  if (!isOurs(answer)) throw new LocationError("location.protocol", foreign(answer));
  return readObservation(answer.text, who);
}

function post(settings: LambdaSettings, request: ProbeRequest, signal: AbortSignal) {
  const { url, token } = settings;
  const hide = hidingAll([hidingSecrets(settings), hidingCheck(request.check)]);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token.reference}` };
  const headers = { ...authorization, "content-type": "application/json" };
  return exchange({ url, who, headers, hide, body: JSON.stringify(request) }, signal);
}

/** Throttling passes. A 502 is a function that crashed, and it may well have taken all its time for it. */
function mayDoBetter({ status }: HttpAnswer): boolean {
  return status === 429 || (status >= 500 && status !== 502 && status !== 504);
}

/** Functions that were throttled together must not come back together. */
async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(100 + Math.random() * 400, undefined, { signal });
  } catch {
    throw cutShort(signal);
  }
}

/** What an answer other than 200 says about the function. */
function refusal(answer: HttpAnswer): LocationError {
  const { status, elapsedMs } = answer;
  const said = answered(who, answer);
  const after = `${said} after ${(elapsedMs / 1000).toFixed(1)} s`;
  switch (status) {
    case 400:
      return new LocationError("location.request", said);
    case 401:
      return new LocationError(
        "location.unauthorized",
        `${said}; is its CROSSCHECK_TOKEN the one in \`token:\`?`,
      );
    case 403:
      return new LocationError("location.unauthorized", `${said}; ${permissions}`);
    case 404:
      return new LocationError("location.protocol", `${said}; is its URL right?`);
    case 429:
      return new LocationError("location.throttled", `${said}, twice; has it enough concurrency?`);
    case 502:
      return new LocationError("location.bug", `${after}: ${crashed}`);
    case 504:
      return new LocationError("location.timeout", `${after}: ${outOfTime}`);
    default:
      return new LocationError("location.protocol", said);
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html; both since October 2025. */
const permissions =
  "callers need both lambda:InvokeFunctionUrl and lambda:InvokeFunction, with auth type NONE too; a URL that is gone " +
  "answers the same";
const crashed =
  "it crashed, could not start, or ran out of time or memory; its log in CloudWatch says which, and its timeout has to " +
  "be the run's deadline and 2 s";
const outOfTime = "it ran out of time; its timeout has to be the run's deadline and 2 s";

function isOurs({ text }: HttpAnswer): boolean {
  const json = jsonOf(text);
  return typeof json === "object" && json !== null && "version" in json && "observation" in json;
}

function foreign({ text }: HttpAnswer): string {
  const excerpt = text.replaceAll(/\s+/g, " ").trim().slice(0, 80);
  return (
    `this URL answers ("${excerpt}"), but it is not Crosscheck's function: deploy dist/lambda/index.mjs there, or list ` +
    "it as an http action, which takes any function's word"
  );
}

function isSafe(text: string): boolean {
  const { protocol, hostname } = URL.parse(text) ?? { protocol: "", hostname: "" };
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
}
