/**
 * What brings a database from each version to the next; `PRAGMA user_version` says which it has. What was released never changes:
 * a change is one more entry.
 *
 * A message lies at `session number << 32 | seq`, an event batch at `turn number << 32 | last offset`: what is read together lies
 * side by side. Numbers of sessions are never given out twice, so nothing of a deleted one can turn up in another.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), boot TEXT NOT NULL, ahead REAL NOT NULL, since REAL NOT NULL) STRICT;

  CREATE TABLE totals (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    numbers INTEGER NOT NULL,
    sessions INTEGER NOT NULL,
    messages INTEGER NOT NULL
  ) STRICT;
  INSERT INTO totals VALUES (1, 0, 0, 0);

  CREATE TABLE owners (owner TEXT PRIMARY KEY, sessions INTEGER NOT NULL, messages INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE sessions (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    expires REAL,
    next_seq INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    turns INTEGER NOT NULL,
    streaming INTEGER NOT NULL,
    input_tokens REAL NOT NULL,
    output_tokens REAL NOT NULL,
    fields TEXT NOT NULL,
    UNIQUE (owner, id)
  ) STRICT;
  CREATE INDEX sessions_by_update ON sessions (owner, updated_ms, id);
  CREATE INDEX sessions_expiring ON sessions (expires) WHERE expires IS NOT NULL;

  CREATE TABLE messages (
    place INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    id TEXT NOT NULL,
    role TEXT NOT NULL,
    status TEXT NOT NULL,
    characters INTEGER,
    body TEXT NOT NULL,
    UNIQUE (session, id)
  ) STRICT;
  CREATE INDEX messages_standing ON messages (place) WHERE status <> 'superseded';

  CREATE TABLE removed_sessions (number INTEGER PRIMARY KEY) STRICT;

  CREATE TABLE turns (
    number INTEGER PRIMARY KEY,
    owner TEXT NOT NULL,
    session TEXT NOT NULL,
    id TEXT NOT NULL,
    about TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    attended_until REAL NOT NULL,
    stop INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    ended REAL,
    outcome TEXT,
    log_until REAL,
    idempotency_kind TEXT,
    idempotency_key TEXT,
    body_hash TEXT,
    key_until REAL,
    due REAL,
    UNIQUE (owner, session, id)
  ) STRICT;
  CREATE UNIQUE INDEX turns_live ON turns (owner, session) WHERE settled = 0;
  CREATE INDEX turns_unsettled ON turns (number) WHERE settled = 0;
  CREATE UNIQUE INDEX turns_by_key ON turns (owner, idempotency_kind, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX turns_due ON turns (due) WHERE due IS NOT NULL;

  CREATE TABLE sealed (owner TEXT PRIMARY KEY, ends REAL NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX sealed_ending ON sealed (ends);

  CREATE TABLE log (place INTEGER PRIMARY KEY, events TEXT NOT NULL) STRICT;

  CREATE TABLE windows (
    key TEXT NOT NULL,
    window_ms REAL NOT NULL,
    ends REAL NOT NULL,
    used REAL NOT NULL,
    PRIMARY KEY (key, window_ms)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX windows_ending ON windows (ends);

  CREATE TABLE places (
    key TEXT NOT NULL,
    holder TEXT NOT NULL,
    ends REAL NOT NULL,
    PRIMARY KEY (key, holder)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX places_ending ON places (ends);

  CREATE TABLE records (kind TEXT NOT NULL, id TEXT NOT NULL, ends REAL, value ANY NOT NULL, PRIMARY KEY (kind, id)) STRICT;
  CREATE INDEX records_ending ON records (ends) WHERE ends IS NOT NULL;

  CREATE TABLE notices (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    node TEXT NOT NULL,
    topic TEXT NOT NULL,
    payload ANY NOT NULL,
    ends REAL NOT NULL
  ) STRICT;
  CREATE INDEX notices_ending ON notices (ends);
  `,
];

/** "PARL": whose database this is, as `PRAGMA application_id` says. */
export const applicationId = 0x50_41_52_4c;
