import type { Context as HonoContext } from "hono";

/** `?limit=` (1 to 200, default 50) and `?cursor=` (the id that the page before ended with); undefined: a bad limit. */
export function pageOf(
  c: HonoContext,
): { readonly limit: number; readonly cursor: string | undefined } | undefined {
  const limit = Number(c.req.query("limit") ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) return undefined;
  return { limit, cursor: c.req.query("cursor") };
}
