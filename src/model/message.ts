import type { AlertStatus } from "./alert.ts";
import type { DeliveryEvent } from "./delivery.ts";
import type { Incident } from "./incident.ts";
import type { Observation } from "./observation.ts";
import type { Verdict } from "./verdict.ts";

/** One location's line in a message. */
export interface LocationLine {
  readonly location: string;
  readonly check: string;
  readonly vote: "pass" | "flaky" | "fail" | "degraded" | "none";
  /** `TLS certificate expired at 203.0.113.7 (dns 3, tcp 40, tls 18 ms)` */
  readonly text: string;
}

/** A line for a shell that shows what is wrong, and for which locations it does. */
export interface EvidenceLine {
  readonly from: string;
  readonly command: string;
}

/** One line of a list, with the page of what it is about. */
export interface MessageItem {
  readonly text: string;
  readonly link: string | null;
}

/**
 * What an operator is told, in the words that every action uses; an action only gives it its receiver's form. Texts are
 * plain: each action escapes for its receiver.
 */
export interface Message {
  /** Stable over retries: the delivery's id. */
  readonly id: string;
  readonly event: DeliveryEvent;
  /** The same everywhere, at most 120 characters: headline, subject, cause, since. */
  readonly firstLine: string;
  readonly subject: string;
  readonly route: string;
  /** One sentence: what was found. Empty when the alert has only arrived. */
  readonly summary: string;
  readonly locations: readonly LocationLine[];
  /** How to see it for oneself; without secrets, and whole: a shell takes it as it is. */
  readonly evidence: readonly EvidenceLine[];
  /** `from eu: last passed …; status: was 200, is 503`: what is different from when it last passed there. */
  readonly changes: readonly string[];
  /** `from eu it works over IPv4`: what came of changing one thing at a time. */
  readonly contrasts: readonly string[];
  /** What a digest lists; empty in every other message. */
  readonly items: readonly MessageItem[];
  readonly notTested: readonly string[];
  /** What Crosscheck did and will do: "watching 10 min", "next look in 30 s". */
  readonly next: readonly string[];
  readonly runbook: string | null;
  /** The incident's page under `server.public-url`. */
  readonly link: string | null;
  /** ms since 1970 */
  readonly sentAt: number;
  readonly incident: Incident;
  readonly verdict: Verdict | null;
  readonly observations: readonly Observation[];
  /** The alert that started or joined last; `body` as received, base64 when it is not UTF-8. */
  readonly alert: MessageAlert | null;
  /** What the route's `template` makes of the alert; null without one, and for all but the alert's arrival. */
  readonly rendered: RenderedTemplate | null;
}

/** A template's output, in Postee's terms: docs/postee.md. */
export interface RenderedTemplate {
  readonly title: string;
  /** Its `result`: text as it is, anything else as JSON. */
  readonly description: string;
  readonly url: string | null;
}

export interface MessageAlert {
  readonly id: string;
  readonly source: string;
  readonly status: AlertStatus;
  readonly receivedAt: string;
  readonly contentType: string | null;
  readonly body: string;
  readonly encoding: "utf-8" | "base64";
}
