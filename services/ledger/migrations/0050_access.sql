-- Who read whose personal data, and who was denied what. Beside the log, not in it: nothing follows from a look.
create table access_record (
    id         text primary key,
    at         timestamptz not null,
    asker      text not null,
    act        text not null,
    matter     text not null,
    outcome    text not null,
    subjects   text[] not null,
    request    text not null
);

create index access_record_asker on access_record (asker, at);
create index access_record_subjects on access_record using gin (subjects);

-- By whose leave a command was judged, and the trace context that became the causation of its facts.
alter table receipt
    add column asker text,
    add column trace text;
