/** Takes webhooks and keeps when which alert's arrived; receiver.ts is its other end. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { nowMs } from "../clock.ts";
import { serveParent } from "../helper.ts";
import type { Arrivals, ReceiverQuestion } from "./receiver.ts";

/** The alert's number, written as a number or as a label, quoted or not: it may stand in a text that holds JSON. */
const numbered = /\\?"number\\?":\s*\\?"?(\d+)/g;

let arrivals = new Map<number, number>();
let requests = 0;
let answerAfterMs = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const at = nowMs();
    if (answerAfterMs === 0) response.end("ok");
    else setTimeout(() => response.end("ok"), answerAfterMs);
    requests += 1;
    for (const [, digits] of Buffer.concat(chunks).toString("latin1").matchAll(numbered)) {
      const number = Number(digits);
      if (!arrivals.has(number)) arrivals.set(number, at);
    }
  });
});
server.keepAliveTimeout = 60_000;

serveParent(async (question: ReceiverQuestion): Promise<Arrivals> => {
  if (typeof question === "object") {
    answerAfterMs = question.answerAfterMs ?? 0;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  if (question === "forget") {
    arrivals = new Map();
    requests = 0;
  }
  const { port } = server.address() as AddressInfo;
  const shown = question === "arrivals" ? arrivals : new Map<number, number>();
  return { url: `http://127.0.0.1:${port}/`, requests, alerts: arrivals.size, arrivals: shown };
});
