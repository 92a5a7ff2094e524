-- From schema 7 to 8, in PostgreSQL alone: the trigger on jobs says what hooks are to be told.

create or replace function count_changed_jobs() returns trigger language plpgsql as $$
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
