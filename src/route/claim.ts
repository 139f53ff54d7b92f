import { alertInput } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";
import { claimKind } from "../model/claim.ts";
import type { Claim, ClaimKind, Coverage } from "../model/claim.ts";
import { describeError } from "../model/errors.ts";
import type { PlannedLocation } from "../model/plan.ts";
import { familiesIn, kindsIn, regionsIn, withoutLinks } from "./claim-words.ts";
import { ruleLimits } from "./match.ts";
import type { Expression } from "./template.ts";
import { textsOf } from "./texts.ts";

/** What the configuration says about claims: a list, a rule over the alert, or nothing. */
export type Written = readonly ClaimKind[] | Expression | null;

/** What a rule over the alert sees. */
export interface Documents {
  readonly input: unknown;
  readonly data: unknown;
}

/** Where checks can run from: what else their locations are called. */
export type Places = Iterable<Pick<PlannedLocation, "name" | "region">>;

/** All routes read each alert, on the thread that everything else waits for. */
const mostCharacters = 65_536;

/**
 * What an alert says is wrong (verdict.md §2, covers): what the route says of it; else what its words say, which can only
 * narrow what health proves. A rule that is undefined or errs leaves it to the words.
 */
export function claimOf(
  { alert, documents }: { readonly alert: Pick<Alert, "body">; readonly documents: Documents },
  written: Written,
  places: Places,
): Claim {
  if (isList(written)) return { kinds: [...written], ipVersions: [], regions: [] };
  const names = namesOf(places);
  const said = written === null ? null : wordsOf(valueOf(written, documents));
  const ruled = said === null ? null : claimOfWords(said, names);
  return ruled ?? claimOfText(textsOf(alertInput(alert) ?? textOf(alert)), names);
}

function isList(written: Written): written is readonly ClaimKind[] {
  return Array.isArray(written);
}

/** Undefined where the rule errs, which it does for want of something to read. */
function valueOf(rule: Expression, { input, data }: Documents): unknown {
  try {
    return rule.value(input, data, ruleLimits);
  } catch {
    return undefined;
  }
}

/** A text or a list of texts. */
function wordsOf(value: unknown): string[] | null {
  const words: readonly unknown[] = Array.isArray(value) ? value : [value];
  return words.every((word) => typeof word === "string") ? [...words] : null;
}

/** Null where a word is none that we know: what the rule means is not known then. */
function claimOfWords(words: readonly string[], names: ReadonlyMap<string, string>): Claim | null {
  const kinds = claimKind.options.filter((kind) => words.includes(kind));
  const ipVersions = ([4, 6] as const).filter((version) => words.includes(`ipv${version}`));
  const rest = words.filter((word) => !isKind(word) && word !== "ipv4" && word !== "ipv6");
  const regions = rest.flatMap((word) => names.get(word.toLowerCase()) ?? regionsIn(word));
  return regions.length < rest.length ? null : { kinds, ipVersions, regions };
}

function isKind(word: string): word is ClaimKind {
  return claimKind.safeParse(word).success;
}

function claimOfText(texts: readonly string[], names: ReadonlyMap<string, string>): Claim {
  const whole = texts.join("\n").slice(0, mostCharacters);
  const regions = regionsIn(whole).map((region) => region.toLowerCase());
  const words = new Set(
    withoutLinks(whole)
      .toLowerCase()
      .match(/[\p{L}\p{N}](?:[\p{L}\p{N}._\-]*[\p{L}\p{N}])?/gv),
  );
  const placed = [...names].filter(([name]) => words.has(name)).map(([, name]) => name);
  return {
    kinds: kindsIn(whole),
    ipVersions: familiesIn(whole),
    regions: [...new Set([...regions, ...placed])],
  };
}

/** Names and regions of locations, by how they read in lower case. */
function namesOf(places: Places): Map<string, string> {
  const all = [...places].flatMap(({ name, region }) => [name, ...(region === null ? [] : [region])]);
  return new Map(all.map((name) => [name.toLowerCase(), name]));
}

function textOf({ body }: Pick<Alert, "body">): string {
  return new TextDecoder().decode(body.subarray(0, mostCharacters));
}

/**
 * Whether a check can see what an alert says; null where nobody has said what its pass proves. A rule answers `true`,
 * `false`, or what the check covers, as a text or a list; anything else covers nothing.
 */
export function coverageOf(covers: Written, claim: Claim, documents: Documents): Coverage | null {
  if (covers === null) return null;
  if (isList(covers)) return coverageBy(covers, claim);
  try {
    const value = covers.value(documents.input, documents.data, ruleLimits);
    if (typeof value === "boolean")
      return { covered: value, why: `its \`covers\` is ${value} for this alert` };
    const words = wordsOf(value);
    if (words !== null && words.length > 0 && words.every(isKind)) return coverageBy(words, claim);
    return { covered: false, why: "its `covers` is undefined for this alert, or no list of claims" };
  } catch (error) {
    return { covered: false, why: `its \`covers\` failed: ${describeError(error)}` };
  }
}

/** Everything the alert claims must be covered; what cannot be read claims nothing. */
function coverageBy(covers: readonly ClaimKind[], { kinds }: Claim): Coverage {
  const missing = kinds.filter((kind) => !covers.includes(kind));
  const what = covers.join(", ");
  if (missing.length > 0)
    return { covered: false, why: `the alert speaks of ${missing.join(", ")}; the check covers ${what}` };
  const said = kinds.length === 0 ? "nothing that it could not see" : kinds.join(", ");
  return { covered: true, why: `the alert speaks of ${said}; the check covers ${what}` };
}
