import * as z from "zod";
import { checkKeys, networkKeys } from "../../model/check.ts";
import { secret, settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { headerSettings } from "./headers.ts";
import { fittingFamily } from "./host.ts";
import { urlOf } from "./url.ts";

/** RFC 7617 §2: what is in front of the first colon, and neither part with control characters. */
const username = z
  .string()
  .regex(/^[^:\p{Cc}]+$/u, "a user name is one line without a colon")
  .describe("shown to people, unlike the password");

/** By their name in lower case; each would be at odds with how the request is sent. */
const ownHeaders: Readonly<Record<string, string>> = {
  "content-length": "the length of the body is written for you",
  "transfer-encoding": "the body is sent as it is",
};

export const httpSettings = settings({
  ...checkKeys,
  ...networkKeys,
  type: z.literal("http"),
  url: urlOf("http"),
  method: z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]).default("GET"),
  headers: headerSettings.describe("sent to the URL's own origin only, never to where it redirects"),
  "basic-auth": settings({ username, password: secret })
    .optional()
    .describe("sent as `authorization`, like the headers"),
  body: secret
    .optional()
    .describe("text that is sent as UTF-8, to the URL's own origin only; it is not shown"),
  "http-version": z
    .literal(["auto", "1.1", "2", 1.1, 2])
    .default("auto")
    .describe(
      "`auto`: what the server chooses over TLS, else 1.1; `2` without TLS needs a server that knows beforehand",
    ),
  "follow-redirects": z.boolean().default(true),
  "max-redirects": z.int().min(0).max(20).default(5),
  "allow-downgrade": z.boolean().default(false).describe("follow redirects from https to http, too"),
  "max-body": z
    .int()
    .min(1)
    .max(16_000_000)
    .default(1_000_000)
    .describe("bytes of the body that are read; what is behind them is not looked at"),
  cached: z
    .literal("ok")
    .optional()
    .describe(
      "health out of a cache proves health; without it, it proves nothing of what is behind the cache",
    ),
  assertions: assertionsOn([
    "status-code",
    "header",
    "body",
    "json-body",
    "response-time",
    "certificate",
  ]).describe("what must hold; without one for status-code the status must be 2xx"),
})
  .superRefine(({ method, body, headers, basicAuth }, context) => {
    const issue = (path: readonly string[], message: string) => {
      context.addIssue({ code: "custom", message, path: [...path], input: undefined });
    };
    if (body !== undefined && (method === "GET" || method === "HEAD")) {
      issue(["body"], `a ${method} has no body: write another method, such as POST`);
    }
    for (const name of Object.keys(headers)) {
      const why = ownHeaders[name.toLowerCase()];
      if (why !== undefined) issue(["headers", name], `leave ${name} out: ${why}`);
      if (basicAuth !== undefined && name.toLowerCase() === "authorization") {
        issue(["headers", name], "authorization is what basic-auth writes: keep one of the two");
      }
    }
  })
  .superRefine(fittingFamily);
export type HttpSettings = z.output<typeof httpSettings>;
