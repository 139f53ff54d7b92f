import * as z from "zod";
import { checkKeys, networkKeys } from "../../model/check.ts";
import { secret, settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { fittingFamily, host, port } from "./host.ts";

export const tcpSettings = settings({
  ...checkKeys,
  ...networkKeys,
  type: z.literal("tcp"),
  host,
  port,
  tls: z.boolean().default(false).describe("speak over TLS; the certificate must hold"),
  send: secret.optional().describe("text that is sent first, as UTF-8; its secrets are not shown"),
  assertions: assertionsOn(["received", "response-time", "certificate"]).describe(
    "what must hold; without one for received a connection is enough",
  ),
}).superRefine(fittingFamily);
export type TcpSettings = z.output<typeof tcpSettings>;
