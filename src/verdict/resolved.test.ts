import assert from "node:assert/strict";
import { test } from "node:test";
import { incidentOf, noon, planOf } from "../../test/fixtures/observations.ts";
import {
  take,
  confirmed,
  regional,
  slow,
  clean,
  unsure,
  overdue,
  opened,
  toldConfirmed,
  toldRegional,
  toldUnsure,
  recovering,
  tellStories,
  plain,
  play,
} from "./stories.fixture.ts";

tellStories([
  {
    name: "the sender says resolved before the verdict: our own proof pages",
    steps: [opened, { at: 3, on: "resolved", reason: "sender-resolved", state: "checking" }, toldConfirmed],
  },
  {
    name: "the sender says resolved and then fires again: inconclusive pages",
    steps: [
      opened,
      { at: 3, on: "resolved", reason: "sender-resolved", state: "checking" },
      { at: 4, on: "fired", reason: "joined", state: "checking" },
      toldUnsure,
    ],
  },
  {
    name: "the sender says resolved after an inconclusive verdict: closed, and resolved in the pager",
    steps: [
      opened,
      toldUnsure,
      {
        at: 20,
        on: "resolved",
        reason: "sender-resolved",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
        next: null,
      },
      { at: 30, on: "resolved", reason: "no-incident", state: "closed", next: null },
    ],
  },
  {
    name: "the sender says resolved after our own proof: the next recheck is now, recovery decides",
    steps: [
      opened,
      toldConfirmed,
      { at: 20, on: "resolved", reason: "sender-resolved", state: "open", next: 20 },
      { at: 25, on: ["recheck", confirmed], reason: "still-open", state: "open" },
      { ...recovering, at: 100 },
      { at: 190, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 280,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "degraded is our own proof too",
    steps: [
      opened,
      { ...toldRegional, on: ["alert", slow] },
      { at: 20, on: "resolved", reason: "sender-resolved", state: "open", next: 20 },
    ],
  },
  {
    name: "what was told as inconclusive and then proven waits for recovery",
    steps: [
      opened,
      toldUnsure,
      {
        at: 35,
        on: ["recheck", regional],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
      { at: 50, on: "resolved", reason: "sender-resolved", state: "open", next: 50 },
    ],
  },
  {
    name: "a verdict that comes after the end changes nothing",
    steps: [
      opened,
      toldUnsure,
      {
        at: 20,
        on: "resolved",
        reason: "sender-resolved",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
        next: null,
      },
      { at: 25, on: ["recheck", unsure], reason: "no-incident", state: "closed", next: null },
    ],
  },
  {
    name: "the end of what nobody was told of is told to nobody",
    plan: { actions: [], notify: { confirmed: ["pagerduty"], inconclusive: [], recovered: ["slack"] } },
    steps: [
      { ...opened, tells: [] },
      { ...toldUnsure, tells: [] },
      { at: 20, on: "resolved", reason: "sender-resolved", state: "closed", next: null },
    ],
  },
  {
    name: "of two senders that say it fails one says resolved: inconclusive pages",
    steps: [
      opened,
      { at: 1, on: "other fired", reason: "joined", state: "checking" },
      { at: 3, on: "resolved", reason: "sender-resolved", state: "checking" },
      toldUnsure,
    ],
  },
]);

test("a page in spite of the sender's resolve says so", () => {
  const resolved = play([0, "fired"], [3, "resolved"]);
  for (const verdict of [confirmed, regional]) {
    const { tell } = take(resolved, ["alert", verdict], noon + 5000, plain);
    assert.match(tell[0]?.note ?? "", /sender.*resolved/v);
  }
});

for (const [name, verdict] of Object.entries({ unsure, slow, clean, overdue })) {
  test(`resolved before the verdict: ${name} pages nobody, and whoever was rung at arrival hears the end`, () => {
    const policy = { plan: planOf({ actions: ["opsgenie"] }), random: 0.5 };
    const resolved = take(
      take(incidentOf(), "fired", noon, policy).incident,
      "resolved",
      noon + 3000,
      policy,
    );
    const { incident, tell } = take(resolved.incident, ["alert", verdict], noon + 5000, policy);
    const rung = tell.filter(({ event }) => event !== "recovered").flatMap(({ actions }) => actions);
    assert(!rung.includes("pagerduty") && !rung.includes("opsgenie"), rung.join(" "));
    if (incident.state === "closed") {
      const heard = tell.filter(({ event }) => event === "recovered").flatMap(({ actions }) => actions);
      assert(heard.includes("opsgenie"), heard.join(" "));
    } else {
      assert.equal(incident.state, "watching");
    }
  });
}
