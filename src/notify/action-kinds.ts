import type { ActionKind } from "../model/action.ts";
import type { ActionSettings } from "./action-type.ts";
import { actionTypeByName } from "./actions/index.ts";

/** What each action is to the operator, by name. */
export function kindsOf(
  actions: Iterable<Pick<ActionSettings, "name" | "type">>,
): ReadonlyMap<string, ActionKind> {
  return new Map(
    Array.from(actions, ({ name, type }) => [name, actionTypeByName.get(type)?.kind ?? "message"]),
  );
}
