-- The ledger: what must be done, and what was done. Times are seconds since the epoch, sizes are bytes.
-- It is written in SQLite's words; database/postgres/dialect.py says it in PostgreSQL's.
-- A path is text where it is valid UTF-8, else its raw bytes as a blob.
-- Tables are strict: whoever writes into the file with another program gets no text into a number.
-- No condition of a hot table says "in (…)": SQLite makes a table of that for each row, which takes longer than the row.

create table meta (
    -- ledger (a short random name), secret, swept, paused, last_worker (its id), cleaning, found_whole, clock_jump
    key text not null primary key,
    value text not null
) strict;

create table recipes ( -- as they were when a job was added
    id integer primary key,
    fingerprint text not null,
    name text not null,
    recipe_json text not null unique
) strict;

create table batches (
    id integer primary key,
    queue text not null, -- the name of Huey's queue that carries its messages
    watch_id integer, -- the watched folder that it came by
    added_at real not null,
    -- it began in a queue of its own, before somebody's eyes
    handed_over integer not null default 0 check (handed_over between 0 and 1),
    notified integer not null default 0 check (notified between 0 and 1) -- whether its end was noticed
) strict;
create index batches_not_notified on batches (id) where notified = 0;

create table workers (
    id integer primary key,
    host text not null,
    pid integer not null,
    process_started text not null, -- with the pid, names a process for ever
    queue text not null,
    slots integer not null,
    started_at real not null,
    heartbeat_at real not null,
    clock_offset real not null default 0, -- seconds by which its host's clock was ahead of the ledger's then
    roots text not null default '', -- the names of those that its host has, with commas
    instruction text -- what somebody asked of it: to "stop", or to "pause", and begin nothing
) strict;

create table jobs (
    id integer primary key,
    batch_id integer not null,
    source any not null check (typeof(source) <> 'integer' and typeof(source) <> 'real'),
    version text not null, -- size and mtime, or a hash: another version is another job
    size integer not null,
    mtime_ns integer not null,
    inode integer, -- the source's, where it came by a watch: a renamed file is no new one
    digest text, -- of the content that was read, where it came by a watch: a touched file is no new one
    disposition_id integer, -- what becomes of the source once its jobs have ended
    -- where a watched folder has put the source since: it is read there, and called what it was called
    moved_to any check (typeof(moved_to) <> 'integer' and typeof(moved_to) <> 'real'),
    recipe_id integer not null,
    fingerprint text not null,
    -- where the outputs go, and the source's folder below the one that was added
    folder any not null check (typeof(folder) <> 'integer' and typeof(folder) <> 'real'),
    relative any not null check (typeof(relative) <> 'integer' and typeof(relative) <> 'real'),
    state text not null check (
        state = 'queued' or state = 'running' or state = 'waiting' or state = 'done' or state = 'failed'
        or state = 'cancelled' or state = 'superseded'
    ),
    priority integer not null default 0,
    attempts integer not null default 0, -- in all; with the id, the token of the one that counts
    tries integer not null default 0, -- since a person last asked for it
    deaths integer not null default 0, -- of those, ended from outside
    worker_id integer,
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
    needs_notice integer not null default 0 check (needs_notice between 0 and 1), -- it has failed, and no notice says so yet
    purged_at real, -- it is old and not listed any more: a tombstone, which serves to make nothing twice
    message_id integer, -- its last message in Huey's table `task`, negative in `schedule`; null where none is there
    taken_at real, -- when a worker took that message
    roots text not null default '', -- the names of those that its paths lie in, with commas
    key text, -- what whoever added it knows it by
    unique (source, fingerprint, folder, version)
) strict;
create index jobs_by_batch on jobs (batch_id);
create index jobs_by_key on jobs (key) where key is not null;
create index jobs_by_inode on jobs (inode) where inode is not null;
create index jobs_by_disposition on jobs (disposition_id) where disposition_id is not null;
create index jobs_finished on jobs (finished_at) where finished_at is not null and purged_at is null;
create index jobs_purged on jobs (purged_at) where purged_at is not null;
create index jobs_to_notify on jobs (batch_id, finished_at) where needs_notice = 1;
create index jobs_unfinished on jobs (state, due_at) where state in ('queued', 'running', 'waiting');
create index jobs_in_roots on jobs (roots) where roots <> '' and state in ('queued', 'running', 'waiting');
create index jobs_unsent on jobs (due_at) where message_id is null and state in ('queued', 'waiting');

