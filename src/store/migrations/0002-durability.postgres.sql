-- Where whoever asked was calling from: the other end of the connection.
alter table audit add column address text;

-- What a replica is called, since when it runs, and since when on its configuration.
alter table replicas add column name text;
alter table replicas add column started_at bigint;
alter table replicas add column config_since bigint;

-- When retention took an alert's body away: what is left of it is empty.
alter table alerts add column body_removed_at bigint;

-- Retention goes through a route's, the oldest first.
create index told_messages_by_age on told_messages (route, told_at);

-- The outbox of one action, or of one state, newest first; what is delivered is nearly all of it.
create index deliveries_of_action on deliveries (action, id);
create index deliveries_superseded on deliveries (id) where state = 'superseded';
