import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Ledger, type Told } from "./judge.ts";

/** How somebody who is told answers. One that leaves the response alone hangs. */
export type Manner = (response: ServerResponse, told: Told) => unknown;

/** Those who are told: each first part of a path is somebody. What they hear goes into the ledger. */
export interface Listener extends AsyncDisposable {
  readonly url: string;
  /** From now on this is how somebody answers; without a manner: takes everything. */
  manner(who: string, manner?: Manner): void;
}

/** An answer that webhooks, Slack and PagerDuty take for yes, each its own. */
const taking: Manner = (response, { who }) =>
  who === "slack" ? response.end("ok") : response.writeHead(202).end('{"status":"success"}');

export async function startListener(ledger: Ledger): Promise<Listener> {
  const manners = new Map<string, Manner>();
  const server = createServer((request, response) => void take(request, response));
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const who = /^\/([^/?]*)/.exec(request.url ?? "")?.[1] ?? "";
    // A sender that was killed in the middle of its message has told nothing.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const told = { who, key: keyOf(request, body), at: Date.now(), taken: false };
    for (const mark of Ledger.marksIn(body)) ledger.hear(mark, told);
    response.on("close", () => {
      told.taken ||= response.writableFinished && response.statusCode < 300;
    });
    (manners.get(who) ?? taking)(response, told);
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    manner: (who, manner = taking) => void manners.set(who, manner),
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function keyOf({ headers }: IncomingMessage, body: string): string {
  const pagers = /"dedup_key":\s*"([^"]*)"/.exec(body)?.[1];
  return pagers ?? headers["idempotency-key"]?.toString() ?? "";
}
