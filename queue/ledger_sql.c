/*
 * ledger_sql.c - the format and the statements of ledger.db
 *
 * A listing is decided in memory; only the entries that are not GONE are read
 * for it, in order of seq, and of what is GONE single ones by index.  ?1 is the
 * fetch account wherever there is one.  Numbers in here are those of
 * ledger_sql.h: states 0 stored, 1 deleting, 2 gone, 3 left, 4 lost.
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
	/* owner: whose it is, 0 not known; short: it may be cut, so what stands
	 * at the provider is never deleted; indexes for the lookups below */
	"ALTER TABLE account ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE seen ADD COLUMN short INTEGER NOT NULL DEFAULT 0;"
	"DROP INDEX seen_uidl;"
	"DROP INDEX seen_bytes;"
	"CREATE INDEX seen_uidl ON seen (fetch, uidl, header);"
	"CREATE INDEX seen_bytes ON seen (fetch, bytes, state, digest);"
	"CREATE INDEX seen_here ON seen (fetch) WHERE state <> 2;",
	/* who came first was believed; now the keeper is asked, once more */
	("UPDATE account SET owner = 0;"
	"DELETE FROM account WHERE settled = 0 AND moved = 0;"),
	/* a folder of an IMAP mailbox has a number of its own, which stands for
	 * the fetch account everywhere else; domain: its mail is for many;
	 * claim: a recipient has what is the same in all copies; copy: those
	 * copies */
	("CREATE TABLE folder (number INTEGER PRIMARY KEY,"
	" fetch INTEGER NOT NULL, name BLOB NOT NULL, UNIQUE (fetch, name));"
	"ALTER TABLE account ADD COLUMN domain INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE claim (fetch INTEGER NOT NULL, identity BLOB NOT NULL,"
	" recipient INTEGER NOT NULL, id BLOB NOT NULL,"
	" position INTEGER NOT NULL,"
	" PRIMARY KEY (fetch, identity, recipient)) WITHOUT ROWID;"
	"CREATE INDEX claim_of ON claim (recipient, position);"
	"CREATE TABLE copy (fetch INTEGER NOT NULL, identity BLOB NOT NULL,"
	" id BLOB NOT NULL, PRIMARY KEY (fetch, identity, id))"
	" WITHOUT ROWID;"),
	/* mirror: what a person deletes here is deleted there; alone: nobody
	 * but the owner was given it; unwanted: the owner has deleted it */
	("ALTER TABLE account ADD COLUMN mirror INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE seen ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE seen ADD COLUMN unwanted INTEGER NOT NULL DEFAULT 0;"
	"UPDATE seen SET alone = 1 WHERE id IS NOT NULL AND EXISTS"
	" (SELECT 1 FROM account a WHERE a.fetch = seen.fetch"
	" AND a.owner = seen.owner AND a.domain = 0);"),
	/* `short` is enum ledger_mark from here on: an older program must not
	 * read it */
	"UPDATE meta SET hub = hub;",
	/* what was not carried and has been told of; day: it stood there then,
	 * days since 1970 */
	("CREATE TABLE spared (fetch INTEGER NOT NULL, uidl BLOB NOT NULL,"
	" bytes INTEGER NOT NULL, day INTEGER NOT NULL,"
	" PRIMARY KEY (fetch, uidl, bytes)) WITHOUT ROWID;"),
	/* what has come of a big message that was cut (ledger_half.c); row:
	 * its number in a listing */
	("CREATE TABLE half (number INTEGER PRIMARY KEY,"
	" fetch INTEGER NOT NULL, row INTEGER NOT NULL, uidl BLOB NOT NULL,"
	" bytes INTEGER NOT NULL, length INTEGER NOT NULL,"
	" digest BLOB NOT NULL, changed INTEGER NOT NULL,"
	" UNIQUE (fetch, uidl));"),
	/* `short` has one value more, which an older program must not read;
	 * placed: the notes of what is taken later */
	"CREATE INDEX seen_placed ON seen (header) WHERE short >= 3;",
	/* what may have gone to another folder of its mailbox */
	"CREATE INDEX seen_gone ON seen (owner, bytes)"
	" WHERE state = 2 AND id IS NOT NULL;",
	/* or may be about to */
	("DROP INDEX seen_gone;"
	"CREATE INDEX seen_owned ON seen (owner, bytes, state)"
	" WHERE id IS NOT NULL;"),
};

