import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

/**
 * What Crosscheck counts about itself, for `/metrics` (Prometheus text format). Labels take names of the configuration
 * and our own words only, never a text of an alert.
 */
export type Metrics = ReturnType<typeof createMetrics>;

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "crosscheck_" });
  const make = makersFor(registry);
  return { registry, ...ofAlerts(make), ...ofOurselves(make) };
}

type Makers = ReturnType<typeof makersFor>;

function makersFor(registry: Registry) {
  const registers = [registry];
  const counter = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    new Counter<Names[number]>({ name: `crosscheck_${name}`, help, labelNames: [...labelNames], registers });
  const labelled = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    new Gauge<Names[number]>({ name: `crosscheck_${name}`, help, labelNames: [...labelNames], registers });
  const gauge = (name: string, help: string) => labelled(name, help, []);
  const histogram = <const Names extends readonly string[]>(name: string, help: string, labelNames: Names) =>
    new Histogram<Names[number]>({
      name: `crosscheck_${name}`,
      help,
      labelNames: [...labelNames],
      buckets: seconds,
      registers,
    });
  return { counter, labelled, gauge, histogram };
}

/** What becomes of alerts. */
function ofAlerts({ counter, labelled, histogram }: Makers) {
  return {
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
    putOff: counter("deliveries_put_off_total", "Messages that could not go out yet", ["action", "reason"]),
    actionOpen: labelled("action_open", "1: its receiver fails or asks for patience; it is left alone", [
      "action",
    ]),
  };
}

/** How this process does. */
function ofOurselves({ counter, gauge, labelled }: Makers) {
  return {
    buildInfo: labelled("build_info", "Always 1; the version that runs", ["version"]),
    spooled: counter("alerts_spooled_total", "Alerts kept in the spool while the database was away", []),
    spoolAlerts: gauge("spool_alerts", "Alerts that wait in the spool for the database"),
    spoolBytes: gauge("spool_bytes", "What the spool takes on disk"),
    spoolLimit: gauge("spool_limit_bytes", "What the spool may take on disk: server.spool"),
    spoolReady: gauge("spool_ready", "1: an alert would be kept while the database is away"),
    databaseUp: gauge("database_up", "1: the database answered when it was last looked at, every 10 s"),
    emergencies: counter("emergency_attempts_total", "Attempts to tell an alert unchecked", [
      "action",
      "result",
    ]),
    trouble: counter("trouble_total", "Crosscheck's own troubles", ["cause"]),
    reloads: counter("config_reloads_total", "Reloads of the configuration", ["result"]),
    reloadOk: gauge(
      "config_last_reload_successful",
      "0: the last reload was refused, the one before goes on",
    ),
    configStale: gauge("config_stale", "1: the last good configuration runs in place of a file with faults"),
    configLoaded: gauge("config_loaded_timestamp_seconds", "When the configuration that runs was loaded"),
    certificateEnds: gauge(
      "certificate_not_after_seconds",
      "When the certificate that is served ends, in seconds since 1970; 0 without one",
    ),
    heartbeats: counter("heartbeats_total", "Beats to the watch outside", ["result"]),
    queueAge: gauge("queue_age_seconds", "How long the oldest due job waits"),
    runsGoing: gauge("runs_going", "Runs under way in this process"),
    replicas: gauge("replicas", "Processes that serve this database, as seen from this one"),
    configs: gauge("replica_configs", "Different configurations among the replicas"),
    clockSkew: gauge("clock_skew_seconds", "How far this machine's clock is ahead of the database's"),
    diskFree: gauge("disk_free_bytes", "What is free on the disk of the data folder"),
  };
}
