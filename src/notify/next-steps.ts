import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import { isChecked } from "./message-facts.ts";
import type { MessageFacts } from "./message-facts.ts";
import { span, wordList } from "./text.ts";

/** Where the plan is gone, what it usually says. */
const usualReopenMs = 15 * 60_000;
const usualCleanMs = 30 * 60_000;

const stormGoesOn =
  "adds those that join to this page, and ends it once each of them is seen to have recovered";

/** What Crosscheck did and will do, for a person who has to decide whether to get up. */
export function nextSteps(facts: MessageFacts): string[] {
  const { incident, plan, delivery } = facts;
  switch (delivery.event) {
    case "trigger":
      return plan === null || !isChecked(facts)
        ? []
        : [`tells the result within ${span(plan.policy.holdMs)} of the alert`];
    case "verdict":
    case "change":
      return [
        ...toldWhom(incident, plan),
        ...inEarnest(facts),
        ...watching(facts),
        ...flapping(incident, plan),
        ...(facts.storm === undefined ? [] : [stormGoesOn]),
      ];
    case "recovered":
      return [
        `opens this incident again if it fails within ${span(plan?.policy.reopenWithinMs ?? usualReopenMs)}`,
      ];
    case "trouble":
      return ["tells this at most once an hour"];
    case "digest":
      return ["tells this once a day"];
    case "test":
      return [];
  }
}

function toldWhom({ told, flags }: Incident, plan: Plan | null): string[] {
  if (flags.includes("muted")) return ["muted: tells nobody before it is over"];
  const actions = told?.actions ?? [];
  const pagers = Object.entries(plan?.kinds ?? {}).filter(([, kind]) => kind === "pager");
  const spared = pagers.length > 0 && !pagers.some(([name]) => actions.includes(name));
  return [
    ...(actions.length === 0 ? [] : [`told ${wordList(actions)}`]),
    ...(spared ? [`did not tell ${wordList(pagers.map(([name]) => name))}: nobody is woken`] : []),
  ];
}

/** What a route in shadow would have done. Who hears of the alert's arrival hears of it in any mode. */
function inEarnest({ inEarnest: told, plan }: MessageFacts): string[] {
  if (told === null || plan === null) return [];
  const isPager = (name: string) => plan.kinds[name] === "pager";
  const rung = [...new Set([...plan.actions, ...told])].filter(isPager);
  const others = told.filter((name) => !isPager(name));
  const withOthers = others.length === 0 ? "" : ` and told ${wordList(others)}`;
  if (rung.length > 0) return [`shadow: would have rung ${wordList(rung)}${withOthers}`];
  if ((plan.notify.confirmed ?? plan.actions).some(isPager))
    return [`shadow: would have spared the page${withOthers}`];
  return [`shadow: would have told ${others.length === 0 ? "nobody" : wordList(others)}`];
}

function watching(facts: MessageFacts): string[] {
  const { incident, plan, now } = facts;
  if (plan === null || !isChecked(facts)) return [];
  switch (incident.state) {
    case "watching": {
      const looks = plan.policy.recheckMs.slice(incident.watchStep).map((ms) => span(ms));
      return looks.length === 0
        ? []
        : [`watching: looks again after ${sameUnit(looks)}, and tells if it turns bad`];
    }
    case "open":
    case "recovering":
      return [`checks again ${nextLook(incident, plan, now)}, and tells when it gets worse or is over`];
    case "checking":
    case "closed":
      return [];
  }
}

function nextLook({ nextRunAt, watchStep }: Incident, { policy }: Plan, now: number): string {
  const planned = policy.openRecheckMs[watchStep] ?? policy.openRecheckMs.at(-1) ?? 0;
  const wait = nextRunAt === null ? planned : nextRunAt - now;
  return wait < 1000 ? "now" : `in ${span(wait)}`;
}

/** `1, 3 and 10 min` for `1 min`, `3 min`, `10 min`. */
function sameUnit(spans: readonly string[]): string {
  const [unit = ""] = /[a-z]+$/.exec(spans.at(-1) ?? "") ?? [];
  const alike = spans.every((text) => /^\d+ [a-z]+$/.test(text) && text.endsWith(` ${unit}`));
  return alike
    ? `${wordList(spans.map((text) => text.slice(0, -unit.length - 1)))} ${unit}`
    : wordList(spans);
}

function flapping({ flags }: Incident, plan: Plan | null): string[] {
  if (!flags.includes("flapping")) return [];
  const clean = span(plan?.policy.flapping.cleanMs ?? usualCleanMs);
  return [`keeps this open until it has been clean for ${clean}: it is flapping`];
}
