import { existsSync } from "node:fs";
import { posteeSettings } from "../config/load.ts";

const names = ["crosscheck.yaml", "cfg.yaml"];

/**
 * The configuration that a command works with: `--config`, else POSTEE_CFG (or AQUAALERT_CFG), else the first of the usual names here.
 * @throws Error with one line that says what was looked for
 */
export function findConfig(given: string | undefined): string {
  const path = given ?? posteeSettings().config ?? names.find((name) => existsSync(name));
  if (path === undefined) {
    throw new Error(
      `no configuration: neither ${names.join(" nor ")} is in this folder; name one with --config FILE`,
    );
  }
  return path;
}
