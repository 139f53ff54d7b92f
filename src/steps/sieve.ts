import { alertInput } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";
import { uniqueKey } from "../route/unique.ts";
import type { Statement } from "../store/database.ts";
import { markTold, wasTold } from "../store/told-messages.ts";
import type { Context } from "./context.ts";

/** Finds what the actions of a route have been told before, in a batch of alerts that is written as a whole. */
export class Sieve {
  readonly #context: Context;
  readonly #now: number;
  readonly #fresh = new Map<string, Statement>();

  constructor(context: Context, now: number) {
    this.#context = context;
    this.#now = now;
  }

  /** Whether the route has told its actions of the same before; if not, it counts as told from now on. */
  async isRepeat(alert: Alert, route: string): Promise<boolean> {
    const unique = this.#context.setup().config.routes.get(route)?.plugins.unique ?? null;
    const key = unique === null ? null : uniqueKey(alertInput(alert), unique.props);
    if (unique === null || key === null) return false;
    const place = JSON.stringify([route, key]);
    const message = { route, key, since: unique.timeoutMs === null ? 0 : this.#now - unique.timeoutMs };
    if (this.#fresh.has(place) || (await wasTold(this.#context.database, message))) {
      this.#context.log.info("repeat-not-told", { alert: alert.id, route });
      return true;
    }
    this.#fresh.set(place, markTold(message, this.#now));
    return false;
  }

  /** What is told now, for the batch's write: with the deliveries, or not at all. */
  statements(): readonly Statement[] {
    return [...this.#fresh.values()];
  }
}
