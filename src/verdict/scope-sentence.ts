import type { Scope, ScopeAttribute } from "../model/verdict.ts";
import { blameOrder } from "./scope-search.ts";
import type { Row } from "./scope-rows.ts";
import { list } from "./wording.ts";

/** What is known of the failures when it is put into words. */
export interface Reach {
  readonly common: Scope["common"];
  readonly layer: Scope["layer"];
  readonly errorClass: string | null;
  readonly rows: readonly Row[];
  readonly slow: boolean;
}

/**
 * How far the trouble reaches, for people: `fails only over IPv6`, `fails only at 203.0.113.7 of 4 addresses`, `only check login
 * of 3 fails`. Where everything fails there is nothing to tell apart, and the failure speaks for itself.
 */
export function scopeSentence(reach: Reach): string {
  const { common, layer, errorClass, rows, slow } = reach;
  const told = common.filter(({ attribute }) => blameOrder.includes(attribute));
  if (told.length > 0) return onlySentence(told, rows, slow ? "is slow" : "fails");
  if (rows.every(({ failing }) => failing))
    return errorClass === null && layer !== null ? `every failure is in ${layerWords[layer]}` : "";
  const alike = errorClass === null ? "" : " but the failure itself";
  return `nothing in common${alike}${alsoPasses(rows)}`;
}

const layerWords: Readonly<Record<NonNullable<Scope["layer"]>, string>> = {
  dns: "DNS",
  tcp: "TCP",
  tls: "TLS",
  http: "HTTP",
  grpc: "gRPC",
  websocket: "WebSocket",
  content: "the content",
  location: "our locations",
};

function onlySentence(common: Scope["common"], rows: readonly Row[], verb: string): string {
  const said = Map.groupBy(common, ({ attribute }) => attribute);
  const checks = said.get("check")?.map(({ value }) => value) ?? [];
  const where = [...said]
    .filter(([attribute]) => attribute !== "check")
    .map(([attribute, factors]) => whereWords(attribute, list(factors.map(({ value }) => value)), rows));
  if (checks.length === 0) return `${verb} only ${list(where)}`;
  const all = valuesOf(rows, "check").size;
  const which =
    checks.length === 1
      ? `only check ${list(checks)} of ${all} ${verb}`
      : `only checks ${list(checks)} of ${all} ${verb === "fails" ? "fail" : "are slow"}`;
  return where.length === 0 ? which : `${which}, and only ${list(where)}`;
}

/** @param values `203.0.113.7`, `203.0.113.7 and 203.0.113.8` */
function whereWords(attribute: ScopeAttribute, values: string, rows: readonly Row[]): string {
  switch (attribute) {
    case "region":
      return `from region ${values}`;
    case "provider":
      return `from provider ${values}`;
    case "resolver":
      return `via resolver ${values}`;
    case "ip-family":
    case "http-version":
      return `over ${values}`;
    case "remote-address":
      return `at ${values} of ${valuesOf(rows, attribute).size} addresses`;
    case "pop":
      return `at the CDN's point of presence ${values}`;
    default:
      return `from ${values}`;
  }
}

const sameWords: Partial<Record<ScopeAttribute, string>> = {
  location: "location",
  resolver: "resolver",
  "remote-address": "address",
  "ip-family": "IP family",
  pop: "point of presence",
  "http-version": "HTTP version",
};

/** What does not tell failures from passes, which is worth knowing: the address that fails is the one that passes, too. */
function alsoPasses(rows: readonly Row[]): string {
  const failures = rows.filter(({ failing }) => failing);
  const passes = rows.filter(({ failing }) => !failing);
  const same = Object.entries(sameWords).flatMap(([name, words]) => {
    const attribute = name as ScopeAttribute;
    const passing = valuesOf(passes, attribute);
    const isShared = failures.every(({ values }) => passing.has(values.get(attribute) ?? ""));
    return isShared ? [words] : [];
  });
  return same.length === 0 ? "" : `: the same ${list(same)} also ${same.length === 1 ? "passes" : "pass"}`;
}

function valuesOf(rows: readonly Row[], attribute: ScopeAttribute): ReadonlySet<string> {
  return new Set(rows.flatMap(({ values }) => values.get(attribute) ?? []));
}
