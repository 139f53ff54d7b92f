import { describeError } from "../model/errors.ts";
import { explain } from "../rego/explain.ts";
import { ruleLimits } from "./match.ts";

/** Why a route does not take an alert. */
export interface Refusal {
  /** The first statement of its `input` that does not hold, as written; null where the rule stands in files. */
  readonly statement: string | null;
  /** Where it begins in the rule's text, from 1. */
  readonly row: number;
  readonly col: number;
  readonly why: string;
  /** What the statement reads of the alert; undefined: it is not there. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** Explains a rule that does not hold; a rule that errs does match, so that this need not say why. */
export function explainRefusal(
  inputText: string | null,
  { input, data }: { readonly input: unknown; readonly data: unknown },
): Refusal {
  const nowhere = { statement: null, row: 1, col: 1, values: {} };
  if (inputText === null) return { ...nowhere, why: "its rule does not hold" };
  try {
    const explanation = explain(
      { query: inputText, version: "v0" },
      { input, data, budget: ruleLimits.budget },
    );
    return explanation ?? { ...nowhere, why: "its rule does not hold" };
  } catch (error) {
    return { ...nowhere, why: describeError(error) };
  }
}
