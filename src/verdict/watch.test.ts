import {
  confirmed,
  regional,
  slow,
  clean,
  unsure,
  overdue,
  opened,
  spared,
  tellStories,
} from "./stories.fixture.ts";
import type { Story } from "./stories.fixture.ts";

tellStories([
  {
    name: "what is spared is watched and closed after the last recheck",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", clean], reason: "spared-still", state: "watching", next: 250 },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching", next: 855 },
      { at: 860, on: ["watch", clean], reason: "watch-over", state: "closed", next: null },
    ],
  },
  {
    name: "turning bad releases what was spared",
    steps: [
      opened,
      spared,
      {
        at: 70,
        on: ["watch", regional],
        reason: "told",
        state: "open",
        tells: ["*: email pagerduty"],
        next: 100,
      },
    ],
  },
  {
    name: "turning slow releases what was spared",
    steps: [
      opened,
      spared,
      {
        at: 70,
        on: ["watch", slow],
        reason: "told",
        state: "open",
        tells: ["*: email pagerduty"],
        next: 100,
      },
    ],
  },
  {
    name: "two inconclusive rechecks in a row page",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 255, on: ["watch", unsure], reason: "told", state: "open", tells: ["*: pagerduty"], next: 285 },
    ],
  },
  {
    name: "inconclusive rechecks that are not in a row do not",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 860, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 1500, on: ["watch", unsure], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "an inconclusive recheck before a fresh spare and one after it are not two in a row",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 90, on: "fired", reason: "joined-spared", next: 90 },
      { at: 100, on: ["alert", clean], reason: "spared", state: "watching", tells: ["*: slack"] },
      { at: 170, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
    ],
  },
  {
    name: "an alert that joins a spared incident pages at once when nobody can tell",
    steps: [
      opened,
      spared,
      { at: 30, on: "fired", reason: "joined-spared", next: 30 },
      { at: 50, on: ["alert", unsure], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "the hold of an alert that joined a spared incident pages",
    steps: [
      opened,
      spared,
      { at: 30, on: "fired", reason: "joined-spared", next: 30 },
      { at: 90, on: ["hold", overdue], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "a watch run under way does not answer the alert that joins",
    steps: [
      opened,
      spared,
      { at: 66, on: "fired", reason: "joined-spared", next: 66 },
      { at: 80, on: ["watch", clean], reason: "awaiting-fresh-run" },
      { at: 95, on: ["alert", confirmed], reason: "told", state: "open", tells: ["*: pagerduty slack"] },
    ],
  },
  {
    name: "a watch run under way that turns bad is told at once",
    steps: [
      opened,
      spared,
      { at: 66, on: "fired", reason: "joined-spared", next: 66 },
      { at: 80, on: ["watch", confirmed], reason: "told", state: "open", tells: ["*: pagerduty slack"] },
    ],
  },
  {
    name: "the last watch run does not close what an alert has just joined",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching", next: 855 },
      { at: 858, on: "fired", reason: "joined-spared", next: 858 },
      { at: 860, on: ["watch", clean], reason: "awaiting-fresh-run" },
    ],
  },
  ...[unsure, slow].map((verdict): Story => ({
    name: `after the sender's resolve only our own proof pages: a watch that finds ${verdict.outcome} is over`,
    plan: { actions: ["opsgenie"] },
    steps: [
      { ...opened, tells: ["trigger: opsgenie"] },
      spared,
      { at: 20, on: "resolved", reason: "sender-resolved", state: "watching", next: 20 },
      {
        at: 25,
        on: ["watch", verdict],
        reason: "watch-over",
        state: "closed",
        tells: ["recovered: opsgenie"],
        next: null,
      },
    ],
  })),
  {
    name: "turning bad after the sender's resolve is told, and says so",
    steps: [
      opened,
      spared,
      { at: 20, on: "resolved", reason: "sender-resolved", state: "watching", next: 20 },
      {
        at: 25,
        on: ["watch", regional],
        reason: "told",
        state: "open",
        tells: ["*: email pagerduty"],
        note: "the sender says resolved",
      },
    ],
  },
]);
