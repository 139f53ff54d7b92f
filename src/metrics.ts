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
  const gauge = (name: string, help: string) => new Gauge({ name: `crosscheck_${name}`, help, registers });
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
    apiRefused: counter("api_refused_total", "Calls of the API turned away", ["reason"]),
    dropped: counter("connections_dropped_total", "Connections closed because there were too many", []),
    routed: counter("alerts_routed_total", "Alerts taken by a route; unrouted ones by none", ["route"]),
    incidents: counter("incident_steps_total", "Steps of incidents", ["route", "reason"]),
    verdicts: counter("verdicts_total", "Verdicts given", ["route", "outcome", "reason"]),
    timeToVerdict: histogram("time_to_verdict_seconds", "From the alert to its verdict", ["route"]),
    observations: counter("observations_total", "What locations saw", ["location", "outcome"]),
    selfTests: counter("self_tests_total", "Checks run without an alert", ["location", "outcome"]),
    deliveries: counter("deliveries_total", "Deliveries that ended", ["action", "state"]),
    attempts: counter("delivery_attempts_total", "Attempts to deliver", ["action", "result"]),
    spooled: counter("alerts_spooled_total", "Alerts kept in the spool while the database was away", []),
    emergencies: counter("emergency_attempts_total", "Attempts to tell an alert unchecked", [
      "action",
      "result",
    ]),
    trouble: counter("trouble_total", "Crosscheck's own troubles", ["cause"]),
    reloads: counter("config_reloads_total", "Reloads of the configuration", ["result"]),
    certificateEnds: new Gauge({
      name: "crosscheck_certificate_not_after_seconds",
      help: "When the certificate that is served ends, in seconds since 1970; 0 without one",
      registers,
    }),
    heartbeats: counter("heartbeats_total", "Beats to the watch outside", ["result"]),
    queueAge: gauge("queue_age_seconds", "How long the oldest due job waits"),
    runsGoing: gauge("runs_going", "Runs under way in this process"),
    replicas: gauge("replicas", "Processes that serve this database, as seen from this one"),
    clockSkew: gauge("clock_skew_seconds", "How far this machine's clock is ahead of the database's"),
    diskFree: gauge("disk_free_bytes", "What is free on the disk of the data folder"),
  };
}
