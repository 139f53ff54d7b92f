import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { probeProtocolVersion, type ProbeRequest } from "../model/probe-protocol.ts";
import { runProbe } from "./run-probe.ts";

/**
 * Probes a server in this very thread a few times: what loads lazily (TLS and its root certificates above all) and what
 * runs slowly at first would otherwise be in the phases of the first real attempt, tens of milliseconds of them. Nothing
 * depends on it: where nobody may listen on loopback it does less.
 */
export async function warmUp(): Promise<void> {
  const server = createServer((_, response) => void response.end('{"warm": true}'));
  try {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // It speaks no TLS: the handshake fails, after everything that makes one has been loaded.
    for (const scheme of ["http", "https"]) await probeAll(scheme, server);
  } catch {
    // The first attempt is slow, then.
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function probeAll(scheme: string, server: Server): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  await runProbe(requestFor(`${scheme}://127.0.0.1:${port}/`), { signal });
}

function requestFor(url: string): ProbeRequest {
  return {
    version: probeProtocolVersion,
    check: {
      name: "warm-up",
      type: "http",
      url,
      retry: { attempts: 1, backoff: "0ms" },
      assertions: [
        { source: "body", comparison: "contains", target: "warm" },
        { source: "json-body", property: "$.warm", comparison: "equals", target: "true" },
      ],
    },
    samples: { count: 8, intervalMs: 0 },
    controls: [],
    deadlineMs: 500,
    target: { from: "config", allowPrivate: [] },
  };
}
