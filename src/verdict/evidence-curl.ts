import { isIP } from "node:net";
import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { shellSecret, shellWord } from "./evidence-shell.ts";
import { textOf } from "./evidence-target.ts";
import type { Target } from "./evidence-target.ts";

/** https://curl.se/docs/manpage.html; `-g`: braces and brackets of the URL are its own. */
export function curlLine(check: WrittenCheck, target: Target, seen: Observation): string {
  const method = textOf(check, "method") || "GET";
  const hops = seen.http?.redirects.length ?? 0;
  return [
    ...head(target),
    ...versionFlags(textOf(check, "http-version")),
    // `-X HEAD` would wait for a body.
    ...(method === "GET" ? [] : method === "HEAD" ? ["--head"] : ["-X", shellWord(method)]),
    ...(hops > 0 && check["follow-redirects"] !== false ? ["-L"] : []),
    ...secretHeaders(check["headers"]),
    ...basicAuth(check),
    ...bodyFlags(check),
    shellWord(urlOf(check)),
  ].join(" ");
}

/** RFC 6455 §4.1: the request that opens a WebSocket; its key may be any 16 bytes. */
export function websocketLine(check: WrittenCheck, target: Target): string {
  const protocols = check["protocols"];
  const upgrade = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: Y3Jvc3NjaGVjay1wcm9iZQ==",
    ...(Array.isArray(protocols) && protocols.length > 0
      ? [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`]
      : []),
  ];
  return [
    ...head(target),
    "--http1.1",
    ...upgrade.flatMap((header) => ["-H", shellWord(header)]),
    ...secretHeaders(check["headers"]),
    shellWord(urlOf(check).replace(/^ws/, "http")),
  ].join(" ");
}

function head({ host, port, address, timeoutSeconds }: Target): string[] {
  const at = address !== null && isIP(address) === 6 ? `[${address}]` : address;
  const pinned = at === null || isIP(host) > 0 ? [] : ["--resolve", shellWord(`${host}:${port}:${at}`)];
  return ["curl", "-gsv", "-o", "/dev/null", "-m", String(timeoutSeconds), ...pinned];
}

function versionFlags(version: string): string[] {
  if (version === "1.1") return ["--http1.1"];
  return version === "2" ? ["--http2"] : [];
}

/** Every value is a secret; `headers` as the check writes them. */
export function secretHeaders(headers: unknown): string[] {
  if (typeof headers !== "object" || headers === null) return [];
  return Object.entries(headers).flatMap(([name, value]) => ["-H", shellSecret(`${name}: `, String(value))]);
}

function basicAuth(check: WrittenCheck): string[] {
  const auth = check["basic-auth"];
  if (typeof auth !== "object" || auth === null || !("password" in auth)) return [];
  const username = "username" in auth && typeof auth.username === "string" ? auth.username : "";
  return ["-u", shellSecret(`${username}:`, String(auth.password))];
}

/** `--data-raw`: a body that begins with `@` is no file. curl would call it a form where the check calls it nothing. */
function bodyFlags(check: WrittenCheck): string[] {
  const body = textOf(check, "body");
  if (body === "") return [];
  const names = Object.keys(check["headers"] ?? {}).map((name) => name.toLowerCase());
  return [
    ...(names.includes("content-type") ? [] : ["-H", "Content-Type:"]),
    "--data-raw",
    shellSecret("", body),
  ];
}

/** As a URL is sent: nothing behind `#`, and no password, which the line would show. */
function urlOf(check: WrittenCheck): string {
  const url = new URL(textOf(check, "url"));
  url.hash = "";
  url.username = "";
  url.password = "";
  return url.href;
}