create table attempts (
    job_id integer not null,
    number integer not null,
    worker_id integer not null,
    started_at real not null,
    finished_at real,
    outcome text, -- done, an error kind, "worker died", "stopped" or "cancelled"; null while it runs
    message text not null default '',
    host text not null default '', -- of the worker, which may have gone since
    primary key (job_id, number)
) strict, without rowid;

create table outputs ( -- a path belongs to one job at a time
    path any not null primary key check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    job_id integer not null,
    temp_path any check (typeof(temp_path) <> 'integer' and typeof(temp_path) <> 'real'), -- while it is made
    pending_version text, -- the version of the file that is just being published
    published_version text, -- the version of the file that was published; null where there is none yet
    inode integer,
    bytes integer,
    format text,
    width integer,
    height integer,
    published_at real,
    hidden_path any check (typeof(hidden_path) <> 'integer' and typeof(hidden_path) <> 'real'), -- where retention has it, for a moment
    removed_at real, -- by retention
    vanished_at real, -- found to be gone, by no doing of ours
    pending_json text -- what is known of the file that is just being published
) strict;
create index outputs_by_job on outputs (job_id);
create index outputs_by_folded_path on outputs (lower(path)); -- some disks know no small and capital letters
create index outputs_by_inode on outputs (inode) where inode is not null;
create index outputs_vanished on outputs (vanished_at) where vanished_at is not null;
create index outputs_unfinished on outputs (job_id) where temp_path is not null;
create index outputs_published on outputs (published_at) where published_version is not null;
create index outputs_hidden on outputs (job_id) where hidden_path is not null;

create table folders ( -- that have held outputs, or are watched
    path any not null primary key check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    real_path any not null check (typeof(real_path) <> 'integer' and typeof(real_path) <> 'real'), -- without symbolic links, as it was then
    device integer not null,
    inode integer not null,
    created_by_fileq integer not null check (created_by_fileq between 0 and 1),
    maybe_empty integer not null default 0 check (maybe_empty between 0 and 1), -- retention has removed something in it
    machine text not null default '' -- that has seen it so: others have other numbers for the device; '' is any
) strict, without rowid;
create index folders_maybe_empty on folders (path) where maybe_empty = 1;

create table folder_views ( -- what a folder is to other machines than the one that its row is of
    path any not null check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    machine text not null,
    real_path any not null check (typeof(real_path) <> 'integer' and typeof(real_path) <> 'real'),
    device integer not null,
    inode integer not null,
    primary key (path, machine)
) strict, without rowid;

create table counters ( -- the numbers of sources in the names of their outputs
    folder any not null check (typeof(folder) <> 'integer' and typeof(folder) <> 'real'), -- of the outputs
    recipe_name text not null,
    source any not null check (typeof(source) <> 'integer' and typeof(source) <> 'real'),
    number integer not null,
    primary key (folder, recipe_name, source)
) strict, without rowid;
create unique index counters_by_number on counters (folder, recipe_name, number);

create table cleanings ( -- what retention did, and when
    id integer primary key,
    cleaned_at real not null,
    outputs integer not null,
    bytes integer not null,
    kept_changed integer not null,
    jobs integer not null
) strict;

create table scheduled_tasks ( -- what is done by the clock
    name text not null,
    cron text not null,
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
    primary key (name, cron)
) strict, without rowid;

create table checks ( -- how each check of our health stood last
    name text not null primary key,
    state text not null,
    message text not null,
    since real not null, -- when it became bad, or ceased to be
    bad_since real, -- as people were told; null where they were told that it is well, or nothing yet
    checked_at real not null
) strict, without rowid;

