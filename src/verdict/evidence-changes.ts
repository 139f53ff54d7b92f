import { pointOfPresence, tellingHeaders } from "../model/cdn.ts";
import type { Observation, Timings, TlsDetails } from "../model/observation.ts";

/** A phase counts as slower from so many times, and so many ms more, on. */
const slowerTimes = 3;
const slowerMs = 200;

/** Of the telling headers, these are other ones with every answer. */
const everyAnswersOwn =
  /^(?:date|age|content-length|retry-after|x-cache-hits|x-varnish|cf-ray|x-amz-cf-id|x-azure-ref|x-msedge-ref|x-akamai-request-id|akamai-grn|fly-request-id|cdn-requestid|x-request-id|x-served-by|x-vercel-id)$/;

/** What is different from the last observation of this check here that passed, in plain words: what changed is a suspect. */
export function changesSince(good: Observation | null, seen: Observation): string[] {
  if (good === null) return [];
  const { http, tls } = seen;
  return [
    ...addresses(good, seen),
    ...other("resolver", good.resolver, seen.resolver),
    ...certificate(good.tls, tls),
    ...other("TLS version", good.tls?.protocol, tls?.protocol),
    ...other("HTTP version", good.http?.version, http?.version),
    ...other("status", good.http?.statusCode, http?.statusCode),
    ...headers(good.http?.headers, http?.headers),
    ...body(good, seen),
    ...other("DNS answer code", good.dns?.rcode, seen.dns?.rcode),
    ...other("DNS answers", answersOf(good), answersOf(seen)),
    ...other("health", good.grpc?.health, seen.grpc?.health),
    ...other("received text", good.tcp?.received, seen.tcp?.received),
    ...slower(good, seen),
  ];
}

type Known = string | number | null | undefined;

/** Only what is known of both can differ. */
function other(what: string, then: Known, now: Known): string[] {
  const isKnown = then !== null && then !== undefined && now !== null && now !== undefined;
  return isKnown && then !== now ? [`${what}: was ${cut(then)}, is ${cut(now)}`] : [];
}

const maxValue = 100;

function cut(value: string | number): string {
  const text = String(value);
  if (text === "") return "empty";
  return text.length > maxValue ? `${text.slice(0, maxValue).toWellFormed()}…` : text;
}

function addresses(good: Observation, seen: Observation): string[] {
  const [then, now] = [new Set(good.resolvedAddresses), new Set(seen.resolvedAddresses)];
  if (then.size === 0 || now.size === 0) return [];
  const [gone, fresh] = [then.difference(now), now.difference(then)];
  const parts = [
    ...(fresh.size > 0 ? [`new ${[...fresh].join(", ")}`] : []),
    ...(gone.size > 0 ? [`gone ${[...gone].join(", ")}`] : []),
  ];
  return parts.length === 0 ? [] : [`addresses: ${parts.join("; ")}`];
}

function certificate(then: TlsDetails | undefined, now: TlsDetails | undefined): string[] {
  if (!then?.fingerprint256 || !now?.fingerprint256 || then.fingerprint256 === now.fingerprint256) return [];
  return [`certificate: was ${certificateWords(then)}, is ${certificateWords(now)}`];
}

/** `AB:CD:EF:01… of Some CA, valid until 2026-11-21` */
function certificateWords({ fingerprint256, issuer, validTo }: TlsDetails): string {
  const until = validTo === null ? "" : `, valid until ${validTo.slice(0, 10)}`;
  return `${fingerprint256?.slice(0, 11)}…${issuer === null ? "" : ` of ${cut(issuer)}`}${until}`;
}

type Headers = Readonly<Record<string, string>>;

function headers(then: Headers | undefined, now: Headers | undefined): string[] {
  if (then === undefined || now === undefined) return [];
  const pop = other("point of presence", pointOfPresence(then), pointOfPresence(now));
  const names = [...tellingHeaders, "server"].filter((name) => !everyAnswersOwn.test(name));
  return [
    ...pop,
    ...new Set(
      names.flatMap((name) =>
        then[name] === now[name]
          ? []
          : [`header ${name}: was ${cut(then[name] ?? "absent")}, is ${cut(now[name] ?? "absent")}`],
      ),
    ),
  ];
}

function body({ http: then }: Observation, { http: now }: Observation): string[] {
  if (!then?.bodySha256 || !now?.bodySha256 || then.bodySha256 === now.bodySha256) return [];
  return [`body: another one, was ${then.bodySize} bytes, is ${now.bodySize}`];
}

/** TTLs count down and servers shuffle: neither is a change. */
function answersOf({ dns }: Observation): string | undefined {
  return dns === undefined
    ? undefined
    : dns.answers
        .map(({ type, value }) => `${type} ${value}`)
        .toSorted()
        .join(", ");
}

const phases: Readonly<Record<Exclude<keyof Timings, "total">, string>> = {
  dns: "DNS",
  tcp: "TCP",
  tls: "TLS",
  firstByte: "first byte",
  download: "download",
};

/** A location that has just been started is slow by itself. */
function slower(good: Observation, seen: Observation): string[] {
  if (seen.coldStart === true) return [];
  return Object.entries(phases).flatMap(([phase, words]) => {
    const [then, now] = [good.timings[phase as keyof Timings], seen.timings[phase as keyof Timings]];
    if (then === null || now === null || now < then * slowerTimes || now < then + slowerMs) return [];
    return [`slower ${words}: was ${Math.round(then)} ms, is ${Math.round(now)} ms`];
  });
}
