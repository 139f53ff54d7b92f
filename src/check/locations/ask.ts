/** What all locations that are asked over HTTP have in common: one request, and an answer that nobody trusts. */
import * as z from "zod";
import { describeError, LocationError } from "../../model/errors.ts";
import type { Hide } from "../../model/hide.ts";
import type { Observation } from "../../model/observation.ts";
import { probeProtocolVersion, probeResponse } from "../../model/probe-protocol.ts";
import { version } from "../../model/version.ts";
import { cutShort } from "../abortable.ts";
import { issueLines } from "../issues.ts";

/** No observation comes near it: 17 findings with 40 headers of 200 characters each. */
const answerLimit = 1_000_000;

export interface HttpQuestion {
  readonly url: string;
  /** `the agent`: who is asked, as errors call it. */
  readonly who: string;
  /** `POST` when left out. */
  readonly method?: string;
  /** Beside the User-Agent; a name may come more than once. */
  readonly headers: Readonly<Record<string, string>> | readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | null;
  /** What must not be seen of the answer: parts of it are quoted, and a secret that was cut is not known again. */
  readonly hide?: Hide;
}

export interface HttpAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** From the call to the last byte. */
  readonly elapsedMs: number;
}

/**
 * One request, whatever status it is answered with; redirects are not followed.
 * @throws LocationError without an answer: `location.unreachable`, the signal's reason, `location.protocol` for too much,
 * `location.request` for what cannot be sent. None carries the address or a header.
 */
export async function exchange(question: HttpQuestion, signal: AbortSignal): Promise<HttpAnswer> {
  const { who, method = "POST", body } = question;
  const address = addressOf(question);
  const headers = requestHeaders(question);
  const started = performance.now();
  try {
    const response = await fetch(address, {
      method,
      // A redirect would carry the token and the check's secrets elsewhere.
      redirect: "manual",
      headers,
      ...(method === "GET" || method === "HEAD" ? {} : { body }),
      signal,
    });
    const { hide = (whole: string) => whole } = question;
    const text = hide(await readCapped(response, who));
    const elapsedMs = performance.now() - started;
    return { status: response.status, headers: Object.fromEntries(response.headers), text, elapsedMs };
  } catch (error) {
    if (error instanceof LocationError) throw error;
    if (signal.aborted) throw cutShort(signal);
    // fetch says "fetch failed"; what happened is the cause.
    const reason = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw new LocationError("location.unreachable", `${who} cannot be reached: ${describeError(reason)}`, {
      cause: error,
    });
  }
}

/** `fetch` refuses these addresses too, but with the whole of them in its message, and they may be secrets. */
function addressOf({ url, who }: HttpQuestion): URL {
  const address = URL.parse(url.trim());
  const plain = address !== null && address.username === "" && address.password === "";
  if (plain && /^https?:$/.test(address.protocol)) return address;
  const message = `${who} cannot be asked: its url is no address to call, which is http(s)://… without a user name`;
  throw new LocationError("location.request", message);
}

function requestHeaders({ headers: given, who }: HttpQuestion): Headers {
  try {
    const headers = new Headers(given as ConstructorParameters<typeof Headers>[0]);
    if (!headers.has("user-agent")) headers.set("user-agent", `crosscheck/${version}`);
    return headers;
  } catch {
    // Without the cause: its message has the value.
    const message = `${who} cannot be asked: a header has characters that HTTP does not allow`;
    throw new LocationError("location.request", message);
  }
}

async function readCapped({ body }: Response, who: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > answerLimit) throw garbage(who, `its answer is longer than ${answerLimit} bytes`);
  }
  return Buffer.concat(chunks).toString();
}

const problem = z.object({ detail: z.string() });

/** `the agent answered 503: hung`: the `detail` of RFC 9457 problem details, cut, where there is one. */
export function answered(who: string, { status, text }: HttpAnswer): string {
  const { data } = problem.safeParse(jsonOf(text));
  return `${who} answered ${status}${data === undefined ? "" : `: ${data.detail.slice(0, 300)}`}`;
}

/** The value of a JSON text; undefined for a text that is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const versioned = z.object({ version: z.literal(probeProtocolVersion) });

/**
 * The observation in an answer of the probe protocol.
 * @throws LocationError (`location.protocol`) for anything else.
 */
export function readObservation(text: string, who: string): Observation {
  const json = jsonOf(text);
  if (json === undefined) throw garbage(who, "its answer is not JSON");
  if (!versioned.safeParse(json).success) {
    throw garbage(who, `its answer is not of version ${probeProtocolVersion} of the probe protocol`);
  }
  const { data, error } = probeResponse.safeParse(json);
  if (data !== undefined) return data.observation;
  const faults = issueLines(error).slice(0, 3).join("; ");
  throw garbage(who, `its answer is not the probe protocol: ${faults}`, error);
}

function garbage(who: string, message: string, cause?: unknown): LocationError {
  return new LocationError("location.protocol", `${who} cannot be understood: ${message}`, { cause });
}
