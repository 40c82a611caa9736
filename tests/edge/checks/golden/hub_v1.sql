BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'outbox','m001_outbox','2026-11-21 21:11:53.709071+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'hub.core','m0001_base','2026-11-21 21:11:53.714291+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'hub.memory','m0001_catalogue','2026-11-21 21:11:53.714854+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'hub.memory','m0002_sales','2026-11-21 21:11:53.717982+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'hub.memory','m0003_people','2026-11-21 21:11:53.719052+00:00');
CREATE TABLE alert_recipients (
  store TEXT NOT NULL, alert_id TEXT NOT NULL, associate TEXT NOT NULL, why TEXT NOT NULL,
  PRIMARY KEY (store, alert_id, associate)) STRICT;
CREATE TABLE alerts (
  store TEXT NOT NULL, alert_id TEXT NOT NULL, rev INTEGER NOT NULL, published_rev INTEGER NOT NULL, visit_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'served', 'withdrawn', 'expired')),
  kind TEXT NOT NULL, door TEXT NOT NULL, arrived_at TEXT NOT NULL, reason TEXT, language TEXT, headline TEXT,
  own TEXT, claimed_by TEXT, escalated INTEGER NOT NULL,
  opened_at TEXT NOT NULL, opened_boot TEXT NOT NULL, opened_mono REAL NOT NULL,
  ended_at TEXT, ended_boot TEXT, ended_mono REAL,
  PRIMARY KEY (store, alert_id)) STRICT;
INSERT INTO "alerts" VALUES('main-street','al-1',0,0,'v-1','served','member','door-1','2026-11-20T09:00:00+00:00',NULL,NULL,NULL,NULL,NULL,0,'2026-11-20T09:00:00+00:00','b1',0.0,NULL,NULL,NULL);
CREATE TABLE arrivals (
  store TEXT NOT NULL, arrival_id TEXT NOT NULL, rev INTEGER NOT NULL, kiosk TEXT NOT NULL, outcome TEXT NOT NULL,
  result TEXT NOT NULL, member TEXT, reason TEXT, language TEXT, assurance TEXT, visit_id TEXT,
  arrived_at TEXT NOT NULL, received_at TEXT NOT NULL, age_s REAL, clock TEXT NOT NULL, boot TEXT NOT NULL,
  seq INTEGER NOT NULL, test INTEGER NOT NULL, greeting BLOB) STRICT;
INSERT INTO "arrivals" VALUES('main-street','a-1',0,'door-1','welcome','new','m-maria',NULL,NULL,NULL,'v-1','2026-11-20T09:00:00+00:00','2026-11-20T09:00:00+00:00',NULL,'synchronised','b1',0,0,NULL);
CREATE TABLE associates (
  store TEXT NOT NULL, associate TEXT NOT NULL, display_name TEXT NOT NULL, pin_hash TEXT NOT NULL,
  skills TEXT NOT NULL, languages TEXT NOT NULL, PRIMARY KEY (store, associate)) STRICT;
CREATE TABLE cards (
  store TEXT NOT NULL, card_id TEXT NOT NULL, member TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'blocked', 'gone')), seq INTEGER NOT NULL,
  PRIMARY KEY (store, card_id)) STRICT;
INSERT INTO "cards" VALUES('main-street','nfc:04A2B3C4D5E680','m-maria','active',1);
CREATE TABLE complaints (
  store TEXT NOT NULL, complaint_id TEXT NOT NULL, member TEXT NOT NULL, text TEXT NOT NULL, opened_on TEXT NOT NULL,
  promised TEXT, closed_on TEXT, PRIMARY KEY (store, complaint_id)) STRICT;
CREATE TABLE devices (
  store TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, online INTEGER NOT NULL, since TEXT NOT NULL,
  version TEXT NOT NULL, problems TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (store, kind, name)) STRICT;
CREATE TABLE follow_ups (
  store TEXT NOT NULL, follow_up_id TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('ask', 'promise')),
  text TEXT NOT NULL, due_on TEXT NOT NULL, done_on TEXT, PRIMARY KEY (store, follow_up_id)) STRICT;
CREATE TABLE hub_state (
  store TEXT NOT NULL, key TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (store, key)) STRICT;
INSERT INTO "hub_state" VALUES('main-street','fed_to',7);
CREATE TABLE idempotency (
  store TEXT NOT NULL, associate TEXT NOT NULL, key TEXT NOT NULL, request_hash TEXT NOT NULL, visit_id TEXT,
  status INTEGER NOT NULL, body BLOB NOT NULL,
  made_at TEXT NOT NULL, made_boot TEXT NOT NULL, made_mono REAL NOT NULL,
  PRIMARY KEY (store, associate, key)) STRICT;
