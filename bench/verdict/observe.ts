import { observe as observationOf } from "../../src/check/observe.ts";
import type { Attempt, ControlResult, HttpDetails, Observation } from "../../src/model/observation.ts";
import { noTimings } from "../../src/model/observation.ts";
import type { Answer, Place, Situation } from "./truth.ts";

const samples = 3;
const tries = 2;
const controls = ["https://one.example/", "https://two.example/", "https://three.example/"];
/** Where something got through each control is asked more than once, as src/check/controls.ts has it. */
const leastTries = 3;
const mostTries = 10;

/** What a place sees of a check: samples, each with a retry, and the controls beside them, as run-probe.ts takes them. */
export function observe(situation: Situation, place: Place): Observation {
  const attempts: Attempt[] = [];
  for (let sample = 1; sample <= samples; sample += 1) {
    const good = take(situation, place, { attempts, sample });
    if (!good && attempts.every(({ outcome }) => outcome === "fail")) break;
  }
  const lost = attempts.some(({ layer }) => layer === "tcp");
  const seen = observationOf({
    check: "storefront",
    location: place.name,
    resolvedAddresses: ["192.0.2.1"],
    attempts: attempts as [Attempt, ...Attempt[]],
    startedAt: 0,
    durationMs: 0,
  });
  if (!lost) return seen;
  const through = attempts.some(({ outcome }) => outcome === "pass");
  return { ...seen, controls: askControls(situation, place, through) };
}

function take(
  situation: Situation,
  place: Place,
  { attempts, sample }: { readonly attempts: Attempt[]; readonly sample: number },
): boolean {
  for (let number = 1; number <= tries; number += 1) {
    const answer = situation.ask(place);
    attempts.push(attemptOf(answer, { sample, number }));
    if (answer === "good") return true;
    // A refusal is an answer: it is not asked for twice.
    if (answer === "blocked") return false;
  }
  return false;
}

function attemptOf(answer: Answer, place: { readonly sample: number; readonly number: number }): Attempt {
  return {
    outcome: answer === "good" ? "pass" : "fail",
    ...findings[answer],
    message: "",
    remoteAddress: "192.0.2.1",
    ipVersion: 4,
    timings: noTimings,
    assertions: [],
    startedAt: 0,
    ...place,
  };
}

function http(statusCode: number): HttpDetails {
  const empty = { redirects: [], headers: {}, bodySize: 0, bodySample: "", bodySha256: "", truncated: false };
  return { statusCode, version: "1.1", ...empty };
}

const findings = {
  good: { failureSource: null, layer: null, errorClass: null, http: http(200) },
  lost: { failureSource: "network", layer: "tcp", errorClass: "tcp.timeout" },
  failed: { failureSource: "target", layer: "http", errorClass: "http.status", http: http(503) },
  blocked: { failureSource: "target", layer: "http", errorClass: "http.status", http: http(403) },
} as const satisfies Record<Answer, Partial<Attempt>>;

/** All of them in turn; from the third time on only while none was lost. */
function askControls(situation: Situation, place: Place, again: boolean): ControlResult[] {
  const results: ControlResult[] = [];
  const wanted = () =>
    results.length < leastTries * controls.length || results.every(({ reached }) => reached);
  for (let asked = 0; asked < (again ? mostTries : 1) && wanted(); asked += 1) {
    for (const url of controls)
      results.push({ url, reached: situation.askControl(place), message: "", durationMs: 0 });
  }
  return results;
}
