-- From schema 7 to 8: hooks are called when jobs and batches end.

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
