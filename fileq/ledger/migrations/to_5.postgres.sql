-- What lies in roots wakes those who wait for the queue that it is a part of.
create or replace function message_sent() returns trigger language plpgsql as $$
begin
    update jobs set message_id = sign.message_id from (
        select named.job_id, max(new_rows.id) as message_id
        from new_rows, jobs_named_by(new_rows.data) as named group by named.job_id) as sign
    where jobs.id = sign.job_id;
    perform pg_notify(case when octet_length(channel) > 63 then 'huey.q.' || md5(channel) else channel end, '')
    from (select distinct 'huey.q.' || split_part(queue, '@', 1) as channel from new_rows) as channels;
    return null;
end $$;
