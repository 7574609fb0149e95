/**
 * Limits. A crash of the server may lose the last fraction of a second of counting, which harms nobody: they do not wait for the
 * disk, and the part's durability says so.
 */
export const limits = (s: string): string => `
create type ${s}.decision as (allowed boolean, used double precision, reset_ms double precision, number bigint);

-- It has not ended; nor would it last longer than a window does, because the clock was set back. Who had to wait for the row
-- may have looked at the clock earlier than whoever opened the window, but not by 10 s.
create function ${s}.is_open(w ${s}.windows, p_at_ms double precision) returns boolean language sql immutable
as $$ select w.ends_ms > p_at_ms and w.ends_ms <= p_at_ms + w.window_ms + 10000 $$;

create function ${s}.consume(p_key text, p_cost double precision, p_limit double precision, p_window_ms double precision)
returns setof ${s}.decision language plpgsql as $$
declare
  hash bytea := sha256(convert_to(p_key, 'UTF8'));
  at_ms double precision := ${s}.now_ms();
  answer ${s}.decision;
begin
  perform set_config('synchronous_commit', 'off', true);
  insert into ${s}.windows as w (key, window_ms, number, used, ends_ms)
  select hash, p_window_ms, nextval('${s}.numbers'), p_cost, at_ms + p_window_ms where p_cost <= p_limit
  on conflict (key, window_ms) do update set
    used = case when ${s}.is_open(w, at_ms) then w.used else 0 end + p_cost,
    number = case when ${s}.is_open(w, at_ms) then w.number else excluded.number end,
    ends_ms = case when ${s}.is_open(w, at_ms) then w.ends_ms else excluded.ends_ms end
  where case when ${s}.is_open(w, at_ms) then w.used else 0 end + p_cost <= p_limit
  returning true, w.used, w.ends_ms - at_ms, w.number into answer;
  if not found then
    select false, w.used, w.ends_ms - at_ms, w.number into answer
    from ${s}.windows w where w.key = hash and w.window_ms = p_window_ms and ${s}.is_open(w, at_ms);
    if not found then answer := (false, 0, p_window_ms, null); end if;
  end if;
  return next answer;
end $$;

create function ${s}.settle_window(p_key text, p_number bigint, p_change double precision) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  update ${s}.windows set used = greatest(0, used + p_change)
  where key = sha256(convert_to(p_key, 'UTF8')) and number = p_number and ends_ms > ${s}.now_ms();
end $$;

-- The advisory lock stands for the key: counting places and taking one is one step.
create function ${s}.acquire_place(p_key text, p_holder text, p_max double precision, p_ttl_ms double precision)
returns boolean language plpgsql as $$
declare
  hash bytea := sha256(convert_to(p_key, 'UTF8'));
begin
  perform set_config('synchronous_commit', 'off', true);
  perform pg_advisory_xact_lock(hashtextextended('${s}.places ' || p_key, 0));
  delete from ${s}.places where key = hash and ends_ms <= ${s}.now_ms();
  update ${s}.places set ends_ms = ${s}.now_ms() + p_ttl_ms where key = hash and holder = p_holder;
  if found then return true; end if;
  if (select count(*) from ${s}.places where key = hash) >= p_max then return false; end if;
  insert into ${s}.places values (hash, p_holder, ${s}.now_ms() + p_ttl_ms);
  return true;
end $$;

create function ${s}.release_place(p_key text, p_holder text) returns void language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from ${s}.places where key = sha256(convert_to(p_key, 'UTF8')) and holder = p_holder;
end $$;
`;
