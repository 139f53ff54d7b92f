import * as z from "zod";

/** How a page is broken: connections are reset, or the answer is 503; for everybody, or for those from one location. */
export const fault = z.strictObject({
  kind: z.enum(["reset", "unavailable"]),
  from: z.string().exactOptional(),
});
export type Fault = z.output<typeof fault>;

/** What the site is told; `null` mends the page. */
export const switchFault = z.strictObject({ page: z.string(), fault: fault.nullable() });
export type SwitchFault = z.output<typeof switchFault>;
