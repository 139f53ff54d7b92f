import {
  alertAt,
  expired,
  factsOf,
  incident,
  minutes,
  observation,
  refusing,
  seconds,
  unreachable,
  verdict,
} from "./facts.fixture.ts";
import { noProgress } from "../model/incident.ts";
import { excused, flapping, insisting, onlyIpv6, storm } from "./doubt-scenes.fixture.ts";
import { digest, testFacts, trouble, unrouted } from "./own-scenes.fixture.ts";
import type { MessageFacts } from "./message-facts.ts";

export const confirmed = factsOf("verdict", {
  observations: [refusing("eu"), refusing("apac"), refusing("na")],
  verdict: verdict(
    {
      outcome: "confirmed",
      reason: "enough-domains-fail",
      headline: "DOWN 3/3",
      summary: "storefront fails from eu, apac and na (3 of 3): connection refused by 203.0.113.7:443",
      scope: {
        locations: ["eu", "apac", "na"],
        layer: "tcp",
        errorClass: "tcp.refused",
        common: [],
        sentence: "",
      },
      notTested: ["anything but storefront (https://shop.example)", "over IPv6"],
    },
    { eu: "fail", apac: "fail", na: "fail" },
  ),
});

export const regional = factsOf("verdict", {
  contrasts: [
    {
      check: "storefront",
      location: "apac",
      factor: "address",
      value: "203.0.113.8",
      outcome: "pass",
      errorClass: null,
      message: "",
    },
  ],
  incident: {
    ...incident,
    outcome: "regional",
    reason: "some-domains-fail",
    told: { outcome: "regional", failing: 1, at: alertAt + seconds(4), actions: ["pagerduty", "slack"] },
  },
  observations: [observation("eu"), expired("apac"), observation("na")],
  verdict: verdict(
    {
      outcome: "regional",
      reason: "some-domains-fail",
      headline: "PARTLY DOWN 1/3 apac",
      summary:
        "storefront fails from apac only (1 of 3), also on a second look: TLS certificate expired on 2026-11-21; eu and na pass",
      scope: {
        locations: ["apac"],
        layer: "tls",
        errorClass: "tls.expired",
        common: [{ attribute: "location", value: "apac" }],
        sentence: "fails only from apac",
      },
      evidence: [
        {
          check: "storefront",
          location: "apac",
          command:
            "openssl s_client -connect 203.0.113.7:443 -servername shop.example -verify_hostname shop.example </dev/null",
          changes: [
            "last passed 2026-11-22 02:40Z",
            "addresses: new 203.0.113.7",
            "certificate: was AB:CD:EF:01… of Some CA, valid until 2027-02-03, is 99:88:77:66… of Some CA, valid until 2026-11-21",
          ],
        },
      ],
      looks: 2,
    },
    { eu: "pass", apac: "fail", na: "pass" },
  ),
});

const slowly = (location: string) =>
  observation(location, {
    outcome: "degraded",
    errorClass: "content.latency",
    message: "answers after 4,012 ms, asked were 3,000 ms",
    timings: { dns: 3.1, tcp: 40.2, tls: 17.7, firstByte: 3948.1, download: 2.9, total: 4012 },
  });

export const degraded = factsOf("verdict", {
  incident: { ...incident, told: { ...incident.told!, actions: ["slack"] } },
  observations: [slowly("eu"), slowly("apac"), observation("na")],
  verdict: verdict(
    {
      outcome: "degraded",
      reason: "slow",
      headline: "SLOW 2/3",
      summary: "storefront is slow from eu and apac (2 of 3): answers after 4,012 ms, asked were 3,000 ms",
    },
    { eu: "degraded", apac: "degraded", na: "pass" },
  ),
});

export const spared = factsOf("verdict", {
  incident: {
    ...incident,
    state: "watching",
    told: { outcome: "not-reproduced", failing: 0, at: alertAt, actions: ["slack"] },
  },
  observations: ["eu", "apac", "na"].map((location) => observation(location)),
  verdict: verdict(
    {
      outcome: "not-reproduced",
      reason: "all-pass",
      headline: "NOT SEEN FROM OUTSIDE 3/3 ok",
      summary: "storefront passes from eu, apac and na (3 of 3)",
    },
    { eu: "pass", apac: "pass", na: "pass" },
  ),
});

export const inconclusive = factsOf("verdict", {
  observations: [observation("eu"), unreachable],
  verdict: verdict(
    {
      outcome: "inconclusive",
      reason: "too-few-votes",
      headline: "COULD NOT CHECK, treat as real",
      summary:
        "storefront: only 1 of 3 could tell, 2 are needed to spare a page; eu passes; apac and na could not look",
      notTested: ["anything but storefront (https://shop.example)", "over IPv6"],
    },
    { eu: "pass", apac: "none", na: "none" },
  ),
});

export const overdue = factsOf("verdict", {
  now: alertAt + minutes(19),
  run: null,
  verdict: verdict(
    {
      outcome: "inconclusive",
      reason: "overdue",
      headline: "COULD NOT CHECK, treat as real",
      summary: "no result within the 60 s that a page may be held",
      checks: [],
      notTested: ["storefront"],
    },
    {},
  ),
});

export const trigger = factsOf("trigger", {
  incident: { ...incident, state: "checking", told: null },
  run: null,
});

export const recovered = factsOf("recovered", {
  now: alertAt + minutes(15) + seconds(4),
  incident: {
    ...incident,
    state: "closed",
    alertCount: 3,
    lastAlertAt: alertAt + minutes(4),
    closedAt: alertAt + minutes(15),
    progress: {
      ...noProgress,
      failedDomains: ["eu", "apac", "na"],
      cleanRuns: 3,
      cleanSince: alertAt + minutes(12),
      senderResolved: true,
    },
  },
  observations: spared.observations,
  verdict: spared.verdict,
});

/** As `spared`, on a route that is tried out. */
export const shadowSpared: MessageFacts = {
  ...spared,
  plan: spared.plan === null ? null : { ...spared.plan, mode: "shadow" },
  incident: {
    ...spared.incident,
    told: { outcome: "not-reproduced", failing: 0, at: alertAt, actions: ["pagerduty"] },
  },
  inEarnest: ["slack"],
};

/** One of each kind of message. */
export const scenes: Readonly<Record<string, MessageFacts>> = {
  confirmed,
  regional,
  "only-ipv6": onlyIpv6,
  degraded,
  spared,
  insisting,
  inconclusive,
  excused,
  overdue,
  trigger,
  unrouted,
  recovered,
  trouble,
  digest,
  shadow: shadowSpared,
  flapping,
  storm,
  test: testFacts,
};
