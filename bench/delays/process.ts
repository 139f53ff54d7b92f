/** Answers late, and keeps how late exactly; visits.ts is its other end. */
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { setPriority } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { nowMs } from "../clock.ts";
import { serveParent } from "../helper.ts";
import {
  visitHeader,
  type DelayAnswer,
  type DelayPort,
  type DelayQuestion,
  type Scheme,
  type Visit,
} from "./visits.ts";

interface Arrival {
  readonly number: number;
  readonly acceptedAt: number;
  secureAt: number | null;
}

const ports: DelayPort[] = [];
const visits: Visit[] = [];
/** By the client's port: the TLS socket is another object than the one that was accepted. */
const arrivals = new Map<number, Arrival>();
let last = 0;

// In place of a machine of its own: its lateness would count as an error of the probe.
setPriority(-15);
serveParent(async (question: DelayQuestion): Promise<DelayAnswer> => {
  if (question.type === "listen") {
    for (const delayMs of question.delaysMs) {
      ports.push(await listen("http", delayMs, createHttpServer()));
      ports.push(await listen("https", delayMs, createHttpsServer(question)));
    }
    return { ports, visits: [] };
  }
  return { ports, visits };
});

/** The delay before the handshake comes before the TLS server has heard of the connection. */
async function listen(scheme: Scheme, delayMs: number, server: Server): Promise<DelayPort> {
  const listener = createTcpServer({ noDelay: true, pauseOnConnect: true }, (socket) => {
    last += 1;
    arrivals.set(socket.remotePort ?? 0, { number: last, acceptedAt: nowMs(), secureAt: null });
    socket.on("error", () => undefined);
    void handOver(socket);
  });
  const handOver = async (socket: Socket) => {
    if (scheme === "https") await delay(delayMs);
    server.emit("connection", socket);
    socket.resume();
  };
  server.on("secureConnection", ({ remotePort }: Socket) => {
    const arrival = arrivals.get(remotePort ?? 0);
    if (arrival !== undefined) arrival.secureAt = nowMs();
  });
  server.on("tlsClientError", () => undefined);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    void answer(request, response, delayMs);
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return { delayMs, scheme, url: `${scheme}://127.0.0.1:${port}` };
}

async function answer(request: IncomingMessage, response: ServerResponse, delayMs: number): Promise<void> {
  const askedAt = nowMs();
  const clientPort = request.socket.remotePort ?? 0;
  const arrival = arrivals.get(clientPort);
  arrivals.delete(clientPort);
  if (arrival === undefined) return void response.destroy();
  const body = "Place your order\n";
  await delay(delayMs);
  response.writeHead(200, { [visitHeader]: String(arrival.number), "content-length": body.length });
  response.flushHeaders();
  const headAt = nowMs();
  await delay(delayMs);
  response.end(body);
  const endAt = nowMs();
  visits.push({
    number: arrival.number,
    path: request.url ?? "",
    wishedMs: delayMs,
    tls: arrival.secureAt === null ? null : arrival.secureAt - arrival.acceptedAt,
    firstByte: headAt - askedAt,
    download: endAt - headAt,
    total: endAt - arrival.acceptedAt,
  });
}

async function delay(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms);
}
