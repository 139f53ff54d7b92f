/**
 * The service that the demo's pages are about, in a process of its own. Every page works until `POST /-/fault` breaks it:
 * for everybody, or as seen from one location, whose name is in the User-Agent (`crosscheck/0.2.0 (apac)`).
 */
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { expectedText } from "./config.ts";
import { switchFault } from "./fault.ts";
import type { Fault } from "./fault.ts";

const faults = new Map<string, Fault>();

const server = createServer((request, response) => {
  if (request.method === "POST" && request.url === "/-/fault") void turn(request, response);
  else show(request, response);
});

async function turn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { page, fault } = switchFault.parse(await json(request));
  if (fault === null) faults.delete(page);
  else faults.set(page, fault);
  response.writeHead(204).end();
}

function show(request: IncomingMessage, response: ServerResponse): void {
  const page = request.url ?? "/";
  const from = /\(([^)]+)\)$/.exec(request.headers["user-agent"] ?? "")?.[1] ?? "somebody";
  process.stdout.write(`${page} is asked for by ${from}\n`);
  const fault = faults.get(page);
  if (fault === undefined || (fault.from !== undefined && fault.from !== from)) {
    response.end(`<!doctype html><title>A shop</title><p>${expectedText}</p>\n`);
  } else if (fault.kind === "reset") {
    request.socket.resetAndDestroy();
  } else {
    response.writeHead(503).end("out of order\n");
  }
}

server.listen(0, "127.0.0.1", () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`site listens on http://127.0.0.1:${port}\n`);
});
