import { verdictOf } from "../../test/fixtures/observations.ts";
import type { DomainVote } from "../model/verdict.ts";
import {
  by,
  clean,
  notTaken,
  opened,
  recovering,
  regional,
  silentApac,
  slow,
  tellStories,
  toldRegional,
  toldUnsure,
  unsure,
} from "./stories.fixture.ts";
import type { Scene } from "./stories.fixture.ts";

const toldNotTaken: Scene = { ...toldUnsure, on: ["alert", notTaken] };
const passesAt = (at: number, verdict = notTaken): Scene => ({
  at,
  on: ["recheck", verdict],
  reason: "recovering",
  state: "recovering",
});
const openAt = (at: number, verdict = notTaken): Scene => ({
  at,
  on: ["recheck", verdict],
  reason: "still-open",
  state: "open",
});
const overAt = (at: number, verdict = notTaken): Scene => ({
  at,
  on: ["recheck", verdict],
  reason: "recovered",
  state: "closed",
  tells: ["recovered: pagerduty slack"],
  note: null,
});
const saidResolved: Scene = {
  at: 9000,
  on: "resolved",
  reason: "sender-resolved",
  state: "closed",
  tells: ["recovered: pagerduty slack"],
  note: "the sender says resolved",
};

/** Every place fails the check, as it has for long. */
const failsAsEver = verdictOf("inconclusive", by("fail fail fail"), { reason: "no-baseline" });
const asEver: DomainVote[] = (failsAsEver.checks[0]?.domains ?? []).map((domain) => ({
  ...domain,
  locations: domain.locations.map((one) => ({ ...one, excuse: "no-baseline" })),
}));
const noBaseline = { ...failsAsEver, checks: failsAsEver.checks.map((one) => ({ ...one, domains: asEver })) };

tellStories([
  {
    name: "health that proves nothing of what the alert says ends nothing: the sender does",
    senderResolves: true,
    steps: [opened, toldNotTaken, openAt(40), openAt(130), openAt(220), openAt(3000), saidResolved],
  },
  {
    name: "of a sender that never says so it is over when it has been clean, without an alert, for 30 min",
    steps: [
      opened,
      toldNotTaken,
      passesAt(40),
      passesAt(130),
      passesAt(220),
      { at: 1000, on: "fired", reason: "joined", state: "open", next: 1000 },
      passesAt(1010),
      passesAt(2800),
      overAt(2811),
    ],
  },
  {
    name: "one look that cannot see it is enough to make a row of clean ones take that long",
    steps: [
      opened,
      toldNotTaken,
      passesAt(40, clean),
      passesAt(130),
      passesAt(220, clean),
      overAt(1841, clean),
    ],
  },
  {
    name: "told because nobody could tell, and then disproved: three clean runs end it",
    senderResolves: true,
    steps: [opened, toldUnsure, passesAt(40, clean), passesAt(130, clean), overAt(220, clean)],
  },
  {
    name: "what our own checks have seen they may see the end of",
    senderResolves: true,
    steps: [opened, toldRegional, { ...recovering, on: ["recheck", notTaken] }, passesAt(130), overAt(220)],
  },
  {
    name: "slowness that our own checks have seen as well, from where they saw it",
    senderResolves: true,
    steps: [
      opened,
      { ...toldRegional, on: ["alert", slow] },
      openAt(40, silentApac),
      passesAt(100),
      passesAt(190),
      overAt(281),
    ],
  },
  {
    name: "what has been failing since long before the alert shows nothing of it, nor does its end",
    senderResolves: true,
    steps: [
      opened,
      { ...toldUnsure, on: ["alert", noBaseline] },
      openAt(40),
      openAt(130),
      openAt(220),
      saidResolved,
    ],
  },
  {
    name: "an alert more than an hour after it was told is told again, though all passes",
    senderResolves: true,
    steps: [
      opened,
      toldNotTaken,
      { at: 4000, on: "fired", reason: "joined", state: "open", next: 4000 },
      {
        at: 4010,
        on: ["recheck", notTaken],
        reason: "told-again",
        state: "open",
        tells: ["change: pagerduty"],
        note: "alerted again",
      },
      openAt(4100),
    ],
  },
  {
    name: "trouble that shows at last is told, and ends as trouble does",
    senderResolves: true,
    steps: [
      opened,
      toldNotTaken,
      {
        at: 40,
        on: ["recheck", regional],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
      passesAt(130),
      passesAt(220),
      overAt(311),
    ],
  },
  {
    name: "one of two senders says resolved: the other one is waited for",
    senderResolves: true,
    steps: [
      opened,
      { at: 1, on: "other fired", reason: "joined", state: "checking" },
      toldNotTaken,
      { at: 50, on: "other resolved", reason: "sender-resolved", state: "open", next: 50 },
      openAt(52),
      openAt(300, unsure),
      saidResolved,
    ],
  },
]);
