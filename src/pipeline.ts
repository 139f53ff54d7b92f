import type { Alert } from "./model/alert.ts";
import type { JobKey } from "./store/jobs.ts";
import type { JobHandler } from "./store/work.ts";
import type { Context } from "./steps/context.ts";
import { contrast } from "./steps/contrast.ts";
import { deliverLane } from "./steps/deliver.ts";
import { sendDigest } from "./steps/digest.ts";
import { endHold } from "./steps/hold.ts";
import { investigate } from "./steps/investigate.ts";
import { createReceiver } from "./steps/receive.ts";
import { retain } from "./steps/retention.ts";
import { routeInbox } from "./steps/route.ts";
import { Rush } from "./steps/rush.ts";
import { selfTest } from "./steps/self-test.ts";

/**
 * The way of the data, as resumable steps over rows:
 *
 *   1. receive      an alert and its hold are on disk                      then 202
 *   2. route        which routes take it; incidents open or are joined     `inbox`
 *   3. investigate  their checks run from all locations; observations      `incident:`
 *   4. verdict      what the observations mean, and who is told            (the end of 3, or of the hold)
 *   5. deliver      each action is told, in order, until it has heard      `lane:`
 *
 * and beside them the hold: whatever has no verdict when it ends is told as inconclusive; the contrast: what makes a
 * failing check work; the self-tests, which know how each check looks when nobody complains; the digest, a day in one
 * message; and retention, which removes what is kept no longer.
 *
 * A step ends in one guarded write that also wakes the next one, so that a process can die between any two of them and
 * another goes on. Start reading here; each step is a file in steps/.
 */
export function createPipeline(context: Context): Pipeline {
  const rush = new Rush();
  return {
    receive: createReceiver(context, rush),
    async handle(key, signal) {
      const { step, of } = parseKey(key);
      switch (step) {
        case "inbox":
          return routeInbox(context, signal, rush);
        case "incident":
          return investigate(context, of, signal);
        case "hold":
          return endHold(context, of);
        case "lane": {
          const [incidentId = "", ...action] = of.split("/");
          return deliverLane(context, { incidentId, action: action.join("/") }, signal);
        }
        case "contrast":
          return contrast(context, of, signal);
        case "digest":
          return sendDigest(context, signal);
        case "self-tests":
          return selfTest(context, signal);
        case "retention":
          return retain(context, signal);
      }
    },
  };
}

export interface Pipeline {
  /** Resolves when the alerts are on disk. */
  receive(alerts: readonly Alert[]): Promise<void>;
  /** Does the step that a wake-up stands for. */
  readonly handle: JobHandler;
}

type StepName = "inbox" | "self-tests" | "digest" | "incident" | "contrast" | "hold" | "lane" | "retention";

function parseKey(key: JobKey): { readonly step: StepName; readonly of: string } {
  const colon = key.indexOf(":");
  if (colon === -1) return { step: key as "inbox" | "self-tests" | "digest" | "retention", of: "" };
  return { step: key.slice(0, colon) as "incident" | "contrast" | "hold" | "lane", of: key.slice(colon + 1) };
}
