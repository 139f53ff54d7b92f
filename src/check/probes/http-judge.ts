import { createHash } from "node:crypto";
import { tellingHeaders } from "../../model/cdn.ts";
import type { HttpDetails, TlsDetails } from "../../model/observation.ts";
import type { Finding } from "../probe-type.ts";
import { conclude, type Fault } from "./conclude.ts";
import type { Hide } from "../../model/hide.ts";
import type { Body } from "./http-exchange.ts";
import { hidingRequest } from "./http-request.ts";
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
const nameLength = 100;
const locationLength = 500;

/** What an answer means for the check. Without an assertion on the status it must be 2xx. */
export function judge(
  settings: HttpSettings,
  answer: Answer,
  seen: { readonly totalMs: number; readonly tls: TlsDetails | undefined },
): Omit<Finding, "remoteAddress" | "ipVersion" | "timings" | "tls"> {
  const { statusCode, headers, body, place } = answer;
  const text = decode(body.bytes, headers["content-type"] ?? "");
  const evidence = { statusCode, headers, body: text, truncated: body.truncated, ...seen };
  const hide = hidingRequest(settings);
  return {
    http: detailsOf(answer, text, hide),
    ...conclude(settings.assertions, { evidence, place, hide, faults: statusFault(settings, answer) }),
  };
}

function statusFault({ assertions }: HttpSettings, { statusCode }: Answer): readonly Fault[] {
  const expected = assertions.some(({ source }) => source === "status-code");
  if (expected || (statusCode >= 200 && statusCode < 300)) return [];
  return [{ errorClass: "http.status", message: `status code is ${statusCode}, not 2xx` }];
}

/** The answer as observations keep it, with the start of its body as text. */
export function detailsOf(answer: Answer, text: string, hide: Hide): HttpDetails {
  const { statusCode, version, redirects, headers, body } = answer;
  return {
    statusCode,
    version,
    redirects: redirects.map(({ statusCode, location }) => ({
      statusCode,
      location: hide(location).slice(0, locationLength),
    })),
    headers: Object.fromEntries(
      keptHeaders(headers).map(([name, value]) => [
        name.slice(0, nameLength),
        name === "set-cookie" ? "[cookie]" : hide(value).slice(0, headerLength),
      ]),
    ),
    bodySize: body.bytes.length,
    bodySample: hide(text).slice(0, sampleLength),
    bodySha256: createHash("sha256").update(body.bytes).digest("hex"),
    truncated: body.truncated,
  };
}

/** As many as there is room for, above all those that tell where the answer came from. */
function keptHeaders(headers: Answer["headers"]): readonly (readonly [string, string])[] {
  const all = Object.entries(headers);
  const others = all.filter(([name]) => !tellingHeaders.has(name));
  const left = new Set(others.slice(Math.max(0, headerLimit - (all.length - others.length))));
  return all.filter((header) => !left.has(header));
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
