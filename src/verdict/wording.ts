import type { Observation } from "../model/observation.ts";
import type { CheckVerdict, Excuse, Scope, Vote } from "../model/verdict.ts";

/** The first words of every message about this verdict (verdict.md §5); n/m counts the domains that have a vote. */
export function headlineOf(check: CheckVerdict): string {
  const { votes } = check;
  const voting = votes.fail + votes.flaky + votes.degraded + votes.pass;
  const bad = votes.fail + votes.flaky;
  switch (check.outcome) {
    case "confirmed":
      return `DOWN ${bad}/${voting}`;
    case "regional":
      return `PARTLY DOWN ${bad}/${voting} ${shorten(locationsWith(check, ["fail", "flaky"]))}`;
    case "degraded":
      return `SLOW ${votes.degraded}/${voting}`;
    case "not-reproduced":
      return `NOT SEEN FROM OUTSIDE ${votes.pass}/${voting} ok`;
    case "inconclusive":
      return check.reason === "not-visible-from-outside"
        ? `NOT SEEN FROM OUTSIDE ${votes.pass + votes.degraded}/${voting} ok`
        : "COULD NOT CHECK, treat as real";
  }
}

/** One sentence: who sees what, why, and who does not. */
export function summaryOf(check: CheckVerdict, observations: readonly Observation[], looks: number): string {
  const own = observations.filter((observation) => observation.check === check.check);
  const bad = locationsWith(check, ["fail", "flaky"]);
  const passing = locationsWith(check, ["pass"]);
  const silent = locationsWith(check, ["none"]);
  const again = looks > 1 ? ", also on a second look" : "";
  const cause = causeOf(own.filter((one) => bad.includes(one.location)));
  const total = check.domains.length;
  switch (check.outcome) {
    case "confirmed": {
      const how = check.reason === "intermittent" ? "fails now and then" : "fails";
      const alone = check.reason === "single-location" ? "; only this one location looked" : "";
      return `${check.check} ${how} from ${list(bad)} (${badDomains(check)} of ${total})${cause}${passes(passing)}${alone}`;
    }
    case "regional":
      return `${check.check} fails from ${list(bad)} only (${badDomains(check)} of ${total})${again}${cause}${passes(passing)}`;
    case "degraded": {
      const slow = locationsWith(check, ["degraded"]);
      return `${check.check} is slow from ${list(slow)} (${check.votes.degraded} of ${total})${causeOf(own.filter((one) => slow.includes(one.location)))}${besides(check)}`;
    }
    case "not-reproduced":
      return `${check.check} passes from ${list(passing)} (${check.votes.pass} of ${total})${slowFrom(check)}${looks > 1 ? " on a second look; the first was not clean" : ""}${besides(check)}`;
    case "inconclusive":
      return inconclusive(check, { bad, cause, passing, silent, total });
  }
}

interface Seen {
  readonly bad: readonly string[];
  /** `: the failure`, or nothing. */
  readonly cause: string;
  readonly passing: readonly string[];
  readonly silent: readonly string[];
  readonly total: number;
}

function inconclusive(check: CheckVerdict, { bad, cause, passing, silent, total }: Seen): string {
  const fails = bad.length === 0 ? "" : `; it fails from ${list(bad)}${cause}`;
  switch (check.reason) {
    case "single-location":
      return `${check.check} passes from ${list(passing)}${slowFrom(check)}, but one location alone cannot prove health`;
    case "not-visible-from-outside": {
      const why = check.why === "" ? "this route does not let a pass spare the page" : check.why;
      const slow = locationsWith(check, ["degraded"]);
      const works =
        passing.length === 0
          ? `is only slow from ${list(slow)} (${check.votes.degraded} of ${total})`
          : `passes from ${list(passing)} (${check.votes.pass} of ${total})${slowFrom(check)}`;
      return `${check.check} ${works}, which does not prove the alert wrong: ${why}`;
    }
    case "all-impaired":
      return `${check.check}: our side, or the Internet: ${list(silent)} ${are(silent)} cut off from everything, so nobody can tell whether the target is up`;
    case "no-baseline":
      return `${check.check} fails from ${list(bad)}${cause}; but it did so before this alert, so that says nothing about it${check.why === "" ? "" : ` (${check.why})`}${passes(passing)}`;
    case "no-votes":
      return `${check.check}: no location could tell (${list(silent)})`;
    default: {
      const able = total - check.votes.none;
      const could = `${able === 0 ? "none" : `only ${able}`} of ${total} could tell, ${check.votes.toSpare} are needed to spare a page`;
      return `${check.check}: ${could}${fails}${passes(passing)}${slowFrom(check)}${missing(check)}`;
    }
  }
}

