/*
 * rows_sql.c - the format and the statements of queue.db
 *
 * Positions and account numbers are integers, ids blobs of 10 bytes, times UTC
 * milliseconds, states the numbers of enum rows_state.
 */
#include "queue/rows_sql.h"

#define MESSAGE_COLUMNS \
	"id, position, state, reason, next_try, tries, since"

#define OUTBOUND_COLUMNS \
	"id, address, domain, state, since, next_try, first_try, last_try," \
	" tries, code, status, words, host, notify, told, sender, bytes, via," \
	" account, urgent"

static const char *const steps[] = {
	"CREATE TABLE meta (hub BLOB NOT NULL);"
	"CREATE TABLE settled (account INTEGER PRIMARY KEY,"
	" position INTEGER NOT NULL);"
	"CREATE TABLE waiting (id BLOB PRIMARY KEY, position INTEGER NOT NULL,"
	" state INTEGER NOT NULL, reason BLOB NOT NULL,"
	" next_try INTEGER NOT NULL, tries INTEGER NOT NULL,"
	" since INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE waiting_rcpt (id BLOB, account INTEGER, address BLOB,"
	" action INTEGER, state INTEGER NOT NULL,"
	" PRIMARY KEY (id, account, address, action)) WITHOUT ROWID;"
	"CREATE TABLE bigref (big BLOB, account INTEGER,"
	" PRIMARY KEY (big, account)) WITHOUT ROWID;"
	"CREATE TABLE dropped (big BLOB PRIMARY KEY, at INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX dropped_at ON dropped (at);",
	"ALTER TABLE meta ADD COLUMN settled_below INTEGER NOT NULL DEFAULT 0",
	"ALTER TABLE meta ADD COLUMN ledger INTEGER NOT NULL DEFAULT 0",
	/* quarantined is a state from here on, too */
	"CREATE TABLE ended (id BLOB PRIMARY KEY, position INTEGER NOT NULL)",
	/* position 0: in a big file; `header`: bytes before the body */
	"CREATE TABLE body (id BLOB PRIMARY KEY, position INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, header INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX body_bytes ON body (bytes)",
	/* a recipient's state is its own from here on; told: rows_held.h */
	"UPDATE waiting_rcpt SET state = (SELECT state FROM waiting"
	" WHERE waiting.id = waiting_rcpt.id);"
	"ALTER TABLE waiting_rcpt ADD COLUMN told INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN held_key BLOB NOT NULL DEFAULT x''",
	/* who of another host has not got it; what of the journal is in there */
	"CREATE TABLE outbound (id BLOB, address BLOB, domain BLOB NOT NULL,"
	" state INTEGER NOT NULL DEFAULT 0, since INTEGER NOT NULL,"
	" next_try INTEGER NOT NULL, first_try INTEGER NOT NULL DEFAULT 0,"
	" last_try INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,"
	" code INTEGER NOT NULL DEFAULT 0, status BLOB NOT NULL DEFAULT x'',"
	" words BLOB NOT NULL DEFAULT x'', host BLOB NOT NULL DEFAULT x'',"
	" PRIMARY KEY (id, address)) WITHOUT ROWID;"
	"CREATE TABLE outbound_taken (id BLOB PRIMARY KEY,"
	" position INTEGER NOT NULL) WITHOUT ROWID;",
	/* what its sender wants to know of it, and does */
	"ALTER TABLE outbound ADD COLUMN notify INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbound ADD COLUMN told INTEGER NOT NULL DEFAULT 0",
	/* what a list shows without a look at each file; how many there are */
	"ALTER TABLE outbound ADD COLUMN sender BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE outbound ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE outbound ADD COLUMN via BLOB NOT NULL DEFAULT x'';"
	"CREATE TABLE outbound_route (domain BLOB PRIMARY KEY,"
	" via BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE outbound_count (state INTEGER PRIMARY KEY,"
	" n INTEGER NOT NULL);"
	"INSERT INTO outbound_count (state, n) VALUES (0, 0), (1, 0), (2, 0),"
	" (3, 0), (4, 0), (5, 0), (6, 0), (7, 0);"
	"UPDATE outbound_count SET n = (SELECT count(*) FROM outbound"
	" WHERE outbound.state = outbound_count.state);",
	/* who has sent it: outbound_way.c */
	"ALTER TABLE outbound ADD COLUMN account INTEGER NOT NULL DEFAULT 0",
	/* it waits for no line */
	"ALTER TABLE outbound ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0",
	/* what waits for one of these is held when it is none any more */
	"CREATE TABLE outbound_gateway (domain BLOB PRIMARY KEY)"
	" WITHOUT ROWID;",
};

