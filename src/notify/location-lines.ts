import type { LocationLine } from "../model/message.ts";
import type { Observation, ObservationOutcome, Timings } from "../model/observation.ts";
import type { LocationVote, Verdict, Vote } from "../model/verdict.ts";
import { errorText } from "./cause.ts";
import { counted, plainText, wordList } from "./text.ts";

const maxLineLength = 400;

/** Who failed, who passed, who could not look: the order of the message. */
const voteOrder: readonly Vote[] = ["fail", "flaky", "degraded", "pass", "none"];

/** What a location that no verdict speaks of would have voted. */
const voteOf: Readonly<Record<ObservationOutcome, Vote>> = {
  fail: "fail",
  degraded: "degraded",
  pass: "pass",
  error: "none",
};

interface SaidVote extends LocationVote {
  readonly check: string;
}

/** A line for each location and check, with its vote and what it saw. Observations come in the order of the looks. */
export function locationLines(verdict: Verdict | null, observations: readonly Observation[]): LocationLine[] {
  return allVotes(verdict, observations)
    .toSorted((a, b) => voteOrder.indexOf(a.vote) - voteOrder.indexOf(b.vote))
    .map((entry) => ({
      check: entry.check,
      location: entry.location,
      vote: entry.vote,
      text: lineText(entry, tellingObservation(entry, observations)),
    }));
}

function allVotes(verdict: Verdict | null, observations: readonly Observation[]): SaidVote[] {
  const votes = new Map<string, SaidVote>();
  for (const { check, location, outcome } of observations)
    votes.set(`${check}\n${location}`, { check, location, vote: voteOf[outcome], excuse: null, note: "" });
  for (const { check, domains } of verdict?.checks ?? [])
    for (const vote of domains.flatMap((domain) => domain.locations))
      votes.set(`${check}\n${vote.location}`, { check, ...vote });
  return [...votes.values()];
}

/** Of several looks: for a bad vote the last one that failed, else the last one. */
function tellingObservation(
  { check, location, vote, excuse }: SaidVote,
  observations: readonly Observation[],
): Observation | undefined {
  const own = observations.filter((item) => item.check === check && item.location === location);
  const failed = own.findLast((item) => item.errorClass !== null);
  return vote === "fail" || vote === "flaky" || excuse !== null ? (failed ?? own.at(-1)) : own.at(-1);
}

function lineText(entry: SaidVote, observation: Observation | undefined): string {
  if (observation === undefined) return plainText(noted("no answer in time", entry), maxLineLength);
  return plainText(noted(seen(entry, observation), entry), maxLineLength);
}

/** Why a vote does not count comes first; that one that counts is no news comes last. */
function noted(text: string, { vote, note }: SaidVote): string {
  if (note === "") return text;
  return vote === "none" ? `${note}; it saw: ${text}` : `${text}; ${note}`;
}

function seen({ vote, note }: SaidVote, observation: Observation): string {
  const detail = `${finding(observation)}${place(observation)}${phases(observation.timings)}`;
  if (vote === "flaky") return `${failedTries(observation)}${detail}`;
  if (vote === "none" && note === "" && observation.outcome !== "error") return `not counted: ${detail}`;
  return detail;
}

function finding(observation: Observation): string {
  const { message, errorClass, http, timings, outcome } = observation;
  if (message !== "") return message;
  if (errorClass !== null) return errorText(errorClass, [observation]);
  const answer = http === undefined ? outcome : `HTTP ${http.statusCode}`;
  return timings.total === null ? answer : `${answer} in ${Math.round(timings.total)} ms`;
}

function failedTries({ attempts }: Observation): string {
  const failed = attempts.filter((attempt) => attempt.outcome === "fail" || attempt.outcome === "error");
  return failed.length === 0
    ? ""
    : `${failed.length} of ${counted(attempts.length, "try", "tries")} failed: `;
}

/** ` at 203.0.113.7`; `, only at …` when other addresses of the same name passed. */
function place({ attempts, message, remoteAddress }: Observation): string {
  const passed = addresses(attempts.filter(({ outcome }) => outcome === "pass" || outcome === "degraded"));
  const failed = addresses(attempts.filter(({ outcome }) => outcome === "fail" || outcome === "error"));
  if (failed.length > 0 && passed.length > 0 && failed.every((address) => !passed.includes(address)))
    return `, only at ${wordList(failed)}, not at ${wordList(passed)}`;
  if (failed.length === 0 && passed.length > 1)
    return ` at ${counted(passed.length, "address", "addresses")}`;
  return remoteAddress === null || message.includes(remoteAddress) ? "" : ` at ${remoteAddress}`;
}

function addresses(attempts: readonly { readonly remoteAddress: string | null }[]): string[] {
  const known = attempts.map((attempt) => attempt.remoteAddress).filter((address) => address !== null);
  return [...new Set(known)];
}

const phaseWords = {
  dns: "dns",
  tcp: "tcp",
  tls: "tls",
  firstByte: "first byte",
  download: "download",
} as const;

/** ` (dns 3, tcp 40, tls 18 ms)`: what did not happen is left out. */
function phases(timings: Timings): string {
  const known = Object.entries(phaseWords).flatMap(([phase, word]) => {
    const ms = timings[phase as keyof typeof phaseWords];
    return ms === null ? [] : [`${word} ${Math.round(ms)}`];
  });
  return known.length === 0 ? "" : ` (${known.join(", ")} ms)`;
}
