import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";

/** A request's body, as far as it is kept. */
export interface Body {
  readonly bytes: Uint8Array;
  /** There was more than `maxBytes`; the rest was read and thrown away, up to `drainBytes`. */
  readonly cut: boolean;
}

/** How much of an oversized body is read to be polite to its sender, who may not look at the answer before. */
const drainBytes = 16 * 1024 * 1024;

/** Reads a body by counting what arrives: nobody's Content-Length is trusted. */
export async function readBody(c: HonoContext, maxBytes: number): Promise<Body> {
  const chunks: Uint8Array[] = [];
  let kept = 0;
  let seen = 0;
  for await (const chunk of chunksOf(c)) {
    seen += chunk.length;
    const room = maxBytes - kept;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    kept += Math.min(room, chunk.length);
    if (seen > maxBytes + drainBytes) break;
  }
  return { bytes: Buffer.concat(chunks), cut: seen > maxBytes };
}

/** Node's own stream where there is one: `Request.body` wraps it in two others, a good part of what an alert costs. */
function chunksOf(c: HonoContext): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  // Leaving the loop early must not cut the connection: the sender is to have an answer.
  return incoming?.iterator({ destroyOnReturn: false }) ?? c.req.raw.body ?? [];
}
