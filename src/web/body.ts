/** A request's body, as far as it is kept. */
export interface Body {
  readonly bytes: Uint8Array;
  /** There was more than `maxBytes`; the rest was read and thrown away, up to `drainBytes`. */
  readonly cut: boolean;
}

/** How much of an oversized body is read to be polite to its sender, who may not look at the answer before. */
const drainBytes = 16 * 1024 * 1024;

/** Reads a body by counting what arrives: nobody's Content-Length is trusted. */
export async function readBody(request: Request, maxBytes: number): Promise<Body> {
  if (request.body === null) return { bytes: new Uint8Array(), cut: false };
  const chunks: Uint8Array[] = [];
  let kept = 0;
  let seen = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    seen += chunk.length;
    const room = maxBytes - kept;
    if (room > 0) chunks.push(chunk.subarray(0, room));
    kept += Math.min(room, chunk.length);
    if (seen > maxBytes + drainBytes) break;
  }
  return { bytes: Buffer.concat(chunks), cut: seen > maxBytes };
}
