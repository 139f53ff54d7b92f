import { optionSecret } from "../config/load.ts";
import { describeError } from "../model/errors.ts";
import { UsageError } from "./usage.ts";

const forms =
  "postgres://USER@HOST/NAME, or where it is kept: '$NAME' for a variable (in quotes, or the shell replaces it), file:PATH for a file";

/**
 * The URL that `--database` gives: as it is, or by `$NAME` or `file:PATH`, since every user of a machine can see what stands in
 * a command line.
 * @throws UsageError with one line that never has the URL, which may hold a password
 */
export function databaseUrl(given: string): string {
  const url = textOf(given).trim();
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url;
  throw new UsageError(`--database is not the URL of a PostgreSQL: write ${forms}`);
}

function textOf(given: string): string {
  try {
    return optionSecret(given);
  } catch (error) {
    throw new UsageError(`--database: ${describeError(error)}`, { cause: error });
  }
}

/** What to say of an option that shows a password to whoever lists processes. */
export function passwordShown(given: string | undefined): string[] {
  const url = given === undefined ? null : URL.parse(given);
  if (url === null || (url.password === "" && !url.searchParams.has("password"))) return [];
  return [
    "--database: every user of this machine sees its password in the list of processes: keep the URL in a variable or a file, and write '$NAME' or file:PATH",
  ];
}
