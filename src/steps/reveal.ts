import * as z from "zod";
import { issueLines } from "../check/issues.ts";
import { checkSettings } from "../check/probes/index.ts";
import { writtenCheck } from "../model/check.ts";
import type { WrittenCheck } from "../model/check.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Plan } from "../model/plan.ts";
import { revealSecrets } from "../model/secret.ts";
import type { SecretSource } from "../model/secret.ts";

/** A planned check with its secrets in place, as a location is sent it; plans keep references only. */
export function revealCheck(check: WrittenCheck, source: SecretSource): WrittenCheck {
  const settings = revealSecrets(checkSettings.parse(check), source);
  return writtenCheck.parse(z.encode(checkSettings, settings));
}

/** An alert can fill a template with anything: a check that is none any more, such as one of "n/a", is a fault of the plan. */
export function buildable(plan: Plan): Plan {
  const parsed = plan.checks.map((one) => ({
    one,
    error: isFunctionCheck(one.check) ? undefined : checkSettings.safeParse(one.check).error,
  }));
  const faults = parsed.flatMap(({ one, error }) =>
    error === undefined ? [] : [`${one.check.name} cannot be built: ${issueLines(error).join("; ")}`],
  );
  const checks = parsed.flatMap(({ one, error }) => (error === undefined ? [one] : []));
  return { ...plan, checks, faults: [...plan.faults, ...faults] };
}
