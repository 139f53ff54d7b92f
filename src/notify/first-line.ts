import { emergencyRoute, flappingFlag, gatheredFlag, unroutedRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { Run } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import { causeOf } from "./cause.ts";
import { isChecked, isShadow } from "./message-facts.ts";
import type { MessageFacts } from "./message-facts.ts";
import { isHash, stormLine, stormName } from "./storm-text.ts";
import { clock, counted, plainText, span, wordList } from "./text.ts";

const maxFirstLine = 120;
/** From here on a message says when it was received, checked and sent. */
const lateMs = 120_000;

interface FirstLine {
  readonly headline: string;
  readonly subject: string;
  readonly cause: string;
  /** With its own punctuation: `, since 03:02Z`. */
  readonly when: string;
}

/** The line that is the same everywhere: headline, subject, cause, since. */
export function firstLine(facts: MessageFacts): string {
  const line = lineOf(facts);
  const headline = isShadow(facts) ? `SHADOW ${line.headline}` : line.headline;
  return fit({ subject: nameOf(facts), ...line, headline });
}

function nameOf({ incident, alert, storm }: MessageFacts): string {
  const { subject, route, flags } = incident;
  if (storm !== undefined) return stormName(storm, incident);
  if (!isHash(subject) && !flags.includes(gatheredFlag)) return subject;
  return route === unroutedRoute || route === emergencyRoute
    ? `(alert from ${alert?.source ?? "nobody"})`
    : route;
}

function lineOf(facts: MessageFacts): Omit<FirstLine, "subject"> {
  const { incident, verdict, delivery } = facts;
  const note = delivery.notice.note ?? "";
  if (facts.gathered !== null)
    return { headline: "RECEIVED", cause: counted(facts.gathered.count, "alert"), when: "" };
  switch (delivery.event) {
    case "trigger":
      return arrivalLine(facts);
    case "recovered":
      return { headline: "RECOVERED", cause: "", when: ` after ${span(outageMs(facts))}` };
    case "trouble":
      return { headline: "CROSSCHECK TROUBLE", cause: note, when: "" };
    case "digest":
      return { headline: "DIGEST", cause: note, when: "" };
    case "test":
      return { headline: "[TEST]", cause: "a test message, nothing is wrong", when: "" };
    case "verdict":
    case "change": {
      if (facts.storm !== undefined) return stormLine(facts.storm, incident, facts.now);
      // Without a verdict there is nothing to say but to take the page for true.
      if (verdict === null)
        return { headline: "COULD NOT CHECK, treat as real", cause: note, when: since(facts) };
      // Health that is told against the sender's word is told for a reason; what the headline says already is left out.
      const why = note.replace(/; not visible from outside$/, "");
      const cause =
        verdict.outcome === "not-reproduced" && note !== "" ? why : causeOf(verdict, facts.observations);
      return { headline: headlineOf(verdict, incident), cause, when: since(facts) };
    }
  }
}

/** `FLAPPING 3/3 ok now`: health between two failures is no news of its own. */
function headlineOf({ headline, outcome }: Verdict, { flags }: Incident): string {
  if (!flags.includes(flappingFlag)) return headline;
  if (outcome !== "not-reproduced") return `FLAPPING ${headline}`;
  return `FLAPPING ${headline.replace(/^NOT SEEN FROM OUTSIDE /, "")} now`;
}

function arrivalLine(facts: MessageFacts): Omit<FirstLine, "subject"> {
  const { plan, delivery, incident } = facts;
  const note = delivery.notice.note ?? "";
  if (facts.gathered !== null)
    return { headline: "RECEIVED", cause: counted(facts.gathered.count, "alert"), when: "" };
  if (incident.route === unroutedRoute)
    return { headline: "NOT CHECKED, treat as real", cause: note, when: "" };
  if (incident.route === emergencyRoute)
    return { headline: "COULD NOT CHECK, treat as real", cause: note, when: "" };
  if (plan === null || !isChecked(facts)) {
    const over = facts.alert?.status === "resolved" ? "the sender says resolved" : "";
    return { headline: "RECEIVED", cause: [over, note].filter(Boolean).join("; "), when: "" };
  }
  const from = wordList(plan.locations.map((location) => location.name));
  return { headline: "CHECKING", cause: `page received, checking from ${from}`, when: "" };
}

/** From the first alert until the looks were clean again. */
function outageMs({ incident, now }: MessageFacts): number {
  return (incident.progress.cleanSince ?? incident.closedAt ?? now) - incident.openedAt;
}

/** `, since 03:02Z`; or all the times there are when the message comes late. */
function since({ incident, alert, run, verdict, delivery, now }: MessageFacts): string {
  const receivedAt = alert?.receivedAt ?? incident.openedAt;
  const checkedAt = run?.endedAt ?? now;
  const sent = now - checkedAt > lateMs ? `, sent ${clock(now, now)}` : "";
  if (delivery.event === "verdict" && answersAlert(run) && checkedAt - receivedAt > lateMs)
    return `, received ${clock(receivedAt, now)}, checked ${clock(checkedAt, now)}${sent}`;
  return `, ${seenBad(verdict) ? "since" : "alert of"} ${clock(incident.openedAt, now)}${sent}`;
}

/** A recheck may well end long after the alert; it is not late. */
function answersAlert(run: Run | null): boolean {
  return run === null || run.cause === "alert";
}

function seenBad(verdict: Verdict | null): boolean {
  return verdict !== null && ["confirmed", "regional", "degraded"].includes(verdict.outcome);
}

/** The subject gives way first, as far as it can still be told apart; then the cause. */
function fit({ headline, subject, cause, when }: FirstLine): string {
  const head = plainText(headline, 50);
  const room = maxFirstLine - head.length - when.length - " ".length - (cause === "" ? 0 : ": ".length);
  const roomForCause = room - plainText(subject, 40).length;
  const reason = roomForCause < 10 ? "" : plainText(cause, roomForCause);
  const about = plainText(subject, room - reason.length);
  return `${head} ${about}${reason === "" ? "" : `: ${reason}`}${when}`;
}
