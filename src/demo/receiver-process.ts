/**
 * Those who are told, in a process of its own: each path is somebody. It answers `ok`, as Slack's incoming webhooks do, and
 * keeps what it got for `GET /messages`.
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { ToldMessage } from "./inbox.ts";

const messages: ToldMessage[] = [];

const server = createServer((request, response) => {
  if (request.method === "POST") void take(request, response);
  else response.setHeader("content-type", "application/json").end(JSON.stringify(messages));
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  messages.push({ to: (request.url ?? "/").slice(1), body });
  response.end("ok");
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`receiver listens on http://127.0.0.1:${port}\n`);
});
