import * as z from "zod";
import { checkKeys, networkKeys } from "../../model/check.ts";
import { settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { defineProbe, lookupOf, type Finding } from "../probe-type.ts";
import { conclude, type Fault } from "./conclude.ts";
import { endpoint, letGo } from "./connection.ts";
import { fittingFamily, host, lookupName, port, serverName } from "./host.ts";
import { gaveUp, open, secure } from "./open.ts";
import { startTlsOverSmtp } from "./starttls.ts";
import { Trace } from "./trace.ts";

const versions = ["TLSv1.2", "TLSv1.3"] as const;

export const tlsSettings = settings({
  ...checkKeys,
  ...networkKeys,
  type: z.literal("tls"),
  host,
  port: port.optional().describe("443; 587 with starttls: smtp"),
  "server-name": serverName
    .optional()
    .describe("whom the certificate must be for, and what is asked for (SNI); the host when left out"),
  starttls: z.enum(["smtp"]).optional().describe("what is spoken before TLS begins"),
  "min-version": z.enum(versions).default("TLSv1.2").describe("a connection below it fails"),
  assertions: assertionsOn(["certificate", "response-time"]).describe(
    "what must hold, beside a certificate that does",
  ),
}).superRefine(fittingFamily);
type TlsSettings = z.output<typeof tlsSettings>;

/** One TLS handshake, in clear text before it where the protocol wants that; docs/probes/tls.md. */
export const tls = defineProbe({
  name: "tls",
  settings: tlsSettings,
  target(settings) {
    return { host: lookupName(settings.host), port: portOf(settings), ...lookupOf(settings) };
  },
  async attempt(settings, context, signal): Promise<Finding> {
    const trace = new Trace(context.address, context.dnsMs);
    const place = endpoint(context.address, portOf(settings));
    try {
      await shakeHands(settings, trace, signal);
      const facts = trace.facts();
      const evidence = { totalMs: trace.totalMs, tls: trace.tls };
      const faults = versionFault(settings, trace.tls?.protocol ?? null);
      return { ...facts, ...context.hold(() => conclude(settings.assertions, { evidence, place, faults })) };
    } catch (error) {
      return gaveUp(error, trace);
    }
  },
});

async function shakeHands(settings: TlsSettings, trace: Trace, signal: AbortSignal): Promise<void> {
  const port = portOf(settings);
  const place = endpoint(trace.remote, port);
  const socket = await open({ port, tls: null }, trace, signal);
  try {
    if (settings.starttls !== undefined) {
      trace.begin();
      await startTlsOverSmtp(socket, place, signal);
      trace.end("firstByte");
    }
    const wish = { host: lookupName(settings.serverName ?? settings.host), place, alpn: [] };
    letGo(await secure(socket, wish, trace, signal));
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** 587, not 25: most clouds let nobody out to port 25, and what cannot be seen from there must not page. */
function portOf({ port, starttls }: TlsSettings): number {
  return port ?? (starttls === undefined ? 443 : 587);
}

/** Judged after the handshake, not refused in it: so the certificate is seen all the same. */
function versionFault({ minVersion }: TlsSettings, spoken: string | null): readonly Fault[] {
  if (rank(spoken) >= rank(minVersion)) return [];
  return [{ errorClass: "tls.version", message: `TLS version is ${spoken}, not ${minVersion} or later` }];
}

/** -1 for what is older than any that may be asked for. */
function rank(version: string | null): number {
  return versions.findIndex((one) => one === version);
}
