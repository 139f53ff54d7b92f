import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/**
 * What Crosscheck counts about itself, for `/metrics` (Prometheus text format). Labels take names of the configuration
 * and our own words only, never a text of an alert.
 */
export type Metrics = ReturnType<typeof createMetrics>;

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    new Counter<Names[number]>({ name: `crosscheck_${name}`, help, labelNames: [...labelNames], registers });
  const histogram = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    new Histogram<Names[number]>({
      name: `crosscheck_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: seconds,
      registers,
    });
  collectDefaultMetrics({ register: registry, prefix: "crosscheck_" });
  return {
    registry,
    alerts: counter("alerts_total", "Alerts stored", ["source", "status"]),
    refused: counter("ingest_refused_total", "Webhooks not taken", ["reason"]),
    routed: counter("alerts_routed_total", "Alerts taken by a route; unrouted ones by none", ["route"]),
    incidents: counter("incident_steps_total", "Steps of incidents", ["route", "reason"]),
    verdicts: counter("verdicts_total", "Verdicts given", ["route", "outcome", "reason"]),
    timeToVerdict: histogram("time_to_verdict_seconds", "From the alert to its verdict", ["route"]),
    observations: counter("observations_total", "What locations saw", ["location", "outcome"]),
    selfTests: counter("self_tests_total", "Checks run without an alert", ["location", "outcome"]),
    deliveries: counter("deliveries_total", "Deliveries that ended", ["action", "state"]),
    attempts: counter("delivery_attempts_total", "Attempts to deliver", ["action", "result"]),
    trouble: counter("trouble_total", "Crosscheck's own troubles", ["cause"]),
    reloads: counter("config_reloads_total", "Reloads of the configuration", ["result"]),
    queueAge: new Gauge({
      name: "crosscheck_queue_age_seconds",
      help: "How long the oldest due job waits",
      registers,
    }),
    runsGoing: new Gauge({
      name: "crosscheck_runs_going",
      help: "Runs under way in this process",
      registers,
    }),
  };
}
