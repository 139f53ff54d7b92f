import type { Context as HonoContext, MiddlewareHandler } from "hono";
import { RecentCount } from "../steps/self-watch.ts";
import { reportTrouble } from "../steps/trouble.ts";
import { isLetIn, requireToken } from "./auth.ts";
import type { Gate, Refusal } from "./auth.ts";
import { GuessCount } from "./guess-count.ts";
import { addressOf } from "./origin.ts";
import type { Site } from "./site.ts";
import { apiTokens, readTokens } from "./tokens.ts";

/** So many wrong tokens from one network within this time tell `trouble`. */
const guessesToTell = 10;
const windowMs = 300_000;

/** Whoever looks for the reason finds it; whoever guesses must not fill the log. */
const linesPerWindow = 50;

/**
 * The door of the API: `server.api-tokens` open it whole, `server.read-tokens` for those who look. Nobody is locked out for
 * wrong tokens: behind a proxy all callers have one address, and one of them could lock out the others.
 */
export class ApiDoor {
  readonly #site: Site;
  readonly #gate: Gate;
  readonly #guesses = new GuessCount(windowMs);
  readonly #lines = new RecentCount(windowMs);

  constructor(site: Site) {
    this.#site = site;
    this.#gate = {
      tokens: () => apiTokens(site),
      readers: () => readTokens(site),
      refused: (c, why) => {
        this.#refused(c, why);
      },
    };
  }

  /** `whole`: not for readers, whatever the method. */
  guard(options: Pick<Gate, "whole" | "parameters"> = {}): MiddlewareHandler {
    return requireToken({ ...this.#gate, ...options });
  }

  /** Whether a caller may be told more than that there is somebody. */
  mayRead(c: HonoContext): boolean {
    return isLetIn(c, this.#gate);
  }

  #refused(c: HonoContext, why: Refusal): void {
    const { context } = this.#site;
    const now = context.now();
    context.metrics.apiRefused.inc({ reason: why });
    const from = addressOf(c) ?? "somewhere";
    if (this.#lines.add("all", now) <= linesPerWindow)
      context.log.warn("api-refused", { address: from, reason: why });
    if (why !== "wrong-token" || this.#guesses.add(from, now) < guessesToTell) return;
    const note = `${guessesToTell} calls or more with a wrong token came from ${from} within 5 minutes: somebody guesses, or a client has an old one`;
    void reportTrouble(context, "refused-api", { what: "wrong tokens", note });
  }
}
