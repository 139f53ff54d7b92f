import { LineWriter } from "./line-writer.ts";

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
  const { stderr } = process;
  // Whoever reads the log may go away; the pager must not go with it.
  stderr.on("error", () => {});
  const writer = new LineWriter(stderr);
  process.on("exit", () => writer.flush());
  const json = !stderr.isTTY;
  const lost = createLog((line) => writer.add(line), { json });
  const write = (line: string) => {
    const lines = writer.takeLost();
    if (lines > 0) lost.warn("log-lines-lost", { lines });
    writer.add(line);
  };
  return createLog(write, { json });
}

/** For tests and one-off commands. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };

function jsonLine(time: string, level: Level, event: string, facts: LogFacts): string {
  return printable(JSON.stringify({ time, level, event, ...facts }));
}

/**
 * JSON in which nothing moves a terminal's cursor or turns the direction of reading: JSON leaves the controls from U+007F to
 * U+009F and the format characters as they are.
 */
function printable(json: string): string {
  return json.replace(/[\u007f-\u009f\u2028\u2029]|\p{Cf}/gu, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

function textLine(time: string, level: Level, event: string, facts: LogFacts): string {
  const words = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(
      ([key, value]) =>
        `${key}=${typeof value === "string" ? printable(JSON.stringify(value)) : String(value)}`,
    );
  return [time.slice(11, 23), level === "info" ? "" : level.toUpperCase(), event, ...words]
    .filter(Boolean)
    .join(" ");
}
