-- A shared playground: who may change it, and its revisions, whose bodies never change.
create table playgrounds (
    id               text primary key,
    session_id       text not null,
    created_at       timestamptz not null,
    title            text,
    notes            text,
    owner_key_hash   text,
    parent           text,
    listed           boolean not null default false,
    expires_at       timestamptz,
    removed_at       timestamptz,
    removed_because  text
);
create index playgrounds_expiring on playgrounds (expires_at) where expires_at is not null and removed_at is null;

-- Rows from before keep their bodies as they are; title and notes are read from there, and nobody has a key to them.
insert into playgrounds (id, session_id, created_at) select id, session_id, created_at from snapshots;

alter table snapshots drop constraint snapshots_pkey;
alter table snapshots drop column session_id;
alter table snapshots add column revision integer not null default 1;
alter table snapshots add primary key (id, revision);
alter table snapshots add foreign key (id) references playgrounds (id) on delete cascade;
