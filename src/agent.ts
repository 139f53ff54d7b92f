import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { agentApp } from "./check/agent-app.ts";
import { Prober } from "./check/prober.ts";

export interface AgentOptions {
  /** Port 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly token: string;
}

export interface Agent extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/**
 * A location that listens: it carries out what a server with the token asks. Disposing it ends what is going on.
 * @throws Error of node:net when it cannot listen.
 */
export async function startAgent({ listen, token }: AgentOptions): Promise<Agent> {
  await using opened = new AsyncDisposableStack();
  const prober = opened.use(new Prober());
  const app = agentApp({ token, ask: (request, signal) => prober.ask(request, signal) });
  const server = createAdaptorServer({ fetch: app.fetch });
  server.listen(listen.port, listen.host);
  await once(server, "listening");
  opened.defer(async () => {
    const closed = once(server, "close");
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  const parts = opened.move();
  return { url: `http://${host}:${port}/`, port, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
