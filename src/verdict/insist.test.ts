import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, noon } from "../../test/fixtures/observations.ts";
import {
  take,
  regional,
  slow,
  clean,
  unsure,
  opened,
  spared,
  tellStories,
  plain,
  play,
} from "./stories.fixture.ts";
import type { Story, Scene } from "./stories.fixture.ts";

const note = "sender insists; not visible from outside";
const insisted: Scene = {
  at: 905,
  on: ["watch", clean],
  reason: "insisted",
  state: "open",
  tells: ["change: pagerduty slack"],
  note,
  next: 935,
};
const joinedAt = (at: number, on: Scene["on"] = "fired"): Scene => ({
  at,
  on,
  reason: "joined-spared",
  next: at,
});
const stillSparedAt = (at: number, next: number | null): Scene => ({
  at,
  on: ["watch", clean],
  reason: "spared-still",
  state: "watching",
  next,
});
/** Spared twice, and told at the third time. */
const thirdSpare: Scene[] = [
  opened,
  spared,
  joinedAt(100),
  { ...spared, at: 105, next: 165 },
  joinedAt(200),
  { ...insisted, at: 205, on: ["alert", clean], next: 235 },
];
/** The watch goes on until the sender should have said that it is over. */
const watchedToTheMark: Scene[] = [
  opened,
  spared,
  stillSparedAt(70, 250),
  stillSparedAt(255, 855),
  stillSparedAt(860, 905),
];
const cleanRun = (at: number): Scene => ({
  at,
  on: ["recheck", clean],
  reason: "recovering",
  state: "recovering",
});
const over: Scene = {
  at: 0,
  on: "resolved",
  reason: "sender-resolved",
  state: "closed",
  tells: ["recovered: pagerduty slack"],
  note: "the sender says resolved",
};

