import type { ActionKind, Mode, NotifyLists } from "../model/action.ts";
import type { Alert } from "../model/alert.ts";
import { targetKeys } from "../model/check.ts";
import type { WrittenCheck } from "../model/check.ts";
import { describeError } from "../model/errors.ts";
import { plannedFunctionCheck } from "../model/function-check.ts";
import { noClaim } from "../model/claim.ts";
import type { Claim } from "../model/claim.ts";
import type { Plan, PlannedCheck, PlannedLocation, VerdictPolicy } from "../model/plan.ts";
import { claimOf, coverageOf } from "./claim.ts";
import type { Documents, Written } from "./claim.ts";
import { regoDocuments } from "./match.ts";
import type { Rendered, Template } from "./template.ts";

/** A check of the configuration with the texts in it that come from the alert. */
export interface CheckRecipe {
  readonly name: string;
  readonly written: WrittenCheck;
  readonly templates: readonly { readonly path: readonly PropertyKey[]; readonly template: Template }[];
  /** What its pass proves. */
  readonly covers: Written;
}

/** The part of a route that says what happens to the alerts it takes. */
export interface RouteRecipe {
  readonly name: string;
  readonly mode: Mode;
  readonly spare: boolean;
  readonly actions: readonly string[];
  readonly checks: readonly string[];
  readonly locations: readonly string[];
  /** The functions of the user's own that vote, by action. */
  readonly votes: readonly string[];
  /** What its alerts say is wrong; null: what their words say. */
  readonly claim: Written;
  readonly policy: VerdictPolicy;
  readonly notify: NotifyLists;
  readonly runbook: string | null;
}

/** Everything else a plan needs from the running configuration. */
export interface Surroundings {
  readonly checks: ReadonlyMap<string, CheckRecipe>;
  /** Failure domains and what else is known of the locations, by location. */
  readonly places: ReadonlyMap<string, Omit<PlannedLocation, "name">>;
  readonly kinds: ReadonlyMap<string, ActionKind>;
  readonly allowPrivateTargets: readonly string[];
  /** What Rego sees under `data`. */
  readonly catalogue: Readonly<Record<string, unknown>>;
}

/** Whether a route finds out if its alerts are true; else it passes them on. */
export function isInvestigated({ checks, votes }: Pick<RouteRecipe, "checks" | "votes">): boolean {
  return checks.length + votes.length > 0;
}

/** What follows from an alert on one route: its checks with their texts filled in, from where, and who is told what. */
export function planRun(
  route: RouteRecipe,
  { alert, subject }: { readonly alert: Alert; readonly subject: string },
  around: Surroundings,
): Plan {
  const documents = regoDocuments(alert, around.catalogue, subject);
  const places = [...around.places].map(([name, { region }]) => ({ name, region }));
  // Nobody looks whether an alert that is only passed on is true.
  const claim = isInvestigated(route) ? claimOf({ alert, documents }, route.claim, places) : noClaim;
  const built = route.checks.map((name) => {
    const recipe = around.checks.get(name);
    if (recipe === undefined) return missing(name);
    return buildCheck(recipe, { ...documents, claim }, around.allowPrivateTargets);
  });
  const checks = built.flatMap((one) =>
    "planned" in one ? [{ ...one.planned, locations: [...route.locations] }] : [],
  );
  return {
    route: route.name,
    mode: route.mode,
    spare: route.spare,
    claim,
    checks: [...checks, ...functionChecks(route.votes)],
    faults: built.flatMap((one) => ("fault" in one ? [one.fault] : [])),
    locations: [...(built.length > 0 ? route.locations : []), ...route.votes].map((name) => ({
      name,
      ...(around.places.get(name) ?? { domain: name, provider: null, region: null, egress: [] }),
    })),
    policy: route.policy,
    actions: [...route.actions],
    notify: route.notify,
    kinds: Object.fromEntries(around.kinds),
    runbook: route.runbook,
  };
}

/** One check for all functions of a route: each is a location with a vote on it. */
function functionChecks(votes: readonly string[]): PlannedCheck[] {
  if (votes.length === 0) return [];
  const target = { from: "config" as const, allowPrivate: [] };
  return [{ check: plannedFunctionCheck, target, locations: [...votes], covered: null }];
}

/** A check that `--lenient` let pass: what it would have seen is not known. */
function missing(name: string): { readonly fault: string } {
  return {
    fault: `${name} cannot be built: the configuration has no such check, or one that cannot be used`,
  };
}

function buildCheck(
  recipe: CheckRecipe,
  documents: Documents & { readonly claim: Claim },
  allowPrivate: readonly string[],
): { readonly planned: PlannedCheck } | { readonly fault: string } {
  const check = structuredClone(recipe.written);
  for (const { path, template } of recipe.templates) {
    const where = path.map(String).join(".");
    const rendered = render(template, documents);
    if ("error" in rendered) {
      return { fault: `${recipe.name} cannot be built: its ${where} failed: ${rendered.error}` };
    }
    if ("undefined" in rendered) {
      return {
        fault: `${recipe.name} cannot be built: ${rendered.undefined} in its ${where} is undefined for this alert`,
      };
    }
    setAt(check, path, rendered.text);
  }
  const from = recipe.templates.some(({ path }) => targetKeys.includes(String(path[0]))) ? "alert" : "config";
  const covered = coverageOf(recipe.covers, documents.claim, documents);
  return { planned: { check, target: { from, allowPrivate: [...allowPrivate] }, covered } };
}

function render(
  template: Template,
  { input, data }: { readonly input: unknown; readonly data: unknown },
): Rendered | { readonly error: string } {
  try {
    return template.render(input, data);
  } catch (error) {
    return { error: describeError(error) };
  }
}

function setAt(root: object, path: readonly PropertyKey[], value: string): void {
  const owner = path.slice(0, -1).reduce<unknown>((node, key) => Reflect.get(node as object, key), root);
  const last = path.at(-1);
  if (last !== undefined) Reflect.set(owner as object, last, value);
}
