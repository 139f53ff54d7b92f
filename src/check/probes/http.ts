import type { IncomingMessage } from "node:http";
import { describeError } from "../../model/errors.ts";
import type { HttpDetails } from "../../model/observation.ts";
import { version } from "../../model/version.ts";
import { failed, ProbeFailure } from "../failure.ts";
import { defineProbe, type AttemptContext, type Finding } from "../probe-type.ts";
import { connectTcp, connectTls, endpoint } from "./connection.ts";
import { examine } from "./certificate.ts";
import { ask, readBody } from "./http-exchange.ts";
import { judge, type Answer } from "./http-judge.ts";
import { httpSettings, type HttpSettings } from "./http-settings.ts";
import { nextUrl, redirectOf, staysAtHost } from "./redirect.ts";
import { Trace } from "./trace.ts";

/** One HTTP request, redirects followed, every phase timed; docs/probes/http.md. */
export const http = defineProbe({
  name: "http",
  settings: httpSettings,
  target({ url }) {
    const parsed = new URL(url);
    return { host: hostOf(parsed), port: portOf(parsed) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    try {
      const answer = await follow({ settings, context, trace }, signal);
      const totalMs = trace.totalMs;
      const judged = context.hold(() => judge(settings, answer, { totalMs, tls: trace.tls }));
      return { ...trace.facts(), ...judged };
    } catch (error) {
      const failure =
        error instanceof ProbeFailure
          ? error
          : new ProbeFailure("location.bug", describeError(error), { cause: error });
      return { ...failed(failure), ...trace.facts(), assertions: [] };
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
  const visited = [new URL(settings.url)];
  const redirects: HttpDetails["redirects"] = [];
  let headers = configuredHeaders(settings);
  for (;;) {
    const url = visited.at(-1) as URL;
    const step = await visit(journey, { url, headers }, signal);
    if (!("redirect" in step)) return { ...step, redirects };
    const next = nextUrl(visited, step.redirect, settings.maxRedirects);
    redirects.push({ statusCode: step.statusCode, location: next.href });
    visited.push(next);
    // They may hold secrets, and were meant for this origin only; once gone they do not come back.
    if (next.origin !== url.origin) headers = {};
    if (!staysAtHost(url, next)) await travel(journey, next, signal);
  }
}

/** Resolves and tests the host of a redirect, as strictly as a stranger's wish. */
async function travel({ context, trace }: Journey, next: URL, signal: AbortSignal): Promise<void> {
  trace.begin();
  const { addresses, dnsMs } = await context.resolveRedirect(hostOf(next), signal);
  if (dnsMs !== null) trace.end("dns");
  // At least one, says the contract.
  trace.moveTo(addresses[0] as (typeof addresses)[0]);
}

type Step = { readonly redirect: string; readonly statusCode: number } | Omit<Answer, "redirects">;

/** One hop: a fresh connection, one request. */
async function visit(
  { settings, context, trace }: Journey,
  { url, headers }: { readonly url: URL; readonly headers: Record<string, string> },
  signal: AbortSignal,
): Promise<Step> {
  const place = endpoint(trace.remote, portOf(url));
  const socket = await open(url, trace, signal);
  try {
    const question = { url, method: settings.method, headers: { ...ownHeaders(context), ...headers }, place };
    const response = await ask(socket, question, signal);
    trace.end("firstByte");
    const statusCode = response.statusCode ?? 0;
    const redirect = redirectOf(statusCode, response.headers.location);
    if (redirect !== undefined && settings.followRedirects) return { redirect, statusCode };
    const body = await readBody(response, { limit: settings.maxBody, place }, signal);
    trace.end("download");
    return { statusCode, place, version: response.httpVersion, headers: joined(response), body };
  } finally {
    socket.destroy();
  }
}

/** The certificate is judged before anything is sent: the request may carry a secret. */
async function open(url: URL, trace: Trace, signal: AbortSignal) {
  const place = endpoint(trace.remote, portOf(url));
  trace.begin();
  const socket = await connectTcp(trace.remote, portOf(url), signal);
  trace.end("tcp");
  if (url.protocol === "http:") return socket;
  const host = hostOf(url);
  const tls = await connectTls(socket, { host, place }, signal);
  trace.end("tls");
  const { details, failure } = examine(tls, { host, place, now: Date.now() });
  trace.tls = details;
  trace.begin();
  if (failure === undefined) return tls;
  tls.destroy();
  throw failure;
}

/** `identity`: the body's size and text are what the server has, and no small answer can unfold into a huge one. */
function ownHeaders({ location }: AttemptContext): Record<string, string> {
  const who = location === undefined ? "" : ` (${location})`;
  return { "user-agent": `crosscheck/${version}${who}`, accept: "*/*", "accept-encoding": "identity" };
}

function configuredHeaders({ headers }: HttpSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.reference]),
  );
}

/** Repeated headers as one text. */
function joined({ headers }: IncomingMessage): Record<string, string> {
  const list = Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
  return Object.fromEntries(list) as Record<string, string>;
}

function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}