tellStories([
  { name: "the third spare within an hour is told to whom confirmed is told", steps: thirdSpare },
  {
    name: "three spares over more than an hour are spares",
    steps: [
      opened,
      spared,
      joinedAt(800),
      { ...spared, at: 805, next: 865 },
      joinedAt(3600),
      { ...spared, at: 3606, next: 3666 },
    ],
  },
  {
    name: "a second independent sender is believed once the fresh look is healthy too",
    steps: [
      opened,
      spared,
      joinedAt(30, "other fired"),
      { ...insisted, at: 35, on: ["alert", clean], next: 65 },
    ],
  },
  {
    name: "a second alert of the same sender is not a second sender",
    steps: [opened, spared, joinedAt(30), { ...spared, at: 35, next: 95 }],
  },
  {
    name: "who has said resolved is no second sender",
    steps: [
      opened,
      { at: 1, on: "other fired", reason: "joined", state: "checking" },
      { at: 2, on: "other resolved", reason: "sender-resolved", state: "checking" },
      spared,
    ],
  },
  {
    name: "a sender that says when it is over, and has not in 15 min, is believed",
    senderResolves: true,
    steps: [...watchedToTheMark, insisted],
  },
  {
    name: "a sender that never says so is not: the watch ends",
    steps: [
      opened,
      spared,
      stillSparedAt(70, 250),
      stillSparedAt(255, 855),
      { at: 860, on: ["watch", clean], reason: "watch-over", state: "closed", next: null },
    ],
  },
  {
    name: "a look before the mark is brought forward to it",
    plan: { policy: { ...defaultPolicy, recheckMs: [1_200_000] } },
    senderResolves: true,
    steps: [opened, { ...spared, next: 905 }, insisted],
  },
  {
    name: "without rechecks what is spared is still looked at when its sender should have said that it is over",
    plan: { policy: { ...defaultPolicy, recheckMs: [] } },
    senderResolves: true,
    steps: [opened, { ...spared, next: 905 }, insisted],
  },
  {
    name: "nobody can tell at the mark: told at once",
    senderResolves: true,
    steps: [
      ...watchedToTheMark,
      { at: 905, on: ["watch", unsure], reason: "told", state: "open", tells: ["change: pagerduty"] },
    ],
  },
  {
    name: "the sender says so in time: spared for good",
    senderResolves: true,
    steps: [
      opened,
      spared,
      { at: 60, on: "resolved", reason: "sender-resolved", state: "watching", next: 60 },
      { at: 65, on: ["watch", clean], reason: "watch-over", state: "closed", next: null },
    ],
  },
  {
    name: "another alert does not put the mark off; a resolve in between does",
    senderResolves: true,
    steps: [
      opened,
      spared,
      joinedAt(600),
      { ...spared, at: 605, next: 665 },
      stillSparedAt(700, 880),
      stillSparedAt(880, 905),
      { at: 890, on: "resolved", reason: "sender-resolved", state: "watching", next: 890 },
      joinedAt(895),
      { ...insisted, at: 900, on: ["alert", clean], next: 930 },
    ],
  },
  {
    name: "what the sender insists on is over when it says so",
    senderResolves: true,
    steps: [
      ...thirdSpare,
      { at: 240, on: ["recheck", clean], reason: "still-open", state: "open" },
      { at: 4000, on: ["recheck", clean], reason: "still-open", state: "open" },
      { ...over, at: 9000 },
    ],
  },
  {
    name: "of a sender that never says so it is over when it has been clean, without an alert, for 30 min",
    steps: [
      ...thirdSpare,
      cleanRun(240),
      cleanRun(440),
      { at: 1000, on: "fired", reason: "joined", state: "open", next: 1000 },
      cleanRun(1010),
      cleanRun(2000),
      cleanRun(2800),
      { ...over, at: 2811, on: ["recheck", clean], reason: "recovered", note: null },
    ],
  },
  {
    name: "one of two that insist says resolved: it is over when the other does too",
    steps: [
      opened,
      spared,
      joinedAt(30, "other fired"),
      { ...insisted, at: 35, on: ["alert", clean], next: 65 },
      { at: 50, on: "resolved", reason: "sender-resolved", state: "open", next: 50 },
      { ...over, at: 60, on: "other resolved" },
    ],
  },
  ...[regional, slow].map((verdict): Story => ({
    name: `what the sender insists on and we now see is told: ${verdict.outcome}`,
    steps: [
      ...thirdSpare,
      {
        at: 240,
        on: ["recheck", verdict],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
    ],
  })),
  {
    name: "what was seen at last recovers as anything does, though its sender has not said so",
    senderResolves: true,
    steps: [
      ...thirdSpare,
      {
        at: 240,
        on: ["recheck", regional],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
      cleanRun(300),
      cleanRun(400),
      {
        ...over,
        at: 490,
        on: ["recheck", clean],
        reason: "recovered",
        tells: ["recovered: pagerduty slack"],
        note: null,
      },
    ],
  },
  {
    name: "nobody can tell any more is not worse than what the sender insists on",
    steps: [...thirdSpare, { at: 240, on: ["recheck", unsure], reason: "still-open", state: "open" }],
  },
  {
    name: "an alert more than an hour after it was told is told again, for the same reason",
    steps: [
      ...thirdSpare,
      { at: 4000, on: "fired", reason: "joined", state: "open", next: 4000 },
      { ...insisted, at: 4010, on: ["recheck", clean], next: 4040 },
    ],
  },
  {
    name: "taken up again after its end, it is told at the next spare: those before it count on",
    steps: [
      ...thirdSpare,
      { ...over, at: 300 },
      { at: 400, on: "fired", reason: "reopened", state: "checking", tells: ["trigger: slack"] },
      { ...insisted, at: 405, on: ["alert", clean], tells: ["verdict: pagerduty slack"], next: 435 },
    ],
  },
]);

test("an explicit list of confirmed is told, whatever the other lists say", () => {
  const told = play([0, "fired"], [5, ["alert", clean]], [9, "other fired"]);
  const { tell } = take(told, ["alert", clean], noon + 20_000, plain);
  assert.deepEqual(tell, [{ event: "change", actions: ["pagerduty", "slack"], note }]);
});
