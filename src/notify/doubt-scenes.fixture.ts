/** Scenes that take more than counting votes: a scope, excuses, a sender that insists. */
import {
  alert,
  alertAt,
  factsOf,
  incident,
  minutes,
  observation,
  refusing,
  seconds,
  verdict,
} from "./facts.fixture.ts";
import type { Observation } from "../model/observation.ts";

const overIpv6 = (location: string): Observation => ({
  ...refusing(location),
  remoteAddress: "2001:db8::7",
  ipVersion: 6,
  message: "connection refused by [2001:db8::7]:443",
});
const ipv6Line =
  "curl -gsv -o /dev/null -m 5 --resolve 'shop.example:443:[2001:db8::7]' https://shop.example/";

/** Three of four fail, all of them over IPv6; the fourth has none. */
export const onlyIpv6 = factsOf("verdict", {
  observations: ["eu", "apac", "na"].map(overIpv6).concat(observation("sa")),
  contrasts: ["eu", "apac", "na"].map((location) => ({
    check: "storefront",
    location,
    factor: "ip-family",
    value: "IPv4",
    outcome: "pass",
    errorClass: null,
    message: "",
  })),
  verdict: verdict(
    {
      outcome: "confirmed",
      reason: "intermittent",
      headline: "DOWN 3/4",
      summary:
        "storefront fails now and then from eu, apac and na (3 of 4): connection refused by [2001:db8::7]:443; sa passes. It fails only over IPv6",
      scope: {
        locations: ["eu", "apac", "na"],
        layer: "tcp",
        errorClass: "tcp.refused",
        common: [{ attribute: "ip-family", value: "IPv6" }],
        sentence: "fails only over IPv6",
      },
      evidence: ["eu", "apac", "na"].map((location) => ({
        check: "storefront",
        location,
        command: ipv6Line,
        changes: ["last passed 2026-11-22 02:40Z, and nothing that can be compared has changed since"],
      })),
      looks: 2,
      notTested: ["anything but storefront (https://shop.example)"],
    },
    { eu: "flaky", apac: "flaky", na: "flaky", sa: "pass" },
  ),
});

const forbidden = (location: string): Observation => ({
  ...observation(location),
  outcome: "fail",
  failureSource: "target",
  layer: "http",
  errorClass: "http.status",
  message: "HTTP 403, asked was 2xx",
});

/** One is cut off, one turned away, one has always failed. */
export const excused = factsOf("verdict", {
  observations: [
    { ...refusing("eu"), errorClass: "tcp.timeout", message: "no connection to 203.0.113.7:443 within 5 s" },
    forbidden("apac"),
    refusing("na"),
  ],
  verdict: verdict(
    {
      outcome: "inconclusive",
      reason: "too-few-votes",
      headline: "COULD NOT CHECK, treat as real",
      summary:
        "storefront: only 1 of 3 could tell, 2 are needed to spare a page; it fails from na: connection refused by 203.0.113.7:443; eu is cut off; apac is turned away as a robot",
    },
    {
      eu: {
        vote: "none",
        excuse: "impaired",
        note: "cut off: 3 of 3 controls are out of reach as well (no connection in time)",
      },
      apac: {
        vote: "none",
        excuse: "blocked",
        note: "turned away with HTTP 403: allow 198.51.100.9, or the User-Agent crosscheck/1.0.0 (apac)",
      },
      na: { vote: "fail", excuse: "no-baseline", note: "failing since 2026-11-20T09:00Z" },
    },
  ),
});

const healthy = factsOf("verdict", {
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

/** Told though all is well from outside, because the sender says it again and again. */
export const insisting = {
  ...healthy,
  delivery: {
    ...healthy.delivery,
    notice: { alertId: alert.id, note: "sender insists; not visible from outside" },
  },
  incident: { ...incident, alertCount: 3, lastAlertAt: alertAt + minutes(20) },
  now: alertAt + minutes(20) + seconds(5),
  run: healthy.run === null ? null : { ...healthy.run, cause: "watch" as const },
};

/** It has failed three times in an hour, and passes just now. */
export const flapping = {
  ...healthy,
  delivery: { ...healthy.delivery, notice: { alertId: alert.id, note: "it fails again and again" } },
  incident: { ...incident, flags: ["flapping"], alertCount: 3, lastAlertAt: alertAt },
};

/** Ten have rung by themselves. */
export const storm = factsOf("verdict", {
  incident: {
    ...incident,
    route: "storm",
    subject: "pagerduty",
    alertCount: 14,
    told: { outcome: "confirmed", failing: 14, at: alertAt, actions: ["pagerduty"] },
  },
  run: null,
  plan: null,
  alert: null,
  storm: {
    subjects: ["https://shop.example", "https://shop.example/login", "api.example:443", "mail.example:25"],
    count: 5,
  },
});
