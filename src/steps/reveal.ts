import * as z from "zod";
import { checkSettings } from "../check/probes/index.ts";
import { writtenCheck } from "../model/check.ts";
import type { WrittenCheck } from "../model/check.ts";
import { revealSecrets } from "../model/secret.ts";
import type { SecretSource } from "../model/secret.ts";

/** A planned check with its secrets in place, as a location is sent it; plans keep references only. */
export function revealCheck(check: WrittenCheck, source: SecretSource): WrittenCheck {
  const settings = revealSecrets(checkSettings.parse(check), source);
  return writtenCheck.parse(z.encode(checkSettings, settings));
}
