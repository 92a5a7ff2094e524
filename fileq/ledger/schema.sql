-- The ledger: what must be done, and what was done. Times are seconds since the epoch, sizes are bytes.
-- A path is text where it is valid UTF-8, else its raw bytes as a blob.

create table fileq (
    key text primary key, -- ledger (a short random name), secret, swept, paused, last_worker (its id), found_whole, clock_jump
    value text not null
);

create table recipes ( -- as they were when a job was added
    id integer primary key,
    fingerprint text not null,
    name text not null,
    body text not null unique -- JSON
);

create table batches (
    id integer primary key,
    queue text not null, -- the name of Huey's queue that carries its messages
    watch integer, -- the watched folder that it came by
    added_at real not null,
    handed_over integer not null default 0, -- it began in a queue of its own, before somebody's eyes
    told integer not null default 0 -- whether its end was noticed
);
create index batches_untold on batches (id) where told = 0;

create table workers (
    id integer primary key,
    host text not null,
    pid integer not null,
    process_started text not null, -- with the pid, names a process for ever
    queue text not null,
    slots integer not null,
    started_at real not null,
    beat_at real not null
);

create table jobs (
    id integer primary key,
    batch integer not null,
    source text not null,
    version text not null, -- size and mtime, or a hash: another version is another job
    size integer not null,
    mtime_ns integer not null,
    inode integer, -- the source's, where it came by a watch: a renamed file is no new one
    digest text, -- of the content that was read, where it came by a watch: a touched file is no new one
    disposition_id integer, -- what becomes of the source once its jobs have ended
    recipe integer not null,
    fingerprint text not null,
    folder text not null, -- where the outputs go
    relative text not null, -- the source's folder below the one that was added
    state text not null,
    priority integer not null default 0,
    attempts integer not null default 0, -- in all; with the id, the token of the one that counts
    tries integer not null default 0, -- since a person last asked for it
    deaths integer not null default 0, -- of those, ended from outside
    worker integer,
    due_at real, -- not before
    added_at real not null,
    started_at real,
    finished_at real,
    error_kind text,
    error_message text,
    error_hint text,
    note text not null default '',
    outputs integer not null default 0,
    bytes_out integer not null default 0,
    untold integer not null default 0, -- it has failed, and no notice says so yet
    forgotten_at real, -- it is old and not listed any more; what stays serves to make nothing twice
    message_id integer, -- its last message in Huey's table `task`, negative in `schedule`; null where none is there
    taken_at real, -- when a worker took that message
    unique (source, fingerprint, folder, version)
);
create index jobs_by_batch on jobs (batch);
create index jobs_by_inode on jobs (inode) where inode is not null;
create index jobs_by_disposition on jobs (disposition_id) where disposition_id is not null;
create index jobs_finished on jobs (finished_at) where finished_at is not null and forgotten_at is null;
create index jobs_forgotten on jobs (forgotten_at) where forgotten_at is not null;
create index jobs_untold on jobs (batch, finished_at) where untold = 1;
create index jobs_unfinished on jobs (state, due_at) where state in ('queued', 'running', 'waiting');
create index jobs_unsent on jobs (due_at) where message_id is null and state in ('queued', 'waiting');

create table attempts (
    job integer not null,
    number integer not null,
    worker integer not null,
    started_at real not null,
    finished_at real,
    outcome text, -- done, an error kind, "worker died", "stopped" or "cancelled"; null while it runs
    message text not null default '',
    primary key (job, number)
) without rowid;

create table outputs ( -- a path belongs to one job at a time
    path text primary key,
    job integer not null,
    temp text, -- while it is made
    coming text, -- the version of the file that is just being published
    stands text, -- the version of the file that was published; null where there is none yet
    inode integer,
    bytes integer,
    format text,
    width integer,
    height integer,
    published_at real,
    removing text, -- the hidden name under which retention has it, for a moment
    removed_at real, -- by retention
    vanished_at real, -- found to be gone, by no doing of ours
    pending_json text -- what is known of the file that is just being published
);
create index outputs_by_job on outputs (job);
create index outputs_by_inode on outputs (inode) where inode is not null;
create index outputs_vanished on outputs (vanished_at) where vanished_at is not null;
create index outputs_unfinished on outputs (job) where temp is not null;
create index outputs_standing on outputs (published_at) where stands is not null;
create index outputs_removing on outputs (job) where removing is not null;

