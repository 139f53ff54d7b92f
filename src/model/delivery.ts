import * as z from "zod";
import { newId } from "./id.ts";

export const deliveryEvent = z.enum([
  "trigger",
  "verdict",
  "change",
  "recovered",
  "trouble",
  "digest",
  "test",
]);
export type DeliveryEvent = z.output<typeof deliveryEvent>;

export const deliveryState = z.enum(["pending", "delivered", "superseded", "dead"]);
export type DeliveryState = z.output<typeof deliveryState>;

/** One of several things that a message lists, and the incident that it is about. */
export const noticeItem = z.object({ text: z.string(), incidentId: z.string().nullable() });
export type NoticeItem = z.output<typeof noticeItem>;

/** What a delivery has to say beside what the incident's rows say when it is sent. */
export const notice = z.object({
  /** The alert that this is about. */
  alertId: z.string().nullable(),
  /** One more sentence: why now, or for whom this stands in. */
  note: z.string().nullable(),
  /** What a digest lists. */
  items: z.array(noticeItem).exactOptional(),
});
export type Notice = z.output<typeof notice>;

/** One message due to one action. The id is the idempotency key. Times are ms since 1970. */
export interface Delivery {
  readonly id: string;
  readonly incidentId: string;
  readonly action: string;
  /** Order within the incident and action, from 1. */
  readonly number: number;
  readonly event: DeliveryEvent;
  readonly runId: string | null;
  readonly notice: Notice;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAt: number;
  readonly nextAt: number;
  /** When its fallback was told instead. */
  readonly fallbackAt: number | null;
  readonly error: string | null;
  /** What the receiver's answer left for later messages about the incident. */
  readonly thread: string | null;
  readonly deliveredAt: number | null;
}

/** A message that is due at once, before anything is known of it. */
export function newDelivery(about: {
  readonly incidentId: string;
  readonly action: string;
  readonly event: DeliveryEvent;
  readonly alertId: string | null;
  readonly now: number;
}): Delivery {
  const { incidentId, action, event, alertId, now } = about;
  return {
    id: newId(),
    incidentId,
    action,
    number: 1,
    event,
    runId: null,
    notice: { alertId, note: null },
    state: "pending",
    attempts: 0,
    createdAt: now,
    nextAt: now,
    fallbackAt: null,
    error: null,
    thread: null,
    deliveredAt: null,
  };
}
