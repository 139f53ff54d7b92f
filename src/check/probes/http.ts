import type { HttpDetails } from "../../model/observation.ts";
import { ProbeFailure } from "../failure.ts";
import { defineProbe, lookupOf, type AttemptContext, type Finding } from "../probe-type.ts";
import { endpoint } from "./connection.ts";
import { ask, readBody, type Response } from "./http-exchange.ts";
import { judge, type Answer } from "./http-judge.ts";
import { hidingRequest, ownHeaders, requestAt, requestOf, type Request } from "./http-request.ts";
import { httpSettings, type HttpSettings } from "./http-settings.ts";
import { askHttp2, Http1Required, loadHttp2 } from "./http2.ts";
import { gaveUp, open } from "./open.ts";
import { nextHop, redirectOf, staysAtHost, type Redirect } from "./redirect.ts";
import { Trace } from "./trace.ts";
import { hostOf, isSecure, portOf } from "./url.ts";

/** One HTTP request, redirects followed, every phase timed; docs/probes/http.md. */
export const http = defineProbe({
  name: "http",
  settings: httpSettings,
  hiding: hidingRequest,
  target(settings) {
    const url = new URL(settings.url);
    return { host: hostOf(url), port: portOf(url), ...lookupOf(settings) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    try {
      const answer = await follow({ settings, context, trace }, signal);
      const totalMs = trace.totalMs;
      const judged = context.hold(() => judge(settings, answer, { totalMs, tls: trace.tls }));
      return { ...trace.facts(), ...judged };
    } catch (error) {
      return gaveUp(error, trace, hidingRequest(settings));
    }
  },
});

interface Journey {
  readonly settings: HttpSettings;
  readonly context: AttemptContext;
  readonly trace: Trace;
}

/** Asks, and asks again where the answer says, until there is an answer that stays. */
async function follow(journey: Journey, signal: AbortSignal): Promise<Answer> {
  const { settings } = journey;
  const redirects: HttpDetails["redirects"] = [];
  let request = requestOf(settings);
  const visited: Request[] = [];
  for (;;) {
    visited.push(request);
    const step = await visit(journey, request, signal);
    if (!("location" in step)) return { ...step, redirects };
    const next = requestAt(nextHop(visited, step, settings), request);
    redirects.push({ statusCode: step.statusCode, location: next.url.href });
    if (!staysAtHost(request.url, next.url)) await travel(journey, next.url, signal);
    request = next;
  }
}

/** Resolves and tests the host of a redirect, as strictly as a stranger's wish. */
async function travel({ context, trace }: Journey, next: URL, signal: AbortSignal): Promise<void> {
  trace.begin();
  const { addresses, dnsMs } = await context.resolveRedirect(
    { host: hostOf(next), port: portOf(next) },
    signal,
  );
  if (dnsMs !== null) trace.end("dns");
  // At least one, says the contract.
  trace.moveTo(addresses[0] as (typeof addresses)[0]);
}

type Step = Redirect | Omit<Answer, "redirects">;

/** RFC 7301's names of what is offered, best first. */
const offers = { auto: ["h2", "http/1.1"], "1.1": ["http/1.1"], "2": ["h2"] } as const;
type Version = keyof typeof offers;

/** One hop. A server that takes the request over HTTP/1.1 only, and says so over HTTP/2, gets it so. */
async function visit(journey: Journey, request: Request, signal: AbortSignal): Promise<Step> {
  const version = String(journey.settings.httpVersion) as Version;
  try {
    return await visitOver(version, journey, request, signal);
  } catch (error) {
    if (!(error instanceof Http1Required)) throw error;
    if (version !== "auto") throw error.failure;
    return visitOver("1.1", journey, request, signal);
  }
}

/** A fresh connection, one request. */
async function visitOver(
  version: Version,
  { settings, context, trace }: Journey,
  request: Request,
  signal: AbortSignal,
): Promise<Step> {
  const { url } = request;
  const place = endpoint(trace.remote, portOf(url));
  const tls = isSecure(url) ? { host: hostOf(url), alpn: offers[version] } : null;
  const socket = await open({ port: portOf(url), tls }, trace, signal);
  try {
    const question = { ...request, headers: { ...ownHeaders(context), ...request.headers }, place };
    const asking = speaksHttp2(version, tls === null ? null : trace, place) ? askHttp2 : ask;
    trace.begin();
    const response: Response = await asking(socket, question, signal);
    trace.end("firstByte");
    const { statusCode, headers } = response;
    const redirect = redirectOf(statusCode, headers["location"]);
    if (redirect !== undefined && settings.followRedirects) return redirect;
    const body = await readBody(response, { limit: settings.maxBody, place }, signal);
    trace.end("download");
    return { statusCode, place, version: response.version, headers, body };
  } finally {
    socket.destroy();
  }
}

/** What is loaded for HTTP/2 is loaded before the answer is awaited. */
function speaksHttp2(version: Version, secure: Trace | null, place: string): boolean {
  const chosen = secure === null ? version === "2" : secure.tls?.alpn === "h2";
  if (chosen) loadHttp2();
  else if (version === "2")
    throw new ProbeFailure("http.protocol", `${place} does not offer HTTP/2, which http-version asks for`);
  return chosen;
}
