import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf } from "../../test/fixtures/observations.ts";
import { isProof } from "./advance.ts";
import { outcomeRank } from "../model/verdict.ts";
import { roam } from "./roam.fixture.ts";
import type { StepReason } from "./step.ts";

test("property: every state and event keeps an incident whole", () => {
  const met = new Set<string>();
  const reasons = new Set<StepReason>();
  roam(41, () => ({ before, event, now, step, where, text }) => {
    const { incident, reason } = step;
    met.add(`${before.state} ${typeof event === "string" ? event : event[1].outcome}`);
    reasons.add(reason);
    assert.equal(incident.state === "closed", incident.closedAt !== null, `${text}: closedAt`);
    if (incident.state === "closed") assert.equal(incident.nextRunAt, null, `${text}: nextRunAt`);
    else if (where.plan.checks.length > 0 || incident.told === null)
      assert(Number.isFinite(incident.nextRunAt), `${text}: nextRunAt`);
    const fired = event === "fired" || event === "other fired";
    assert.equal(incident.alertCount, before.alertCount + (fired ? 1 : 0), `${text}: alertCount`);
    if (fired) assert.equal(incident.lastAlertAt, now, `${text}: lastAlertAt`);
    for (const key of ["id", "route", "subject", "openedAt"] as const)
      assert.equal(incident[key], before[key], `${text}: ${key}`);
    if (before.state === "closed" && !fired) assert.deepEqual([step.tell, reason], [[], "no-incident"], text);
  });
  assert.equal(met.size, 5 * 9, "every state meets every event");
  assert.equal(reasons.size, 20, [...reasons].join(", "));
});

/** What an alert is waiting for is told whatever was told before it. */
test("property: what is told only grows worse, or is told again", () => {
  roam(42, () => ({ before, step: { incident, reason }, text }) => {
    const was = before.told;
    const is = incident.told;
    const again: readonly StepReason[] = ["told-again", "flapping", "insisted"];
    if (was === null || is === null || again.includes(reason) || before.state === "checking") return;
    const rank = outcomeRank(is.outcome) - outcomeRank(was.outcome);
    const shows = before.progress.insisted && is.outcome === "degraded";
    if (is.at !== was.at || is.outcome !== was.outcome || is.failing !== was.failing)
      assert(rank < 0 || is.failing > was.failing || shows, text);
  });
});

test("property: nobody is told twice in a step, nobody who does not exist, and by annotate no pager", () => {
  roam(43, () => ({ step, where: { plan }, text }) => {
    for (const { actions } of step.tell) {
      assert(actions.length > 0 && new Set(actions).size === actions.length, text);
      for (const action of actions) {
        assert(plan.kinds[action] !== undefined, text);
        assert(plan.mode !== "annotate" || plan.kinds[action] === "message", text);
      }
    }
  });
});

test("property: whatever came before, proof of trouble has been told to those who are told of it", () => {
  roam(44, () => {
    const told = new Set<string>();
    return ({ before, event, step: { incident, tell }, where: { plan, mute }, text }) => {
      if (before.state === "closed") told.clear();
      for (const { actions } of tell) for (const action of actions) told.add(action);
      if (typeof event === "string" || mute !== null || before.state === "closed") return;
      const [, verdict] = event;
      if (!isProof(verdict)) return;
      const least = incident.told === null ? Infinity : outcomeRank(incident.told.outcome);
      assert(least <= outcomeRank(verdict.outcome), `${text}: untold`);
      const page = plan.notify[incident.told?.outcome ?? "confirmed"] ?? plan.notify.confirmed ?? [];
      for (const action of page)
        if (plan.mode === "gate" || plan.kinds[action] === "message")
          assert(told.has(action), `${text}: ${action}`);
    };
  });
});

test("property: what the sender insists on, and what is flapping, is owed until it has been told", () => {
  roam(45, () => ({ event, step: { incident }, where: { mute }, text }) => {
    if (typeof event === "string" || mute !== null || incident.state !== "open") return;
    if (event[1].outcome !== "not-reproduced" || incident.progress.senderResolved) return;
    const isTold = incident.told !== null && incident.told.outcome !== "not-reproduced";
    assert(isTold || !event[1].checks.every((check) => check.votes.none === 0), text);
  });
});

test("property: while muted nobody is told but of the end", () => {
  roam(46, () => ({ before, step: { incident, tell }, where: { mute }, text }) => {
    if (mute === null) return;
    for (const { event } of tell) assert(event === "recovered" || event === "trigger", `${text}: ${event}`);
    if (incident.state === "closed" || before.state === "closed") return;
    assert((incident.nextRunAt ?? Infinity) <= mute.until, `${text}: judged at the end of the mute`);
  });
});

test("property: a pager that we rang is resolved at the end, and no other; the end is told only of what was told", () => {
  roam(47, () => {
    const told = new Set<string>();
    return ({ before, step: { incident, tell }, where: { plan }, text }) => {
      const isPager = (action: string) => plan.kinds[action] === "pager";
      const of = (end: boolean) =>
        tell.filter(({ event }) => (event === "recovered") === end).flatMap(({ actions }) => actions);
      for (const action of of(false)) told.add(action);
      if (of(true).length > 0) assert(told.size > 0, `${text}: nobody was told`);
      for (const pager of of(true).filter(isPager)) assert(told.has(pager), `${text}: ${pager} was not rung`);
      if (before.state === "closed" || incident.state !== "closed") return;
      const rung = [...told].filter(isPager);
      assert.deepEqual(of(true).filter(isPager).toSorted(), rung.toSorted(), `${text}: resolved`);
      told.clear();
    };
  });
});

test("property: recovered only after clean runs in a row over their time, failed domains passing", () => {
  const met = { seen: 0, unseen: 0 };
  roam(48, () => {
    const failed = new Set<string>();
    let cleanRuns: { at: number; proves: boolean }[] = [];
    return ({ before, event, now, step: { reason, incident }, where: { senderResolves }, text }) => {
      if (reason === "reopened" || reason === "opened") failed.clear();
      if (event === "fired" || event === "other fired") cleanRuns = [];
      if (typeof event !== "string") {
        const [cause, verdict] = event;
        const votes = verdict.checks.flatMap(({ domains }) => domains);
        for (const { domain, vote } of votes)
          if (vote === "fail" || vote === "flaky" || (vote === "degraded" && verdict.outcome === "degraded"))
            failed.add(domain);
        const passing = votes.filter(({ vote }) => vote === "pass").map(({ domain }) => domain);
        const good = verdict.healthy && [...failed].every((domain) => passing.includes(domain));
        const proves = failed.size > 0 || verdict.outcome === "not-reproduced";
        if (cause !== "hold") cleanRuns = good ? [...cleanRuns, { at: now, proves }] : [];
      }
      if (reason !== "recovered") return;
      assert(cleanRuns.length >= 3, text);
      const insisted = before.progress.insisted && before.told?.outcome === "inconclusive";
      const unseen = insisted || !cleanRuns.every(({ proves }) => proves);
      met[unseen ? "unseen" : "seen"] += 1;
      if (unseen) assert(!senderResolves || before.progress.senderResolved || cleanRuns.at(-1)?.proves, text);
      const { flapping, recovery } = planOf().policy;
      const span = incident.flags.includes("flapping") || unseen ? flapping.cleanMs : recovery.overMs;
      assert(now - (cleanRuns[0]?.at ?? now) >= span, text);
    };
  });
  assert(met.seen > 20 && met.unseen > 3, JSON.stringify(met));
});
