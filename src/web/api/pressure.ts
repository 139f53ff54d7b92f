import type { Context as HonoContext } from "hono";
import type { Alert } from "../../model/alert.ts";
import { reportTrouble } from "../../steps/trouble.ts";
import { Budget, type Share } from "../budget.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** What webhooks may hold in memory together: bodies that are being read, and alerts that wait for the store. */
const maxBytes = 64 * 1024 * 1024;

/** The same beside it for callers who are judged by their body alone: anybody may begin to send one. */
const strangersBytes = 32 * 1024 * 1024;

/** What a request costs beside its body, and an alert beside its own. */
const requestBytes = 4096;
const alertBytes = 1024;

/** When to send again, in seconds. */
const retryAfter = "5";

/** How often whoever hears of our troubles hears of this one, at most. */
const quietMs = 60_000;

/** Keeps what webhooks hold in memory within bounds; strangers take nothing from those who have shown a token. */
export class Pressure {
  readonly #site: Site;
  readonly #known = new Budget(maxBytes);
  readonly #strangers = new Budget(strangersBytes);
  #toldAt = -Infinity;

  constructor(site: Site) {
    this.#site = site;
  }

  /** The share of one request; undefined when there is no room for another one. */
  open({ stranger }: { readonly stranger: boolean }): Share | undefined {
    const share = (stranger ? this.#strangers : this.#known).open();
    return share.take(requestBytes) ? share : undefined;
  }

  /** 503 and never 429: several senders take a 4xx for delivered (alerts.md §0). */
  refuse(c: HonoContext): Response {
    const { context } = this.#site;
    context.metrics.refused.inc({ reason: "pressure" });
    const now = context.now();
    if (now - this.#toldAt >= quietMs) {
      this.#toldAt = now;
      const note =
        "webhooks are turned away with 503: those that are being read or wait for the database take too much memory";
      void reportTrouble(context, "pressure", { what: "webhook", note });
    }
    c.header("retry-after", retryAfter);
    return problem(c, 503, "too many alerts are waiting to be stored: send it again");
  }
}

/** What alerts cost until they are stored, beside the body that they came in. */
export function weightOf(alerts: readonly Alert[], body: Uint8Array): number {
  return alerts.reduce((sum, alert) => {
    const shared = alert.body.buffer === body.buffer;
    return sum + alertBytes + (shared ? 0 : alert.body.length);
  }, 0);
}
