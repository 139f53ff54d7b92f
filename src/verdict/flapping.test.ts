import { verdictOf } from "../../test/fixtures/observations.ts";
import type { StepReason } from "./step.ts";
import {
  by,
  confirmed,
  regional,
  clean,
  opened,
  spared,
  toldConfirmed,
  toldRegional,
  toldUnsure,
  recovering,
  tellStories,
} from "./stories.fixture.ts";
import type { Scene } from "./stories.fixture.ts";

const seenOnce = verdictOf("not-reproduced", by("pass pass pass"), { reason: "second-look-clean", looks: 2 });

const reopenedAt = (at: number): Scene => ({
  at,
  on: "fired",
  reason: "reopened",
  state: "checking",
  tells: ["trigger: slack"],
  next: at,
});
const cleanRun = (at: number, reason: StepReason): Scene => ({ at, on: ["recheck", clean], reason });

/** Told and over three times, of which it was taken up again twice. */
const twiceReopened: Scene[] = [
  opened,
  ...[0, 100, 200].flatMap((at): Scene[] => [
    ...(at === 0 ? [] : [reopenedAt(at)]),
    { ...toldUnsure, at: at + 5, next: at + 35, flags: [] },
    {
      at: at + 20,
      on: "resolved",
      reason: "sender-resolved",
      state: "closed",
      tells: ["recovered: pagerduty slack"],
    },
  ]),
];

tellStories([
  {
    name: "an alert soon after recovery reopens, and its verdict is told",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 130, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 220,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
      { at: 500, on: "fired", reason: "reopened", state: "checking", tells: ["trigger: slack"], next: 500 },
      {
        at: 510,
        on: ["alert", confirmed],
        reason: "told",
        state: "open",
        tells: ["verdict: pagerduty slack"],
        next: 540,
      },
      { at: 550, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 640, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 730,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "the third reopening in an hour is flapping, and the sender's word does not end it",
    steps: [
      ...twiceReopened,
      { ...reopenedAt(300), flags: ["flapping"] },
      { ...toldConfirmed, at: 310, next: 340, flags: ["flapping"] },
      { at: 320, on: "resolved", reason: "sender-resolved", state: "open", next: 320 },
    ],
  },
  {
    name: "what is flapping is told though it is healthy when we look, once",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      {
        at: 310,
        on: ["alert", clean],
        reason: "flapping",
        state: "open",
        tells: ["verdict: pagerduty slack"],
        note: "it fails again and again",
        next: 340,
      },
      { at: 340, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 400, on: "fired", reason: "joined", state: "open" },
      { at: 410, on: ["recheck", clean], reason: "recovering", state: "recovering" },
    ],
  },
  {
    name: "what is flapping is told and stays open though the sender says resolved, before the verdict and after it",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      { at: 302, on: "resolved", reason: "sender-resolved", state: "checking" },
      {
        at: 310,
        on: ["alert", clean],
        reason: "flapping",
        state: "open",
        tells: ["verdict: pagerduty slack"],
      },
      { at: 320, on: "resolved", reason: "sender-resolved", state: "open", next: 320 },
    ],
  },
  {
    name: "what is flapping is over when it has been clean for 30 min, and not sooner",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      { ...toldConfirmed, at: 310, next: 340 },
      ...[340, 440, 540, 640, 1200, 2000].map((at) => cleanRun(at, "recovering")),
      { at: 2139, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { ...cleanRun(2141, "recovered"), state: "closed", tells: ["recovered: pagerduty slack"] },
    ],
  },
  {
    name: "failing once more begins the 30 min anew, and is not told: no worse than it was",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      { ...toldConfirmed, at: 310, next: 340 },
      cleanRun(400, "recovering"),
      cleanRun(1500, "recovering"),
      { at: 1600, on: ["recheck", regional], reason: "still-open", state: "open" },
      cleanRun(1700, "recovering"),
      cleanRun(3400, "recovering"),
      { ...cleanRun(3500, "recovered"), state: "closed", tells: ["recovered: pagerduty slack"] },
    ],
  },
  {
    name: "what is flapping and gets worse is told at once",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      { ...toldRegional, at: 310, next: 340 },
      {
        at: 340,
        on: ["recheck", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
    ],
  },
  {
    name: "an alert that joins what was told as flapping more than an hour ago is told again, healthy or not",
    steps: [
      ...twiceReopened,
      reopenedAt(300),
      { ...toldConfirmed, at: 310, next: 340 },
      { at: 4000, on: "fired", reason: "joined", state: "open", next: 4000 },
      {
        at: 4010,
        on: ["recheck", clean],
        reason: "flapping",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
    ],
  },
  {
    name: "reopened as often, but over more than an hour, it is not flapping",
    steps: [...twiceReopened, { ...reopenedAt(3701), flags: [] }, { ...spared, at: 3710, next: 3770 }],
  },
  {
    name: "down 40 s every 5 min: spared twice an hour at most, then told as flapping",
    steps: [
      opened,
      { ...spared, at: 45, on: ["alert", seenOnce], next: 105 },
      { at: 110, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 300, on: "fired", reason: "joined-spared", next: 300 },
      { ...spared, at: 345, on: ["alert", seenOnce], next: 405, flags: [] },
      { at: 410, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 600, on: "fired", reason: "joined-spared", next: 600 },
      {
        at: 645,
        on: ["alert", seenOnce],
        reason: "flapping",
        state: "open",
        tells: ["change: pagerduty slack"],
        note: "it fails again and again",
        flags: ["flapping"],
      },
    ],
  },
]);
