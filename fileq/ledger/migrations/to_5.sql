-- From schema 4 to 5: hosts have roots, clocks, and numbers for devices of their own, and can be told to stop.

alter table workers add column clock_offset real not null default 0;
alter table workers add column roots text not null default '';
alter table workers add column instruction text;
alter table jobs add column roots text not null default '';
alter table attempts add column host text not null default '';
alter table folders add column machine text not null default '';
create index jobs_in_roots on jobs (roots) where roots <> '' and state in ('queued', 'running', 'waiting');

create table folder_views (
    path any not null check (typeof(path) <> 'integer' and typeof(path) <> 'real'),
    machine text not null,
    real_path any not null check (typeof(real_path) <> 'integer' and typeof(real_path) <> 'real'),
    device integer not null,
    inode integer not null,
    primary key (path, machine)
) strict, without rowid;
