import { styleText } from "node:util";

/** Where the demo is watched. */
export interface Screen {
  print(text?: string): void;
  /** A line that the next one takes the place of; nothing where lines stay, as in a pipe. */
  progress(text: string): void;
  /** How long a line may be; Infinity where nobody minds. */
  readonly columns: number;
  readonly colour: boolean;
}

/** Our own stdout. */
export function stdoutScreen(): Screen {
  const terminal = process.stdout.isTTY;
  return {
    colour: terminal,
    columns: terminal ? process.stdout.columns : Number.POSITIVE_INFINITY,
    print(text = "") {
      process.stdout.write(`${terminal ? "\r\u001B[K" : ""}${text}\n`);
    },
    progress(text) {
      if (terminal) process.stdout.write(`\r\u001B[K${dim(text.slice(0, process.stdout.columns - 1))}`);
    },
  };
}

/** What belongs to a heading stands to the right of it. */
export const margin = "   ";

// `styleText` leaves out colours where stdout is no terminal, or NO_COLOR says so.
export const bold = (text: string) => styleText("bold", text);
export const dim = (text: string) => styleText("dim", text);
export const good = (text: string) => styleText("green", text);
export const bad = (text: string) => styleText("red", text);

/** Each line of a text behind a prefix. */
export function indented(text: string, prefix: string): string {
  return text.replaceAll(/^/gm, prefix);
}

/** Broken between words into lines of at most `width`, but for words that are longer. */
export function wrapped(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, width))
    .join("\n");
}

function wrapLine(line: string, width: number): string[] {
  const [first = "", ...words] = line.split(" ");
  return words.reduce<string[]>(
    (lines, word) => {
      const joined = `${lines.at(-1)} ${word}`;
      return joined.length <= width ? [...lines.slice(0, -1), joined] : [...lines, `  ${word}`];
    },
    [first],
  );
}

/** Rows in columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** `2.1 s` */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
