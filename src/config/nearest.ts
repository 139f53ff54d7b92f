import { closestMatch } from "leven";

/** The candidate that was probably meant: two letters off, or a third of a long word. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const maxDistance = word.length <= 2 ? 1 : Math.max(2, Math.floor(word.length / 3));
  return closestMatch(word, candidates, { maxDistance });
}

/** `: did you mean "checks"?`; where nothing is near, what there is: `: the file has a, b`. */
export function instead(word: string, candidates: readonly string[], introduction: string): string {
  const near = nearest(word, candidates);
  if (near !== undefined) return `: did you mean "${near}"?`;
  return candidates.length === 0 ? "" : `: ${introduction} ${[...new Set(candidates)].join(", ")}`;
}
