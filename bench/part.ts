import type { Databases } from "./databases.ts";
import type { Figure } from "./figure.ts";

/** What the parts of a run share. */
export interface Bench {
  readonly databases: Databases;
  /** Says what is going on, or what had to be left out. */
  readonly say: (line: string) => void;
}

/** A part of the table that can be run alone. */
export interface Part {
  readonly name: string;
  /** Left out of a whole run: it is for those who ask for it. */
  readonly takesMinutes?: boolean;
  run(bench: Bench): Promise<Figure[]>;
}