#define OF		" WHERE fetch = ?1"
/*
 * Of owner ?1, so large, of folders of account ?3 but for ?4: gone from there,
 * and with ?5 such that stand there, too.
 */
#define OF_OTHERS " FROM seen INDEXED BY seen_owned" \
	" WHERE owner = ?1 AND bytes = ?2 AND id IS NOT NULL" \
	" AND (state = 2 OR (?5 AND state < 2))" \
	" AND short <= 1 AND fetch IN (SELECT number FROM folder" \
	" WHERE fetch = ?3 AND number <> ?4)"

static const char *const statements[LEDGER_STATEMENTS] = {
	[LEDGER_META] = "SELECT hub, inode, born, highest, synced, wall,"
	    " restored FROM meta",
	[LEDGER_META_NEW] = "INSERT INTO meta VALUES (?, ?, ?, 0, 0, 0, x'')",
	[LEDGER_META_SET] = "UPDATE meta SET inode = ?, born = ?, highest = ?,"
	    " synced = ?, wall = ?, restored = ?",
	[LEDGER_LOSE] = "UPDATE seen SET state = 4, changed = ?4"
	    " WHERE owner = ?1 AND position > ?2 AND position <= ?3"
	    " AND state <> 3 AND id IS NOT NULL",
	/* it is fetched again for those alone who lost it; from any copy */
	[LEDGER_LOSE_CLAIMED] = "UPDATE seen SET state = 4, changed = ?4"
	    " WHERE state <> 3 AND id IN (SELECT id FROM claim"
	    " WHERE recipient = ?1 AND position > ?2 AND position <= ?3"
	    " UNION SELECT copy.id FROM claim JOIN copy"
	    " USING (fetch, identity)"
	    " WHERE recipient = ?1 AND position > ?2 AND position <= ?3)",
	[LEDGER_UNCLAIM] = "DELETE FROM claim WHERE recipient = ?1"
	    " AND position > ?2 AND position <= ?3",
	/* whom the owner's restored mailbox has again, they are not unwanted */
	[LEDGER_WANT] = "UPDATE seen SET unwanted = 0 WHERE owner = ?1"
	    " AND unwanted <> 0",
	[LEDGER_UNWANTED] = "UPDATE seen SET unwanted = 1, changed = ?3"
	    " WHERE id = ?1 AND owner = ?2 AND state = 0 AND alone = 1"
	    " AND unwanted = 0 AND EXISTS (SELECT 1 FROM account a"
	    " WHERE a.fetch = seen.fetch AND a.mirror = 1)",
	[LEDGER_ACCOUNT] = "SELECT settled <> 0, moved, owner, domain,"
	    " mirror FROM account" OF,
	[LEDGER_ACCOUNT_OWNER] = "INSERT INTO account (fetch, owner, domain)"
	    " VALUES (?1, ?2, ?3) ON CONFLICT (fetch) DO UPDATE"
	    " SET owner = excluded.owner, domain = excluded.domain",
	[LEDGER_ACCOUNT_MIRROR] = "UPDATE account SET mirror = ?2" OF,
	[LEDGER_ACCOUNT_SETTLE] = "INSERT INTO account (fetch, settled)"
	    " VALUES (?1, ?2) ON CONFLICT (fetch) DO UPDATE"
	    " SET settled = excluded.settled",
	[LEDGER_ACCOUNT_MOVED] = "INSERT INTO account (fetch, moved)"
	    " VALUES (?1, ?2) ON CONFLICT (fetch) DO UPDATE"
	    " SET moved = excluded.moved",
	/* left without UIDL and never looked at: nobody knows which it was */
	[LEDGER_LEFT_DROP] = "DELETE FROM seen" OF " AND state = 3"
	    " AND uidl = x'' AND header IS NULL",
	[LEDGER_PUT] = "INSERT INTO seen (fetch, uidl, bytes, state, header,"
	    " digest, id, owner, position, stored, changed, short, alone)"
	    " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10, ?11)"
	    " ON CONFLICT (id) DO UPDATE SET uidl = excluded.uidl,"
	    " bytes = excluded.bytes, state = 0, header = excluded.header,"
	    " digest = excluded.digest, position = excluded.position,"
	    " stored = excluded.stored, changed = excluded.changed,"
	    " short = max(short, excluded.short), alone = excluded.alone,"
	    " unwanted = 0"
	    " WHERE excluded.position > position",
	/* the message itself has come; without UIDL its header knows it */
	[LEDGER_UNPLACE] = "UPDATE seen SET state = 2, changed = ?4" OF
	    " AND uidl = ?2 AND (uidl <> x'' OR header = ?3) AND short >= 3"
	    " AND state <> 2",
	[LEDGER_HAS] = "SELECT 1 FROM seen WHERE id = ?",
	[LEDGER_FOLDER] = "SELECT number FROM folder WHERE fetch = ?1"
	    " AND name = ?2",
	[LEDGER_FOLDERS] = "SELECT count(*), (SELECT coalesce(max(number), 0)"
	    " FROM folder) FROM folder WHERE fetch = ?1",
	[LEDGER_FOLDER_NEW] = "INSERT INTO folder VALUES (?1, ?2, ?3)",
	[LEDGER_FOLDER_NAME] = "SELECT fetch, name FROM folder"
	    " WHERE number = ?1",
	[LEDGER_CLAIM] = "INSERT INTO claim VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT DO UPDATE SET id = excluded.id,"
	    " position = excluded.position"
	    " WHERE excluded.position > position",
	[LEDGER_COPY] = "INSERT OR IGNORE INTO copy VALUES (?1, ?2, ?3)",
	[LEDGER_COPIES] = "SELECT (SELECT count(*) FROM copy WHERE fetch = ?1"
	    " AND identity = ?2 AND id <> ?3) >= (SELECT count(*) FROM claim"
	    " WHERE fetch = ?1 AND identity = ?2)",
	[LEDGER_CLAIMED] = "SELECT id FROM claim WHERE fetch = ?1"
	    " AND identity = ?2 AND recipient = ?3",

	[LEDGER_LOAD] = "SELECT seq, uidl, bytes, state, header IS NOT NULL,"
	    " id IS NOT NULL, stored, short, unwanted FROM seen INDEXED BY seen_here" OF
	    " AND state <> 2 AND seq > ?2 ORDER BY seq LIMIT ?3",
	[LEDGER_HEADERS] = "SELECT seq, header FROM seen INDEXED BY seen_here"
	    OF " AND state <> 2 AND seq > ?2 AND header IS NOT NULL"
	    " ORDER BY seq LIMIT ?3",
	/* the order of the rows is that of the index */
	[LEDGER_UIDL_HEADER] = "SELECT seq, bytes, state, id IS NOT NULL,"
	    " stored, short, unwanted FROM seen" OF " AND uidl = ?2 AND header = ?3"
	    " AND state <> 4 AND (state = 2) = ?4 AND seq > ?5"
	    " ORDER BY seq LIMIT ?6",
	[LEDGER_ANY_UIDL] = "SELECT 1 FROM seen" OF " AND uidl = ?2 LIMIT 1",
	[LEDGER_GONE_UIDL] = "SELECT 1 FROM seen" OF " AND uidl = ?2"
	    " AND header >= x'' AND state = 2 LIMIT 1",
	[LEDGER_GONE_BYTES] = "SELECT 1 FROM seen" OF " AND bytes = ?2"
	    " AND state = 2 AND header IS NOT NULL LIMIT 1",
	[LEDGER_BACK] = "UPDATE seen SET bytes = ?2, changed = ?3,"
	    " state = CASE WHEN state <> 2 THEN state"
	    " WHEN id IS NULL THEN 3 ELSE 0 END WHERE seq = ?1",
	[LEDGER_RENAME] = "UPDATE seen SET uidl = ?2, changed = ?3"
	    " WHERE seq = ?1",
	[LEDGER_LEFT_HEADER] = "UPDATE seen SET header = ?2, changed = ?3"
	    " WHERE seq = ?1",
	[LEDGER_GONE] = "UPDATE seen SET state = 2, changed = ?2"
	    " WHERE seq = ?1 AND state <> 4",
	[LEDGER_LAST_SEQ] = "SELECT coalesce(max(seq), 0) FROM seen",
	[LEDGER_LEAVE] = "INSERT INTO seen (seq, fetch, uidl, bytes, state,"
	    " header, owner, position, stored, changed, short)"
	    " VALUES (?1, ?2, ?3, ?4, 3, ?6, 0, 0, ?5, ?5, ?7)",
	[LEDGER_SEED] = "INSERT INTO seen (fetch, uidl, bytes, state, owner,"
	    " position, stored, changed) SELECT ?1, ?2, ?3, 3, 0, 0, ?4, ?4"
	    " WHERE NOT EXISTS (SELECT 1 FROM seen" OF " AND uidl = ?2)",
	[LEDGER_SPARED] = "SELECT day FROM spared" OF " AND uidl = ?2"
	    " AND bytes = ?3",
	[LEDGER_SPARE] = "INSERT INTO spared VALUES (?1, ?2, ?3, ?4)"
	    " ON CONFLICT DO UPDATE SET day = excluded.day",
	[LEDGER_SPARED_DROP] = "DELETE FROM spared" OF " AND day < ?2",
	[LEDGER_DELETING] = "UPDATE seen SET state = 1, changed = ?2"
	    " WHERE seq = ?1 AND state IN (0, 1)",
	/* the same bytes, as the index orders them */
	[LEDGER_TWIN] = "SELECT seq, bytes, state, id IS NOT NULL, stored,"
	    " short, unwanted, id FROM seen" OF " AND bytes = ?2"
	    " AND state IN (0, 1, 2, 3) AND digest = ?3 AND id IS NOT NULL"
	    " ORDER BY state = 2, seq",
	[LEDGER_ENTRY] = "SELECT id, digest, state FROM seen WHERE seq = ?1",
	[LEDGER_ENTRY_IS] = "UPDATE seen SET uidl = ?2, bytes = ?3, state = 0,"
	    " changed = ?4, short = max(short, ?5) WHERE seq = ?1",
	[LEDGER_ENTRY_OF] = "SELECT seq, bytes, state, id IS NOT NULL, stored,"
	    " short, unwanted FROM seen WHERE id = ?1",
	[LEDGER_PLACED] = "SELECT seq, fetch FROM seen INDEXED BY seen_placed"
	    " WHERE short >= 3 AND header >= ?1 AND header <= ?2"
	    " AND state = 0 AND (?3 = 0 OR owner = ?3) ORDER BY seq LIMIT 16",
	[LEDGER_PLACED_ID] = "SELECT seq, fetch FROM seen WHERE id = ?1"
	    " AND short >= 3 AND state = 0 AND (?2 = 0 OR owner = ?2)",
	[LEDGER_WANT_BODY] = "UPDATE seen SET short = 4, changed = ?2"
	    " WHERE seq = ?1",
	[LEDGER_ELSEWHERE] = "SELECT 1" OF_OTHERS
	    " AND header IS NOT NULL LIMIT 1",
	[LEDGER_ELSEWHERE_HEADER] = "SELECT seq, bytes, state,"
	    " id IS NOT NULL, stored, short, unwanted" OF_OTHERS
	    " AND header = ?6 ORDER BY state = 2 DESC, changed DESC, seq"
	    " LIMIT 1",
	[LEDGER_FOLLOW] = "UPDATE seen SET fetch = ?2, uidl = ?3, state = 0,"
	    " changed = ?4 WHERE seq = ?1 AND state = 2",
	[LEDGER_HALVES] = "SELECT number, fetch, row, uidl, bytes, length,"
	    " digest, changed FROM half ORDER BY number LIMIT ?1",
	[LEDGER_HALF_PUT] = "INSERT OR REPLACE INTO half"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[LEDGER_HALF_DROP] = "DELETE FROM half WHERE number = ?1",
};

const struct db_format ledger_format = {
	.application = 0x50526c65,	/* "PRle" */
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = LEDGER_STATEMENTS,
};
