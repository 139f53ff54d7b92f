import type { Server } from "node:http";
import { isIP } from "node:net";
import { serve } from "@hono/node-server";
import type { ServerType } from "@hono/node-server";

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A port that answers; disposing of it waits for the requests under way. */
export interface Listener extends AsyncDisposable {
  /** `http://127.0.0.1:8082` */
  readonly url: string;
}

/**
 * Answers HTTP on a port.
 * @throws Error with one line that says what to do: port in use, not allowed.
 */
export async function listenOn(
  fetch: (request: Request) => Response | Promise<Response>,
  listen: ListenAddress,
): Promise<Listener> {
  const server = await open(fetch, listen);
  return { url: urlOf(server, listen), [Symbol.asyncDispose]: () => closed(server) };
}

function open(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: ListenAddress,
): Promise<ServerType> {
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

function urlOf(server: ServerType, { host }: ListenAddress): string {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return `http://${addressText({ host, port })}`;
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
