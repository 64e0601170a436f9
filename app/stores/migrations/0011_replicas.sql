create table replicas (
    id          text primary key,
    host        text not null,
    address     text not null,
    started_at  timestamptz not null default now(),
    expires_at  timestamptz not null
);

-- Of a replica that is gone the lease stays: whoever takes it over knows that something was lost.
create table leases (
    session_id  text primary key,
    replica_id  text not null,
    moved       boolean not null default false,
    taken_at    timestamptz not null default now()
);
create index leases_of_replica on leases (replica_id);

-- `host`: the machine whose disk holds the sandbox; null where a server holds it that all replicas reach.
-- `claimed_until`: somebody makes or drops it; until then nobody else does.
alter table sandboxes add column host text;
alter table sandboxes add column claimed_until timestamptz;
create index sandboxes_due on sandboxes (engine, used_at);
