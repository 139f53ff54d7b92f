import * as z from "zod";

/** What an alert says is wrong, and what a check's pass proves. */
export const claimKind = z.enum(["reachability", "latency", "content", "certificate", "dns"]);
export type ClaimKind = z.output<typeof claimKind>;

/** As the configuration writes them: a list, or a rule over the alert that gives one. */
export const claims = z.union([z.array(claimKind).min(1), z.string().min(1)], {
  error: `write a list of ${claimKind.options.join(", ")}, or a Rego expression over the alert`,
});

/** What an alert says, as far as it can be read; empty lists: it does not say. */
export const claim = z.object({
  kinds: z.array(claimKind),
  ipVersions: z.array(z.union([z.literal(4), z.literal(6)])),
  /** Regions that it names, such as `eu-west-1`, or names of locations. */
  regions: z.array(z.string()),
});
export type Claim = z.output<typeof claim>;

export const noClaim: Claim = { kinds: [], ipVersions: [], regions: [] };

/** Whether a check can see what an alert says; `why` for people, in both cases. */
export const coverage = z.object({ covered: z.boolean(), why: z.string() });
export type Coverage = z.output<typeof coverage>;
