export type Severity = "error" | "warning";

export type Path = readonly PropertyKey[];

/** Something wrong with the file, said in terms of its data: where it stands in the text is the document's business. */
export interface Finding {
  readonly path: Path;
  readonly severity: Severity;
  readonly message: string;
  /** It is about the key, not about the value. */
  readonly onKey?: boolean;
  /** A place inside the text at `path`: row and column of its value, from 1. */
  readonly within?: { readonly row: number; readonly col: number };
  /** What `--lenient` leaves out for this fault; absent: it can live with it. */
  readonly cut?: Path;
}

/** Something wrong with the file at a place that an editor can jump to. */
export interface Fault {
  readonly line: number;
  readonly col: number;
  readonly severity: Severity;
  readonly message: string;
}

/** `crosscheck.yaml:12:7: error: unknown key "chekcs": did you mean "checks"?` */
export function formatFault(file: string, { line, col, severity, message }: Fault): string {
  return `${file}:${line}:${col}: ${severity}: ${message}`;
}

export function inOrder(faults: readonly Fault[]): Fault[] {
  return faults.toSorted((a, b) => a.line - b.line || a.col - b.col);
}

export function error(path: Path, message: string): Finding {
  return { path, severity: "error", message };
}

export function warning(path: Path, message: string): Finding {
  return { path, severity: "warning", message };
}
