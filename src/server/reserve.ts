import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import { Spool } from "../spool/spool.ts";
import type { Context } from "../steps/context.ts";
import { Emergency } from "../steps/emergency.ts";
import { Intake } from "../steps/intake.ts";
import type { IntakeParts, IntakeTimes } from "../steps/intake-parts.ts";
import { reportTrouble } from "../steps/trouble.ts";
import { occupy } from "../store/sole-server.ts";

/** What takes alerts while the database is away; disposing of it closes the spool. */
export interface Reserve extends AsyncDisposable {
  readonly intake: Intake;
  /** Why there is no spool, for a person; null when there is one. */
  readonly warning: string | null;
}

export interface ReserveOptions {
  readonly store: IntakeParts["store"];
  readonly probe: IntakeParts["probe"];
  /** Of the spool, where nobody else may write; null: there is none. */
  readonly folder: string | null;
  /** Ends the tries to tell what cannot be stored. */
  readonly signal: AbortSignal;
  readonly times?: IntakeTimes | undefined;
}

/**
 * Opens the spool. Where that cannot be the server starts all the same: it is a net, and the alerts have their database.
 * @throws Error with one line when another process has the folder
 */
export async function openReserve(
  context: Context,
  { store, probe, folder, signal, times }: ReserveOptions,
): Promise<Reserve> {
  await using parts = new AsyncDisposableStack();
  // A SQLite's folder is this process's own already.
  if (folder !== null && context.database.kind === "postgres") parts.use(await occupyBeside(folder));
  const { spool, warning } = await openSpool(context, folder);
  parts.use(spool);
  const emergency = new Emergency(context, signal);
  const tell = (alert: Alert) => emergency.tell(alert);
  const intake = new Intake(context, { store, probe, spool, tell }, times);
  if (warning !== null) context.log.warn("no-spool", { folder, warning });
  if (warning !== null && folder !== null)
    await reportTrouble(context, "no-spool", { what: folder, note: warning });
  const opened = parts.move();
  return { intake, warning, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

async function openSpool(
  context: Context,
  folder: string | null,
): Promise<{ readonly spool: Spool | null; readonly warning: string | null }> {
  if (folder === null) {
    const warning =
      "no folder is named for the spool: what comes while the database is away is refused; name one with --data";
    return { spool: null, warning };
  }
  try {
    const limit = () => context.setup().config.server.spoolBytes;
    return { spool: await Spool.open(join(folder, "spool"), limit), warning: null };
  } catch (error) {
    const warning = `${folder} cannot hold a spool (${describeError(error)}): what comes while the database is away is refused`;
    return { spool: null, warning };
  }
}

/**
 * Makes the folder beside a database that is elsewhere this process's own. Null where it cannot be written to: that is
 * said when the spool is opened.
 * @throws Error when another process has it
 */
async function occupyBeside(folder: string): Promise<Disposable | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    return null;
  }
  return occupy(folder);
}
