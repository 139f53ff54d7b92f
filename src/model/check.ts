import * as z from "zod";
import { assertion } from "./assertion.ts";
import { claims } from "./claim.ts";
import { duration, name, settings } from "./settings.ts";

/** An address of a DNS server: `1.1.1.1`, `1.1.1.1:5353`, `[2606:4700:4700::1111]:53`. */
export const resolverAddress = z.string().refine(isServer, {
  error: ({ input }) =>
    `"${String(input)}" is not the address of a DNS server: write one such as 1.1.1.1 or [2606:4700:4700::1111]:53`,
});

function isServer(text: string): boolean {
  if (z.ipv6().safeParse(text).success) return true;
  const {
    six,
    four,
    port = "53",
  } = /^(?:\[(?<six>[^\]]+)\]|(?<four>[\d.]+))(?::(?<port>\d{1,5}))?$/.exec(text)?.groups ?? {};
  const isAddress = six === undefined ? z.ipv4().safeParse(four).success : z.ipv6().safeParse(six).success;
  return isAddress && Number(port) >= 1 && Number(port) <= 65_535;
}

/** The keys that checks of every type have; `type` and the rest are the probe's own. */
export const checkKeys = {
  name: name.describe("what routes call it"),
  timeout: duration
    .refine((ms) => ms > 0, "an attempt needs time: write a timeout such as 5s")
    .default(5000)
    .describe("for one attempt"),
  retry: settings({
    attempts: z.int().min(1).max(5).default(2).describe("tries a sample gets, the first included"),
    backoff: duration.default(500).describe("pause before the retry"),
  })
    .default({ attempts: 2, backoff: 500 })
    .describe("only failures below content are tried again"),
  assertions: z.array(assertion).default([]).describe("what must hold, beside an answer at all"),
  covers: claims
    .optional()
    .describe(
      "what a pass of this check proves: a list of these, or a Rego expression over the alert that gives one, or true",
    ),
  "self-test": z
    .boolean()
    .default(true)
    .describe("run it from everywhere at load and now and then, to know how it looks when all is well"),
};

/** The keys that checks have whose target is a name to be resolved and connected to. */
export const networkKeys = {
  "ip-family": z.literal([4, 6, "any"]).default("any").describe("which addresses of the name are looked at"),
  resolver: resolverAddress
    .optional()
    .describe("who is asked what the name is; the location's own when left out"),
};

/** The keys that say where a check connects to, and those that may be written from the alert. */
export const targetKeys: readonly string[] = ["url", "host"];
export const templatedKeys: readonly string[] = [...targetKeys, "query"];

/** A check as the configuration writes it, with its templates rendered: what plans keep and the probe protocol sends. */
export const writtenCheck = z.looseObject({ name, type: z.string() });
export type WrittenCheck = z.output<typeof writtenCheck>;
