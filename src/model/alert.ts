import * as z from "zod";

/**
 * `other` is an acknowledgement, a note or a test, `own` a trigger of ours that came back: both are kept, and nothing
 * starts.
 */
export const alertStatus = z.enum(["firing", "resolved", "other", "own"]);
export type AlertStatus = z.output<typeof alertStatus>;

/** One event as received, plus what its source read from it. */
export interface Alert {
  readonly id: string;
  /** ms since 1970 */
  readonly receivedAt: number;
  /** The source's name in the configuration; `webhook` for `POST /`, `/scan` and `/tenant/{route}`. */
  readonly source: string;
  /** Set when the sender named one route. */
  readonly onlyRoute: string | null;
  readonly contentType: string | null;
  /** The body byte for byte; it may not be UTF-8, and it is cut when `truncated`. */
  readonly body: Uint8Array;
  readonly status: AlertStatus;
  readonly dedupKey: string | null;
  /** The URL the alert is about, where the source knows its place in the body. */
  readonly targetUrl: string | null;
  /** Why we could not read it (not JSON, too large, unknown route); such an alert goes to `unrouted`. */
  readonly fault: string | null;
  /** When its body was removed, being kept no longer (ms since 1970): it is empty then. Left out while it is there. */
  readonly bodyRemovedAt?: number;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The body as JSON; undefined when it is none. */
export function alertInput(alert: Pick<Alert, "body">): unknown {
  try {
    return JSON.parse(utf8.decode(alert.body)) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * What Rego sees as `data.alert` beside `input`, the body as received.
 */
export interface AlertFacts {
  readonly id: string;
  readonly source: string;
  readonly status: AlertStatus;
  readonly subject?: string;
  /** RFC 3339 */
  readonly receivedAt: string;
}

export function alertFacts(alert: Alert, subject?: string): AlertFacts {
  return {
    id: alert.id,
    source: alert.source,
    status: alert.status,
    receivedAt: new Date(alert.receivedAt).toISOString(),
    ...(subject === undefined ? {} : { subject }),
  };
}
