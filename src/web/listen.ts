import type { Server } from "node:http";
import { isIP } from "node:net";
import { serve } from "@hono/node-server";
import type { Http2Bindings, HttpBindings, ServerType } from "@hono/node-server";

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A port that answers; disposing of it waits for the requests under way. */
export interface Listener extends AsyncDisposable {
  /** `http://127.0.0.1:8082` */
  readonly url: string;
  readonly port: number;
}

/** Answers a request; `bindings` tells whose connection it came over. */
export type Fetch = (
  request: Request,
  bindings: HttpBindings | Http2Bindings,
) => Response | Promise<Response>;

/**
 * Answers HTTP on a port.
 * @throws Error with one line that says what to do: port in use, not allowed.
 */
export async function listenOn(fetch: Fetch, listen: ListenAddress): Promise<Listener> {
  const server = await open(fetch, listen);
  const port = portOf(server);
  const url = `http://${addressText({ host: listen.host, port })}`;
  return { url, port, [Symbol.asyncDispose]: () => closed(server) };
}

function open(fetch: Fetch, { host, port }: ListenAddress): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, hostname: host, port, overrideGlobalObjects: false }, () => {
      server.removeListener("error", refuse);
      resolve(server);
    });
    const refuse = (error: NodeJS.ErrnoException) => {
      reject(new Error(listenFault(error, { host, port }), { cause: error }));
    };
    server.once("error", refuse);
  });
}

function listenFault(error: NodeJS.ErrnoException, listen: ListenAddress): string {
  const where = addressText(listen);
  if (error.code === "EADDRINUSE")
    return `${where} is in use: stop what listens there, or choose another with --listen`;
  if (error.code === "EACCES")
    return `${where} may not be listened on by this user: choose a port above 1023`;
  return `cannot listen on ${where}: ${error.message}`;
}

function portOf(server: ServerType): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function addressText({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** What a request under way has to end: one that its sender never finishes must not keep the process. */
const graceMs = 5000;

/** Stops taking requests and waits for those under way, for a while; idle connections are cut at once. */
function closed(listening: ServerType): Promise<void> {
  const server = listening as Server;
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, graceMs);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
