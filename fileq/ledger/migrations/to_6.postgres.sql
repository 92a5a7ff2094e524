-- From schema 5 to 6, in PostgreSQL alone: one statement keeps the sums, and plans know how few jobs a message names.

drop trigger jobs_inserted on jobs;
drop trigger jobs_deleted on jobs;
drop trigger jobs_updated on jobs;
drop function count_jobs();
drop function add_to_tallies(tallies[]);
alter function jobs_named_by(bytea) rows 16;

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
    return null;
end $$;

create trigger jobs_inserted after insert on jobs referencing new table as new_rows
    for each statement execute function count_new_jobs();
create trigger jobs_deleted after delete on jobs referencing old table as old_rows
    for each statement execute function count_gone_jobs();
create trigger jobs_updated after update on jobs referencing old table as old_rows new table as new_rows
    for each statement execute function count_changed_jobs();
