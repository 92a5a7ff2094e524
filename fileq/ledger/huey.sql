-- Huey's own tables, as its SqliteStorage makes them (a test compares), so that `add` can send messages in the
-- transaction that enters the jobs, without the time it takes to import Huey.
create table kv (queue text not null, key text not null, value blob not null, primary key(queue, key));
create table schedule (
    id integer not null primary key, queue text not null, data blob not null, timestamp real not null
);
create index schedule_queue_timestamp on schedule (queue, timestamp);
create table task (
    id integer not null primary key, queue text not null, data blob not null, priority real not null default 0.0
);
create index task_queue_priority_id on task (queue, priority desc, id);
create table counter (
    queue text not null, key text not null, value integer not null default 0, primary key(queue, key)
);
