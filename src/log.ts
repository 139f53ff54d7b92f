/** One line a decision, on stderr: JSON in a pipe, words on a terminal. */
export interface Log {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
}

/** Never secrets; texts from strangers are quoted by JSON. */
export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>;

type Level = "info" | "warn" | "error";

/** A log that hands each finished line to `write`. */
export function createLog(write: (line: string) => void, options: { readonly json: boolean }): Log {
  const line = options.json ? jsonLine : textLine;
  const at =
    (level: Level) =>
    (event: string, facts: LogFacts = {}): void => {
      write(line(new Date().toISOString(), level, event, facts));
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** The log of a process of ours. */
export function stderrLog(): Log {
  // Whoever reads the log may go away; the pager must not go with it.
  process.stderr.on("error", () => {});
  return createLog((line) => process.stderr.write(`${line}\n`), { json: !process.stderr.isTTY });
}

/** For tests and one-off commands. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

function jsonLine(time: string, level: Level, event: string, facts: LogFacts): string {
  return JSON.stringify({ time, level, event, ...facts });
}

function textLine(time: string, level: Level, event: string, facts: LogFacts): string {
  const words = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => `${key}=${typeof value === "string" ? JSON.stringify(value) : String(value)}`);
  return [time.slice(11, 23), level === "info" ? "" : level.toUpperCase(), event, ...words]
    .filter(Boolean)
    .join(" ");
}
