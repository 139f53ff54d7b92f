import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";
import type { Share } from "./budget.ts";

/** A request's body, as far as it is kept. */
export interface Body {
  readonly bytes: Uint8Array;
  /** There was more than `maxBytes`; the rest was read and thrown away, up to `drainBytes`. */
  readonly cut: boolean;
}

/** How much of an oversized body is read to be polite to its sender, who may not look at the answer before. */
const drainBytes = 16 * 1024 * 1024;

/** What a piece of a body costs beside its bytes: a sender may send it byte by byte. */
const pieceBytes = 256;

/** The budget has no room for more of the body. */
export class NoRoomError extends Error {
  override readonly name = "NoRoomError";
}

/**
 * Reads a body by counting what arrives: nobody's Content-Length is trusted. What is kept is taken from `share`.
 * @throws NoRoomError when the share cannot grow any more; what else arrives is thrown away.
 */
export function readBody(c: HonoContext, maxBytes: number, share?: Share): Promise<Body> {
  const pieces = new Pieces(maxBytes, share);
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return incoming === undefined ? fromStream(c, pieces) : fromNode(incoming, pieces);
}

class Pieces {
  readonly #maxBytes: number;
  readonly #share: Share | undefined;
  #pieces: Uint8Array[] = [];
  #seen = 0;

  constructor(maxBytes: number, share: Share | undefined) {
    this.#maxBytes = maxBytes;
    this.#share = share;
  }

  /** False when enough has been seen: the rest need not be waited for. */
  add(piece: Uint8Array): boolean {
    const room = this.#maxBytes - this.#seen;
    this.#seen += piece.length;
    if (room > 0) this.#keep(piece.subarray(0, room));
    return this.#seen <= this.#maxBytes + drainBytes;
  }

  body(): Body {
    const [only] = this.#pieces;
    const bytes = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    return { bytes, cut: this.#seen > this.#maxBytes };
  }

  #keep(piece: Uint8Array): void {
    if (this.#share?.take(piece.length + pieceBytes) === false) {
      this.#pieces = [];
      throw new NoRoomError("too much is being read already");
    }
    this.#pieces.push(piece);
  }
}

/**
 * Node's own stream, by its events: `Request.body` wraps it in two others and an iterator in one, a good part of what an
 * alert costs. Leaving early does not cut the connection: the sender is to have an answer, and Node reads on meanwhile.
 */
function fromNode(incoming: HttpBindings["incoming"], pieces: Pieces): Promise<Body> {
  const { promise, resolve, reject } = Promise.withResolvers<Body>();
  const leave = () => {
    incoming.off("data", take);
    incoming.resume();
  };
  const take = (piece: Uint8Array) => {
    try {
      if (pieces.add(piece)) return;
      leave();
      resolve(pieces.body());
    } catch (error) {
      leave();
      reject(error);
    }
  };
  incoming.on("data", take);
  incoming.on("end", () => resolve(pieces.body()));
  incoming.on("error", reject);
  // Closes every time: an error is made only where it is one.
  const close = () => {
    if (!incoming.complete) reject(new Error("the sender went away before its body was whole"));
  };
  incoming.on("close", close);
  if (incoming.closed) close();
  return promise;
}

async function fromStream(c: HonoContext, pieces: Pieces): Promise<Body> {
  for await (const piece of c.req.raw.body ?? []) if (!pieces.add(piece)) break;
  return pieces.body();
}
