/** Taking sessions away. They are gone in one step; their messages go in batches, however many there are. */
export const erasing = (s: string): string => `
-- count: messages of a cleared session, or sessions. numbers: whose messages are not all erased yet, unless done.
create type ${s}.erasure as (count integer, numbers bigint[], done boolean);

-- Erases some messages of sessions that are gone; false when there may be more.
create function ${s}.erase(p_numbers bigint[]) returns boolean language plpgsql as $$
declare
  -- Few enough for large ones to go in time, too.
  most constant integer := 1000;
  erased integer;
begin
  delete from ${s}.messages where ctid = any (array(
    select ctid from ${s}.messages where session = any (p_numbers) limit most
  ));
  get diagnostics erased = row_count;
  -- Fewer may have been found because somebody else has just erased them.
  if erased < most and not exists (select 1 from ${s}.messages where session = any (p_numbers)) then
    delete from ${s}.erasing where session = any (p_numbers);
    return true;
  end if;
  insert into ${s}.erasing select unnest(p_numbers) on conflict do nothing;
  return false;
end $$;

create function ${s}.clear_session(p_owner text, p_id text) returns setof ${s}.erasure language plpgsql as $$
declare
  it ${s}.sessions;
  answer ${s}.erasure;
begin
  select * into it from ${s}.sessions where owner = p_owner and id = p_id for update;
  if not found then return; end if;
  update ${s}.sessions set number = nextval('${s}.numbers'), message_count = 0, turn_count = 0, streaming_count = 0,
    updated_ms = greatest(updated_ms, floor(${s}.now_ms()))
  where owner = p_owner and id = p_id;
  if it.message_count > 0 then perform ${s}.tally(p_owner, 0, -it.message_count); end if;
  answer.count := it.message_count;
  answer.numbers := array[it.number];
  answer.done := ${s}.erase(answer.numbers);
  return next answer;
end $$;

create function ${s}.delete_session(p_owner text, p_id text) returns setof ${s}.erasure language plpgsql as $$
declare
  it ${s}.sessions;
  answer ${s}.erasure;
begin
  delete from ${s}.sessions where owner = p_owner and id = p_id returning * into it;
  if not found then return; end if;
  perform ${s}.tally(p_owner, -1, -it.message_count);
  answer.count := 1;
  answer.numbers := array[it.number];
  answer.done := ${s}.erase(answer.numbers);
  return next answer;
end $$;

-- Some sessions of an owner: all, or (p_before_ms) those not changed since.
create function ${s}.delete_sessions(p_owner text, p_before_ms double precision, p_limit integer)
returns setof ${s}.erasure language plpgsql as $$
declare
  answer ${s}.erasure;
  messages integer;
begin
  with locked as (
    select id from ${s}.sessions
    where owner = p_owner
      and (p_before_ms is null or updated_ms < p_before_ms - 86400000 or (updated_ms < p_before_ms and streaming_count = 0))
    order by id limit p_limit for update
  ), gone as (
    delete from ${s}.sessions x using locked where x.owner = p_owner and x.id = locked.id
    returning x.number, x.message_count
  )
  select count(*), coalesce(array_agg(number), '{}'), coalesce(sum(message_count), 0)
  into answer.count, answer.numbers, messages from gone;
  if answer.count > 0 then perform ${s}.tally(p_owner, -answer.count, -messages); end if;
  answer.done := answer.count = 0 or ${s}.erase(answer.numbers);
  return next answer;
end $$;

-- Sessions that nobody wrote to for so long, of one owner at a time (locks: session, owner, total). How many.
-- One that is being answered stays, but not for more than a day.
create function ${s}.expire_sessions(p_ttl_ms double precision, p_limit integer) returns integer language plpgsql as $$
declare
  before_ms double precision := ${s}.now_ms() - p_ttl_ms;
  one text;
  erased ${s}.erasure;
begin
  select owner into one from ${s}.sessions
  where updated_ms < before_ms and (streaming_count = 0 or updated_ms < before_ms - 86400000)
  order by updated_ms limit 1;
  if not found then return 0; end if;
  select * into erased from ${s}.delete_sessions(one, before_ms, p_limit);
  return erased.count;
end $$;

-- Erases a small batch of whatever has run out; how much there was.
create function ${s}.sweep(p_limit integer) returns integer language plpgsql as $$
declare
  at_ms double precision := ${s}.now_ms();
  numbers bigint[];
  erased integer;
  total integer;
begin
  select coalesce(array_agg(number), '{}') into numbers from (
    select number from ${s}.turns where sweep_ms <= at_ms order by sweep_ms limit p_limit for update skip locked
  ) due;
  total := cardinality(numbers);
  delete from ${s}.log where turn = any (numbers);
  delete from ${s}.turns where number = any (numbers) and coalesce(key_until, 0) <= at_ms;
  update ${s}.turns set sweep_ms = key_until where number = any (numbers);

  delete from ${s}.records where ctid = any (array(
    select ctid from ${s}.records where ends_ms <= at_ms limit p_limit for update skip locked));
  get diagnostics erased = row_count;
  total := total + erased;
  delete from ${s}.windows where ctid = any (array(
    select ctid from ${s}.windows where ends_ms <= at_ms limit p_limit for update skip locked));
  get diagnostics erased = row_count;
  total := total + erased;
  delete from ${s}.places where ctid = any (array(
    select ctid from ${s}.places where ends_ms <= at_ms limit p_limit for update skip locked));
  get diagnostics erased = row_count;
  total := total + erased;

  delete from ${s}.sealed where ends_ms <= at_ms;

  numbers := array(select session from ${s}.erasing limit 10 for update skip locked);
  if cardinality(numbers) > 0 and not ${s}.erase(numbers) then total := total + p_limit; end if;
  return total;
end $$;
`;
