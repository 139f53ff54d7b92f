import type { Actor } from "../model/actor.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "../steps/context.ts";

/** What the web stage is handed: the context of the steps, and what it may ask the process to do. */
export interface Site {
  readonly context: Context;
  readonly version: string;
  /** Resolves when the alerts are on disk. */
  receive(alerts: readonly Alert[]): Promise<void>;
  /** Whether an alert would be kept though the database is away. */
  canSpool(): boolean;
  /** Swaps in the configuration file as it is now; what of it wants a restart, or the faults if it was refused. */
  reload(
    actor: Actor,
  ): Promise<
    | { readonly ok: true; readonly hash: string; readonly warnings: readonly string[] }
    | { readonly ok: false; readonly faults: readonly string[] }
  >;
  /** Aborted when the server is stopping: whoever waits gets an answer at once. */
  readonly stopping: AbortSignal;
}
