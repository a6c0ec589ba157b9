-- Text columns sort by bytes ("C"), so that pages are the same on every database. Times are epoch ms. `json`, not `jsonb`, holds what is
-- only kept: it gives back what it was given, NUL escapes included.

create table workloads (
  project_id text collate "C" not null,
  id text collate "C" not null,
  spec json not null,
  status json not null,
  generation int not null,
  revision int not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (project_id, id)
);

create table build_logs (
  project_id text collate "C" not null,
  workload_id text collate "C" not null,
  content text not null,
  primary key (project_id, workload_id),
  foreign key (project_id, workload_id) references workloads on delete cascade
);

create table pools (
  project_id text collate "C" not null,
  id text collate "C" not null,
  workload_id text collate "C" not null,
  spec json not null,
  max_size int not null,
  phase text not null,
  conditions json not null,
  generation int not null,
  revision int not null,
  created_at bigint not null,
  updated_at bigint not null,
  primary key (project_id, id),
  foreign key (project_id, workload_id) references workloads
);
create index pools_by_workload on pools (workload_id);

create table containers (
  project_id text collate "C" not null,
  id text collate "C" not null,
  pool_id text collate "C" not null,
  workload_id text collate "C" not null,
  workload_generation int not null,
  state text not null,
  reason text,
  claim_id text collate "C",
  tenant_id text collate "C",
  address json,
  health json not null,
  probed_at bigint not null,
  on_demand boolean not null,
  -- What of its pool's settings it was started with; null where nobody said.
  started_with json,
  revision int not null,
  created_at bigint not null,
  warm_at bigint,
  bound_at bigint,
  updated_at bigint not null,
  primary key (project_id, id)
) with (fillfactor = 80);
create index containers_live on containers (project_id, pool_id, state) where state <> 'gone';
create index containers_warm on containers (project_id, pool_id, probed_at desc) where state = 'warm';
create index containers_gone on containers (project_id, updated_at) where state = 'gone';

create table claims (
  project_id text collate "C" not null,
  id text collate "C" not null,
  tenant_id text collate "C" not null,
  pool_id text collate "C" not null,
  workload_id text collate "C" not null,
  container_id text collate "C",
  state text not null,
  is_live boolean generated always as (state not in ('released', 'failed')) stored,
  reason text,
  source text not null,
  revision int not null,
  config json,
  metadata json not null,
  secret_names json not null,
  sealed bytea,
  losses json not null,
  holds_state boolean not null default false,
  claimed_at bigint not null,
  last_activity_at bigint not null,
  updated_at bigint not null,
  primary key (project_id, id)
) with (fillfactor = 80);
create unique index claims_live on claims (project_id, tenant_id, pool_id) where is_live;
-- Files are kept by (tenant, workload), however many pools the workload has: one live claim at a time may have them.
create unique index claims_state on claims (project_id, tenant_id, workload_id) where is_live and holds_state;
-- Partial by a condition that always holds, so that only the list, which names it, uses it: on an empty table all indexes cost the same,
-- and a session kept a plan that walked this one for every change of a claim (10 times slower by the 5,000th).
create index claims_newest on claims (project_id, tenant_id, pool_id, claimed_at desc) where claimed_at >= 0;
create index claims_final on claims (project_id, updated_at) where not is_live;

-- Live claims of a tenant, counted after everybody who counts the same tenant's has committed: a statement's own snapshot is older than the
-- lock it waits for, but each query of a volatile function has a snapshot of its own. So a bind with a quota is one statement and one
-- round trip; with a transaction around a lock and a bind it was three, and took nearly twice as long.
create function tenant_live_claims(of_project text, of_tenant text) returns bigint language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(json_build_array(of_project, 'tenant', of_tenant)::text, 0));
  return (select count(*) from claims where project_id = of_project and tenant_id = of_tenant and is_live);
end
$$;

create table keys (
  project_id text collate "C" not null,
  id text collate "C" not null,
  name text not null,
  hash text collate "C" not null,
  role text not null,
  tenant_id text collate "C",
  pools json,
  expires_at bigint,
  requests_per_minute int,
  created_at bigint not null,
  revoked_at bigint,
  last_used_at bigint,
  primary key (project_id, id),
  unique (project_id, hash)
);

-- Readers order by (xid, seq) and take only rows below the oldest transaction that still runs: a later committer cannot precede them.
create table events (
  project_id text collate "C" not null,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint generated by default as identity,
  type text not null,
  version int not null,
  time_ms bigint not null,
  actor text not null,
  subject text not null,
  tenant_id text collate "C",
  pool_id text collate "C",
  container_id text collate "C",
  claim_id text collate "C",
  revision int,
  correlation_id text,
  data json not null,
  primary key (project_id, xid, seq)
);
create index events_by_tenant on events (project_id, tenant_id, xid, seq) where tenant_id is not null;

-- Everything up to this place is gone: a cursor before it has missed something. `epoch` is raised by a restore, which renumbers.
create table event_log (
  project_id text collate "C" primary key,
  pruned_xid xid8 not null default '0',
  pruned_seq bigint not null default 0,
  epoch int not null default 0
);

create table event_readers (
  project_id text collate "C" not null,
  name text collate "C" not null,
  xid xid8 not null,
  seq bigint not null,
  primary key (project_id, name)
);

-- `holder` is null where the lease was given up; `fence` never goes back.
create table leases (
  project_id text collate "C" not null,
  controller text collate "C" not null,
  holder text,
  fence bigint not null,
  counter bigint not null,
  primary key (project_id, controller)
);

create table idempotency_keys (
  project_id text collate "C" not null,
  scope text collate "C" not null,
  key text collate "C" not null,
  body_hash text not null,
  status int,
  body text,
  began_at bigint not null,
  -- Another with each sign of life of whoever runs the request: no clock says whether it is dead.
  beat uuid not null default gen_random_uuid(),
  primary key (project_id, scope, key)
);
create index idempotency_keys_by_age on idempotency_keys (began_at);

create table series (
  project_id text collate "C" not null,
  step_ms int not null,
  metric text collate "C" not null,
  at_ms bigint not null,
  labels jsonb not null,
  value double precision not null,
  primary key (project_id, step_ms, metric, at_ms, labels)
);

create table networks (
  project_id text collate "C" not null,
  pool_id text collate "C" not null,
  subnet text collate "C" not null,
  primary key (project_id, pool_id),
  unique (project_id, subnet)
);
