import { createServer as createHttpServer } from "node:http";
import type { Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { Server as HttpsServer } from "node:https";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import { serve } from "@hono/node-server";
import type { Http2Bindings, HttpBindings } from "@hono/node-server";
import { usualLimits } from "./limits.ts";
import type { ConnectionLimits } from "./limits.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import type { ServedCertificate } from "./served-certificate.ts";

/** Where to listen; port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** How to listen, where it is not as usual. */
export interface ListenOptions {
  /** Serves HTTPS with it (TLS 1.2 and above), and with what takes its place. */
  readonly certificate?: ServedCertificate | undefined;
  readonly limits?: ConnectionLimits;
  /** Told of each connection that is closed because there are too many. */
  readonly dropped?: () => void;
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
 * Answers HTTP, or HTTPS, on a port.
 * @throws Error with one line that says what to do: port in use, not allowed.
 */
export async function listenOn(
  fetch: Fetch,
  listen: ListenAddress,
  options: ListenOptions = {},
): Promise<Listener> {
  const server = await open(fetch, listen, options);
  const sockets = connectionsOf(server);
  const swapping = options.certificate?.onChange((context) => {
    (server as HttpsServer).setSecureContext(context);
  });
  const port = portOf(server);
  const scheme = options.certificate === undefined ? "http" : "https";
  return {
    url: `${scheme}://${addressText({ host: listen.host, port })}`,
    port,
    async [Symbol.asyncDispose]() {
      swapping?.[Symbol.dispose]();
      await closed(server, sockets);
    },
  };
}

function open(fetch: Fetch, { host, port }: ListenAddress, options: ListenOptions): Promise<Server> {
  const { certificate, limits = usualLimits(), dropped } = options;
  const tls = certificate !== undefined;
  const kind = tls
    ? {
        createServer: createHttpsServer,
        serverOptions: {
          ...requestLimits(limits),
          ...certificate.context,
          handshakeTimeout: limits.handshakeMs,
        },
      }
    : { createServer: createHttpServer, serverOptions: requestLimits(limits) };
  return new Promise((resolve, reject) => {
    const listening = serve({ fetch, hostname: host, port, overrideGlobalObjects: false, ...kind }, () => {
      server.removeListener("error", refuse);
      resolve(server);
    });
    // What `createServer` has made.
    const server = listening as Server;
    const refuse = (error: NodeJS.ErrnoException) => {
      reject(new Error(listenFault(error, { host, port }), { cause: error }));
    };
    server.once("error", refuse);
    server.prependListener("request", (_request, response) => {
      setSecurityHeaders(response, { tls });
    });
    server.setTimeout(limits.silentMs);
    server.maxConnections = limits.connections;
    server.maxRequestsPerSocket = limits.requests;
    if (dropped !== undefined) server.on("drop", dropped);
  });
}

/** Against those who take their time (slowloris): a connection is cut when a request does not come in time. */
function requestLimits({ headersMs, requestMs, idleMs, lookMs }: ConnectionLimits) {
  return {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    connectionsCheckingInterval: lookMs,
    maxHeaderSize: 16_384,
    // Whatever the process was started with: a header read in two ways is how requests are smuggled.
    insecureHTTPParser: false,
  };
}

function listenFault(error: NodeJS.ErrnoException, listen: ListenAddress): string {
  const where = addressText(listen);
  if (error.code === "EADDRINUSE")
    return `${where} is in use: stop what listens there, or choose another with --listen`;
  if (error.code === "EACCES")
    return `${where} may not be listened on by this user: choose a port above 1023`;
  return `cannot listen on ${where}: ${error.message}`;
}

function portOf(server: Server): number {
  const address = server.address();
  return address !== null && typeof address === "object" ? address.port : 0;
}

function addressText({ host, port }: ListenAddress): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Every connection, those too that have not agreed on TLS yet. */
function connectionsOf(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}

/** What a request under way has to end: one that its sender never finishes must not keep the process. */
const graceMs = 5000;

/** Stops taking requests and waits for those under way, for a while; idle connections are cut at once. */
function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, graceMs);
  return new Promise((resolve) => {
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
