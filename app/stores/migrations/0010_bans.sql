create table bans (
    subject  text primary key,
    until    timestamptz not null,
    reason   text not null
);
