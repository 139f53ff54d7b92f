import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { newIncident, noProgress } from "../model/incident.ts";
import type { Incident, Told } from "../model/incident.ts";
import { muteOver } from "../model/mute.ts";
import type { Mute } from "../model/mute.ts";
import type { DeliveryEvent } from "../model/delivery.ts";
import { mutedStep } from "./mute.ts";
import type { Step } from "./step.ts";

const noon = Date.parse("2026-11-22T12:00:00Z");
const mute = { until: noon + 7_200_000, reason: "deploy" };
const checking = newIncident({ route: "page", subject: "https://shop.example", now: noon });
const told = (outcome: Told["outcome"], actions: string[]): Told => ({
  outcome,
  failing: 2,
  at: noon,
  actions,
});

function step(incident: Partial<Incident>, event: DeliveryEvent, actions: readonly string[]): Step {
  return {
    incident: { ...checking, ...incident },
    tell: [{ event, actions, note: null }],
    reason: "told",
  };
}

suite("a step under a mute", () => {
  const opened = step({ state: "open", told: told("confirmed", ["oncall"]), nextRunAt: null }, "verdict", [
    "oncall",
  ]);

  test("is recorded and not told, and looked at again at the mute's end", () => {
    const { incident, tell, reason } = mutedStep(checking, opened, { mute, heard: [] });
    assert.deepEqual([tell, reason, incident.told], [[], "muted", null]);
    assert.deepEqual([incident.state, incident.flags, incident.nextRunAt], ["open", ["muted"], mute.until]);
    assert.deepEqual(incident.progress.muted, mute);
  });

  test("keeps an earlier look", () => {
    const soon = { ...opened, incident: { ...opened.incident, nextRunAt: noon + 30_000 } };
    assert.equal(mutedStep(checking, soon, { mute, heard: [] }).incident.nextRunAt, noon + 30_000);
  });

  test("counts what was told before as told, and no more", () => {
    const before: Incident = { ...checking, state: "open", told: told("regional", ["team"]) };
    const { incident } = mutedStep(before, opened, { mute, heard: ["team"] });
    assert.deepEqual(incident.told, before.told);
  });

  test("remembers health that nobody was told of, for the watch, and who is owed its end", () => {
    const spared = step({ state: "watching", told: told("not-reproduced", ["team"]) }, "verdict", ["team"]);
    const { incident } = mutedStep(checking, spared, { mute, heard: ["oncall"] });
    assert.deepEqual([incident.told?.outcome, incident.told?.actions], ["not-reproduced", ["oncall"]]);
  });

  test("lets an arrival through to its lane, which holds it", () => {
    const arrived = step({}, "trigger", ["oncall"]);
    const { tell, incident } = mutedStep(checking, arrived, { mute, heard: [] });
    assert.deepEqual([tell, incident.progress.muted], [arrived.tell, null]);
  });

  const over = step({ state: "closed", closedAt: noon, nextRunAt: null }, "recovered", ["oncall", "team"]);

  test("tells the end to those who have heard, and nobody else", () => {
    const { tell, incident } = mutedStep(checking, over, { mute, heard: ["oncall"] });
    assert.deepEqual(
      tell.map(({ actions }) => actions),
      [["oncall"]],
    );
    assert.equal(incident.nextRunAt, null);
    assert.deepEqual(mutedStep(checking, over, { mute, heard: [] }).tell, []);
  });

  const kept: Incident = { ...checking, flags: ["muted"], progress: { ...noProgress, muted: mute } };

  test("once it is over, the first news says that there was one", () => {
    const again = { ...opened, incident: { ...opened.incident, flags: ["muted"], progress: kept.progress } };
    const { incident, tell } = mutedStep(kept, again, { mute: null, heard: [] });
    assert.deepEqual(
      tell.map(({ note }) => note),
      ["muted until now (deploy), checked again"],
    );
    assert.deepEqual([incident.flags, incident.progress.muted], [[], null]);
    assert.deepEqual(incident.told, opened.incident.told);
  });

  test("what recovers after it without having been told is not told", () => {
    assert.deepEqual(mutedStep(kept, over, { mute: null, heard: [] }).tell, []);
  });
});

suite("what a mute is over", () => {
  const one: Mute = {
    id: "1",
    route: "page",
    subject: null,
    from: noon,
    until: noon + 1000,
    reason: "",
    actor: "",
  };
  const about = { route: "page", subject: "https://shop.example" };
  const cases: readonly (readonly [
    string,
    Partial<Mute>,
    { route: string; subject: string },
    number,
    boolean,
  ])[] = [
    ["its route", {}, about, noon, true],
    ["not before it begins", {}, about, noon - 1, false],
    ["not once it is over", {}, about, noon + 1000, false],
    ["no other route", {}, { ...about, route: "other" }, noon, false],
    [
      "its subject on any route",
      { route: null, subject: about.subject },
      { ...about, route: "other" },
      noon,
      true,
    ],
    ["both", { subject: "https://other.example" }, about, noon, false],
    [
      "the unrouted by their subject",
      { route: null, subject: about.subject },
      { ...about, route: "unrouted" },
      noon,
      true,
    ],
    ["not the unrouted by a route", { route: "unrouted" }, { ...about, route: "unrouted" }, noon, false],
    [
      "no trouble of ours",
      { route: null, subject: "disk" },
      { route: "trouble", subject: "disk" },
      noon,
      false,
    ],
    ["no storm", { route: null, subject: "oncall" }, { route: "storm", subject: "oncall" }, noon, false],
  ];
  for (const [name, part, what, now, expected] of cases) {
    test(name, () => assert.equal(muteOver([{ ...one, ...part }], what, now) !== null, expected));
  }

  test("of several the one that ends last", () => {
    const longer = { ...one, id: "2", until: noon + 2000 };
    assert.equal(muteOver([longer, one], about, noon)?.id, "2");
  });
});