static const char *const statements[ROWS_STATEMENTS] = {
	[ROWS_HUB] = "SELECT hub FROM meta",
	[ROWS_HUB_SET] = "INSERT INTO meta (hub) VALUES (?)",
	[ROWS_SETTLED_SET] = "INSERT INTO settled (account, position)"
	    " VALUES (?, ?) ON CONFLICT (account) DO UPDATE"
	    " SET position = max(position, excluded.position)",
	[ROWS_SETTLED] = "SELECT account, position FROM settled"
	    " ORDER BY account",
	[ROWS_SETTLED_ONE] = "SELECT coalesce((SELECT position FROM settled"
	    " WHERE account = ?), 0)",
	[ROWS_SETTLED_LOWER] = "UPDATE settled SET position = ?"
	    " WHERE account = ?",
	[ROWS_HAD_LEDGER] = "SELECT ledger FROM meta",
	[ROWS_HAS_LEDGER] = "UPDATE meta SET ledger = 1",
	[ROWS_BELOW_SET] = "UPDATE meta SET"
	    " settled_below = max(settled_below, ?)",
	[ROWS_BELOW] = "SELECT settled_below FROM meta",
	[ROWS_HIGHEST] = "SELECT max("
	    "coalesce((SELECT max(settled_below) FROM meta), 0),"
	    "coalesce((SELECT max(position) FROM settled), 0),"
	    "coalesce((SELECT max(position) FROM waiting), 0))",
	[ROWS_MESSAGE_SET] = "INSERT OR REPLACE INTO waiting"
	    " (id, position, state, reason, next_try, tries, since)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?)",
	[ROWS_MESSAGE_DROP] = "DELETE FROM waiting WHERE id = ?",
	[ROWS_MESSAGE_IS] = "SELECT 1 FROM waiting WHERE id = ?",
	[ROWS_MESSAGES] = "SELECT " MESSAGE_COLUMNS " FROM waiting ORDER BY id",
	[ROWS_MESSAGES_ABOVE] = "SELECT " MESSAGE_COLUMNS " FROM waiting"
	    " WHERE id > ? ORDER BY id",
	[ROWS_MESSAGE_ONE] = "SELECT " MESSAGE_COLUMNS " FROM waiting"
	    " WHERE id = ?",
	[ROWS_RECIPIENT_SET] = "INSERT OR REPLACE INTO waiting_rcpt"
	    " (id, account, address, action, state, told)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	[ROWS_RECIPIENT_DROP] = "DELETE FROM waiting_rcpt WHERE id = ?"
	    " AND account = ? AND address = ? AND action = ?",
	[ROWS_RECIPIENTS_DROP] = "DELETE FROM waiting_rcpt WHERE id = ?",
	[ROWS_RECIPIENTS_OF] = "SELECT account, address, action, state,"
	    " told FROM waiting_rcpt WHERE id = ?",
	[ROWS_HOLD] = "UPDATE waiting SET state = ?, reason = ? WHERE id = ?",
	[ROWS_RECIPIENTS_STATE] = "UPDATE waiting_rcpt SET state = ?"
	    " WHERE id = ?",
	[ROWS_HELD_ACCOUNT] = "SELECT account FROM waiting_rcpt"
	    " WHERE account > ? AND state IN (1, 2) AND told = 0"
	    " ORDER BY account LIMIT 1",
	[ROWS_HELD_UNTOLD] = "SELECT " MESSAGE_COLUMNS " FROM waiting"
	    " WHERE id IN (SELECT id FROM waiting_rcpt WHERE account = ?"
	    " AND state IN (1, 2) AND told = 0) ORDER BY id DESC",
	[ROWS_HELD_OF] = "SELECT " MESSAGE_COLUMNS " FROM waiting"
	    " WHERE id < ? AND id IN (SELECT id FROM waiting_rcpt"
	    " WHERE account = ? AND state IN (1, 2) AND told >= 0)"
	    " ORDER BY id DESC",
	[ROWS_HELD_RELEASE] = "UPDATE waiting_rcpt SET state = ?"
	    " WHERE id = ? AND account = ? AND state IN (1, 2)",
	[ROWS_HELD_RELEASE_ALL] = "UPDATE waiting_rcpt SET state = ?"
	    " WHERE id = ? AND state IN (1, 2)",
	[ROWS_HELD_IS] = "SELECT 1 FROM waiting_rcpt WHERE id = ?"
	    " AND state IN (1, 2) LIMIT 1",
	[ROWS_HELD_TOLD] = "UPDATE waiting_rcpt SET told = ?"
	    " WHERE id = ? AND account = ? AND told = 0",
	[ROWS_HELD_KEY] = "SELECT held_key FROM meta",
	[ROWS_HELD_KEY_SET] = "UPDATE meta SET held_key = ?",
	[ROWS_ENDED_SET] = "INSERT OR REPLACE INTO ended (id, position)"
	    " VALUES (?, ?)",
	[ROWS_ENDED_IS] = "SELECT 1 FROM ended WHERE id = ?"
	    " AND position > ?",
	[ROWS_ENDED_PRUNE] = "DELETE FROM ended WHERE position < ?",
	[ROWS_BIG_REF] = "INSERT OR IGNORE INTO bigref (big, account)"
	    " VALUES (?, ?)",
	[ROWS_BIG_UNREF] = "DELETE FROM bigref WHERE big = ?"
	    " AND account = ?",
	[ROWS_BIG_IS] = "SELECT 1 FROM bigref WHERE big = ? LIMIT 1",
	[ROWS_BIG_HAS] = "SELECT 1 FROM bigref WHERE big = ?"
	    " AND account = ?",
	[ROWS_BIG_DROPPED] = "INSERT OR REPLACE INTO dropped (big, at)"
	    " VALUES (?, ?)",
	[ROWS_BIG_WANTED] = "DELETE FROM dropped WHERE big = ?",
	[ROWS_BIG_DUE] = "SELECT big FROM dropped WHERE at <= ? ORDER BY at",
	[ROWS_BIG_IS_DUE] = "SELECT 1 FROM dropped WHERE big = ?",
	[ROWS_BODY_ADD] = "INSERT INTO body (id, position, bytes, header)"
	    " VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
	    " position = excluded.position, bytes = excluded.bytes,"
	    " header = excluded.header WHERE position <> excluded.position",
	[ROWS_BODY_DROP] = "DELETE FROM body WHERE id = ?",
	[ROWS_BODY_PRUNE] = "DELETE FROM body WHERE id < ?"
	    " OR (position > 0 AND position < ?)",
	[ROWS_BODY_ANY] = "SELECT 1 FROM body WHERE bytes BETWEEN ? AND ?"
	    " LIMIT 1",
	[ROWS_BODIES] = "SELECT id, position, bytes, header FROM body"
	    " WHERE bytes BETWEEN ? AND ? AND bytes - header = ?"
	    " ORDER BY id DESC",
	[ROWS_OUTBOUND_PUT] = "INSERT OR IGNORE INTO outbound"
	    " (id, address, domain, since, next_try, notify, sender, bytes,"
	    " account, urgent, state, via)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
	    " coalesce((SELECT via FROM outbound_route WHERE domain = ?3),"
	    " x''))",
	[ROWS_OUTBOUND_LEAVE] = "DELETE FROM waiting_rcpt WHERE id = ?"
	    " AND account = 0 AND state = 0",
	[ROWS_MESSAGE_EMPTY] = "DELETE FROM waiting WHERE id = ?1 AND NOT"
	    " EXISTS (SELECT 1 FROM waiting_rcpt WHERE id = ?1)",
	[ROWS_OUTBOUND_TAKEN_SET] = "INSERT OR REPLACE INTO outbound_taken"
	    " (id, position) VALUES (?, ?)",
	[ROWS_OUTBOUND_TAKEN_IS] = "SELECT 1 FROM outbound_taken WHERE id = ?"
	    " AND position > ?",
	[ROWS_OUTBOUND_TAKEN_PRUNE] = "DELETE FROM outbound_taken"
	    " WHERE position < ?",
	[ROWS_OUTBOUND_IS] = "SELECT 1 FROM outbound WHERE id = ? LIMIT 1",
	[ROWS_ANY_IS] = "SELECT 1 FROM outbound WHERE id = ?1 UNION ALL"
	    " SELECT 1 FROM waiting WHERE id = ?1 LIMIT 1",
	[ROWS_OUTBOUND_ALL] = "SELECT " OUTBOUND_COLUMNS " FROM outbound"
	    " ORDER BY id, address",
	[ROWS_OUTBOUND_OF] = "SELECT " OUTBOUND_COLUMNS " FROM outbound"
	    " WHERE id = ? ORDER BY address",
	[ROWS_OUTBOUND_ABOVE] = "SELECT " OUTBOUND_COLUMNS " FROM outbound"
	    " WHERE (id, address) > (?, ?) ORDER BY id, address",
	[ROWS_OUTBOUND_DROP] = "DELETE FROM outbound WHERE id = ?"
	    " AND address = ?",
	[ROWS_OUTBOUND_TRIED] = "UPDATE outbound SET state = ?, next_try = ?,"
	    " first_try = ?, last_try = ?, tries = ?, code = ?, status = ?,"
	    " words = ?, host = ? WHERE id = ? AND address = ?",
	[ROWS_OUTBOUND_TOLD] = "UPDATE outbound SET told = 1 WHERE id = ?"
	    " AND address = ? AND state = 0",
	[ROWS_OUTBOUND_TOLD_GONE] = "DELETE FROM outbound WHERE id = ?"
	    " AND address = ? AND state = ?",
	[ROWS_OUTBOUND_DUE] = "UPDATE outbound SET next_try = ? WHERE id = ?"
	    " AND address = ? AND state = 0",
	[ROWS_OUTBOUND_MOVE] = "UPDATE outbound SET state = ?, next_try = ?"
	    " WHERE id = ? AND state = ?",
	[ROWS_OUTBOUND_DELETE] = "DELETE FROM outbound WHERE id = ?",
	[ROWS_OUTBOUND_VIA] = "UPDATE outbound SET via = ? WHERE id = ?"
	    " AND address = ?",
	[ROWS_OUTBOUND_COUNT_ONE] = "UPDATE outbound_count SET n = n + ?1"
	    " WHERE state = (SELECT state FROM outbound WHERE id = ?2"
	    " AND address = ?3)",
	[ROWS_OUTBOUND_COUNT_OF] = "UPDATE outbound_count SET n = n + ?1 *"
	    " (SELECT count(*) FROM outbound WHERE id = ?2"
	    " AND outbound.state = outbound_count.state)",
	[ROWS_OUTBOUND_COUNTS] = "SELECT"
	    " (SELECT n FROM outbound_count WHERE state = 0),"
	    " (SELECT n FROM outbound_count WHERE state = 1),"
	    " (SELECT n FROM outbound_count WHERE state = 2),"
	    " (SELECT n FROM outbound_count WHERE state = 3),"
	    " (SELECT n FROM outbound_count WHERE state = 4),"
	    " coalesce((SELECT since FROM outbound ORDER BY id LIMIT 1), 0)",
	[ROWS_ROUTE_SET] = "INSERT OR REPLACE INTO outbound_route"
	    " (domain, via) VALUES (?, ?)",
	[ROWS_ROUTE_DROP] = "DELETE FROM outbound_route WHERE domain = ?",
	[ROWS_ROUTES] = "SELECT domain, via FROM outbound_route"
	    " ORDER BY domain",
	[ROWS_ROUTE_COUNT] = "SELECT count(*) FROM outbound_route",
	[ROWS_ROUTE_OF] = "SELECT via FROM outbound_route WHERE domain = ?",
	[ROWS_GATEWAY_PUT] = "INSERT OR IGNORE INTO outbound_gateway (domain)"
	    " VALUES (?)",
	[ROWS_GATEWAY_DROP] = "DELETE FROM outbound_gateway WHERE domain = ?",
	[ROWS_GATEWAYS] = "SELECT domain FROM outbound_gateway"
	    " ORDER BY domain",
	[ROWS_COUNTS] = "SELECT (SELECT count(*) FROM settled),"
	    "(SELECT count(*) FROM waiting WHERE state IN (0, 4)),"
	    "(SELECT count(*) FROM waiting WHERE state = 1),"
	    "(SELECT count(*) FROM waiting WHERE state = 2),"
	    "(SELECT count(*) FROM waiting_rcpt),"
	    "(SELECT count(DISTINCT big) FROM bigref),"
	    "(SELECT count(*) FROM dropped)",
};

const struct db_format rows_format = {
	.application = 0x50527175,	/* "PRqu" */
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = ROWS_STATEMENTS,
};
