import * as z from "zod";
import { checkKeys, networkKeys } from "../../model/check.ts";
import { settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { headerSettings } from "./headers.ts";
import { fittingFamily } from "./host.ts";
import { urlOf } from "./url.ts";
import { handshakeHeaders } from "./websocket-handshake.ts";

const headers = headerSettings
  .superRefine((record, context) => {
    for (const name of Object.keys(record).filter((name) => handshakeHeaders.has(name.toLowerCase()))) {
      const message = `${name} is said by the handshake itself; subprotocols go to \`protocols\``;
      context.addIssue({ code: "custom", message, path: [name], input: name });
    }
  })
  .describe("sent with the handshake");

/** RFC 6455 §4.1 has a subprotocol be a token of HTTP. */
const subprotocol = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "a subprotocol is a word, such as graphql-transport-ws");

export const websocketSettings = settings({
  ...checkKeys,
  ...networkKeys,
  type: z.literal("websocket"),
  url: urlOf("ws"),
  headers,
  protocols: z
    .array(subprotocol)
    .max(20)
    .refine((list) => new Set(list).size === list.length, "a subprotocol is offered twice")
    .default([])
    .describe("subprotocols that are offered, best first; the server must choose one"),
  assertions: assertionsOn(["status-code", "header", "response-time", "certificate"]).describe(
    "what must hold; without one for status-code it must be 101",
  ),
}).superRefine(fittingFamily);
export type WebsocketSettings = z.output<typeof websocketSettings>;
