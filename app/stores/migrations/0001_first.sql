create table sessions (
    id          text primary key,
    created_at  timestamptz not null default now()
);

create table sandboxes (
    namespace   text primary key,
    engine      text not null,
    session_id  text references sessions (id) on delete cascade,
    secret      text not null,
    created_at  timestamptz not null,
    used_at     timestamptz not null,
    seed_hash   text,
    dropping    boolean not null default false
);
create unique index sandboxes_one_per_session on sandboxes (session_id, engine) where not dropping;
create index sandboxes_ready on sandboxes (engine) where session_id is null and not dropping;

create table runs (
    id               bigint generated always as identity primary key,
    session_id       text not null,
    engine           text not null,
    client           text not null,
    source           text not null,
    seed             text not null,
    outcome          text not null,
    statement_count  integer not null,
    total_ms         double precision not null,
    started_at       timestamptz not null
);
create index runs_of_session on runs (session_id, engine, id desc);

create table snapshots (
    id          text primary key,
    session_id  text not null,
    created_at  timestamptz not null,
    body        text not null
);
