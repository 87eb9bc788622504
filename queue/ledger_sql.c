/*
 * ledger_sql.c - the format and the statements of ledger.db
 *
 * Every decision is a join of the listing with what was seen, so that memory
 * stays flat and time grows with the listing only.  ?1 is the fetch account
 * wherever there is one.  Numbers in here are those of ledger_sql.h: states 0
 * stored, 1 deleting, 2 gone, 3 left, 4 lost; parts 0 take, 1 look, 2 delete, 3
 * known, 4 too large, 5 taking, 6 new; looked 1 the digest is known, 2 it could
 * not be had.  A row's `entry` is the entry that it stands for.
 *
 * Equal UIDLs, sizes and digests are multisets: the n-th row of a kind stands
 * for the n-th entry of that kind.
 */
#include "queue/ledger_sql.h"

static const char *const steps[] = {
	"CREATE TABLE meta (hub BLOB NOT NULL, inode INTEGER NOT NULL,"
	" born INTEGER NOT NULL, highest INTEGER NOT NULL,"
	" synced INTEGER NOT NULL, wall INTEGER NOT NULL,"
	" restored BLOB NOT NULL);"
	"CREATE TABLE account (fetch INTEGER PRIMARY KEY,"
	" settled INTEGER NOT NULL DEFAULT 0,"
	" moved INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE seen (seq INTEGER PRIMARY KEY, fetch INTEGER NOT NULL,"
	" uidl BLOB NOT NULL, bytes INTEGER NOT NULL, state INTEGER NOT NULL,"
	" header BLOB, digest BLOB, id BLOB, owner INTEGER NOT NULL,"
	" position INTEGER NOT NULL, stored INTEGER NOT NULL,"
	" changed INTEGER NOT NULL);"
	"CREATE INDEX seen_uidl ON seen (fetch, uidl);"
	"CREATE INDEX seen_bytes ON seen (fetch, bytes, state);"
	"CREATE UNIQUE INDEX seen_id ON seen (id);",
};

#define OF		" WHERE fetch = ?1"
#define IS_ROW		" WHERE listed.fetch = ?1 AND listed.number = m.nr"
#define UNLOOKED	"(SELECT bytes FROM listed" OF " AND part = 1" \
			" AND looked = 0)"
#define STANDS_FOR	"(SELECT entry FROM listed" OF \
			" AND entry IS NOT NULL)"

