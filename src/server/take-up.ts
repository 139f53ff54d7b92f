import type { Context } from "../steps/context.ts";
import { wakeDigest } from "../steps/digest.ts";
import { releaseUnmuted } from "../steps/mutes.ts";
import { wakeRetention } from "../steps/retention.ts";
import { wakeSelfTests } from "../steps/self-test.ts";
import { reportTrouble } from "../steps/trouble.ts";
import type { DatabaseClock } from "../store/database-clock.ts";
import type { LateDatabase } from "../store/late-database.ts";
import { staleText } from "./load-at-start.ts";

/** What a configuration that has just been loaded makes due, in a database that is there. Never rejects. */
export async function takeUp(context: Context): Promise<void> {
  const { path, stale } = context.setup().config;
  if (stale !== null)
    await reportTrouble(context, "stale-config", { what: path, note: staleText(path, stale) });
  await Promise.all([
    wakeSelfTests(context),
    wakeDigest(context),
    wakeRetention(context),
    releaseUnmuted(context),
  ]);
}

/** The same at the start, as soon as the database is there; `late`: it is not yet, and may never be. */
export async function takeUpStore(
  context: Context,
  clock: DatabaseClock,
  late: LateDatabase | null,
): Promise<void> {
  if (late === null) await clock.measure();
  else {
    await late.settled;
    if (!late.isOpen) return;
    context.log.info("database-opened");
    // It is measured again and again.
    await clock.measure().catch(() => undefined);
  }
  await takeUp(context);
}
