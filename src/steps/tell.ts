import type { DeliveryEvent, Notice, NoticeItem } from "../model/delivery.ts";
import { newId } from "../model/id.ts";
import type { Statement } from "../store/database.ts";
import { insertDelivery, insertFirstDelivery } from "../store/deliveries.ts";
import { wake } from "../store/jobs.ts";
import type { Telling } from "../verdict/step.ts";

/** The rows of what is told to whom, and the wake-ups of their lanes. */
export function tellStatements(
  about: {
    readonly incidentId: string;
    readonly runId: string | null;
    readonly alertId: string | null;
    readonly now: number;
    /** Nobody has been told of it before, since it is only just being opened. */
    readonly isNew?: boolean;
    /** Default: new ones. */
    readonly idOf?: (event: DeliveryEvent, action: string) => string;
  },
  tell: readonly (Telling & { readonly items?: readonly NoticeItem[] | undefined })[],
): Statement[] {
  const told = new Set<string>();
  return tell.flatMap(({ event, actions, note, items, dueAt = about.now }) => {
    const listed = items === undefined ? {} : { items: [...items] };
    const notice: Notice = { alertId: about.alertId, note, ...listed };
    return actions.flatMap((action) => {
      const isFirst = about.isNew === true && !told.has(action);
      told.add(action);
      const delivery = { ...about, id: about.idOf?.(event, action) ?? newId(), action, event, notice, dueAt };
      return [
        isFirst ? insertFirstDelivery(delivery) : insertDelivery(delivery),
        wake(`lane:${about.incidentId}/${action}`, dueAt),
      ];
    });
  });
}
