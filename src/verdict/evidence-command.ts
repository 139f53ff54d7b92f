import { isIP } from "node:net";
import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { curlLine, secretHeaders, websocketLine } from "./evidence-curl.ts";
import { shellWord } from "./evidence-shell.ts";
import { targetOf, textOf } from "./evidence-target.ts";
import type { Target } from "./evidence-target.ts";

const maxLength = 1500;

/**
 * The line for a shell that shows what a location saw, in tools that operators have: curl, dig, openssl, nc, and grpcurl
 * (https://github.com/fullstorydev/grpcurl). It goes to the address that failed. Whatever an alert has put into the target
 * is one quoted word. Empty where no tool shows it: a function of the user's own, a target that is not one.
 */
export function commandFor(check: WrittenCheck, seen: Observation): string {
  const line = lineFor(check, seen);
  // Texts lose control characters on their way to people, and a line that is cut would be another one.
  return line.length > maxLength || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line) ? "" : line;
}

function lineFor(check: WrittenCheck, seen: Observation): string {
  if (check.type === "dns")
    return digLine(
      textOf(check, "query"),
      textOf(check, "record-type") || "A",
      seen.dns?.resolver ?? textOf(check, "resolver"),
    );
  const target = targetOf(check, seen);
  if (target === undefined) return "";
  if (seen.layer === "dns" && isIP(target.host) === 0)
    return digLine(
      target.host,
      check["ip-family"] === 6 ? "AAAA" : "A",
      seen.resolver ?? textOf(check, "resolver"),
    );
  if (seen.layer === "tls" && check.type !== "grpc") return opensslLine(check, target);
  switch (check.type) {
    case "http":
      return curlLine(check, target, seen);
    case "websocket":
      return websocketLine(check, target);
    case "tls":
      return opensslLine(check, target);
    case "tcp":
      return check["tls"] === true ? opensslLine(check, target) : ncLine(target, seen.layer === "content");
    case "grpc":
      return grpcLine(check, target);
    default:
      return "";
  }
}

/** `203.0.113.7:443`, `[2001:db8::7]:443` */
function endpoint({ host, port, address }: Target): string {
  const at = address ?? host;
  return isIP(at) === 6 ? `[${at}]:${port}` : `${at}:${port}`;
}

/** `-q`: a name is never taken for an option. */
function digLine(name: string, type: string, resolver: string): string {
  if (name === "") return "";
  const [, bracketed, host = bracketed, port] =
    /^(?:\[(.+)\]|([^:]+|.*:.*:.*))(?::(\d+))?$/.exec(resolver) ?? [];
  const server =
    host === undefined || isIP(host) === 0 ? [] : [`@${host}`, ...(port === undefined ? [] : ["-p", port])];
  const what = /^[\w*]/.test(name) ? [name, type] : ["-t", type, "-q", name];
  return ["dig", ...[...server, ...what].map(shellWord)].join(" ");
}

/** An empty stdin ends the connection after the handshake. */
function opensslLine(check: WrittenCheck, target: Target): string {
  const name = textOf(check, "server-name") || target.host;
  const starttls = textOf(check, "starttls");
  const words = [
    "-connect",
    endpoint(target),
    ...(isIP(name) === 0
      ? ["-servername", name, "-verify_hostname", name]
      : ["-noservername", "-verify_ip", name]),
    ...(starttls === "" ? [] : ["-starttls", starttls]),
  ];
  return `openssl s_client ${words.map(shellWord).join(" ")} </dev/null`;
}

/** Where it connects and says the wrong thing, the line shows what it says; what is sent to it may be a secret. */
function ncLine({ host, port, address, timeoutSeconds }: Target, listens: boolean): string {
  const words = [listens ? "-v" : "-vz", "-w", String(timeoutSeconds), address ?? host, String(port)];
  return ["nc", ...words].map(shellWord).join(" ");
}

function grpcLine(check: WrittenCheck, target: Target): string {
  const words = [
    ...(check["tls"] === false ? ["-plaintext"] : []),
    "-max-time",
    String(target.timeoutSeconds),
    "-authority",
    textOf(check, "server-name") || target.host,
    "-d",
    JSON.stringify({ service: textOf(check, "service") }),
  ];
  const call = [endpoint(target), "grpc.health.v1.Health/Check"];
  return [
    "grpcurl",
    ...words.map(shellWord),
    ...secretHeaders(check["metadata"]),
    ...call.map(shellWord),
  ].join(" ");
}