/** Who has no vote, and why; what each of them said stands in its line of the message. */
function missing(check: CheckVerdict): string {
  const votes = check.domains.flatMap(({ locations }) => locations).filter(({ vote }) => vote === "none");
  const of = (excuses: readonly (Excuse | null)[]) =>
    votes.filter(({ excuse }) => excuses.includes(excuse)).map(({ location }) => location);
  const [impaired, blocked, noisy] = [of(["impaired"]), of(["blocked"]), of(["noisy"])];
  const others = of([null, "no-baseline"]);
  return [
    ...(impaired.length > 0 ? [`; ${list(impaired)} ${are(impaired)} cut off`] : []),
    ...(blocked.length > 0
      ? [`; ${list(blocked)} ${are(blocked)} turned away as ${blocked.length === 1 ? "a robot" : "robots"}`]
      : []),
    ...(noisy.length > 0 ? [`; ${list(noisy)} ${noisy.length === 1 ? "loses" : "lose"} packets`] : []),
    ...(others.length > 0 ? [`; ${list(others)} could not look`] : []),
  ].join("");
}

function are(words: readonly string[]): string {
  return words.length === 1 ? "is" : "are";
}

/**
 * How far the trouble reaches, as one more sentence of the summary; none where the summary has said it: which location it is
 * that fails alone.
 */
export function scopeWords({ common, sentence }: Scope): string[] {
  const said = common.length === 1 && common[0]?.attribute === "location";
  if (sentence === "" || said) return [];
  if (/^(?:fails|is) /.test(sentence)) return [`It ${sentence}`];
  return [`${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`];
}

/** What its health says nothing of, where another check decides. */
function besides({ why }: CheckVerdict): string {
  return why === "" ? "" : `, which says nothing of this alert: ${why}`;
}

/** Who finds it slow, where that decides nothing. */
function slowFrom(check: CheckVerdict): string {
  const slow = locationsWith(check, ["degraded"]);
  return slow.length === 0 ? "" : `, slow from ${list(slow)}`;
}

function badDomains(check: CheckVerdict): number {
  return check.votes.fail + check.votes.flaky;
}

function passes(passing: readonly string[]): string {
  return passing.length === 0 ? "" : `; ${list(passing)} ${passing.length === 1 ? "passes" : "pass"}`;
}

/** The failure most locations report, with how many other kinds there are. */
function causeOf(failures: readonly Observation[]): string {
  const kinds = Map.groupBy(failures, (failure) => failure.errorClass ?? failure.message);
  const [most, ...others] = [...kinds.values()].toSorted((a, b) => b.length - a.length);
  const message = most?.[0]?.message;
  if (message === undefined || message === "") return "";
  return `: ${message}${others.length > 0 ? ` (and ${others.length} other kind${others.length > 1 ? "s" : ""} of failure)` : ""}`;
}

function locationsWith(check: CheckVerdict, votes: readonly Vote[]): string[] {
  return check.domains
    .flatMap((domain) => domain.locations)
    .filter(({ vote }) => votes.includes(vote))
    .map(({ location }) => location);
}

/** `eu`, `eu and na`, `eu, apac and na` */
export function list(words: readonly string[]): string {
  const last = words.at(-1);
  if (last === undefined) return "nobody";
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} and ${last}`;
}

function shorten(words: readonly string[]): string {
  return words.length <= 3 ? words.join(", ") : `${words.slice(0, 3).join(", ")} +${words.length - 3}`;
}
