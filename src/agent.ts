import { Prober } from "./check/prober.ts";
import { readRequest } from "./check/read-request.ts";
import { createAgentApp } from "./web/agent-app.ts";
import { listenOn } from "./web/listen.ts";
import type { ListenAddress } from "./web/listen.ts";

export interface AgentOptions {
  /** Port 0: any free one. */
  readonly listen: ListenAddress;
  readonly token: string;
}

export interface Agent extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/**
 * A location that listens: it carries out what a server with the token asks. Disposing it ends what is going on.
 * @throws Error with one line that says what to do when it cannot listen.
 */
export async function startAgent({ listen, token }: AgentOptions): Promise<Agent> {
  await using opened = new AsyncDisposableStack();
  const prober = opened.use(new Prober());
  const app = createAgentApp({
    token,
    answer: (text, signal) => prober.ask(readRequest(text), signal),
  });
  const { url, port } = opened.use(await listenOn(app.fetch, listen));
  // First, too: those who still ask are told at once, so that closing the port need not wait for them.
  opened.use(prober);
  const parts = opened.move();
  return { url: `${url}/`, port, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
