import { describeError } from "../model/errors.ts";
import { checkBeside } from "../store/integrity.ts";
import type { Context } from "./context.ts";
import { reportTrouble } from "./trouble.ts";

/**
 * A database that is too large to be looked through before the start is looked through once while it serves. One that is
 * damaged serves on as far as it can, since nobody else takes the alerts, and says so.
 */
export async function lookThrough(context: Context, folder: string, signal: AbortSignal): Promise<void> {
  try {
    await checkBeside(folder, signal);
  } catch (error) {
    if (signal.aborted) return;
    const note = describeError(error);
    context.log.error("database-damaged", { folder, error: note });
    await reportTrouble(context, "database-damaged", { what: folder, note });
  }
}
