import { Prober } from "./check/prober.ts";
import { readRequest } from "./check/read-request.ts";
import type { TlsFiles } from "./config/certificate.ts";
import { createAgentApp } from "./web/agent-app.ts";
import { usualLimits } from "./web/limits.ts";
import { listenOn } from "./web/listen.ts";
import type { ListenAddress } from "./web/listen.ts";
import { ServedCertificate } from "./web/served-certificate.ts";

export interface AgentOptions {
  /** Port 0: any free one. */
  readonly listen: ListenAddress;
  /** Of which callers must show one, at least one. */
  readonly tokens: readonly string[];
  /** Serves HTTPS with these files, and with what they hold later. */
  readonly tls?: TlsFiles | undefined;
  /** Told of a certificate that cannot take the place of the one before. */
  readonly complain?: (why: string) => void;
}

export interface Agent extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Who asks hears nothing until the check is over: more than any route waits. */
const silentMs = 900_000;

/**
 * A location that listens: it carries out what a server with the token asks. Disposing it ends what is going on.
 * @throws Error with one line that says what to do when it cannot listen, or the certificate cannot be served.
 */
export async function startAgent({ listen, tokens, tls, complain }: AgentOptions): Promise<Agent> {
  await using opened = new AsyncDisposableStack();
  const prober = opened.use(new Prober());
  const app = createAgentApp({
    tokens,
    answer: (text, signal) => prober.ask(readRequest(text), signal),
  });
  const limits = { ...usualLimits(), silentMs };
  const certificate =
    tls && opened.use(new ServedCertificate(tls, complain === undefined ? {} : { refused: complain }));
  const { url, port } = opened.use(await listenOn(app.fetch, listen, { certificate, limits }));
  // First, too: those who still ask are told at once, so that closing the port need not wait for them.
  opened.use(prober);
  const parts = opened.move();
  return { url: `${url}/`, port, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