static const char *const statements[LEDGER_STATEMENTS] = {
	[LEDGER_MAKE_LISTED] = "CREATE TEMP TABLE listed (fetch INTEGER,"
	    " number INTEGER, bytes INTEGER, uidl BLOB, entry INTEGER,"
	    " part INTEGER, why INTEGER, looked INTEGER, doubt INTEGER,"
	    " header BLOB, PRIMARY KEY (fetch, number)) WITHOUT ROWID",
	[LEDGER_MAKE_LISTED_ENTRY] = "CREATE INDEX temp.listed_entry"
	    " ON listed (entry) WHERE entry IS NOT NULL",
	/* entries that no row of a listing stands for */
	[LEDGER_MAKE_LONE] = "CREATE TEMP TABLE lone (seq INTEGER PRIMARY KEY,"
	    " fetch INTEGER, uidl BLOB, bytes INTEGER, header BLOB,"
	    " state INTEGER)",
	[LEDGER_MAKE_LONE_UIDL] = "CREATE INDEX temp.lone_uidl"
	    " ON lone (fetch, uidl)",
	[LEDGER_MAKE_LONE_BYTES] = "CREATE INDEX temp.lone_bytes"
	    " ON lone (fetch, bytes)",
	/* the n-th entry of each kind, while one statement needs it */
	[LEDGER_MAKE_KIN] = "CREATE TEMP TABLE kin (a BLOB, b BLOB,"
	    " bytes INTEGER, n INTEGER, seq INTEGER, state INTEGER,"
	    " kin INTEGER, PRIMARY KEY (a, b, bytes, n)) WITHOUT ROWID",

	[LEDGER_META] = "SELECT hub, inode, born, highest, synced, wall,"
	    " restored FROM meta",
	[LEDGER_META_NEW] = "INSERT INTO meta VALUES (?, ?, ?, 0, 0, 0, x'')",
	[LEDGER_META_SET] = "UPDATE meta SET inode = ?, born = ?, highest = ?,"
	    " synced = ?, wall = ?, restored = ?",
	[LEDGER_META_HUB] = "SELECT hub FROM meta",
	[LEDGER_LOSE] = "UPDATE seen SET state = 4, changed = ?4"
	    " WHERE owner = ?1 AND position > ?2 AND position <= ?3"
	    " AND state <> 3 AND id IS NOT NULL",
	[LEDGER_ACCOUNT] = "SELECT settled <> 0, moved FROM account" OF,
	[LEDGER_ACCOUNT_SETTLE] = "INSERT INTO account (fetch, settled)"
	    " VALUES (?1, ?2) ON CONFLICT (fetch) DO UPDATE"
	    " SET settled = excluded.settled",
	[LEDGER_ACCOUNT_MOVED] = "INSERT INTO account (fetch, moved)"
	    " VALUES (?1, ?2) ON CONFLICT (fetch) DO UPDATE"
	    " SET moved = excluded.moved",
	[LEDGER_PUT] = "INSERT INTO seen (fetch, uidl, bytes, state, header,"
	    " digest, id, owner, position, stored, changed)"
	    " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?9)"
	    " ON CONFLICT (id) DO UPDATE SET uidl = excluded.uidl,"
	    " bytes = excluded.bytes, state = 0, header = excluded.header,"
	    " digest = excluded.digest, position = excluded.position,"
	    " stored = excluded.stored, changed = excluded.changed"
	    " WHERE excluded.position > position",
	[LEDGER_HAS] = "SELECT 1 FROM seen WHERE id = ?",

	[LEDGER_ROW_ADD] = "INSERT INTO listed VALUES (?1, ?2, ?3, ?4, NULL,"
	    " 6, 0, 0, 0, NULL)",
	[LEDGER_ROWS_DROP] = "DELETE FROM listed" OF,
	[LEDGER_LONE_DROP] = "DELETE FROM lone" OF,
	[LEDGER_LEFT_DROP] = "DELETE FROM seen" OF " AND state = 3"
	    " AND uidl = x'' AND header IS NULL",

	[LEDGER_KIN_CLEAR] = "DELETE FROM kin",
	/* known: UIDL and size are the same; a lost one is taken again */
	[LEDGER_KIN_UIDL] = "INSERT INTO kin SELECT uidl, x'', bytes,"
	    " row_number() OVER (PARTITION BY uidl, bytes"
	    " ORDER BY state = 4, seq), seq, state, 0 FROM seen" OF
	    " AND state <> 2 AND uidl <> x''",
	[LEDGER_MATCH] = "UPDATE listed SET entry = m.seq,"
	    " part = iif(m.state = 4, 0, 3) FROM"
	    " (SELECT l.number AS nr, k.seq, k.state FROM"
	    " (SELECT number, uidl, bytes, row_number() OVER"
	    " (PARTITION BY uidl, bytes ORDER BY number) AS n FROM listed" OF
	    " AND part = 6 AND uidl <> x'') l CROSS JOIN kin k"
	    " ON k.a = l.uidl AND k.b = x'' AND k.bytes = l.bytes"
	    " AND k.n = l.n) m" IS_ROW,
	/* F25: some were expected, not one of the known UIDLs is there */
	[LEDGER_IS_MOVED] = "SELECT 1 WHERE"
	    " EXISTS (SELECT 1 FROM seen" OF " AND state IN (0, 3))"
	    " AND EXISTS (SELECT 1 FROM listed" OF ")"
	    " AND NOT EXISTS (SELECT 1 FROM listed l CROSS JOIN seen e"
	    " ON e.fetch = ?1 AND e.uidl = l.uidl AND e.state <> 2"
	    " WHERE l.fetch = ?1 AND l.uidl <> x'')",
	[LEDGER_LONE_FILL] = "INSERT INTO lone SELECT seq, fetch, uidl, bytes,"
	    " header, state FROM seen" OF " AND state <> 2"
	    " AND seq NOT IN " STANDS_FOR,
	[LEDGER_LONE_PRUNE] = "DELETE FROM lone" OF " AND seq IN " STANDS_FOR,

	[LEDGER_LOOKED] = "SELECT 1 FROM listed" OF
	    " AND part = 1 AND looked <> 0 LIMIT 1",
	/* looked at because of its UIDL: the same header is the same message */
	[LEDGER_KIN_UIDL_HEADER] = "INSERT INTO kin SELECT uidl, header, 0,"
	    " row_number() OVER (PARTITION BY uidl, header"
	    " ORDER BY state = 2, seq), seq, state, 0 FROM seen" OF
	    " AND state <> 4 AND header IS NOT NULL"
	    " AND uidl IN (SELECT uidl FROM listed" OF " AND part = 1"
	    " AND why = 1 AND looked = 1) AND seq NOT IN " STANDS_FOR,
	[LEDGER_UIDL_MATCH] = "UPDATE listed SET entry = m.seq, part = 3 FROM"
	    " (SELECT l.number AS nr, k.seq FROM"
	    " (SELECT number, uidl, header, row_number() OVER"
	    " (PARTITION BY uidl, header ORDER BY number) AS n FROM listed" OF
	    " AND part = 1 AND why = 1 AND looked = 1) l CROSS JOIN kin k"
	    " ON k.a = l.uidl AND k.b = l.header AND k.bytes = 0"
	    " AND k.n = l.n) m" IS_ROW,
	[LEDGER_UIDL_BACK] = "UPDATE seen SET bytes = l.bytes, changed = ?2,"
	    " state = CASE WHEN state <> 2 THEN state"
	    " WHEN id IS NULL THEN 3 ELSE 0 END FROM listed l"
	    " WHERE l.fetch = ?1 AND l.why = 1 AND l.part = 3"
	    " AND seen.seq = l.entry"
	    " AND (seen.state = 2 OR seen.bytes <> l.bytes)",
	[LEDGER_UIDL_REST] = "UPDATE listed SET part = 0, doubt = (looked = 2)"
	    OF " AND part = 1 AND why = 1 AND looked <> 0",

	/* F25: one row and one entry are alike and nobody else is */
	[LEDGER_KIN_MOVED] = "INSERT INTO kin SELECT x'', header, bytes,"
	    " row_number() OVER (PARTITION BY bytes, header ORDER BY seq),"
	    " seq, state, count(*) OVER (PARTITION BY bytes, header)"
	    " FROM lone" OF " AND state IN (0, 1) AND header IS NOT NULL",
	[LEDGER_MOVED_MATCH] = "UPDATE listed SET entry = m.seq, part = 3,"
	    " why = 4 FROM (SELECT l.number AS nr, k.seq FROM"
	    " (SELECT min(number) AS number, bytes, header FROM listed" OF
	    " AND part = 1 AND why = 2 AND looked = 1"
	    " AND bytes NOT IN " UNLOOKED
	    " GROUP BY bytes, header HAVING count(*) = 1) l CROSS JOIN kin k"
	    " ON k.a = x'' AND k.b = l.header AND k.bytes = l.bytes"
	    " AND k.n = 1 AND k.kin = 1) m" IS_ROW,
	[LEDGER_MOVED_RENAME] = "UPDATE seen SET uidl = l.uidl, changed = ?2"
	    " FROM listed l WHERE l.fetch = ?1 AND l.why = 4"
	    " AND seen.seq = l.entry",
	[LEDGER_MOVED_DONE] = "UPDATE listed SET why = 0" OF " AND why = 4",
	[LEDGER_MOVED_REST] = "UPDATE listed SET part = 0, doubt = 1" OF
	    " AND part = 1 AND why = 2 AND looked <> 0"
	    " AND bytes NOT IN " UNLOOKED,

	/* F24: no more rows than entries of that size and header are known */
	[LEDGER_KIN_SAME] = "INSERT INTO kin SELECT x'', header, bytes,"
	    " row_number() OVER (PARTITION BY bytes, header"
	    " ORDER BY state, seq), seq, state,"
	    " count(*) OVER (PARTITION BY bytes, header)"
	    " FROM lone" OF " AND header IS NOT NULL",
	[LEDGER_SAME_MATCH] = "UPDATE listed SET entry = m.seq,"
	    " part = iif(m.state = 4, 0, 3) FROM"
	    " (SELECT l.number AS nr, k.seq, k.state FROM"
	    " (SELECT number, bytes, header, row_number() OVER"
	    " (PARTITION BY bytes, header ORDER BY number) AS n,"
	    " count(*) OVER (PARTITION BY bytes, header) AS rows FROM listed"
	    OF " AND part = 1 AND why = 3 AND looked = 1"
	    " AND bytes NOT IN " UNLOOKED ") l CROSS JOIN kin k"
	    " ON k.a = x'' AND k.b = l.header AND k.bytes = l.bytes"
	    " AND k.n = l.n AND l.rows <= k.kin) m" IS_ROW,
	[LEDGER_SAME_REST] = "UPDATE listed SET part = 0, doubt = 1" OF
	    " AND part = 1 AND why = 3 AND looked <> 0"
	    " AND bytes NOT IN " UNLOOKED,

	/* left by its size alone, in this very listing: now by its header */
	[LEDGER_LEFT_FILL] = "UPDATE seen SET header = l.header, changed = ?2"
	    " FROM listed l WHERE l.fetch = ?1 AND l.part = 1 AND l.why = 5"
	    " AND l.looked = 1 AND seen.seq = l.entry",
	[LEDGER_LEFT_DONE] = "UPDATE listed SET part = 3" OF
	    " AND part = 1 AND why = 5 AND looked <> 0",

	[LEDGER_LEFT_UNLOOKED] = "SELECT 1 FROM listed" OF
	    " AND part = 1 AND why = 5 LIMIT 1",

	[LEDGER_SMALL_AGAIN] = "UPDATE listed SET part = 6" OF
	    " AND part = 4 AND bytes <= ?2",
	[LEDGER_TOO_LARGE] = "UPDATE listed SET part = 4" OF
	    " AND part IN (0, 1, 6) AND why <> 5 AND bytes > ?2",
	/* the UIDL is known, but the size differs, or it was gone (F27) */
	[LEDGER_LOOK_UIDL] = "UPDATE listed SET part = 1, why = 1" OF
	    " AND part = 6 AND uidl <> x'' AND entry IS NULL AND"
	    " (EXISTS (SELECT 1 FROM lone e WHERE e.fetch = ?1"
	    " AND e.uidl = listed.uidl AND e.state <> 4"
	    " AND e.header IS NOT NULL) OR"
	    " EXISTS (SELECT 1 FROM seen e WHERE e.fetch = ?1"
	    " AND e.uidl = listed.uidl AND e.state = 2"
	    " AND e.header IS NOT NULL))",
	/* F26: one more of a UIDL that others stand for */
	[LEDGER_TAKE_TWICE] = "UPDATE listed SET part = 0, doubt = 1" OF
	    " AND part = 6 AND uidl <> x'' AND entry IS NULL"
	    " AND EXISTS (SELECT 1 FROM seen e WHERE e.fetch = ?1"
	    " AND e.uidl = listed.uidl)",
	[LEDGER_LOOK_MOVED] = "UPDATE listed SET part = 1, why = 2" OF
	    " AND part = 6 AND uidl <> x'' AND entry IS NULL"
	    " AND EXISTS (SELECT 1 FROM lone e WHERE e.fetch = ?1"
	    " AND e.bytes = listed.bytes AND e.state IN (0, 1)"
	    " AND e.header IS NOT NULL)",
	[LEDGER_LOOK_SAME] = "UPDATE listed SET part = 1, why = 3" OF
	    " AND part = 6 AND uidl = x'' AND entry IS NULL AND"
	    " (EXISTS (SELECT 1 FROM lone e WHERE e.fetch = ?1"
	    " AND e.bytes = listed.bytes AND e.header IS NOT NULL) OR"
	    " EXISTS (SELECT 1 FROM seen e WHERE e.fetch = ?1"
	    " AND e.bytes = listed.bytes AND e.state = 2"
	    " AND e.header IS NOT NULL))",
	[LEDGER_TAKE_REST] = "UPDATE listed SET part = 0" OF " AND part = 6",

	[LEDGER_DUE_CLEAR] = "UPDATE listed SET part = 3" OF " AND part = 2",
	[LEDGER_DUE] = "UPDATE listed SET part = 2" OF " AND part = 3"
	    " AND entry IN (SELECT seq FROM seen" OF " AND state IN (0, 1)"
	    " AND id IS NOT NULL AND stored <= ?2)",
	[LEDGER_IN_DOUBT] = "SELECT 1 FROM listed" OF " AND (part = 1 OR"
	    " (part IN (0, 5) AND doubt = 1)) LIMIT 1",
	[LEDGER_GONE] = "UPDATE seen SET state = 2, changed = ?2"
	    " WHERE state <> 4 AND seq IN (SELECT seq FROM lone" OF ")",
	[LEDGER_COUNTS] = "SELECT count(*), coalesce(sum(bytes), 0),"
	    " coalesce(sum(part = 0), 0),"
	    " coalesce(sum(iif(part = 0, bytes, 0)), 0),"
	    " coalesce(sum(part = 1 AND looked = 0), 0),"
	    " coalesce(sum(part = 2), 0), coalesce(sum(part = 3), 0),"
	    " coalesce(sum(part = 4), 0) FROM listed" OF,
	[LEDGER_PAGE] = "SELECT number, bytes FROM listed" OF
	    " AND number > ?3 AND part = ?2 AND (part <> 1 OR looked = 0)"
	    " ORDER BY number LIMIT ?4",
	[LEDGER_ROW] = "SELECT bytes, uidl, part, doubt, entry FROM listed" OF
	    " AND number = ?2",
	[LEDGER_ROW_LOOKED] = "UPDATE listed SET looked = ?3, header = ?4" OF
	    " AND number = ?2 AND part = 1 AND looked = 0",
	[LEDGER_ROW_PART] = "UPDATE listed SET part = ?3" OF
	    " AND number = ?2",
	[LEDGER_ROW_IS] = "UPDATE listed SET part = 3, doubt = 0, entry = ?3"
	    OF " AND number = ?2",
	[LEDGER_ROW_STORED] = "UPDATE listed SET part = 3, doubt = 0,"
	    " entry = (SELECT seq FROM seen WHERE id = ?3)" OF
	    " AND number = ?2",
	[LEDGER_LAST_SEQ] = "SELECT coalesce(max(seq), 0) FROM seen",
#define TO_LEAVE	OF " AND number BETWEEN ?2 AND ?3" \
			" AND part IN (0, 1, 4, 6) AND entry IS NULL"
	[LEDGER_LEAVE] = "INSERT INTO seen (seq, fetch, uidl, bytes, state,"
	    " header, owner, position, stored, changed)"
	    " SELECT ?4 + row_number() OVER (ORDER BY number), fetch, uidl,"
	    " bytes, 3, header, 0, 0, ?5, ?5 FROM listed" TO_LEAVE,
	[LEDGER_LEAVE_ROWS] = "UPDATE listed SET entry = m.seq, why = 5,"
	    " doubt = 0, part = iif(uidl = x'' AND looked = 0, 1, 3)"
	    " FROM (SELECT number AS nr,"
	    " ?4 + row_number() OVER (ORDER BY number) AS seq FROM listed"
	    TO_LEAVE ") m" IS_ROW,
	[LEDGER_DELETING] = "UPDATE seen SET state = 1, changed = ?2"
	    " WHERE seq = ?1 AND state IN (0, 1)",
	/* the same bytes, which no other row stands for */
	[LEDGER_TWIN] = "SELECT seq, id FROM seen" OF " AND bytes = ?2"
	    " AND digest = ?3 AND id IS NOT NULL AND state <> 4"
	    " AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.entry = seq)"
	    " ORDER BY state = 2, seq LIMIT 1",
	[LEDGER_ENTRY] = "SELECT id, digest, state FROM seen WHERE seq = ?1",
	[LEDGER_ENTRY_IS] = "UPDATE seen SET uidl = ?2, bytes = ?3, state = 0,"
	    " changed = ?4 WHERE seq = ?1",
};

const struct db_format ledger_format = {
	.application = 0x50526c65,	/* "PRle" */
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = LEDGER_STATEMENTS,
};
