import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActionKind } from "../model/action.ts";
import { fileSchema } from "./schema.ts";
import { checkTelling } from "./telling.ts";

const kinds = new Map<string, ActionKind>([
  ["slack", "message"],
  ["pagerduty", "pager"],
  ["opsgenie", "pager"],
  ["jira", "ticket"],
]);

/** What is said about one route with a check, as `severity path: message`. */
function findingsOf(route: object): string[] {
  const check = { name: "shop", type: "http", url: "https://shop.example/" };
  const file = fileSchema.parse({
    checks: [check],
    routes: [{ name: "shop", checks: ["shop"], ...route }],
    unrouted: ["slack"],
  });
  return checkTelling(file, kinds).map(
    ({ path, severity, message }) => `${severity} ${path.slice(2).join(".")}: ${message}`,
  );
}

const cases = [
  { title: "all outcomes told as confirmed", route: { notify: { confirmed: ["pagerduty"] } }, findings: [] },
  {
    title: "inconclusive without the pager",
    route: { notify: { confirmed: ["pagerduty", "slack"], inconclusive: ["slack"] } },
    findings: [
      'error notify.inconclusive: inconclusive leaves out the pager "pagerduty" that confirmed has: add it',
    ],
  },
  {
    title: "inconclusive without one of two pagers",
    route: { notify: { confirmed: ["pagerduty", "opsgenie"], inconclusive: ["pagerduty"] } },
    findings: [
      'error notify.inconclusive: inconclusive leaves out the pager "opsgenie" that confirmed has: add it',
    ],
  },
  {
    title: "inconclusive without the pager that is told at arrival",
    route: { actions: ["pagerduty"], notify: { inconclusive: ["slack"] } },
    findings: [
      'error notify.inconclusive: inconclusive leaves out the pager "pagerduty" that confirmed has: add it',
    ],
  },
  {
    title: "regional without the pager",
    route: { notify: { confirmed: ["pagerduty"], regional: ["slack"] } },
    findings: [
      'warning notify.regional: regional leaves out the pager "pagerduty": a partial outage wakes nobody',
    ],
  },
  {
    title: "a spared pager",
    route: { spare: true, notify: { confirmed: ["pagerduty"], "not-reproduced": ["slack"] } },
    findings: [],
  },
  {
    title: "a pager that is never triggered",
    route: { mode: "annotate", actions: ["slack", "pagerduty"] },
    findings: ['warning mode: with mode: annotate the pager "pagerduty" is never triggered'],
  },
  {
    title: "shadow: spared pagers are no fault, and that nothing is spared is said",
    route: {
      mode: "shadow",
      spare: true,
      notify: { confirmed: ["pagerduty"], regional: ["slack"], "not-reproduced": ["slack"] },
    },
    findings: [
      "warning mode: mode: shadow spares nothing: every outcome is told as confirmed is, and each message says what would have been done",
    ],
  },
  {
    title: "shadow without the pager: nobody is woken, whatever happens",
    route: { mode: "shadow", notify: { confirmed: ["pagerduty"], inconclusive: ["slack"] } },
    findings: [
      'error notify.inconclusive: inconclusive leaves out the pager "pagerduty" that confirmed has: add it',
      "warning mode: mode: shadow spares nothing: every outcome is told as inconclusive is, and each message says what would have been done",
    ],
  },
  {
    title: "nobody left to tell",
    route: { mode: "annotate", notify: { confirmed: ["pagerduty"] } },
    findings: [
      'error name: route "shop" tells nobody that the trouble is confirmed: list notify.confirmed, or say record-only: true',
      'warning mode: with mode: annotate the pager "pagerduty" is never triggered',
    ],
  },
  {
    title: "a ticket is filed at arrival, and hears no verdict",
    route: { actions: ["jira"] },
    findings: [
      'error name: route "shop" tells nobody that the trouble is confirmed: list notify.confirmed, or say record-only: true',
    ],
  },
  { title: "a ticket for what is confirmed", route: { notify: { confirmed: ["jira"] } }, findings: [] },
  {
    title: "silence that is meant",
    route: { "record-only": true, spare: true, notify: { confirmed: [], "not-reproduced": [] } },
    findings: [],
  },
  {
    title: "recovery told to nobody",
    route: { notify: { confirmed: ["slack"], recovered: [] } },
    findings: [],
  },
];

for (const { title, route, findings } of cases) {
  test(title, () => {
    assert.deepEqual(findingsOf(route), findings);
  });
}

const check = (name: string, covers?: readonly string[]) => ({
  name,
  type: "http",
  url: "https://shop.example/",
  ...(covers === undefined ? {} : { covers }),
});

for (const [what, checks, expected] of [
  ["says what its pass proves", [check("shop", ["reachability"])], []],
  [
    "does not, beside one that does",
    [check("shop"), check("login", ["content"])],
    [
      "not-reproduced is never used: nobody says what a pass of shop proves, and health is told as inconclusive is; say covers: in the check, or spare: true here",
    ],
  ],
] as const) {
  test(`not-reproduced where a check ${what}`, () => {
    const notify = { confirmed: ["pagerduty"], "not-reproduced": ["slack"] };
    const routes = [{ name: "shop", checks: checks.map(({ name }) => name), notify }];
    const file = fileSchema.parse({ checks, routes, unrouted: ["slack"] });
    assert.deepEqual(
      checkTelling(file, kinds).map(({ message }) => message),
      expected,
    );
  });
}

test("a pager among those who read the digest", () => {
  const file = fileSchema.parse({ digest: { actions: ["slack", "pagerduty"] }, unrouted: ["slack"] });
  assert.deepEqual(checkTelling(file, kinds), [
    {
      path: ["digest", "actions", 1],
      cut: ["digest", "actions", 1],
      severity: "error",
      message:
        'the digest is no page, and "pagerduty" is a pager: name an action that is read, such as slack or email',
    },
  ]);
});
