import * as z from "zod";
import { checkKeys, networkKeys } from "../../model/check.ts";
import { settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { headerSettings } from "./headers.ts";
import { fittingFamily, host, port, serverName } from "./host.ts";

/** What the call itself is made of: metadata by these names would be another call. */
const reserved = /^(?:content-.*|grpc-.*|te|host|connection|transfer-encoding|upgrade|user-agent)$/i;

const metadata = headerSettings
  .superRefine((record, context) => {
    for (const name of Object.keys(record).filter((name) => reserved.test(name))) {
      const message = `leave ${name} out: it is a part of the call, which is written for you`;
      context.addIssue({ code: "custom", message, path: [name], input: name });
    }
  })
  .describe("sent with the call, such as `authorization`");

export const grpcSettings = settings({
  ...checkKeys,
  ...networkKeys,
  type: z.literal("grpc"),
  host,
  port,
  tls: z.boolean().default(true).describe("without it the call goes over HTTP/2 in plain text"),
  "server-name": serverName
    .optional()
    .describe("whom the certificate must be for, and `:authority`; the host when left out"),
  service: z
    .string()
    .max(1000)
    .default("")
    .describe("whose health is asked for, as the server names it; empty: the whole server's"),
  metadata,
  assertions: assertionsOn(["grpc-status", "health", "response-time", "certificate"]).describe(
    "what must hold; without one for grpc-status it must be 0, without one for health SERVING",
  ),
}).superRefine(fittingFamily);
export type GrpcSettings = z.output<typeof grpcSettings>;
