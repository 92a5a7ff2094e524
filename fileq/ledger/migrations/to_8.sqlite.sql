-- From schema 7 to 8, in SQLite alone: the trigger on jobs says what hooks are to be told.

drop trigger jobs_updated;
create trigger jobs_updated after update of batch_id, state, size, bytes_out, outputs, purged_at on jobs begin
    update tallies set
        jobs = jobs - 1,
        bytes_in = bytes_in - old.size,
        bytes_out = bytes_out - old.bytes_out,
        outputs = outputs - old.outputs
    where batch_id = old.batch_id and state = old.state and old.purged_at is null;
    insert into tallies select new.batch_id, new.state, 1, new.size, new.bytes_out, new.outputs
    where new.purged_at is null
    on conflict (batch_id, state) do update set
        jobs = jobs + 1,
        bytes_in = bytes_in + excluded.bytes_in,
        bytes_out = bytes_out + excluded.bytes_out,
        outputs = outputs + excluded.outputs;
    -- What is to be told of a job, or of its batch, is written down as it ends, whoever ends it.
    insert into hook_calls (token, hook, event, batch_id, job_id, happened_at, attempts, started_at,
        error_kind, error_message, error_hint)
    select lower(hex(randomblob(16))), name, new.state, new.batch_id, new.id, new.finished_at, new.attempts,
        new.started_at, new.error_kind, new.error_message, new.error_hint
    from (select distinct name from hooks where event = new.state
        and (recipe_name = '' or recipe_name = (select name from recipes where id = new.recipe_id))) as called
    where (old.state = 'queued' or old.state = 'running' or old.state = 'waiting') and new.finished_at is not null;
    -- A moment later, as more may just come into the batch.
    insert into hook_calls (token, hook, event, batch_id, happened_at, due_at)
    select lower(hex(randomblob(16))), name, 'batch', new.batch_id, new.finished_at, new.finished_at + 1
    from (select distinct name from hooks where event = 'batch') as called
    where (old.state = 'queued' or old.state = 'running' or old.state = 'waiting') and new.finished_at is not null
    and not exists (select 1 from tallies where batch_id = new.batch_id
        and state in ('queued', 'running', 'waiting') and jobs > 0)
    and not exists (select 1 from hook_calls where batch_id = new.batch_id and job_id is null and hook = name
        and tries = 0 and body is null and given_up_at is null);
end;
