/**
 * Tables. Times are milliseconds since 1970 on the server's clock; text is escaped as `text.ts` says, `body`, `metadata`, `events`
 * and `outcome` are JSON. Rows that belong to a session or a turn name it by number, which only a look-up by owner gives.
 */
export const tables = (s: string): string => `
create function ${s}.now_ms() returns double precision language sql volatile
as $$ select extract(epoch from clock_timestamp())::double precision * 1000 $$;

create sequence ${s}.numbers;

create table ${s}.sessions (
  owner text collate "C" not null,
  id text collate "C" not null,
  number bigint not null default nextval('${s}.numbers'),
  title text,
  system_prompt text,
  model text,
  favorite boolean not null default false,
  metadata text not null,
  created_ms double precision not null,
  updated_ms double precision not null,
  last_seq integer not null default 0,
  message_count integer not null default 0,
  turn_count integer not null default 0,
  streaming_count integer not null default 0,
  input_tokens double precision not null default 0,
  output_tokens double precision not null default 0,
  primary key (owner, id)
);
-- An expression, so that this is never the index by which one session is looked up: on a small table the planner takes either,
-- and keeps its plan while the table grows.
create index sessions_by_update on ${s}.sessions ((owner || ''), updated_ms, id);
create index sessions_by_age on ${s}.sessions (updated_ms);

-- superseded is a column of its own: as no index names status, settling a message touches no index.
create table ${s}.messages (
  session bigint not null,
  seq integer not null,
  id text collate "C" not null,
  role text not null,
  status text not null,
  superseded boolean not null,
  turn text collate "C",
  characters integer not null,
  usable boolean not null,
  body text not null,
  primary key (session, seq)
);
create unique index messages_by_id on ${s}.messages (session, id);
create index messages_standing on ${s}.messages (session, seq) where not superseded;

-- Sessions that are gone and whose messages are being erased.
create table ${s}.erasing (session bigint primary key);

-- Counters. Each owner adds to one of the totals, so that writers of different owners seldom wait for each other.
create table ${s}.owners (
  owner text collate "C" primary key,
  sessions integer not null,
  messages bigint not null
) with (fillfactor = 50);
create table ${s}.totals (
  bucket integer primary key,
  sessions bigint not null default 0,
  messages bigint not null default 0
) with (fillfactor = 10);
insert into ${s}.totals (bucket) select generate_series(0, 63);

-- log_until is null until the turn has settled; sweep_ms is when there is something of it to erase.
create table ${s}.turns (
  number bigint primary key default nextval('${s}.numbers'),
  owner text collate "C" not null,
  session text collate "C" not null,
  id text collate "C" not null,
  message text not null,
  model text not null,
  created_at text not null,
  epoch bigint not null,
  lease_until double precision not null,
  lease_ms double precision not null,
  attended_until double precision not null default 0,
  stop boolean not null default false,
  last_offset integer not null default 0,
  outcome text,
  ended_ms double precision,
  log_until double precision,
  key_kind text collate "C",
  key text collate "C",
  body_hash text collate "C",
  key_until double precision,
  sweep_ms double precision
) with (fillfactor = 70);
create unique index turns_by_id on ${s}.turns (owner, session, id);
create unique index turns_live on ${s}.turns (owner, session) where log_until is null;
create unique index turns_by_key on ${s}.turns (owner, key_kind, key) where key is not null;
create index turns_by_sweep on ${s}.turns (sweep_ms) where sweep_ms is not null;

-- Owners that are being erased.
create table ${s}.sealed (owner text collate "C" primary key, ends_ms double precision not null);

-- One row per batch. A batch that overlaps what was there is kept whole; readers skip by offset.
create table ${s}.log (
  turn bigint not null,
  last_offset integer not null,
  events text not null,
  primary key (turn, last_offset)
);

-- Keys of limits name owners: only their hashes are kept, so that erasing an owner leaves nothing behind.
create table ${s}.windows (
  key bytea not null,
  window_ms double precision not null,
  number bigint not null,
  used double precision not null,
  ends_ms double precision not null,
  primary key (key, window_ms)
) with (fillfactor = 70);
create index windows_by_end on ${s}.windows (ends_ms);
create table ${s}.places (
  key bytea not null,
  holder text collate "C" not null,
  ends_ms double precision not null,
  primary key (key, holder)
) with (fillfactor = 70);

create table ${s}.records (
  kind text collate "C" not null,
  id text collate "C" not null,
  value text not null,
  ends_ms double precision,
  primary key (kind, id)
);
create index records_by_end on ${s}.records (ends_ms) where ends_ms is not null;
`;
