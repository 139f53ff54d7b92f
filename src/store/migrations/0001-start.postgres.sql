-- Times are ms since 1970 in UTC, ids UUIDv7 (they sort by time), JSON is text. No foreign keys: each write is guarded,
-- and retention deletes from the leaves up. Indexed texts sort by bytes, as in SQLite: pages of a list are the same on
-- both, and no upgrade of the system's collations can damage an index.

create table alerts (
  id text collate "C" primary key,
  received_at bigint not null,
  source text not null,
  only_route text,
  content_type text,
  body bytea not null,
  status text not null,
  dedup_key text,
  target_url text,
  -- why it could not be read
  fault text,
  routed_at bigint
);
create index alerts_unrouted on alerts (id) where routed_at is null;
-- Which senders say when it is over.
create index alerts_resolved on alerts (source) where status = 'resolved';

create table incidents (
  id text collate "C" primary key,
  route text collate "C" not null,
  subject text collate "C" not null,
  state text not null,
  flags text,
  version bigint not null,
  alert_count bigint not null,
  opened_at bigint not null,
  last_alert_at bigint not null,
  closed_at bigint,
  told text,
  -- what recovery has to wait for
  progress text not null,
  outcome text collate "C",
  reason text,
  watch_step bigint,
  next_run_at bigint,
  -- what people said of it afterwards: real, not-real
  mark text
);
-- Alerts that arrive together join here.
create unique index incidents_open on incidents (route, subject) where closed_at is null;
create index incidents_closed on incidents (route, subject, closed_at) where closed_at is not null;
-- Ids sort by time: the primary key gives the newest first, these the newest of one kind.
create index incidents_by_route on incidents (route, id desc);
create index incidents_by_outcome on incidents (outcome, id desc);
create index incidents_by_route_and_outcome on incidents (route, outcome, id desc);

-- An alert may match several routes.
create table incident_alerts (
  incident_id text collate "C" not null,
  alert_id text collate "C" not null,
  status text not null,
  primary key (incident_id, alert_id)
);
create index incident_alerts_by_alert on incident_alerts (alert_id);

create table runs (
  id text collate "C" primary key,
  incident_id text collate "C" not null,
  number bigint not null,
  cause text not null,
  plan text not null,
  look bigint not null,
  started_at bigint not null,
  deadline_at bigint not null,
  ended_at bigint,
  verdict text
);
create unique index runs_in_order on runs (incident_id, number);
-- One run at a time, by the database.
create unique index runs_going on runs (incident_id) where ended_at is null;

create table observations (
  run_id text collate "C" not null,
  look bigint not null,
  check_name text collate "C" not null,
  location text collate "C" not null,
  outcome text not null,
  error_class text,
  observation text not null,
  primary key (run_id, look, check_name, location)
);

-- The id is the idempotency key. A delivery that belongs to no incident carries a made-up incident_id: lanes order by it.
create table deliveries (
  id text collate "C" primary key,
  incident_id text collate "C" not null,
  action text collate "C" not null,
  action_kind text,
  number bigint not null,
  event text not null,
  run_id text,
  message text,
  state text not null,
  attempts bigint not null,
  next_at bigint,
  fallback_at bigint,
  error text,
  thread text,
  created_at bigint not null,
  delivered_at bigint
);
create unique index deliveries_in_order on deliveries (incident_id, action, number);
create index deliveries_pending on deliveries (next_at) where state = 'pending';
-- How many incidents an action has been told of lately.
create index deliveries_by_action on deliveries (action, created_at);
create index deliveries_dead on deliveries (id) where state = 'dead';

create table probe_requests (
  id text collate "C" primary key,
  location text collate "C" not null,
  request text not null,
  deadline_at bigint not null,
  claimed_by text,
  claimed_until bigint,
  observation text
);
create index probe_requests_waiting on probe_requests (location, id) where observation is null;
create index probe_requests_deadline on probe_requests (deadline_at);

create table replicas (
  id text collate "C" primary key,
  seen_at bigint not null,
  version text not null,
  config_hash text
);

-- What a route has told its actions before: Postee's `unique-message-props`.
create table told_messages (
  route text not null,
  key text not null,
  told_at bigint not null,
  primary key (route, key)
);

create table audit (
  id text collate "C" primary key,
  at bigint not null,
  actor text not null,
  action text not null,
  detail text
);

-- How a check looked from a location when it was last tried without an alert, and when it last passed.
create table self_tests (
  check_name text not null,
  location text not null,
  definition text not null,
  tested_at bigint not null,
  failing_since bigint,
  last text not null,
  good text,
  primary key (check_name, location)
);

-- What a failing check did with one thing changed.
create table contrasts (
  run_id text not null,
  number integer not null,
  contrast text not null,
  primary key (run_id, number)
);

-- Told to nobody for a while: a route, a subject, or both.
create table mutes (
  id text primary key,
  route text,
  subject text,
  from_at bigint not null,
  until_at bigint not null,
  reason text not null,
  actor text not null
);
create index mutes_until on mutes (until_at);

-- The incidents that became one page on one pager.
create table storm_members (
  storm_id text collate "C" not null,
  incident_id text collate "C" not null,
  action text collate "C" not null,
  joined_at bigint not null,
  primary key (storm_id, incident_id)
);
create index storm_members_by_incident on storm_members (incident_id, action);

-- Waiting: run_at; running: lease_until; both: woken while running. See work.ts.
create table jobs (
  key text collate "C" primary key,
  class text collate "C" not null,
  run_at bigint,
  lease_until bigint
)
-- Rows live for milliseconds: without an eager vacuum, the index fills with dead entries that each claim steps over.
with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
create index jobs_due on jobs (class, coalesce(lease_until, run_at));
