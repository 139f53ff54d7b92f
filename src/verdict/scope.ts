import type { Observation } from "../model/observation.ts";
import { noScope } from "../model/verdict.ts";
import type { CheckVerdict, Scope } from "../model/verdict.ts";
import { isBad } from "./judge.ts";
import { attemptRows, scopedVotes, voteRows } from "./scope-rows.ts";
import type { ScopeQuestion } from "./scope-rows.ts";
import { searchCommon } from "./scope-search.ts";
import { scopeSentence } from "./scope-sentence.ts";

/**
 * How far the trouble reaches: the locations that the worst check fails from with what their failures share, and the
 * smallest explanation over all checks of what fails and what passes.
 */
export function scopeOf(worst: CheckVerdict, question: ScopeQuestion): Scope {
  const votes = worst.domains.flatMap((domain) => domain.locations);
  const bad = votes.filter(({ vote }) => isBad(vote)).map(({ location }) => location);
  const slow = votes.filter(({ vote }) => vote === "degraded").map(({ location }) => location);
  const locations = bad.length > 0 ? bad : worst.outcome === "degraded" ? slow : [];
  const failures = question.observations.filter(
    (one) => one.check === worst.check && locations.includes(one.location),
  );
  const shared = {
    layer: sharedBy(failures, ({ layer }) => layer),
    errorClass: sharedBy(failures, ({ errorClass }) => errorClass),
  };
  if (locations.length === 0) return { ...noScope };
  return { locations, ...shared, ...explained(question, { ...shared, slow: bad.length === 0 }) };
}

function explained(
  question: ScopeQuestion,
  { layer, errorClass, slow }: Pick<Scope, "layer" | "errorClass"> & { readonly slow: boolean },
): Pick<Scope, "common" | "sentence"> {
  const votes = scopedVotes(question, slow);
  // All that fails is excused.
  if (!votes.some(({ bad }) => bad)) return { common: [], sentence: "" };
  const rows = attemptRows(votes, question.plan, slow);
  const found = searchCommon(rows, voteRows(votes, question.plan));
  const common = found.length > 0 ? found : ofFailures(layer, errorClass);
  return { common, sentence: scopeSentence({ common, layer, errorClass, rows, slow }) };
}

/**
 * The layer and the class describe failures; a pass has none, so that they would always explain everything. They stand only
 * where nothing else does.
 */
function ofFailures(layer: Scope["layer"], errorClass: string | null): Scope["common"] {
  if (errorClass !== null) return [{ attribute: "error-class", value: errorClass }];
  return layer === null ? [] : [{ attribute: "layer", value: layer }];
}

function sharedBy<T>(failures: readonly Observation[], read: (one: Observation) => T | null): T | null {
  const values = failures.map(read);
  const [first = null] = values;
  return values.every((value) => value === first) ? first : null;
}
