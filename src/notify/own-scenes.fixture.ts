/** What Crosscheck tells of itself, and of alerts that nobody checked. */
import { alert, delivery, factsOf, incident } from "./facts.fixture.ts";

export const unrouted = factsOf("trigger", {
  delivery: { ...delivery, event: "trigger", notice: { alertId: alert.id, note: "no route takes it" } },
  incident: { ...incident, route: "unrouted", state: "open", told: null },
  run: null,
  plan: null,
});

export const trouble = factsOf("trouble", {
  delivery: {
    ...delivery,
    event: "trouble",
    notice: { alertId: null, note: "no answer for 5 min: HTTP 403 from its function URL" },
  },
  incident: { ...incident, route: "trouble", subject: "location apac", alertCount: 0, told: null },
  run: null,
  plan: null,
  alert: null,
});

export const digest = factsOf("digest", {
  delivery: {
    ...delivery,
    event: "digest",
    notice: {
      alertId: null,
      note: "14 alerts, 3 pages, 2 spared, 1 location could not look",
      items: [
        { text: "spared: https://shop.example, route confirm-page, 03:02Z", incidentId: incident.id },
        { text: "apac could not look in 3 of 40 checks", incidentId: null },
      ],
    },
  },
  incident: { ...incident, route: "digest", subject: "2026-11-21", alertCount: 0, told: null },
  run: null,
  plan: null,
  alert: null,
});

export const testFacts = factsOf("test", {
  incident: { ...incident, route: "test", subject: "action slack", alertCount: 0, told: null },
  run: null,
  plan: null,
  alert: null,
});
