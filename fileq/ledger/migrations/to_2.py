"""From schema 1 to 2: processes known by ticks, jobs that know their messages, and dispositions with leases."""

import sqlite3

from fileq.ledger.script import run_script

_SCRIPT = """
-- Processes are known by the kernel's ticks, a text, and no longer by a time of the clock on the wall.
alter table workers rename to workers_1;
create table workers (
    id integer primary key,
    host text not null,
    pid integer not null,
    process_started text not null,
    queue text not null,
    slots integer not null,
    started_at real not null,
    beat_at real not null
);
insert into workers select id, host, pid, cast(process_started as text), queue, slots, started_at, beat_at
    from workers_1;
drop table workers_1;
alter table watches rename to watches_1;
create table watches (
    id integer primary key,
    path text not null unique,
    host text not null,
    pid integer not null,
    process_started text not null,
    said text not null,
    said_at real not null
);
insert into watches select id, path, host, pid, cast(process_started as text), said, said_at from watches_1;
drop table watches_1;
alter table timetable rename to timetable_1;
create table timetable (
    name text not null,
    line text not null,
    due_at real not null,
    retry_at real,
    tries integer not null default 0,
    host text,
    pid integer,
    process_started text,
    started_at real,
    finished_at real,
    outcome text,
    message text not null default '',
    primary key (name, line)
) without rowid;
insert into timetable select name, line, due_at, retry_at, tries, host, pid, cast(process_started as text),
    started_at, finished_at, outcome, message from timetable_1;
drop table timetable_1;

alter table jobs add column message_id integer;
alter table jobs add column taken_at real;
create index jobs_unsent on jobs (due_at) where message_id is null and state in ('queued', 'waiting');
alter table outputs add column pending_json text;
drop index jobs_by_departure;
alter table jobs rename column departure to disposition_id;
create index jobs_by_disposition on jobs (disposition_id) where disposition_id is not null;
alter table departures rename to dispositions;
alter table dispositions add column token integer not null default 0;
alter table dispositions add column holder_json text;
alter table dispositions add column held_until real;
alter table dispositions add column hidden text;
alter table dispositions add column temp text;
alter table dispositions add column tries integer not null default 0;
alter table dispositions add column retry_at real;
alter table dispositions add column problem text;
insert into fileq values ('secret', lower(hex(randomblob(16))));
create table leftover_temps (path text primary key, found_at real not null) without rowid;

-- A job knows whether a message that names it is there.
update jobs set message_id = -message from (
    select schedule.id as message, value as job from schedule, json_each(
    case when json_valid(cast(data as text)) then cast(data as text) else '{}' end, '$.args')) as sent
    where jobs.id = sent.job;
update jobs set message_id = message from (
    select task.id as message, value as job from task, json_each(
    case when json_valid(cast(data as text)) then cast(data as text) else '{}' end, '$.args')) as sent
    where jobs.id = sent.job;
create trigger message_sent after insert on task begin
    update jobs set message_id = new.id where id in (select value from json_each(
        case when json_valid(cast(new.data as text)) then cast(new.data as text) else '{}' end, '$.args'));
end;

create trigger message_gone after delete on task begin
    update jobs set message_id = null where message_id = old.id and id in (select value from json_each(
        case when json_valid(cast(old.data as text)) then cast(old.data as text) else '{}' end, '$.args'));
end;

create trigger message_scheduled after insert on schedule begin
    update jobs set message_id = -new.id where id in (select value from json_each(
        case when json_valid(cast(new.data as text)) then cast(new.data as text) else '{}' end, '$.args'));
end;

create trigger message_unscheduled after delete on schedule begin
    update jobs set message_id = null where message_id = -old.id and id in (select value from json_each(
        case when json_valid(cast(old.data as text)) then cast(old.data as text) else '{}' end, '$.args'));
end;
"""


def migrate_to_2(connection: sqlite3.Connection) -> None:
    run_script(connection, _SCRIPT)
