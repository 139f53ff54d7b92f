import type { Alert } from "../model/alert.ts";
import type { Delivery, DeliveryEvent } from "../model/delivery.ts";
import { noClaim } from "../model/claim.ts";
import { noProgress } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { errorObservation, noTimings } from "../model/observation.ts";
import type { Attempt, Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { noScope } from "../model/verdict.ts";
import type { LocationVote, Verdict, VoteCount } from "../model/verdict.ts";
import type { MessageFacts } from "./message-facts.ts";

/** The story that the tests tell: an alert at 03:02:11Z, a verdict four seconds later. */
export const alertAt = Date.UTC(2026, 10, 22, 3, 2, 11);
export const seconds = (count: number) => count * 1000;
export const minutes = (count: number) => count * 60_000;
const shop = "https://shop.example";

const nowhere = { provider: null, region: null, egress: [] };

const noVotes: VoteCount = { fail: 0, flaky: 0, degraded: 0, pass: 0, none: 0, needed: 2, toSpare: 2 };

export const plan: Plan = {
  route: "confirm-page",
  mode: "gate",
  spare: true,
  claim: noClaim,
  checks: [
    {
      check: { name: "storefront", type: "http" },
      target: { from: "config", allowPrivate: [] },
      covered: null,
    },
  ],
  faults: [],
  locations: ["eu", "apac", "na"].map((name) => ({ ...nowhere, name, domain: name })),
  policy: {
    confirm: 2,
    sampling: { count: 3, intervalMs: 1000 },
    deadlineMs: seconds(20),
    secondLookMs: seconds(20),
    secondLookDeadlineMs: seconds(12),
    holdMs: seconds(60),
    recheckMs: [minutes(1), minutes(3), minutes(10)],
    openRecheckMs: [seconds(30), minutes(1), minutes(2), minutes(5)],
    recovery: { runs: 3, overMs: minutes(3) },
    reopenWithinMs: minutes(15),
    flapping: { reopenings: 3, withinMs: minutes(60), cleanMs: minutes(30) },
    insist: { spares: 3, withinMs: minutes(60), unresolvedMs: minutes(15) },
  },
  actions: ["slack"],
  notify: { confirmed: ["pagerduty", "slack"], "not-reproduced": ["slack"] },
  kinds: { pagerduty: "pager", slack: "message" },
  runbook: "https://wiki.example/storefront",
};

export const incident: Incident = {
  id: "01932f5e-7b6a-7000-8000-000000000001",
  route: "confirm-page",
  subject: shop,
  state: "open",
  flags: [],
  version: 3,
  alertCount: 1,
  openedAt: alertAt,
  lastAlertAt: alertAt,
  closedAt: null,
  outcome: null,
  reason: null,
  told: { outcome: "confirmed", failing: 3, at: alertAt + seconds(4), actions: ["pagerduty", "slack"] },
  progress: noProgress,
  mark: null,
  watchStep: 0,
  nextRunAt: alertAt + seconds(35),
};

export const alert: Alert = {
  id: "01932f5e-7b6a-7000-8000-00000000000a",
  receivedAt: alertAt,
  source: "webhook",
  onlyRoute: null,
  contentType: "application/json",
  body: new TextEncoder().encode('{"ServiceURL":{"Reachable":"false"}}'),
  status: "firing",
  dedupKey: null,
  targetUrl: shop,
  fault: null,
};

export const delivery: Delivery = {
  id: "01932f5e-7b6a-7000-8000-0000000000d1",
  incidentId: incident.id,
  action: "slack",
  number: 1,
  event: "verdict",
  runId: "01932f5e-7b6a-7000-8000-0000000000e1",
  notice: { alertId: alert.id, note: null },
  state: "pending",
  attempts: 0,
  createdAt: alertAt + seconds(4),
  nextAt: alertAt + seconds(4),
  fallbackAt: null,
  error: null,
  thread: null,
  deliveredAt: null,
};

const run: Run = {
  id: "01932f5e-7b6a-7000-8000-0000000000e1",
  incidentId: incident.id,
  number: 1,
  cause: "alert",
  plan,
  look: 1,
  startedAt: alertAt + seconds(1),
  deadlineAt: alertAt + seconds(21),
  endedAt: alertAt + seconds(4),
  verdict: null,
};

function attempt(fields: Partial<Attempt>): Attempt {
  return { ...passing, sample: 1, number: 1, startedAt: alertAt + seconds(1), ...fields };
}

const passing = {
  outcome: "pass",
  failureSource: null,
  layer: null,
  errorClass: null,
  message: "",
  remoteAddress: "203.0.113.7",
  ipVersion: 4,
  timings: { dns: 3.1, tcp: 40.2, tls: 17.7, firstByte: 88.4, download: 2.2, total: 151.6 },
  http: {
    statusCode: 200,
    version: "1.1",
    redirects: [],
    headers: {},
    bodySize: 19,
    bodySample: "Text I expect to find",
    bodySha256: "",
    truncated: false,
  },
  assertions: [],
} satisfies Partial<Observation>;

export function observation(location: string, fields: Partial<Observation> = {}): Observation {
  return {
    ...passing,
    check: "storefront",
    location,
    resolvedAddresses: ["203.0.113.7"],
    attempts: [],
    startedAt: alertAt + seconds(1),
    durationMs: 812,
    ...fields,
  };
}

export function refusing(location: string): Observation {
  const { http: _, ...seen } = observation(location);
  return {
    ...seen,
    outcome: "fail",
    failureSource: "target",
    layer: "tcp",
    errorClass: "tcp.refused",
    message: "connection refused by 203.0.113.7:443",
    timings: { ...noTimings, dns: 3.1, tcp: 40.2, total: 43.3 },
  };
}

export function expired(location: string): Observation {
  return {
    ...refusing(location),
    layer: "tls",
    errorClass: "tls.expired",
    message: "TLS certificate expired on 2026-11-21",
    timings: { ...noTimings, dns: 3.1, tcp: 40.2, tls: 17.7, total: 61 },
    attempts: [
      attempt({ outcome: "fail", errorClass: "tls.expired" }),
      attempt({ remoteAddress: "203.0.113.8" }),
      attempt({ number: 2, outcome: "fail", errorClass: "tls.expired" }),
    ],
  };
}

export const unreachable = errorObservation({
  check: "storefront",
  location: "na",
  errorClass: "location.network",
  message: "the network of this location is down: 3 of 3 control sites do not answer either",
  startedAt: alertAt,
  durationMs: 4000,
});

type Said = Pick<LocationVote, "vote"> & Partial<LocationVote>;
type Votes = Readonly<Record<string, LocationVote["vote"] | Said>>;

/** A verdict of one check with what each location says, each its own domain. */
export function verdict(
  fields: Pick<Verdict, "outcome" | "reason" | "headline" | "summary"> & Partial<Verdict>,
  votes: Votes,
): Verdict {
  const said = Object.entries(votes).map(([location, vote]) => ({
    location,
    excuse: null,
    note: "",
    ...(typeof vote === "string" ? { vote } : vote),
  }));
  const counts = said.reduce((sum, { vote }) => ({ ...sum, [vote]: sum[vote] + 1 }), noVotes);
  const domains = said.map((one) => ({ domain: one.location, vote: one.vote, locations: [one] }));
  const { outcome, reason } = fields;
  return {
    votes: counts,
    scope: noScope,
    healthy: outcome === "not-reproduced",
    notTested: [],
    checks: [{ check: "storefront", outcome, reason, why: "", votes: counts, domains }],
    evidence: [],
    looks: 1,
    ...fields,
  };
}

export function factsOf(event: DeliveryEvent, fields: Partial<MessageFacts> = {}): MessageFacts {
  return {
    delivery: { ...delivery, event },
    incident,
    run: { ...run, verdict: fields.verdict ?? null },
    verdict: null,
    observations: [],
    contrasts: [],
    alert,
    rendered: null,
    gathered: null,
    plan,
    inEarnest: null,
    publicUrl: "https://crosscheck.example",
    now: alertAt + seconds(5),
    ...fields,
  };
}
