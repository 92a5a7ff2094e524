-- SQLite's triggers as the step to schema 4 makes them. They keep the sums, and each job's last message.

create trigger jobs_inserted after insert on jobs when new.purged_at is null begin
    insert into tallies values (new.batch_id, new.state, 1, new.size, new.bytes_out, new.outputs)
    on conflict (batch_id, state) do update set
        jobs = jobs + 1,
        bytes_in = bytes_in + excluded.bytes_in,
        bytes_out = bytes_out + excluded.bytes_out,
        outputs = outputs + excluded.outputs;
end;

create trigger jobs_deleted after delete on jobs when old.purged_at is null begin
    update tallies set
        jobs = jobs - 1,
        bytes_in = bytes_in - old.size,
        bytes_out = bytes_out - old.bytes_out,
        outputs = outputs - old.outputs
    where batch_id = old.batch_id and state = old.state;
end;

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
end;

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
