import assert from "node:assert/strict";
import { test } from "node:test";
import { newIncident } from "../model/incident.ts";
import { gather, gatheredSubject } from "./gather.ts";
import type { Gathering } from "./gather.ts";
import { subjectText } from "./subject.ts";

/** When each alert is due to be told, and whether it was the last one, for alerts that come at these times. */
function told(gathering: Gathering, times: readonly number[]): (readonly [dueAt: number, isLast: boolean])[] {
  let incident = newIncident({ route: "a", subject: gatheredSubject, now: times[0] ?? 0 });
  return times.map((now) => {
    const next = gather(incident, now, gathering);
    incident = next.incident;
    return [next.dueAt, incident.state === "closed"];
  });
}

const day = 86_400_000;
const cases: { name: string; gathering: Gathering; times: number[]; due: [number, boolean][] }[] = [
  {
    name: "so many",
    gathering: { count: 2, timeoutMs: null },
    times: [5, 8],
    due: [
      [5 + day, false],
      [8, true],
    ],
  },
  {
    name: "within a time, and for as long again while the first ones could not be told",
    gathering: { count: null, timeoutMs: 100 },
    times: [5, 50, 105, 106, 250],
    due: [105, 105, 105, 205, 305].map((at) => [at, false]),
  },
  {
    name: "what comes first of both",
    gathering: { count: 3, timeoutMs: 100 },
    times: [5, 50, 60],
    due: [
      [105, false],
      [105, false],
      [60, true],
    ],
  },
  {
    name: "a day at most",
    gathering: { count: null, timeoutMs: 2 * day },
    times: [5],
    due: [[5 + day, false]],
  },
];
for (const { name, gathering, times, due } of cases) {
  test(`gathered: ${name}`, () => {
    assert.deepEqual(told(gathering, times), due);
  });
}

test("no alert has the subject of gathered messages, among which it would not be checked", () => {
  assert.notEqual(subjectText(` ${gatheredSubject} `), gatheredSubject);
});
