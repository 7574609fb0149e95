/** Turns. Whoever locks several takes them by owner, session and id, so that a flush and a renewal of the same turns never wait for each other in a ring. */
export const turns = (s: string): string => `
create type ${s}.claim_answer as (
  kind text, epoch double precision, lease_left double precision,
  session text, id text, message text, model text, created_at text, outcome text
);

-- Claims of an owner share this lock, who seals or forgets waits to have it alone: whichever comes first, the other one sees it.
create function ${s}.owner_lock(p_owner text) returns bigint language sql immutable
as $$ select hashtextextended('parlor owner ${s} ' || p_owner, 0) $$;

-- Need not wait for the disk: what opens the session commits after it and does, so there is no message whose claim is lost.
-- p_again: it may have been done by the same call before, whose answer was lost; then the turn is there under its own id.
create function ${s}.claim_turn(
  p_owner text, p_session text, p_id text, p_message text, p_model text, p_created_at text, p_lease_ms double precision,
  p_key_kind text, p_key text, p_body_hash text, p_key_ms double precision, p_again boolean
) returns setof ${s}.claim_answer language plpgsql as $$
declare
  at_ms double precision;
  found_turn ${s}.turns;
  keyed_turn ${s}.turns;
  live_turn ${s}.turns;
  answer ${s}.claim_answer;
  next_number bigint;
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock_shared(${s}.owner_lock(p_owner));
  if exists (select 1 from ${s}.sealed where owner = p_owner and ends_ms > ${s}.now_ms()) then
    answer.kind := 'erasing';
    return next answer;
    return;
  end if;
  loop
    keyed_turn := null;
    live_turn := null;
    -- One statement, as two would not see the same: a turn may come or go between them.
    for found_turn in
      select * from ${s}.turns where owner = p_owner and session = p_session and log_until is null
      union all
      select * from ${s}.turns where owner = p_owner and key_kind = p_key_kind and key = p_key
    loop
      if found_turn.key_kind = p_key_kind and found_turn.key = p_key then keyed_turn := found_turn; end if;
      if found_turn.session = p_session and found_turn.log_until is null then live_turn := found_turn; end if;
    end loop;
    at_ms := ${s}.now_ms();
    if keyed_turn.key_until <= at_ms then
      update ${s}.turns set key_kind = null, key = null, body_hash = null, key_until = null
      where number = keyed_turn.number and key_until <= at_ms;
    elsif keyed_turn.number is not null then
      found_turn := keyed_turn;
      answer.kind := case
        when found_turn.body_hash <> p_body_hash then 'mismatch'
        when p_again and found_turn.session = p_session and found_turn.id = p_id then 'won'
        else 'repeat' end;
      exit;
    elsif live_turn.lease_until > at_ms + live_turn.lease_ms then
      -- The clock was set back: no lease lasts longer than it was given for.
      update ${s}.turns set lease_until = at_ms + lease_ms
      where number = live_turn.number and lease_until > at_ms + lease_ms;
    elsif live_turn.number is not null then
      found_turn := live_turn;
      answer.kind := case
        when p_again and found_turn.id = p_id and found_turn.outcome is null then 'won'
        when found_turn.outcome is not null or found_turn.lease_until <= at_ms then 'unsettled'
        else 'busy' end;
      answer.lease_left := found_turn.lease_until - at_ms;
      exit;
    else
      next_number := nextval('${s}.numbers');
      insert into ${s}.turns (number, owner, session, id, message, model, created_at, epoch, lease_until, lease_ms,
        key_kind, key, body_hash, key_until)
      values (next_number, p_owner, p_session, p_id, p_message, p_model, p_created_at, next_number, at_ms + p_lease_ms, p_lease_ms,
        p_key_kind, p_key, p_body_hash, at_ms + p_key_ms)
      on conflict do nothing returning * into found_turn;
      if found then
        answer.kind := 'won';
        exit;
      end if;
      if exists (select 1 from ${s}.turns where owner = p_owner and session = p_session and id = p_id and log_until is not null) then
        raise exception 'parlor: the turn id is in use' using errcode = 'unique_violation';
      end if;
    end if;
    -- Whatever it waited for may have changed all of it, or somebody was faster: look again.
  end loop;
  answer.epoch := found_turn.epoch;
  answer.session := found_turn.session;
  answer.id := found_turn.id;
  answer.message := found_turn.message;
  answer.model := found_turn.model;
  answer.created_at := found_turn.created_at;
  answer.outcome := found_turn.outcome;
  return next answer;
end $$;

create function ${s}.release_turn(p_owner text, p_session text, p_id text, p_epoch bigint) returns void language plpgsql as $$
declare
  released bigint;
begin
  delete from ${s}.turns
  where owner = p_owner and session = p_session and id = p_id and epoch = p_epoch and outcome is null
  returning number into released;
  if found then delete from ${s}.log where turn = released; end if;
end $$;

-- All turns of a flush. The update is the fence: it finds the turn only while the claim holds and locks it for the insert.
-- Answers by place; what is absent is stale.
create type ${s}.appended as (place integer, last_offset integer);
create function ${s}.append_events(
  p_owners text[], p_sessions text[], p_ids text[], p_epochs bigint[], p_firsts integer[], p_lasts integer[], p_events text[]
) returns setof ${s}.appended language plpgsql as $$
declare
  batch record;
  into_turn bigint;
  answer ${s}.appended;
begin
  for batch in
    select * from unnest(p_owners, p_sessions, p_ids, p_epochs, p_firsts, p_lasts, p_events) with ordinality
      as b (owner, session, id, epoch, first_offset, last_offset, events, place)
    order by owner, session, id, place
  loop
    answer.place := batch.place;
    update ${s}.turns set last_offset = batch.last_offset
    where owner = batch.owner and session = batch.session and id = batch.id and epoch = batch.epoch and outcome is null
      and batch.first_offset <= last_offset + 1 and batch.last_offset > last_offset
    returning number into into_turn;
    if found then
      insert into ${s}.log values (into_turn, batch.last_offset, batch.events);
      answer.last_offset := batch.last_offset;
      return next answer;
    else
      -- Nothing in it is new, or its claim no longer holds, or events are missing before it: these may have come by now.
      return query
        select answer.place, t.last_offset from ${s}.turns t
        where owner = batch.owner and session = batch.session and id = batch.id and epoch = batch.epoch and outcome is null
          and coalesce(batch.last_offset <= t.last_offset, true);
    end if;
  end loop;
end $$;

-- Losing a renewal in a crash of the server loses at most a lease that nobody could renew meanwhile: no need to wait for the disk.
create type ${s}.renewed as (place integer, stop boolean, attended boolean);
create function ${s}.renew_turns(
  p_owners text[], p_sessions text[], p_ids text[], p_epochs bigint[], p_lease_ms double precision
) returns setof ${s}.renewed language plpgsql as $$
declare
  at_ms double precision := ${s}.now_ms();
begin
  perform set_config('synchronous_commit', 'off', true);
  return query
    with batch as materialized (
      select * from unnest(p_owners, p_sessions, p_ids, p_epochs) with ordinality as b (owner, session, id, epoch, place)
    ), held as materialized (
      select t.number, t.stop, t.attended_until > at_ms as attended, b.place
      from batch b join ${s}.turns t on t.owner = b.owner and t.session = b.session and t.id = b.id
      where t.epoch = b.epoch and t.outcome is null
      order by t.owner, t.session, t.id for update of t
    ), renewed as (
      update ${s}.turns set lease_until = at_ms + p_lease_ms, lease_ms = p_lease_ms where number in (select number from held)
    )
    select h.place::integer, h.stop, h.attended from held h;
end $$;

create function ${s}.attend_turn(p_owner text, p_session text, p_id text, p_ttl_ms double precision) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update ${s}.turns set attended_until = greatest(attended_until, ${s}.now_ms() + p_ttl_ms)
  where owner = p_owner and session = p_session and id = p_id;
end $$;

-- Events after an offset, up to the batch that holds the last one asked for; a row without events when there are none.
create type ${s}.log_part as (outcome text, end_offset integer, events text);
create function ${s}.read_log(p_owner text, p_session text, p_id text, p_after bigint, p_limit bigint)
returns setof ${s}.log_part language plpgsql as $$
begin
  return query
    select t.outcome, t.last_offset, l.events from ${s}.turns t left join lateral (
      select l.last_offset, l.events from ${s}.log l
      where l.turn = t.number and l.last_offset > p_after and l.last_offset <= coalesce((
        select n.last_offset from ${s}.log n
        where n.turn = t.number and n.last_offset >= p_after + p_limit order by n.last_offset limit 1
      ), t.last_offset)
    ) l on true
    where t.owner = p_owner and t.session = p_session and t.id = p_id and (t.log_until is null or t.log_until > ${s}.now_ms())
    order by l.last_offset;
end $$;

-- Nor need this: what settles the message does, and without it the turn is folded.
create function ${s}.end_turn(p_owner text, p_session text, p_id text, p_epoch bigint, p_outcome text, p_again boolean)
returns boolean language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update ${s}.turns set outcome = p_outcome, last_offset = last_offset + 1, ended_ms = ${s}.now_ms()
  where owner = p_owner and session = p_session and id = p_id and epoch = p_epoch and outcome is null;
  return found or (p_again and exists (
    select 1 from ${s}.turns
    where owner = p_owner and session = p_session and id = p_id and epoch = p_epoch and outcome = p_outcome));
end $$;

-- Lost in a crash of the server it is folded again, so it need not wait for the disk either.
create function ${s}.settle_turn(p_owner text, p_session text, p_id text, p_log_ms double precision) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update ${s}.turns set log_until = ended_ms + p_log_ms, sweep_ms = ended_ms + p_log_ms
  where owner = p_owner and session = p_session and id = p_id and outcome is not null and log_until is null;
end $$;

create function ${s}.seal_owner(p_owner text, p_ttl_ms double precision) returns setof ${s}.turns language plpgsql as $$
begin
  perform pg_advisory_xact_lock(${s}.owner_lock(p_owner));
  insert into ${s}.sealed values (p_owner, ${s}.now_ms() + p_ttl_ms)
  on conflict (owner) do update set ends_ms = excluded.ends_ms;
  return query select * from ${s}.turns where owner = p_owner and log_until is null;
end $$;

create function ${s}.forget_turns(p_owner text, p_session text) returns void language plpgsql as $$
declare
  numbers bigint[];
begin
  perform pg_advisory_xact_lock(${s}.owner_lock(p_owner));
  perform 1 from ${s}.turns
  where owner = p_owner and (p_session is null or session = p_session) order by owner, session, id for update;
  with gone as (
    delete from ${s}.turns where owner = p_owner and (p_session is null or session = p_session) returning number
  )
  select array_agg(number) into numbers from gone;
  delete from ${s}.log where turn = any (numbers);
  if p_session is null then delete from ${s}.sealed where owner = p_owner; end if;
end $$;
`;