create table folders ( -- that have held outputs or sources, or are watched
    path text primary key,
    real text not null, -- the same without symbolic links, as it was then
    device integer not null,
    inode integer not null,
    made integer not null, -- whether fileq made it
    thinned integer not null default 0 -- retention has removed something in it: it may be empty now
) without rowid;
create index folders_thinned on folders (path) where thinned = 1;

create table cleanings ( -- what retention did, and when
    id integer primary key,
    at real not null,
    outputs integer not null,
    bytes integer not null,
    kept_changed integer not null,
    jobs integer not null
);

create table timetable ( -- what is done by the clock
    name text not null,
    line text not null, -- as cron has it
    due_at real not null, -- next
    retry_at real, -- sooner, as it went wrong
    tries integer not null default 0,
    host text, -- who runs it, or did last
    pid integer,
    process_started text, -- with the pid, names a process for ever
    started_at real,
    finished_at real,
    outcome text, -- done, failed or stopped; null while it runs
    message text not null default '',
    primary key (name, line)
) without rowid;

create table checks ( -- how each check of our health stood last
    name text primary key,
    state text not null,
    message text not null,
    since real not null, -- when it became bad, or ceased to be
    bad_since real, -- as people were told; null where they were told that it is well, or nothing yet
    checked_at real not null
) without rowid;

create table notices ( -- what somebody is to be told; gone once it is sent
    id integer primary key,
    event text not null,
    title text not null,
    body text not null,
    attachment text, -- a file's path
    created_at real not null,
    due_at real not null,
    tries integer not null default 0, -- the last one's number is its token
    targets text, -- the places of those that have not had it, as JSON; null: nobody has
    problem text, -- why it could not be sent last time
    given_up_at real
);

create table watches ( -- watched folders, as whoever watches them described them last
    id integer primary key,
    path text not null unique,
    host text not null,
    pid integer not null,
    process_started text not null, -- with the pid, names a process for ever
    said text not null, -- JSON
    said_at real not null
);

create table dispositions ( -- sources of watched folders that are to go once their jobs have ended
    id integer primary key,
    source text not null,
    version text not null,
    inode integer not null,
    done_to text, -- the folder for it; '' deletes it, null leaves it where it is
    failed_to text, -- the same where a job failed
    target text unique, -- its new path, written down before it moves
    token integer not null default 0, -- of the lease that counts
    holder_json text, -- the process that sees it off just now
    held_until real, -- when the lease ends by itself
    hidden text, -- the source's hidden name while it is looked at for the last time
    temp text, -- the copy under way to another device
    tries integer not null default 0,
    retry_at real, -- not before
    problem text, -- why it could not go
    unique (source, version)
);

create table leftover_temps ( -- temp files that could not be removed yet
    path text primary key,
    found_at real not null
) without rowid;

-- Sums by batch and state, kept by the triggers below: status costs the same with a million jobs.
-- A forgotten job is in none.
create table tallies (
    batch integer not null,
    state text not null,
    jobs integer not null,
    bytes_in integer not null,
    bytes_out integer not null,
    outputs integer not null,
    primary key (batch, state)
) without rowid;

create trigger jobs_entered after insert on jobs begin
    insert into tallies values (new.batch, new.state, 1, new.size, new.bytes_out, new.outputs)
    on conflict (batch, state) do update set
        jobs = jobs + 1,
        bytes_in = bytes_in + excluded.bytes_in,
        bytes_out = bytes_out + excluded.bytes_out,
        outputs = outputs + excluded.outputs;
end;

create trigger jobs_left after delete on jobs when old.forgotten_at is null begin
    update tallies set
        jobs = jobs - 1,
        bytes_in = bytes_in - old.size,
        bytes_out = bytes_out - old.bytes_out,
        outputs = outputs - old.outputs
    where batch = old.batch and state = old.state;
end;

create trigger jobs_moved after update of batch, state, size, bytes_out, outputs, forgotten_at on jobs begin
    update tallies set
        jobs = jobs - 1,
        bytes_in = bytes_in - old.size,
        bytes_out = bytes_out - old.bytes_out,
        outputs = outputs - old.outputs
    where batch = old.batch and state = old.state and old.forgotten_at is null;
    insert into tallies select new.batch, new.state, 1, new.size, new.bytes_out, new.outputs
    where new.forgotten_at is null
    on conflict (batch, state) do update set
        jobs = jobs + 1,
        bytes_in = bytes_in + excluded.bytes_in,
        bytes_out = bytes_out + excluded.bytes_out,
        outputs = outputs + excluded.outputs;
end;

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

-- A job knows whether a message that names it is there, whoever sends, moves, takes or throws away messages: what is
-- due and has none is found by its index, however many others wait. What is no message of ours names no job.
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
