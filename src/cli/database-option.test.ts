import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordShown } from "./database-option.ts";

const cases = [
  ["postgres://user:hunter2@db.example/name", 1],
  ["postgres://db.example/name?user=user&password=hunter2", 1],
  ["postgres://user@db.example/name", 0],
  ["$DATABASE_URL", 0],
  ["file:/run/secrets/database-url", 0],
  [undefined, 0],
] as const;

for (const [given, count] of cases) {
  test(`${given?.replace(/hunter2/, "…")} shows ${count === 0 ? "nothing" : "a password"}`, () => {
    const warnings = passwordShown(given);
    assert.equal(warnings.length, count);
    assert(!warnings.join("").includes("hunter2"));
  });
}
