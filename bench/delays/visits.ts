import { startHelper } from "../helper.ts";

/** What one connection to a delay server took, as the server saw it; ms. */
export interface Visit {
  readonly number: number;
  readonly path: string;
  /** The delay that was wished for in each phase. */
  readonly wishedMs: number;
  /** From the connection to the end of the handshake; null without TLS. */
  readonly tls: number | null;
  /** From the request to the head of the answer. */
  readonly firstByte: number;
  /** From the head to the end of the body. */
  readonly download: number;
  /** From the connection to the end of the body. */
  readonly total: number;
}

export type Scheme = "http" | "https";

/** A port where every phase takes that much longer. */
export interface DelayPort {
  readonly delayMs: number;
  readonly scheme: Scheme;
  readonly url: string;
}

export type DelayQuestion =
  | {
      readonly type: "listen";
      readonly delaysMs: readonly number[];
      readonly cert: string;
      readonly key: string;
    }
  | { readonly type: "visits" };

export interface DelayAnswer {
  readonly ports: readonly DelayPort[];
  readonly visits: readonly Visit[];
}

/** The header that names the visit. */
export const visitHeader = "x-visit";

/** Servers with known delays, in a process of their own that says how long each phase really took. */
export interface DelayServers extends AsyncDisposable {
  readonly ports: readonly DelayPort[];
  visits(): Promise<readonly Visit[]>;
}

export async function startDelayServers(
  delaysMs: readonly number[],
  certificate: { readonly cert: string; readonly key: string },
): Promise<DelayServers> {
  const helper = startHelper<DelayQuestion, DelayAnswer>(new URL("process.ts", import.meta.url));
  const { ports } = await helper.ask({ type: "listen", delaysMs, ...certificate });
  return {
    ports,
    visits: async () => (await helper.ask({ type: "visits" })).visits,
    [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
  };
}