CREATE TABLE looks (
  store TEXT NOT NULL, look_id TEXT NOT NULL, visit_id TEXT NOT NULL, member TEXT, associate TEXT NOT NULL, at TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('claim', 'break_glass')), reason TEXT, PRIMARY KEY (store, look_id)) STRICT;
CREATE TABLE members (
  store TEXT NOT NULL, member TEXT NOT NULL, name TEXT, call_me TEXT, language TEXT,
  greeting TEXT NOT NULL CHECK (greeting IN ('name', 'nameless')), not_today INTEGER NOT NULL DEFAULT 0,
  own_associate TEXT, origin TEXT, rev INTEGER NOT NULL, since TEXT, erased INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (store, member)) STRICT;
INSERT INTO "members" VALUES('main-street','m-maria','Maria',NULL,NULL,'name',0,NULL,NULL,3,'2021-05-01',0);
CREATE TABLE memory_keys (
  store TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (store, name)) STRICT
;
CREATE TABLE notes (
  store TEXT NOT NULL, note_id TEXT NOT NULL, visit_id TEXT, member TEXT, author TEXT NOT NULL, text TEXT NOT NULL,
  topic TEXT NOT NULL, went_well INTEGER, at TEXT NOT NULL, PRIMARY KEY (store, note_id)) STRICT;
CREATE TABLE outbox (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            store TEXT NOT NULL,
            key TEXT NOT NULL,
            payload BLOB NOT NULL,
            made_at TEXT NOT NULL,
            made_boot TEXT NOT NULL,
            made_monotonic REAL NOT NULL,
            hold_s REAL NOT NULL DEFAULT 0 CHECK (hold_s >= 0),
            tries INTEGER NOT NULL DEFAULT 0,
            tried_boot TEXT,
            tried_monotonic REAL,
            state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'parked')),
            code TEXT,
            hint TEXT,
            UNIQUE (store, key)
        ) STRICT
        ;
INSERT INTO "outbox" VALUES(1,'main-street','a-1:0',X'7B226B657074223A747275657D','2026-11-20T09:00:00+00:00','b1',0.0,0.0,0,NULL,NULL,'waiting',NULL,NULL);
CREATE TABLE pack_items (
  store TEXT NOT NULL, pack TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (store, pack, kind, key)) STRICT
;
CREATE TABLE preferences (
  store TEXT NOT NULL, preference_id TEXT NOT NULL, member TEXT NOT NULL, text TEXT NOT NULL, because TEXT NOT NULL,
  PRIMARY KEY (store, preference_id)) STRICT;
INSERT INTO "preferences" VALUES('main-street','p-1','m-maria','Few words, short visits','said so');
CREATE TABLE product_links (
  store TEXT NOT NULL, code TEXT NOT NULL, goes_with TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (store, code, goes_with)) STRICT
;
CREATE TABLE products (
  store TEXT NOT NULL, code TEXT NOT NULL, name TEXT NOT NULL, aisle TEXT, bay TEXT, stock INTEGER, unit_price TEXT,
  currency TEXT NOT NULL, category TEXT NOT NULL DEFAULT '', origin TEXT NOT NULL, priced_at TEXT,
  PRIMARY KEY (store, code)) STRICT;
INSERT INTO "products" VALUES('main-street','T-1','Tile',NULL,NULL,NULL,NULL,'GBP','','pack',NULL);
CREATE TABLE project_products (
  store TEXT NOT NULL, project_id TEXT NOT NULL, code TEXT NOT NULL, place INTEGER NOT NULL,
  PRIMARY KEY (store, project_id, code)) STRICT;
CREATE TABLE projects (
  store TEXT NOT NULL, project_id TEXT NOT NULL, member TEXT NOT NULL, title TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('in_progress', 'waiting', 'done')), started_on TEXT NOT NULL, next_step TEXT,
  PRIMARY KEY (store, project_id)) STRICT;
CREATE TABLE sale_lines (
  store TEXT NOT NULL, source TEXT NOT NULL, invoice TEXT NOT NULL, ordinal INTEGER NOT NULL CHECK (ordinal >= 1),
  sold_at TEXT NOT NULL, sold_on TEXT NOT NULL, product_code TEXT NOT NULL, description TEXT NOT NULL,
  quantity INTEGER NOT NULL, unit_price TEXT NOT NULL, amount_minor INTEGER NOT NULL, currency TEXT NOT NULL,
  member TEXT, country TEXT, gift INTEGER NOT NULL DEFAULT 0,
  line_kind TEXT NOT NULL CHECK (line_kind IN ('sale', 'credit', 'non_product', 'set_aside')), why TEXT,
  PRIMARY KEY (store, source, invoice, ordinal)) STRICT, WITHOUT ROWID;
