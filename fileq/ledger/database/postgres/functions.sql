-- What PostgreSQL needs beside the tables: functions that SQLite has, and statements call; and triggers.

create function max(anycompatible, anycompatible) returns anycompatible language sql immutable as
    'select case when $1 is null or $2 is null then null else greatest($1, $2) end';
create function max(anycompatible, anycompatible, anycompatible) returns anycompatible language sql immutable as
    'select max(max($1, $2), $3)';
create function max(anycompatible, anycompatible, anycompatible, anycompatible) returns anycompatible
    language sql immutable as 'select max(max($1, $2, $3), $4)';

-- Instead of SQLite's json_each: the elements of a list in JSON.
create function elements_of(list text) returns table (value text) language sql immutable as
    'select jsonb_array_elements_text(list::jsonb)';

-- The jobs that a message names: none where it is no message of ours.
create function jobs_named_by(data bytea) returns table (job_id bigint) language plpgsql immutable rows 16 as $$
declare
    args jsonb;
begin
    begin
        args := convert_from(data, 'UTF8')::jsonb -> 'args';
    exception when others then
        return;
    end;
    if jsonb_typeof(args) = 'array' then
        return query select value::bigint from jsonb_array_elements_text(args) where value ~ '^[0-9]{1,18}$';
    end if;
end $$;

create function names_no_unfinished(data bytea) returns boolean language sql stable as $$
    select exists (select 1 from jobs_named_by(data)) and not exists (
        select 1 from jobs_named_by(data) as named join jobs on jobs.id = named.job_id
        where state in ('queued', 'running', 'waiting'))
$$;

-- Sums by batch and state, as triggers.sql keeps them in SQLite: here of all rows of a statement at once.
create function count_new_jobs() returns trigger language plpgsql as $$
begin
    insert into tallies as sums
    select batch_id, state, count(*), sum(size), sum(bytes_out), sum(outputs) from new_rows where purged_at is null
    group by batch_id, state order by batch_id, state
    on conflict (batch_id, state) do update set
        jobs = sums.jobs + excluded.jobs,
        bytes_in = sums.bytes_in + excluded.bytes_in,
        bytes_out = sums.bytes_out + excluded.bytes_out,
        outputs = sums.outputs + excluded.outputs;
    return null;
end $$;

create function count_gone_jobs() returns trigger language plpgsql as $$
begin
    update tallies as sums set
        jobs = sums.jobs - gone.jobs,
        bytes_in = sums.bytes_in - gone.bytes_in,
        bytes_out = sums.bytes_out - gone.bytes_out,
        outputs = sums.outputs - gone.outputs
    from (
        select batch_id, state, count(*) as jobs, sum(size) as bytes_in, sum(bytes_out) as bytes_out,
            sum(outputs) as outputs
        from old_rows where purged_at is null group by batch_id, state) as gone
    where sums.batch_id = gone.batch_id and sums.state = gone.state;
    return null;
end $$;

