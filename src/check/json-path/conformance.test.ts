/** Against what others made of the RFC: its working group's suite, which the package has in it, and the package itself. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { query } from "jsonpath-rfc9535";
import { Random } from "../../../test/fixtures/random.ts";
import { parseJsonPath } from "./json-path.ts";
import type { JsonValue } from "./json-value.ts";
import { drawDocument, drawMistyped, drawPath } from "./random-paths.fixture.ts";
import { JsonPathError } from "./scope.ts";

interface Case {
  readonly name: string;
  readonly selector: string;
  readonly document: JsonValue;
  readonly result?: readonly JsonValue[];
  /** Any of these. */
  readonly results?: readonly (readonly JsonValue[])[];
  readonly invalid_selector?: boolean;
}

const suiteFile = "src/__tests__/jsonpath-compliance-test-suite/cts.json";

function readSuite(): readonly Case[] {
  const place = new URL(suiteFile, import.meta.resolve("jsonpath-rfc9535/package.json"));
  const { tests } = JSON.parse(readFileSync(fileURLToPath(place), "utf8")) as { tests: readonly Case[] };
  return tests;
}

suite("the JSONPath Compliance Test Suite", () => {
  for (const { name, selector, document, result, results, invalid_selector: isInvalid } of readSuite()) {
    test(name, () => {
      if (isInvalid === true) {
        assert.throws(() => parseJsonPath(selector), JsonPathError);
        return;
      }
      const found = JSON.stringify(parseJsonPath(selector)(document));
      const expected = (results ?? [result]).map((each) => JSON.stringify(each));
      assert(expected.includes(found), `${selector} selects ${found}, not ${expected.join(" or ")}`);
    });
  }
});

/** Objects have no order, so what `..` selects has several. */
const asBag = (values: readonly JsonValue[]) => values.map((value) => JSON.stringify(value)).toSorted();

test("property: selects what the package selects", () => {
  const random = new Random(9535);
  let selecting = 0;
  for (let round = 0; round < 3000; round++) {
    const path = drawPath(random);
    const document = drawDocument(random);
    const [ours, theirs] = [parseJsonPath(path)(document), query(document as never, path)];
    if (ours.length > 0) selecting++;
    const what = `${path} of ${JSON.stringify(document)}`;
    if (path.includes("..")) assert.deepEqual(asBag(ours), asBag(theirs as JsonValue[]), what);
    else assert.deepEqual(ours, theirs, what);
  }
  assert(selecting > 500, `${selecting} of the paths select anything`);
});

/** The package reads these, and selects nothing. */
const unsound = /there is no function|needs \d|by itself|no value|have a value|a query is expected/;

test("property: refuses what the package refuses, and what has not the right types", () => {
  const random = new Random(9485);
  let refused = 0;
  for (let round = 0; round < 5000; round++) {
    const path = drawMistyped(random);
    const [ours, theirs] = [faultOf(() => parseJsonPath(path)), faultOf(() => query(null, path))];
    if (ours !== undefined) refused++;
    if (ours === undefined || !unsound.test(ours))
      assert.equal(ours === undefined, theirs === undefined, path);
  }
  assert(refused > 1000 && refused < 4500, `${refused} of the paths are refused`);
});

function faultOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
