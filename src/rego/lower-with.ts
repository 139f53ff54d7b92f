import type { Term, With } from "./ast.ts";
import { RegoError } from "./error.ts";
import type { Override } from "./ir.ts";
import { lowerTerm, type Place } from "./lower.ts";

/** What a `with` replaces: a part of `input` or `data`, or a function. */
export function lowerOverride({ target, value }: With, place: Place): Override {
  const path = textPath(target);
  const [root, ...rest] = path;
  const name = path.join(".");
  const named = place.globals.functionNamed(name, target.pos);
  if (named !== undefined)
    return { kind: "function", name: named.name, replacement: replacement(value, place) };
  if (root === "input" || root === "data") return { kind: root, path: rest, value: lowerTerm(value, place) };
  throw new RegoError(
    "rego_type_error",
    "with keyword target must reference existing input, data, or a function",
    target.pos,
  );
}

function textPath(target: Term): readonly string[] {
  const parts = target.kind === "ref" ? [target.head, ...target.path] : [target];
  return parts.map((part) => {
    if (part.kind === "var") return part.name;
    if (part.kind === "scalar" && typeof part.value === "string") return part.value;
    throw new RegoError(
      "rego_type_error",
      "with keyword target must be a path of names and strings",
      part.pos,
    );
  });
}

/** Another function by its name, else a value. */
function replacement(value: Term, place: Place): Extract<Override, { kind: "function" }>["replacement"] {
  const name = dottedName(value);
  const callee = name === undefined ? undefined : place.globals.functionNamed(name, value.pos);
  return callee ?? lowerTerm(value, place);
}

function dottedName(term: Term): string | undefined {
  const parts = term.kind === "ref" ? [term.head, ...term.path] : [term];
  const names = parts.map((part) =>
    part.kind === "var" ? part.name : part.kind === "scalar" ? part.value : undefined,
  );
  return names.every((name) => typeof name === "string") ? names.join(".") : undefined;
}
