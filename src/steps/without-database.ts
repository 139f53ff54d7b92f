import { setTimeout as sleep } from "node:timers/promises";
import type { Alert } from "../model/alert.ts";
import { newDelivery } from "../model/delivery.ts";
import type { DeliveryEvent } from "../model/delivery.ts";
import { describeError } from "../model/errors.ts";
import { idFrom, newId } from "../model/id.ts";
import { mutedFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { muteOver } from "../model/mute.ts";
import type { Observation } from "../model/observation.ts";
import type { Run } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import { composeMessage } from "../notify/message.ts";
import { verdictGiven } from "../verdict/advance.ts";
import { withoutRun } from "../verdict/combine.ts";
import type { Step, Telling } from "../verdict/step.ts";
import type { Context } from "./context.ts";
import { sendUntilTaken } from "./send-to.ts";
import { within } from "./within.ts";

/** What a process knows of a run that is going, whatever becomes of the database. */
export interface RunInMemory {
  readonly run: Run;
  readonly incident: Incident;
  readonly alert: Alert | null;
  /** What has been seen in this look, written or not. */
  readonly seen: Observation[];
  /** Once it has been judged. */
  verdict: Verdict | null;
}

/** How long a database that fails is waited for, and how often it is asked. */
const patienceMs = 5000;
const askEveryMs = 500;
const answerMs = 2000;
/** Between tries to reach a receiver (ms). */
const pausesMs = [1000, 2000, 4000, 8000];

/**
 * A run of which the database takes nothing any more: whoever its verdict would wake is told at once, under the key that the
 * delivery will have, once the database is back. A run that has none yet is told as could not be checked. While the
 * database answers there is nothing to do: the step is tried again.
 */
export async function tellWithoutDatabase(context: Context, memory: RunInMemory): Promise<void> {
  if (await comesBack(context, memory.run)) return;
  const { run, incident } = memory;
  const why = "the check was interrupted: Crosscheck's database is away";
  const verdict = memory.verdict ?? withoutRun({ reason: "interrupted", summary: why });
  const step = stepOf(context, memory, verdict);
  const isMuted =
    incident.flags.includes(mutedFlag) ||
    muteOver(context.setup().config.mutes, incident, context.now()) !== null;
  if (isMuted) return;
  const told = step.tell.filter(({ event }) => event === "verdict" || event === "change");
  context.log.warn("verdict-not-stored", { incident: incident.id, run: run.id, outcome: verdict.outcome });
  const messages = told.flatMap((telling) =>
    urgent(context, telling.actions).map((action) => ({
      action,
      message: messageOf(context, memory, { verdict, step, telling, action }),
    })),
  );
  await Promise.all(
    messages.map(({ action, message }) =>
      sendUntilTaken(context, { action, message, event: "told-without-database" }, pausesMs),
    ),
  );
}

/** The id of a delivery of a run's verdict: the same whenever and by whomever it is made; another one for a second telling. */
export function deliveryIds(runId: string): (event: DeliveryEvent, action: string) => string {
  const given = new Set<string>();
  return (event, action) => {
    const id = idFrom(runId, event, action);
    if (given.has(id)) return newId();
    given.add(id);
    return id;
  };
}

async function comesBack(context: Context, { id, incidentId }: Run): Promise<boolean> {
  const giveUpAt = performance.now() + patienceMs;
  do {
    try {
      await within(answerMs, "the database", context.database.read("select 1 as one"));
      return true;
    } catch (error) {
      context.log.warn("verdict-waits", { incident: incidentId, run: id, error: describeError(error) });
    }
    await sleep(askEveryMs);
  } while (performance.now() < giveUpAt);
  return false;
}

function stepOf(context: Context, { run, incident }: RunInMemory, verdict: Verdict): Step {
  const policy = { plan: run.plan, random: context.random() };
  const given = { verdict, cause: run.cause, startedAt: run.startedAt };
  return verdictGiven(incident, given, context.now(), policy);
}

/** The pagers among them; where there are none, whoever else reads messages. */
function urgent(context: Context, actions: readonly string[]): readonly string[] {
  const { kinds } = context.setup();
  const pagers = actions.filter((name) => kinds.get(name) === "pager");
  return pagers.length > 0 ? pagers : actions.filter((name) => kinds.get(name) === "message");
}

function messageOf(
  context: Context,
  { run, alert, seen }: RunInMemory,
  {
    verdict,
    step,
    telling,
    action,
  }: {
    readonly verdict: Verdict;
    readonly step: Step;
    readonly telling: Telling;
    readonly action: string;
  },
) {
  const now = context.now();
  const { incident } = step;
  const { event } = telling;
  const alertId = alert?.id ?? null;
  const delivery = newDelivery({ incidentId: incident.id, action, event, alertId, now });
  const away = "told while Crosscheck's database is away";
  const note = telling.note === null ? away : `${telling.note}; ${away}`;
  return composeMessage({
    delivery: { ...delivery, id: idFrom(run.id, event, action), runId: run.id, notice: { alertId, note } },
    incident,
    run: { ...run, endedAt: now, verdict },
    verdict,
    observations: seen,
    contrasts: [],
    alert,
    gathered: null,
    rendered: null,
    plan: run.plan,
    inEarnest: null,
    publicUrl: context.setup().config.server.publicUrl,
    now,
  });
}
