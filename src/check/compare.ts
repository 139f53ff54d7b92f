/** Whether a value is as an assertion wants it. Pure. */
import type { Assertion } from "../model/assertion.ts";
import { parseDuration } from "../model/settings.ts";

/** Texts, numbers and lists are compared by what they read like; what is not there is only empty or null. */
export function compare(value: unknown, { source, comparison, target }: Assertion): boolean {
  switch (comparison) {
    case "equals":
      return equal(value, target);
    case "not-equals":
      return !equal(value, target);
    case "contains":
      return includes(value, target);
    case "not-contains":
      return !includes(value, target);
    case "matches":
      return value !== undefined && RegExp(textOf(target), "u").test(textOf(value));
    case "less-than":
      return numberOf(value) < limitOf(source, target);
    case "greater-than":
      return numberOf(value) > limitOf(source, target);
    case "is-empty":
      return isEmpty(value);
    case "not-empty":
      return !isEmpty(value);
    case "is-null":
      return value === undefined || value === null;
    case "not-null":
      return value !== undefined && value !== null;
    case "has-key":
      return isObject(value) && Object.hasOwn(value, textOf(target));
  }
}

/** By text, since the file may say `200`, `"200"` or a template that yields either. */
function equal(value: unknown, target: unknown): boolean {
  return value !== undefined && textOf(value) === textOf(target);
}

function includes(value: unknown, target: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => equal(item, target));
  return value !== undefined && textOf(value).includes(textOf(target));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** NaN, which compares as false both ways, for what is no number. */
function numberOf(value: unknown): number {
  if (typeof value === "string") return value.trim() === "" ? Number.NaN : Number(value);
  return typeof value === "number" ? value : Number.NaN;
}

function limitOf(source: Assertion["source"], target: unknown): number {
  const ms = source === "response-time" && typeof target === "string" ? parseDuration(target) : undefined;
  return ms ?? numberOf(target);
}

/** As it reads; JSON for what is no text. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}
