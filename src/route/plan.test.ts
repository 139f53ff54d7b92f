import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, nowhere } from "../../test/fixtures/observations.ts";
import type { Alert } from "../model/alert.ts";
import type { ClaimKind } from "../model/claim.ts";
import { expression } from "../rego/index.ts";
import { planRun } from "./plan.ts";
import type { CheckRecipe } from "./plan.ts";

const recipe = (name: string, covers: CheckRecipe["covers"]): CheckRecipe => ({
  name,
  written: { name, type: "http", url: "https://shop.example/" },
  templates: [],
  covers,
});

const alert: Alert = {
  id: "1",
  receivedAt: 0,
  source: "webhook",
  onlyRoute: null,
  contentType: "application/json",
  body: new TextEncoder().encode(
    JSON.stringify({ title: "certificate expired", where: "seen from frankfurt over IPv6", team: "shop" }),
  ),
  status: "firing",
  dedupKey: null,
  targetUrl: null,
  fault: null,
};

function planned(claim: readonly ClaimKind[] | null) {
  const checks = [
    recipe("page", ["reachability", "content"]),
    recipe("certificate", ["certificate"]),
    recipe("ruled", expression(`input.team == "shop"`)),
    recipe("unsaid", null),
  ];
  const route = {
    name: "confirm-page",
    mode: "gate",
    spare: false,
    actions: [],
    checks: checks.map(({ name }) => name),
    locations: ["office"],
    votes: [],
    claim,
    policy: defaultPolicy,
    notify: {},
    runbook: null,
  } as const;
  return planRun(
    route,
    { alert, subject: "shop" },
    {
      checks: new Map(checks.map((one) => [one.name, one])),
      places: new Map([["office", { ...nowhere, domain: "office", region: "Frankfurt" }]]),
      kinds: new Map(),
      allowPrivateTargets: [],
      catalogue: {},
    },
  );
}

test("a plan says what the alert claims, and which of its checks can see that", () => {
  const { claim, checks } = planned(null);
  assert.deepEqual(claim, { kinds: ["certificate"], ipVersions: [6], regions: ["Frankfurt"] });
  assert.deepEqual(
    checks.map(({ covered }) => covered?.covered ?? null),
    [false, true, true, null],
  );
});

test("what the route says of its alerts goes before their words", () => {
  const { claim, checks } = planned(["content"]);
  assert.deepEqual(claim, { kinds: ["content"], ipVersions: [], regions: [] });
  assert.deepEqual(
    checks.map(({ covered }) => covered?.covered ?? null),
    [true, false, true, null],
  );
});
