/**
 * Every compound step of the sessions is a function: one round trip and one transaction. Unlike a statement of many CTEs a function
 * looks anew after each lock it waited for, and its plans are kept by the server, so it needs no prepared statement.
 * Locks are always taken in this order: session, owner, total.
 */
export const sessions = (s: string): string => `
create type ${s}.session_part as (
  part text,
  title text, system_prompt text, model text, favorite boolean, metadata text,
  created_ms double precision, updated_ms double precision,
  message_count integer, turn_count integer, streaming_count integer,
  input_tokens double precision, output_tokens double precision,
  seq integer, id text, role text, status text, turn text, body text
);

-- Counts for an owner and for all; false when the owner may have no more sessions.
create function ${s}.tally(p_owner text, p_sessions integer, p_messages integer, p_max_sessions integer default null)
returns boolean language plpgsql as $$
begin
  if p_sessions > 0 then
    insert into ${s}.owners as o values (p_owner, p_sessions, p_messages)
    on conflict (owner) do update set sessions = o.sessions + p_sessions, messages = o.messages + p_messages
    where p_max_sessions is null or o.sessions < p_max_sessions;
    if not found then return false; end if;
  else
    update ${s}.owners set sessions = sessions + p_sessions, messages = messages + p_messages where owner = p_owner;
    if p_sessions < 0 then delete from ${s}.owners where owner = p_owner and sessions = 0; end if;
  end if;
  update ${s}.totals set sessions = sessions + p_sessions, messages = messages + p_messages
  where bucket = hashtext(p_owner) & 63;
  return true;
end $$;

-- Finds the session or makes it ('open'), finds it ('append') or makes it ('create'); adds what is new of the messages; answers
-- with the session and, unless p_last is null, with the messages asked for (of those just added only the place) and the window
-- before them.
-- 'exists' and 'full' are answers too: an error would fill the server's log.
create function ${s}.write_session(
  p_mode text, p_owner text, p_id text, p_title text, p_system_prompt text, p_model text, p_metadata text,
  p_ids text[], p_roles text[], p_statuses text[], p_turns text[], p_characters integer[], p_usable boolean[], p_bodies text[],
  p_last integer, p_max_characters double precision, p_before integer, p_max_sessions integer, p_max_messages integer
) returns setof ${s}.session_part language plpgsql as $$
declare
  it ${s}.sessions;
  answer ${s}.session_part;
  made boolean := false;
  below integer;
  at_ms double precision;
  one ${s}.session_part;
  last integer;
  -- What changes in the counts.
  messages integer := 0;
  turns integer := 0;
  streaming integer := 0;
begin
  loop
    select * into it from ${s}.sessions where owner = p_owner and id = p_id for update;
    exit when found;
    if p_mode = 'append' then return; end if;
    at_ms := floor(${s}.now_ms());
    insert into ${s}.sessions (owner, id, title, system_prompt, model, metadata, created_ms, updated_ms)
    values (p_owner, p_id, p_title, p_system_prompt, p_model, p_metadata, at_ms, at_ms)
    on conflict do nothing returning * into it;
    if found then
      if not ${s}.tally(p_owner, 1, 0, p_max_sessions) then
        delete from ${s}.sessions where owner = p_owner and id = p_id;
        answer.part := 'full';
        return next answer;
        return;
      end if;
      made := true;
      exit;
    end if;
  end loop;
  if p_mode = 'create' and not made then
    answer.part := 'exists';
    return next answer;
    return;
  end if;

  last := it.last_seq;
  for place in 1..cardinality(p_ids) loop
    insert into ${s}.messages
    values (it.number, last + 1, p_ids[place], p_roles[place], p_statuses[place], p_statuses[place] = 'superseded',
      p_turns[place], p_characters[place], p_usable[place], p_bodies[place])
    on conflict (session, id) do nothing;
    if found then
      last := last + 1;
      if p_statuses[place] <> 'superseded' then
        messages := messages + 1;
        turns := turns + (p_roles[place] = 'user')::integer;
        streaming := streaming + (p_statuses[place] = 'streaming')::integer;
      end if;
      one := null;
      one.seq := last;
    else
      select m.seq, m.id, m.role, case when m.superseded then 'superseded' else m.status end, m.turn, m.body
      into one.seq, one.id, one.role, one.status, one.turn, one.body
      from ${s}.messages m where m.session = it.number and m.id = p_ids[place];
    end if;
    below := coalesce(below, one.seq);
    if p_last is not null then
      one.part := 'appended';
      return next one;
    end if;
  end loop;
  if last > it.last_seq then
    if p_max_messages is not null then
      with removed as (
        delete from ${s}.messages where session = it.number and seq <= last - p_max_messages
        returning role, status, superseded
      )
      select messages - count(*), turns - count(*) filter (where role = 'user'),
        streaming - count(*) filter (where status = 'streaming')
      into messages, turns, streaming from removed where not superseded;
    end if;
    update ${s}.sessions set
      last_seq = last,
      message_count = message_count + messages,
      turn_count = turn_count + turns,
      streaming_count = streaming_count + streaming,
      updated_ms = greatest(updated_ms, floor(${s}.now_ms()))
    where owner = p_owner and id = p_id returning * into it;
  end if;

  answer.part := case when made then 'made' else 'session' end;
  answer.title := it.title;
  answer.system_prompt := it.system_prompt;
  answer.model := it.model;
  answer.favorite := it.favorite;
  answer.metadata := it.metadata;
  answer.created_ms := it.created_ms;
  answer.updated_ms := it.updated_ms;
  answer.message_count := it.message_count;
  answer.turn_count := it.turn_count;
  answer.streaming_count := it.streaming_count;
  answer.input_tokens := it.input_tokens;
  answer.output_tokens := it.output_tokens;
  return next answer;

  if p_last > 0 then
    return query
      select 'window', null::text, null::text, null::text, null::boolean, null::text,
        null::double precision, null::double precision, null::integer, null::integer, null::integer,
        null::double precision, null::double precision,
        w.seq, w.id, w.role, w.status, w.turn, w.body
      from (
        select m.*, sum(m.characters) over newest as total, row_number() over newest as place
        from (
          select * from ${s}.messages
          where session = it.number and not superseded and usable and status in ('complete', 'interrupted')
            and seq < least(below, p_before, it.last_seq + 1)
          order by seq desc limit p_last
        ) m
        window newest as (order by m.seq desc)
      ) w
      where w.total <= p_max_characters or w.place = 1
      order by w.seq;
  end if;
  if messages <> 0 then perform ${s}.tally(p_owner, 0, messages); end if;
end $$;

-- p_again: it may have been done by the same call before, whose answer was lost.
create function ${s}.settle_message(
  p_owner text, p_session text, p_id text, p_turn text,
  p_role text, p_status text, p_new_turn text, p_characters integer, p_usable boolean, p_body text,
  p_input double precision, p_output double precision, p_from integer, p_to integer, p_again boolean
) returns boolean language plpgsql as $$
declare
  it ${s}.sessions;
  old ${s}.messages;
  gone record;
begin
  select * into it from ${s}.sessions where owner = p_owner and id = p_session for update;
  if not found then return false; end if;
  select * into old from ${s}.messages where session = it.number and id = p_id;
  if old.status <> 'streaming' or old.superseded or old.turn is distinct from p_turn then
    return coalesce(p_again and old.status = p_status and old.body = p_body, false);
  end if;
  update ${s}.messages set role = p_role, status = p_status, superseded = p_status = 'superseded', turn = p_new_turn,
    characters = p_characters, usable = p_usable, body = p_body
  where session = it.number and seq = old.seq;
  with replaced as (
    update ${s}.messages set superseded = true
    where session = it.number and seq between p_from and p_to and seq <> old.seq and not superseded
    returning role, status
  )
  select count(*)::integer + (p_status = 'superseded')::integer as messages,
    count(*) filter (where role = 'user')::integer + (old.role = 'user')::integer
      - (p_role = 'user' and p_status <> 'superseded')::integer as turns,
    count(*) filter (where status = 'streaming')::integer + 1 - (p_status = 'streaming')::integer as streaming
  into gone from replaced;
  update ${s}.sessions set
    message_count = message_count - gone.messages,
    turn_count = turn_count - gone.turns,
    streaming_count = streaming_count - gone.streaming,
    input_tokens = input_tokens + p_input,
    output_tokens = output_tokens + p_output,
    updated_ms = greatest(updated_ms, floor(${s}.now_ms()))
  where owner = p_owner and id = p_session;
  if gone.messages <> 0 then perform ${s}.tally(p_owner, 0, -gone.messages); end if;
  return true;
end $$;
`;
