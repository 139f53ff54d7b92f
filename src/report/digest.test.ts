import assert from "node:assert/strict";
import { test } from "node:test";
import { noon } from "../../test/fixtures/observations.ts";
import { audience, counted, countedRun } from "./counted.fixture.ts";
import { DigestSums } from "./digest.ts";
import type { DeadLetters } from "./digest.ts";
import type { CountedIncident } from "../model/report.ts";

const window = { since: noon, until: noon + 86_400_000 };

function digestOf(incidents: readonly CountedIncident[], deadLetters: readonly DeadLetters[] = []) {
  const sums = new DigestSums();
  for (const incident of incidents) sums.add(incident);
  const { note, items } = sums.digest(window, deadLetters);
  return { note, texts: items.map(({ text }) => text), items };
}

test("a quiet day is told too", () => {
  assert.deepEqual(digestOf([]), { note: "0 alerts, 0 pages, 0 spared", texts: [], items: [] });
});

test("lists each that was spared, what flaps, what was not delivered and who could not look", () => {
  const votes = { eu: "pass", apac: "none" } as const;
  const { note, texts, items } = digestOf(
    [
      counted("confirmed", ["pagerduty"], { flags: ["flapping"], alerts: 3 }),
      counted("not-reproduced", ["slack"], { id: "spared", runs: [countedRun("not-reproduced", votes)] }),
      counted("not-reproduced", ["pagerduty"], { audience: { ...audience, mode: "shadow" }, runs: [] }),
    ],
    [{ action: "slack", count: 2 }],
  );
  assert.equal(
    note,
    "5 alerts, 2 pages, 1 spared, 1 in shadow, 1 flapping, 2 dead letters, 1 location could not look",
  );
  assert.deepEqual(texts, [
    "spared: https://shop.example, route confirm-page, 08:00Z",
    "would have been spared: https://shop.example, route confirm-page, 08:00Z",
    "flapping: https://shop.example, route confirm-page, 08:00Z",
    "2 dead letters of slack",
    "apac could not look in 1 of 2 checks",
  ]);
  assert.equal(items[0]?.incidentId, "spared");
});

test("of a storm only the first are listed, and the rest is counted", () => {
  const { texts } = digestOf(Array.from({ length: 200 }, () => counted("not-reproduced", ["slack"])));
  assert.equal(texts.length, 21);
  assert.equal(texts.at(-1), "spared: and 180 more; crosscheck report sums them up");
});
