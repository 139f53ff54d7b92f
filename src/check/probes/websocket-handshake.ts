/** The opening handshake of RFC 6455 §4.1, and the end of a connection that nobody wants to talk over (§7.1). */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { deadline } from "../../deadline.ts";
import { ProbeFailure } from "../failure.ts";
import type { Fault } from "./conclude.ts";
import type { Hide } from "../../model/hide.ts";
import { headOf } from "./http-exchange.ts";
import { broken, reasonOf, within } from "./connection.ts";

// As in http-exchange.ts.
const http = process.getBuiltinModule("node:http");

export interface Handshake {
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The subprotocols that are offered, best first. */
  readonly protocols: readonly string[];
  /** 16 random bytes in Base64; the server must prove that it has read them. */
  readonly key: string;
  /** Who answers, for people. */
  readonly place: string;
}

export function newKey(): string {
  return randomBytes(16).toString("base64");
}

/** What the probe says itself. */
export const handshakeHeaders: ReadonlySet<string> = new Set([
  "connection",
  "upgrade",
  "sec-websocket-key",
  "sec-websocket-version",
  "sec-websocket-protocol",
  "sec-websocket-extensions",
]);

/**
 * Asks for the change of protocols and waits for the head of the answer, whatever it is.
 * @throws ProbeFailure of `websocket.timeout`, `websocket.handshake` (no answer in HTTP), `tcp.reset` or `tls.handshake`.
 */
export async function shakeHands(
  socket: Socket,
  { url, headers, protocols, key, place }: Handshake,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const request = http.request({
    createConnection: () => socket,
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
      ...(protocols.length === 0 ? {} : { "sec-websocket-protocol": protocols.join(", ") }),
    },
  });
  request.end();
  try {
    return await headOf(request, signal);
  } catch (error) {
    throw answerFailure(error, place, signal);
  }
}

function answerFailure(error: unknown, place: string, signal: AbortSignal): ProbeFailure {
  const options = { cause: error };
  if (signal.aborted)
    return new ProbeFailure("websocket.timeout", `no answer from ${place}${within(signal)}`, options);
  const { code, message } = reasonOf(error);
  const what =
    code === "ECONNRESET" ? "closed the connection without an answer" : `did not answer in HTTP: ${message}`;
  return broken(error, place) ?? new ProbeFailure("websocket.handshake", `${place} ${what}`, options);
}

/** What RFC 6455 §4.1 makes a client refuse in an answer of status 101; headers' names in lower case. */
export function handshakeFaults(
  { key, protocols }: Pick<Handshake, "key" | "protocols">,
  headers: Readonly<Record<string, string>>,
  hide: Hide,
): readonly Fault[] {
  const words = (headers["connection"] ?? "").split(",").map((word) => word.trim().toLowerCase());
  const chosen = headers["sec-websocket-protocol"];
  const refused = [
    headers["upgrade"]?.toLowerCase() !== "websocket" && "upgrade is not websocket",
    !words.includes("upgrade") && "connection is not upgrade",
    headers["sec-websocket-accept"]?.trim() !== proof(key) &&
      "sec-websocket-accept is not the proof for our key",
    headers["sec-websocket-extensions"] !== undefined && "an extension is used that was not offered",
    chosen === undefined && protocols.length > 0 && `no subprotocol is chosen of ${protocols.join(", ")}`,
    chosen !== undefined &&
      !protocols.includes(chosen) &&
      `the subprotocol ${JSON.stringify(hide(chosen).slice(0, 80))} was not offered`,
  ];
  return refused.flatMap((message) =>
    message === false ? [] : { errorClass: "websocket.handshake" as const, message },
  );
}

/** RFC 6455 §4.2.2: what only somebody who speaks WebSocket makes of the key. */
function proof(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** How long the server gets to close its side; what it does then is not looked at. */
const farewellMs = 500;

/**
 * Says goodbye (a close frame, status 1000) and gives the server a moment to hang up first (RFC 6455 §7.1.1). Closing the
 * connection is the caller's.
 */
export async function sayGoodbye(socket: Socket, signal: AbortSignal): Promise<void> {
  using moment = deadline(signal, farewellMs);
  socket.write(closeFrame());
  // What it still has to say would keep its end from being seen.
  socket.resume();
  try {
    await once(socket, "close", { signal: moment.signal });
  } catch {
    // It has had its moment.
  }
}

/** FIN and opcode 8; masked, two bytes: 1000, which each client must hide from what reads along (§5.3, §5.5.1). */
function closeFrame(): Buffer {
  const mask = randomBytes(4);
  const status = Buffer.from([1000 >> 8, 1000 & 0xff]).map((byte, index) => byte ^ (mask[index] ?? 0));
  return Buffer.concat([Buffer.from([0x88, 0x82]), mask, status]);
}
