import type { WrittenCheck } from "../model/check.ts";
import type { Hide } from "../model/hide.ts";
import { probeTypeByName } from "./probes/index.ts";

/** What must not be seen of what comes of a check, whose secrets are revealed; undefined where it has none. */
export function hidingCheck(check: WrittenCheck): Hide | undefined {
  const type = probeTypeByName.get(check.type);
  const { data: settings } = type?.settings.safeParse(check) ?? {};
  return settings === undefined ? undefined : type?.hiding?.(settings);
}
