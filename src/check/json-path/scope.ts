import type { JsonValue } from "./json-value.ts";

/** What a query is evaluated against. */
export interface Scope {
  /** `$` */
  readonly root: JsonValue;
  /** `@` */
  readonly current: JsonValue;
  readonly meter: Meter;
}

/** The nodes that a query selects, in order; a value may be among them more than once. */
export type Nodes = (scope: Scope) => readonly JsonValue[];

/** A query cannot be read (`position` counts from 1, in UTF-16 units), or would take too long (there is none). */
export class JsonPathError extends Error {
  override name = "JsonPathError";
  readonly position: number | undefined;

  constructor(message: string, position?: number) {
    super(position === undefined ? message : `${message}, at character ${position}`);
    this.position = position;
  }
}

/** About a second of work; a document of a megabyte has at most 500,000 values. */
const stepLimit = 5_000_000;

/**
 * Counts the steps of one evaluation: nodes that are visited, characters that are compared. `$..*..*..*` and filters in
 * filters multiply them, where neither path nor document is long.
 */
export class Meter {
  #left = stepLimit;

  /** @throws JsonPathError when there were too many. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      throw new JsonPathError(`it takes more than ${stepLimit} steps here: look at less of the document`);
  }
}
