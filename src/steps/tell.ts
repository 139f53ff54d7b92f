import type { Notice, NoticeItem } from "../model/delivery.ts";
import { newId } from "../model/id.ts";
import type { Statement } from "../store/database.ts";
import { insertDelivery } from "../store/deliveries.ts";
import { wake } from "../store/jobs.ts";
import type { Telling } from "../verdict/step.ts";

/** The rows of what is told to whom, and the wake-ups of their lanes. */
export function tellStatements(
  about: {
    readonly incidentId: string;
    readonly runId: string | null;
    readonly alertId: string | null;
    readonly now: number;
  },
  tell: readonly (Telling & { readonly items?: readonly NoticeItem[] | undefined })[],
): Statement[] {
  return tell.flatMap(({ event, actions, note, items, dueAt = about.now }) => {
    const listed = items === undefined ? {} : { items: [...items] };
    const notice: Notice = { alertId: about.alertId, note, ...listed };
    return actions.flatMap((action) => [
      insertDelivery({ ...about, id: newId(), action, event, notice, dueAt }),
      wake(`lane:${about.incidentId}/${action}`, dueAt),
    ]);
  });
}
