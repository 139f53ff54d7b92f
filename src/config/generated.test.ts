import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configJsonSchema } from "./json-schema.ts";
import { configReference } from "./reference.ts";

const outdated = "out of date: npm run generate";

test("schema.json is what the schema says", () => {
  const text = readFileSync(join(import.meta.dirname, "schema.json"), "utf8");
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(configJsonSchema())), outdated);
});

test("docs/configuration.md is what the schema says", () => {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "docs", "configuration.md"), "utf8");
  assert.equal(text, configReference(configJsonSchema()), outdated);
});
