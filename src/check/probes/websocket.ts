import type { IncomingMessage } from "node:http";
import { defineProbe, lookupOf, type AttemptContext, type Finding } from "../probe-type.ts";
import { conclude, type Fault } from "./conclude.ts";
import { endpoint } from "./connection.ts";
import { joined, revealed, userAgent } from "./headers.ts";
import { hidingHeaders } from "./hide.ts";
import { detailsOf } from "./http-judge.ts";
import { gaveUp, open } from "./open.ts";
import { Trace } from "./trace.ts";
import { hostOf, isSecure, portOf } from "./url.ts";
import { handshakeFaults, newKey, sayGoodbye, shakeHands, type Handshake } from "./websocket-handshake.ts";
import { websocketSettings, type WebsocketSettings } from "./websocket-settings.ts";

/** One opening handshake, and a goodbye; docs/probes/websocket.md. */
export const websocket = defineProbe({
  name: "websocket",
  settings: websocketSettings,
  hiding: ({ headers }) => hidingHeaders(headers),
  target(settings) {
    const url = new URL(settings.url);
    return { host: hostOf(url), port: portOf(url), ...lookupOf(settings) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    try {
      return await look({ settings, context, trace }, signal);
    } catch (error) {
      return gaveUp(error, trace, hidingHeaders(settings.headers));
    }
  },
});

interface Looking {
  readonly settings: WebsocketSettings;
  readonly context: AttemptContext;
  readonly trace: Trace;
}

async function look({ settings, context, trace }: Looking, signal: AbortSignal): Promise<Finding> {
  const url = new URL(settings.url);
  const place = endpoint(trace.remote, portOf(url));
  const tls = isSecure(url) ? { host: hostOf(url) } : null;
  const headers = { "user-agent": userAgent(context), ...revealed(settings.headers) };
  const handshake = { url, headers, protocols: settings.protocols, key: newKey(), place };
  const socket = await open({ port: portOf(url), tls }, trace, signal);
  try {
    const answer = await shakeHands(socket, handshake, signal);
    trace.end("firstByte");
    const facts = trace.facts();
    const judged = context.hold(() => judge(settings, { answer, handshake, trace }));
    if (judged.http?.statusCode === 101) await sayGoodbye(socket, signal);
    return { ...facts, ...judged };
  } finally {
    socket.destroy();
  }
}

interface Answered {
  readonly answer: IncomingMessage;
  readonly handshake: Handshake;
  readonly trace: Trace;
}

const noBody = { bytes: Buffer.alloc(0), truncated: false };

/** Without an assertion on the status it must be 101; whoever asks for another one does not want a WebSocket. */
function judge(settings: WebsocketSettings, { answer, handshake, trace }: Answered) {
  const { assertions } = settings;
  const { place } = handshake;
  const { statusCode = 0, httpVersion } = answer;
  const headers = joined(answer.headers);
  const hide = hidingHeaders(settings.headers);
  const faults =
    statusCode === 101 ? handshakeFaults(handshake, headers, hide) : statusFault(settings, statusCode);
  const evidence = { statusCode, headers, totalMs: trace.totalMs, tls: trace.tls };
  const seen = { statusCode, version: httpVersion, headers, redirects: [], place, body: noBody };
  return { http: detailsOf(seen, "", hide), ...conclude(assertions, { evidence, place, hide, faults }) };
}

function statusFault({ assertions }: WebsocketSettings, statusCode: number): readonly Fault[] {
  if (assertions.some(({ source }) => source === "status-code")) return [];
  return [{ errorClass: "http.status", message: `status code is ${statusCode}, not 101` }];
}