CREATE TABLE sales_conflicts (
  store TEXT NOT NULL, source TEXT NOT NULL, invoice TEXT NOT NULL, content_hash TEXT NOT NULL, copy INTEGER NOT NULL,
  member TEXT, row TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
  PRIMARY KEY (store, source, invoice, content_hash, copy)) STRICT;
CREATE TABLE sales_customers (
  store TEXT NOT NULL, source TEXT NOT NULL, customer_hash TEXT NOT NULL, customer TEXT, member TEXT,
  PRIMARY KEY (store, source, customer_hash)) STRICT;
CREATE TABLE sessions (
  store TEXT NOT NULL, session_hash TEXT NOT NULL, associate TEXT NOT NULL, csrf TEXT NOT NULL, broker_username TEXT NOT NULL,
  made_at TEXT NOT NULL, made_boot TEXT NOT NULL, made_mono REAL NOT NULL,
  seen_at TEXT NOT NULL, seen_boot TEXT NOT NULL, seen_mono REAL NOT NULL,
  PRIMARY KEY (store, session_hash)) STRICT;
CREATE TABLE sign_in_tries (
  store TEXT NOT NULL, associate TEXT NOT NULL, failures INTEGER NOT NULL,
  last_at TEXT NOT NULL, last_boot TEXT NOT NULL, last_mono REAL NOT NULL, PRIMARY KEY (store, associate)) STRICT;
CREATE TABLE tombstones (
  store TEXT NOT NULL, member TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (store, member)) STRICT;
INSERT INTO "tombstones" VALUES('main-street','m-gone','2026-11-20T09:00:00+00:00');
CREATE TABLE visits (
  store TEXT NOT NULL, visit_id TEXT NOT NULL, rev INTEGER NOT NULL, kind TEXT NOT NULL, member TEXT, card_token TEXT,
  reason TEXT, language TEXT, assurance TEXT, door TEXT NOT NULL, test INTEGER NOT NULL, open INTEGER NOT NULL,
  started_at TEXT NOT NULL, last_at TEXT NOT NULL, last_boot TEXT NOT NULL, last_mono REAL NOT NULL,
  PRIMARY KEY (store, visit_id)) STRICT;
INSERT INTO "visits" VALUES('main-street','v-1',0,'member','m-maria',NULL,NULL,NULL,NULL,'door-1',0,0,'2026-11-20T09:00:00+00:00','2026-11-20T09:00:00+00:00','b1',0.0);
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX cards_by_seq ON cards (store, seq);
CREATE INDEX cards_by_member ON cards (store, member);
CREATE UNIQUE INDEX arrivals_once ON arrivals (store, arrival_id, rev);
CREATE INDEX arrivals_by_visit ON arrivals (store, visit_id);
CREATE INDEX arrivals_by_member ON arrivals (store, member);
CREATE INDEX visits_by_member ON visits (store, member);
CREATE UNIQUE INDEX visits_one_open ON visits (store, member) WHERE open = 1 AND member IS NOT NULL;
CREATE INDEX visits_by_token ON visits (store, card_token) WHERE card_token IS NOT NULL;
CREATE INDEX visits_open ON visits (store) WHERE open = 1;
CREATE UNIQUE INDEX alerts_one_live ON alerts (store, visit_id) WHERE state IN ('open', 'claimed');
CREATE INDEX alerts_by_visit ON alerts (store, visit_id);
CREATE INDEX alerts_unpublished ON alerts (store, alert_id) WHERE published_rev < rev;
CREATE INDEX sessions_by_associate ON sessions (store, associate);
CREATE INDEX idempotency_by_visit ON idempotency (store, visit_id);
CREATE INDEX looks_by_member ON looks (store, member);
CREATE INDEX sale_lines_by_member ON sale_lines (store, member, sold_at) WHERE member IS NOT NULL;
CREATE INDEX sale_lines_by_product ON sale_lines (store, product_code, sold_at) WHERE line_kind = 'sale';
CREATE INDEX sales_customers_by_member ON sales_customers (store, member) WHERE member IS NOT NULL;
CREATE INDEX projects_by_member ON projects (store, member);
CREATE INDEX follow_ups_by_member ON follow_ups (store, member);
CREATE INDEX complaints_by_member ON complaints (store, member);
CREATE INDEX preferences_by_member ON preferences (store, member);
CREATE INDEX notes_by_member ON notes (store, member) WHERE member IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',1);
COMMIT;
