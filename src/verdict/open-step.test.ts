import assert from "node:assert/strict";
import { test } from "node:test";
import { retellAfterMs } from "./alert-step.ts";
import {
  confirmed,
  allDown,
  regional,
  slow,
  clean,
  silentApac,
  unsure,
  overdue,
  opened,
  toldConfirmed,
  toldRegional,
  toldUnsure,
  tellStories,
} from "./stories.fixture.ts";

tellStories([
  {
    name: "open is rechecked by its schedule, and the same or milder is not told",
    steps: [
      opened,
      toldConfirmed,
      { at: 35, on: ["recheck", confirmed], reason: "still-open", state: "open", next: 95 },
      { at: 95, on: ["recheck", regional], reason: "still-open", state: "open", next: 215 },
      { at: 215, on: ["recheck", unsure], reason: "still-open", state: "open", next: 515 },
      { at: 515, on: ["recheck", slow], reason: "still-open", state: "open", next: 815 },
    ],
  },
  {
    name: "regional to confirmed is told at once",
    steps: [
      opened,
      toldRegional,
      {
        at: 35,
        on: ["recheck", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
      { at: 95, on: ["recheck", confirmed], reason: "still-open", state: "open" },
      { at: 155, on: ["recheck", regional], reason: "still-open", state: "open" },
      { at: 300, on: ["recheck", confirmed], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "one domain more is told at once",
    steps: [
      opened,
      toldConfirmed,
      {
        at: 35,
        on: ["recheck", allDown],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
      { at: 95, on: ["recheck", allDown], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "our own proof is worse than having been unable to tell",
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
    ],
  },
  {
    name: "a verdict after the hold's is told when it is worse",
    steps: [
      opened,
      { ...toldUnsure, at: 60, on: ["hold", overdue], next: 90 },
      {
        at: 62,
        on: ["alert", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
    ],
  },
  {
    name: "an alert that joins an incident told more than an hour ago has its verdict told again, once",
    steps: [
      opened,
      toldConfirmed,
      { at: 3606, on: "fired", reason: "joined", state: "open" },
      {
        at: 3660,
        on: ["recheck", regional],
        reason: "told-again",
        state: "open",
        tells: ["*: email pagerduty"],
      },
      { at: 3960, on: ["recheck", regional], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "an alert that joins an incident told an hour ago, no more, is old news",
    steps: [
      opened,
      toldConfirmed,
      { at: 3605, on: "fired", reason: "joined", state: "open" },
      { at: 7500, on: ["recheck", confirmed], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "the hold of an alert that joined an incident told more than an hour ago pages again",
    steps: [
      opened,
      toldConfirmed,
      { at: 3700, on: "fired", reason: "joined", state: "open" },
      { at: 3760, on: ["hold", overdue], reason: "told-again", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "health is not told again",
    steps: [
      opened,
      toldConfirmed,
      { at: 3700, on: "fired", reason: "joined", state: "open" },
      { at: 3760, on: ["recheck", clean], reason: "recovering", state: "recovering" },
    ],
  },
  {
    name: "told again while a domain that failed is silent: as what nobody can tell, which spares nobody",
    steps: [
      opened,
      toldConfirmed,
      { at: 3700, on: "fired", reason: "joined", state: "open" },
      {
        at: 3760,
        on: ["recheck", silentApac],
        reason: "told-again",
        state: "open",
        tells: ["change: pagerduty"],
        note: "alerted again",
      },
    ],
  },
]);

test("an incident is old news after an hour", () => {
  assert.equal(retellAfterMs, 60 * 60_000);
});