create table notifications ( -- what somebody is to be told; gone once it is sent
    id integer primary key,
    event text not null,
    title text not null,
    body text not null,
    attachment any check (typeof(attachment) <> 'integer' and typeof(attachment) <> 'real'), -- a file's path
    created_at real not null,
    due_at real not null,
    tries integer not null default 0, -- the last one's number is its token
    targets_json text, -- the places of those that have not had it; null: nobody has
    problem text, -- why it could not be sent last time
    given_up_at real
) strict;

create table hooks ( -- what is called when jobs and batches end, as the configs of workers say: a row for each event
    name text not null,
    config text not null, -- the file that says so, and its host
    event text not null, -- done, failed or cancelled, of a job; batch
    recipe_name text not null, -- of the jobs that are meant; '' is any
    seen_at real not null, -- when a worker with that config was there last
    primary key (name, config, event, recipe_name)
) strict, without rowid;

create table hook_calls ( -- what a hook is to be told; gone once it was
    id integer primary key,
    token text not null, -- by which the receiver knows one that comes twice
    hook text not null, -- its name
    event text not null,
    batch_id integer not null,
    job_id integer, -- null for a batch
    happened_at real not null,
    -- the job's, as they were then: it may have begun anew since
    attempts integer,
    started_at real,
    error_kind text,
    error_message text,
    error_hint text,
    body text, -- what is sent, the same at each try
    due_at real not null default 0, -- not before
    leased_until real, -- null where nobody is just trying
    tries integer not null default 0, -- the last one's number is its token
    first_tried_at real,
    problem text, -- why it could not be delivered last time
    given_up_at real
) strict;
create index hook_calls_due on hook_calls (hook, due_at) where given_up_at is null;
create index hook_calls_by_job on hook_calls (job_id) where job_id is not null;
create index hook_calls_by_batch on hook_calls (batch_id) where job_id is null;

create table watches ( -- watched folders, as whoever watches them described them last
    id integer primary key,
    path any not null unique check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    host text not null,
    pid integer not null,
    process_started text not null, -- with the pid, names a process for ever
    status_json text not null,
    status_at real not null
) strict;

create table dispositions ( -- sources of watched folders that are to go once their jobs have ended
    id integer primary key,
    source any not null check (typeof(source) <> 'integer' and typeof(source) <> 'real'),
    version text not null,
    inode integer not null,
    -- the folder for it, and for one of which a job failed; '' deletes it, null leaves it where it is
    done_to any check (typeof(done_to) <> 'integer' and typeof(done_to) <> 'real'),
    failed_to any check (typeof(failed_to) <> 'integer' and typeof(failed_to) <> 'real'),
    target_path any unique check (typeof(target_path) <> 'integer' and typeof(target_path) <> 'real'), -- written down before it moves
    token integer not null default 0, -- of the lease that counts
    holder_json text, -- the process that sees it off just now
    held_until real, -- when the lease ends by itself
    hidden_path any check (typeof(hidden_path) <> 'integer' and typeof(hidden_path) <> 'real'), -- while it is looked at for the last time
    temp_path any check (typeof(temp_path) <> 'integer' and typeof(temp_path) <> 'real'), -- the copy under way to another device
    tries integer not null default 0,
    retry_at real, -- not before
    problem text, -- why it could not go
    unique (source, version)
) strict;

create table replaced_files ( -- what an output has taken the place of, and fileq had not made
    id integer primary key,
    path any not null check (typeof(path) in ('text', 'blob')),
    job_id integer not null,
    kept_path any not null check (typeof(kept_path) in ('text', 'blob')), -- its hidden name; it may have none
    output_inode integer not null, -- those of the output that took its place
    output_version text not null,
    replaced_at real not null
) strict;
create index replaced_files_by_job on replaced_files (job_id);
create index replaced_files_by_age on replaced_files (replaced_at);

create table leftover_temps ( -- temp files that could not be removed yet
    path any not null primary key check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    found_at real not null
) strict, without rowid;

-- Sums by batch and state, kept by triggers: status costs the same with a million jobs.
-- A tombstone is in none.
create table tallies (
    batch_id integer not null,
    state text not null,
    jobs integer not null,
    bytes_in integer not null,
    bytes_out integer not null,
    outputs integer not null,
    primary key (batch_id, state)
) strict, without rowid;
