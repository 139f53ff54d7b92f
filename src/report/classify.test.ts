import assert from "node:assert/strict";
import { test } from "node:test";
import type { CountedIncident } from "../model/report.ts";
import { fateOf } from "./classify.ts";
import type { Fate } from "./classify.ts";
import { audience, counted } from "./counted.fixture.ts";

const shadow = { ...audience, mode: "shadow" as const };
const untold = { told: null, toldActions: [] };

const cases: readonly [what: string, incident: CountedIncident, fate: Fate][] = [
  ["confirmed rings the pager", counted("confirmed", ["slack", "pagerduty"]), "page"],
  ["health tells slack only", counted("not-reproduced", ["slack"]), "spared"],
  ["a list without a pager for regional", counted("regional", ["slack"]), "spared"],
  ["no verdict yet", counted("confirmed", [], untold), "neither"],
  ["muted", counted("confirmed", ["pagerduty"], { flags: ["muted"], toldActions: [] }), "neither"],
  ["rung before it was muted", counted("confirmed", ["pagerduty"], { flags: ["muted"] }), "page"],
  [
    "told by one page with many others",
    counted("confirmed", ["pagerduty"], { toldActions: ["slack"] }),
    "page",
  ],
  [
    "opened again, and not told yet: it rang the first time",
    counted("confirmed", ["pagerduty"], { told: null }),
    "page",
  ],
  [
    "the pager hears of every arrival",
    counted("not-reproduced", ["pagerduty", "slack"], { audience: { ...audience, actions: ["pagerduty"] } }),
    "page",
  ],
  ["shadow, confirmed", counted("confirmed", ["pagerduty"], { audience: shadow }), "page"],
  ["shadow, health", counted("not-reproduced", ["pagerduty"], { audience: shadow }), "would-be-spared"],
  [
    "shadow, health of a check beside one that nobody could judge",
    counted("not-reproduced", ["pagerduty"], {
      audience: shadow,
      runs: [...counted("not-reproduced", []).runs, ...counted("inconclusive", []).runs],
    }),
    "page",
  ],
  [
    "shadow, health of the checks that could be built",
    counted("not-reproduced", ["pagerduty"], { audience: { ...shadow, faults: ["no target"] } }),
    "page",
  ],
  [
    "shadow, and the pager hears of every arrival",
    counted("not-reproduced", ["pagerduty"], { audience: { ...shadow, actions: ["pagerduty"] } }),
    "page",
  ],
  [
    "without a pager whoever hears of trouble is woken",
    counted("confirmed", ["slack"], { audience: { ...audience, notify: { confirmed: ["slack"] } } }),
    "page",
  ],
  [
    "without a pager: others hear of health",
    counted("not-reproduced", ["email"], {
      audience: {
        ...audience,
        actions: [],
        notify: { confirmed: ["slack"], "not-reproduced": ["email"] },
      },
    }),
    "spared",
  ],
  [
    "only recorded",
    counted("confirmed", [], { audience: { ...audience, actions: [], notify: { confirmed: [] } } }),
    "neither",
  ],
  ["passed on without a check", counted("confirmed", ["slack"], { audience: null, told: null }), "page"],
  ["passed on to nobody", counted("confirmed", [], { ...untold, audience: null }), "neither"],
];

for (const [what, incident, fate] of cases)
  test(`${what}: ${fate}`, () => {
    assert.equal(fateOf(incident), fate);
  });
