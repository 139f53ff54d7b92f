import { actionTypeByName } from "../notify/actions/index.ts";
import { error, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { posteeType } from "./postee-keys.ts";
import { isRawMap } from "./raw.ts";
import type { Placed, RawMap } from "./raw.ts";

/**
 * Postee's files list actions of every type, most of them switched off. One of a type that is not here keeps its name and
 * stays switched off, so that routes may list it; one that is switched on is for the schema to refuse.
 */
export function withStandIns(data: unknown): {
  readonly data: unknown;
  readonly findings: readonly Finding[];
} {
  const actions: unknown = isRawMap(data) ? data["actions"] : undefined;
  if (!isRawMap(data) || !Array.isArray(actions)) return { data, findings: [] };
  const findings: Finding[] = [];
  const kept = actions.map((value: unknown, index) => {
    if (!isRawMap(value)) return value;
    const action = { path: ["actions", index], value };
    findings.push(...swallowed(action));
    const type = foreignType(action);
    if (type === undefined || !isOff(value)) return value;
    const message = `Postee's \`${type}\` is not there (yet); this action is switched off anyway`;
    findings.push(warning([...action.path, "type"], message));
    return { ...("name" in value ? { name: value["name"] } : {}), type: "stdout", enable: false };
  });
  return { data: { ...data, actions: kept }, findings };
}

function foreignType({ value: { type } }: Placed<RawMap>): string | undefined {
  return typeof type === "string" && !actionTypeByName.has(type) ? posteeType(type) : undefined;
}

function isOff(action: RawMap): boolean {
  const enable = Object.entries(action).find(([key]) => key.toLowerCase() === "enable")?.[1];
  return ["false", "no", "off"].includes(String(enable).toLowerCase());
}

/** An action that is indented too far becomes a part of the one above, as in the file that Postee ships. */
function swallowed({ path, value }: Placed<RawMap>): Finding[] {
  return Object.entries(value).flatMap(([key, members]) => {
    if (!Array.isArray(members)) return [];
    return members.flatMap((member: unknown, index) => {
      if (!isRawMap(member) || !("name" in member && isActionType(member["type"]))) return [];
      const message = `this action is indented so far that it is part of "${key}" above: move it left`;
      return [error([...path, key, index], message)];
    });
  });
}

/** Other lists have members with a type and a name too, such as Opsgenie's responders. */
function isActionType(type: unknown): boolean {
  return typeof type === "string" && (actionTypeByName.has(type) || posteeType(type) !== undefined);
}