create function count_changed_jobs() returns trigger language plpgsql as $$
begin
    insert into tallies as sums
    select batch_id, state, sum(sign), sum(sign * size), sum(sign * bytes_out), sum(sign * outputs) from (
        select batch_id, state, 1 as sign, size, bytes_out, outputs from new_rows where purged_at is null
        union all
        select batch_id, state, -1, size, bytes_out, outputs from old_rows where purged_at is null) as changes
    group by batch_id, state
    having sum(sign) <> 0 or sum(sign * size) <> 0 or sum(sign * bytes_out) <> 0 or sum(sign * outputs) <> 0
    order by batch_id, state
    on conflict (batch_id, state) do update set
        jobs = sums.jobs + excluded.jobs,
        bytes_in = sums.bytes_in + excluded.bytes_in,
        bytes_out = sums.bytes_out + excluded.bytes_out,
        outputs = sums.outputs + excluded.outputs;
    -- What is to be told of jobs, or of their batches, is written down as they end, whoever ends them.
    if exists (select 1 from hooks) then
        insert into hook_calls (token, hook, event, batch_id, job_id, happened_at, attempts, started_at,
            error_kind, error_message, error_hint)
        select replace(cast(gen_random_uuid() as text), '-', ''), hook, ended.state, batch_id, ended.id, finished_at,
            attempts, started_at, error_kind, error_message, error_hint
        from (
            select new_rows.*, recipes.name as recipe_name from new_rows
            join old_rows on old_rows.id = new_rows.id left join recipes on recipes.id = new_rows.recipe_id
            where old_rows.state in ('queued', 'running', 'waiting') and new_rows.finished_at is not null) as ended
        cross join lateral (
            select distinct name as hook from hooks where event = ended.state
            and (recipe_name = '' or recipe_name = ended.recipe_name)) as called
        order by finished_at, ended.id;
        -- A moment later, as more may just come into the batch.
        insert into hook_calls (token, hook, event, batch_id, happened_at, due_at)
        select replace(cast(gen_random_uuid() as text), '-', ''), hook, 'batch', batch_id, ended_at, ended_at + 1
        from (
            select new_rows.batch_id, max(new_rows.finished_at) as ended_at from new_rows
            join old_rows on old_rows.id = new_rows.id
            where old_rows.state in ('queued', 'running', 'waiting') and new_rows.finished_at is not null
            group by new_rows.batch_id) as ended
        cross join (select distinct name as hook from hooks where event = 'batch') as called
        where not exists (
            select 1 from tallies where tallies.batch_id = ended.batch_id
            and state in ('queued', 'running', 'waiting') and jobs > 0)
        and not exists (
            select 1 from hook_calls as known where known.batch_id = ended.batch_id and known.job_id is null
            and known.hook = called.hook and known.tries = 0 and known.body is null and known.given_up_at is null);
    end if;
    return null;
end $$;

create trigger jobs_inserted after insert on jobs referencing new table as new_rows
    for each statement execute function count_new_jobs();
create trigger jobs_deleted after delete on jobs referencing old table as old_rows
    for each statement execute function count_gone_jobs();
create trigger jobs_updated after update on jobs referencing old table as old_rows new table as new_rows
    for each statement execute function count_changed_jobs();

-- A job knows whether a message that names it is there, as in SQLite. Workers that wait are woken as Huey wakes them.
create function message_sent() returns trigger language plpgsql as $$
begin
    update jobs set message_id = sign.message_id from (
        select named.job_id, max(new_rows.id) as message_id
        from new_rows, jobs_named_by(new_rows.data) as named group by named.job_id) as sign
    where jobs.id = sign.job_id;
    perform pg_notify(case when octet_length(channel) > 63 then 'huey.q.' || md5(channel) else channel end, '')
    from (select distinct 'huey.q.' || split_part(queue, '@', 1) as channel from new_rows) as channels;
    return null;
end $$;

create function message_gone() returns trigger language plpgsql as $$
begin
    update jobs set message_id = null from old_rows, jobs_named_by(old_rows.data) as named
    where jobs.id = named.job_id and jobs.message_id = old_rows.id;
    return null;
end $$;

create function message_scheduled() returns trigger language plpgsql as $$
begin
    update jobs set message_id = -sign.message_id from (
        select named.job_id, max(new_rows.id) as message_id
        from new_rows, jobs_named_by(new_rows.data) as named group by named.job_id) as sign
    where jobs.id = sign.job_id;
    return null;
end $$;

create function message_unscheduled() returns trigger language plpgsql as $$
begin
    update jobs set message_id = null from old_rows, jobs_named_by(old_rows.data) as named
    where jobs.id = named.job_id and jobs.message_id = -old_rows.id;
    return null;
end $$;

create trigger message_sent after insert on huey_task referencing new table as new_rows
    for each statement execute function message_sent();
create trigger message_gone after delete on huey_task referencing old table as old_rows
    for each statement execute function message_gone();
create trigger message_scheduled after insert on huey_schedule referencing new table as new_rows
    for each statement execute function message_scheduled();
create trigger message_unscheduled after delete on huey_schedule referencing old table as old_rows
    for each statement execute function message_unscheduled();

-- Huey's tables by the names that they have in SQLite.
create view task as select id, queue, data, priority from huey_task;
create view schedule as select id, queue, data, timestamp from huey_schedule;
