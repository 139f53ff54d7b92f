import type { Term, With } from "./ast.ts";
import { RegoError } from "./error.ts";
import type { Override } from "./ir.ts";
import { lowerTerm, type Place } from "./lower.ts";

/** What a `with` replaces: a part of `input` or `data`, or a function. */
export function lowerOverride({ target, value }: With, place: Place): Override {
  const path = textPath(target);
  const [root, ...rest] = path;
  const name = path.join(".");
  const named = place.globals.functionNamed(name);
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
  const isName =
    value.kind === "var" || (value.kind === "ref" && value.path.every((part) => part.kind === "scalar"));
  const callee = isName ? place.globals.functionNamed(textPath(value).join(".")) : undefined;
  return callee ?? lowerTerm(value, place);
}
