import { createHash } from "node:crypto";
import type { HttpDetails, TlsDetails } from "../../model/observation.ts";
import { evaluate, type Judged } from "../assertions.ts";
import { failed } from "../failure.ts";
import type { Finding } from "../probe-type.ts";
import type { Body } from "./http-exchange.ts";
import type { HttpSettings } from "./http-settings.ts";

/** The answer at the end of the redirects. */
export interface Answer {
  readonly statusCode: number;
  readonly version: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body;
  readonly redirects: HttpDetails["redirects"];
  /** Where it came from, for people. */
  readonly place: string;
}

const sampleLength = 2048;
const headerLimit = 40;
const headerLength = 200;

/**
 * What an answer means for the check. Without an assertion on the status it must be 2xx. Soft assertions (`degraded`):
 * the response time makes the target degraded, the others only add to the message.
 */
export function judge(
  settings: HttpSettings,
  answer: Answer,
  seen: { readonly totalMs: number; readonly tls: TlsDetails | undefined },
): Omit<Finding, "remoteAddress" | "ipVersion" | "timings" | "tls"> {
  const { statusCode, headers, body, place } = answer;
  const text = decode(body.bytes, headers["content-type"] ?? "");
  const evidence = { statusCode, headers, body: text, truncated: body.truncated, ...seen };
  const hide = hider(settings);
  const judged = evaluate(settings.assertions, evidence, hide);
  const unmet = judged.filter(({ result }) => !result.passed);
  const hard = [...statusFault(settings, answer), ...unmet.filter(({ result }) => result.degraded !== true)];
  const soft = unmet.filter(({ result }) => result.degraded === true);
  const [first] = hard;
  const said = {
    http: describe(answer, text, hide),
    assertions: judged.map(({ result }) => result),
  };
  const message = (faults: readonly Pick<Judged, "message">[]) => `${inWords(faults)} at ${place}`;
  if (first !== undefined) return { ...failed({ ...first, message: message(hard) }), ...said };
  const slow = soft.some(({ result }) => result.source === "response-time");
  return {
    outcome: slow ? "degraded" : "pass",
    failureSource: null,
    layer: null,
    errorClass: null,
    message: soft.length === 0 ? "" : message(soft),
    ...said,
  };
}

function statusFault(
  { assertions }: HttpSettings,
  { statusCode }: Answer,
): Pick<Judged, "errorClass" | "message">[] {
  const expected = assertions.some(({ source }) => source === "status-code");
  if (expected || (statusCode >= 200 && statusCode < 300)) return [];
  return [{ errorClass: "http.status", message: `status code is ${statusCode}, not 2xx` }];
}

function inWords(faults: readonly Pick<Judged, "message">[]): string {
  const shown = faults.slice(0, 3).map(({ message }) => message);
  const more = faults.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function describe(answer: Answer, text: string, hide: Hide): HttpDetails {
  const { statusCode, version, redirects, headers, body } = answer;
  const kept = Object.entries(headers).slice(0, headerLimit);
  return {
    statusCode,
    version,
    redirects,
    headers: Object.fromEntries(
      kept.map(([name, value]) => [
        name,
        name === "set-cookie" ? "[cookie]" : hide(value).slice(0, headerLength),
      ]),
    ),
    bodySize: body.bytes.length,
    bodySample: hide(text).slice(0, sampleLength),
    bodySha256: createHash("sha256").update(body.bytes).digest("hex"),
    truncated: body.truncated,
  };
}

type Hide = (text: string) => string;

/** Configured headers that nobody keeps secret. */
const openHeaders = /^(accept|accept-.*|cache-control|host|origin|referer|user-agent)$/i;

/** Some targets send back what they were sent, and what they send is kept and shown: without the check's secrets. */
function hider({ headers }: HttpSettings): Hide {
  const secrets = Object.entries(headers)
    .filter(([name, { reference }]) => !openHeaders.test(name) && reference.length >= 8)
    .map(([, { reference }]) => reference);
  return (text) => secrets.reduce((hidden, secret) => hidden.replaceAll(secret, "[secret]"), text);
}

/** The body as text, in the character set that the answer names; bytes that are none become U+FFFD. */
function decode(bytes: Buffer, contentType: string): string {
  const label = /charset="?([\w.:-]+)/i.exec(contentType)?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch {
    // A character set that nobody knows.
    return new TextDecoder().decode(bytes);
  }
}
