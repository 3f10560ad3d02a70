-- One ledger is one schema: the log, its head, the receipts, the shared facts, the keys of personal data.
-- No sequence, identity, trigger, rule or materialised view; every table has a primary key.

create table event (
    position    bigint primary key,
    stream      text not null,
    version     integer not null,
    kind        text not null,
    event_id    uuid not null unique,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    record      json not null,
    chain       bytea not null,
    unique (stream, version)
);

-- One row. Whoever has locked it is the writer.
create table ledger_head (
    id          integer primary key,
    position    bigint not null,
    recorded_at timestamptz not null,
    chain       bytea not null
) with (fillfactor = 10);

insert into ledger_head (id, position, recorded_at, chain)
values (1, 0, '1970-01-01 00:00:00+00', decode(repeat('00', 32), 'hex'));

-- Every command ever judged, as it was asked, and what it was answered.
create table receipt (
    command_id  text primary key,
    digest      bytea not null,
    recorded_at timestamptz not null,
    command     json not null,
    answer      json not null
);

-- The shared facts: folds of the log, changed with it in one transaction.
create table held_key (
    kind     text not null,
    key      text not null,
    stream   text not null,
    position bigint not null,
    primary key (kind, key)
) with (fillfactor = 80);

create table tally (
    kind text not null,
    key  text not null,
    n    integer not null,
    primary key (kind, key)
) with (fillfactor = 50);

-- When the clock next has something to tell of a history; no time: not by itself. `who` is the rep whose holding it is.
create table alarm (
    stream   text not null,
    alarm    text not null,
    at       timestamptz,
    who      text,
    position bigint not null,
    primary key (stream, alarm)
) with (fillfactor = 80);

create index alarm_due on alarm (at) where at is not null;
create index alarm_who on alarm (who, at) where who is not null;

-- Data keys of subjects, wrapped by the master key. No wrapped key: it was destroyed.
create table personal_key (
    subject text primary key,
    wrapped bytea
);
