import { error, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { itemsOf } from "./raw.ts";

/**
 * Actions that run scripts on this machine: whoever starts the server says whether there may be any, not whoever writes
 * its configuration. Where nobody is asked (`config check`) that is only said.
 */
export function checkScripts(data: unknown, allowed: boolean | undefined): Finding[] {
  if (allowed === true) return [];
  return itemsOf(data, "actions")
    .filter(({ value }) => value["type"] === "exec" && value["enable"] !== false)
    .map(({ path }) => {
      const at = [...path, "type"];
      if (allowed === undefined)
        return warning(at, "exec works only where crosscheck serve has --allow-exec");
      const message = "exec runs scripts on this machine: start with --allow-exec, or leave this action out";
      return { ...error(at, message), cut: path };
    });
}
