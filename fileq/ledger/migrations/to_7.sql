-- From schema 6 to 7: whoever adds files can give their jobs a key, and finds them by it.

alter table jobs add column key text;
create index jobs_by_key on jobs (key) where key is not null;
