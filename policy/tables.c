/*
 * tables.c - policy.db: its format, and every statement that is run on it
 *
 * A step is never changed once it was released; what comes later is a new one.
 */
#include "policy/tables.h"

#define APPLICATION	0x50725031	/* "PrP1" */

#define ACCOUNT_COLUMNS \
	"SELECT a.id, a.local, d.name, a.name, a.language, a.created, a.hash " \
	"FROM account a JOIN domain d ON d.id = a.domain "

#define FETCH_COLUMNS \
	"SELECT f.id, f.owner, a.local, d.name, f.label, f.host, f.port," \
	" f.tls, f.user, f.mechanism, f.pin, f.since, f.days," \
	" f.delete_after, f.largest, f.enabled, f.created, f.changes " \
	"FROM fetch f JOIN account a ON a.id = f.owner " \
	"JOIN domain d ON d.id = a.domain "

static const char *const statements[STATEMENTS] = {
	[GET_HUB] = "SELECT hub FROM meta",
	[PUT_HUB] = "INSERT INTO meta (one, hub) VALUES (1, ?)",
	[HIGHEST] = "SELECT coalesce(max(id), 0) FROM account",
	[GET_SEAL] = "SELECT seal FROM meta",
	[PUT_SEAL] = "UPDATE meta SET seal = ?",
	[FIND_DOMAIN] = "SELECT id FROM domain WHERE name = ?",
	[PUT_DOMAIN] = "INSERT INTO domain (name, created) VALUES (?, ?)",
	[WHOSE] = "SELECT id FROM account "
	    "WHERE domain = ? AND local = ? AND removed IS NULL",
	[WHOSE_ALIAS] = "SELECT account FROM alias "
	    "WHERE domain = ? AND local = ?",
	[POSTMASTERS] = "SELECT id FROM account "
	    "WHERE local = ? AND removed IS NULL ORDER BY id LIMIT 2",
	[BY_LOCAL] = ACCOUNT_COLUMNS
	    "WHERE a.local = ? AND a.removed IS NULL LIMIT 2",
	[BY_ADDRESS] = ACCOUNT_COLUMNS
	    "WHERE a.local = ? AND d.name = ? AND a.removed IS NULL",
	[BY_ID] = ACCOUNT_COLUMNS "WHERE a.id = ? AND a.removed IS NULL",
	[EACH] = ACCOUNT_COLUMNS
	    "WHERE a.removed IS NULL ORDER BY d.name, a.local",
	[PUT_ACCOUNT] = "INSERT INTO account "
	    "(local, domain, name, language, hash, scram, created) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?)",
	[SET_NAME] = "UPDATE account SET name = ? WHERE id = ?",
	[SET_LANGUAGE] = "UPDATE account SET language = ? WHERE id = ?",
	[SET_SECRET] = "UPDATE account SET hash = ?, scram = ? WHERE id = ?",
	/* the password goes at once; the number and the address stay known */
	[REMOVE] = "UPDATE account SET removed = ?, hash = x'', scram = x'' "
	    "WHERE id = ?",
	[REMOVE_ALIASES] = "DELETE FROM alias WHERE account = ?",
	[REMOVE_FETCHES] = "DELETE FROM fetch WHERE owner = ?",
	[FETCH_BY_ID] = FETCH_COLUMNS "WHERE f.id = ?",
	[FETCH_BY_LABEL] = FETCH_COLUMNS "WHERE f.owner = ? AND f.label = ?",
	[FETCH_EACH] = FETCH_COLUMNS "WHERE f.id > ? ORDER BY f.id",
	[FETCH_EACH_OF] = FETCH_COLUMNS
	    "WHERE f.id > ? AND f.owner = ? ORDER BY f.id",
	[FETCH_COUNT] = "SELECT count(*) FROM fetch WHERE owner = ?",
	[FETCH_PUT] = "INSERT INTO fetch (owner, label, host, port, tls, user,"
	    " mechanism, pin, since, days, delete_after, largest, enabled,"
	    " created, sealed) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, x'')",
	[FETCH_LATEST] = "SELECT last_insert_rowid()",
	[FETCH_SET] = "UPDATE fetch SET label = ?, host = ?, port = ?,"
	    " tls = ?, user = ?, mechanism = ?, pin = ?, since = ?, days = ?,"
	    " delete_after = ?, largest = ?, enabled = ?,"
	    " changes = changes + 1 WHERE id = ?",
	[FETCH_SEAL] = "UPDATE fetch SET sealed = ? WHERE id = ?",
	[FETCH_GET_SEAL] = "SELECT sealed FROM fetch WHERE id = ?",
	[FETCH_REMOVE] = "DELETE FROM fetch WHERE id = ?",
	/* numbers are never given twice: what is left behind does no harm */
	[DOMAIN_SWEEP] = "DELETE FROM fetch_domain"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
	[DOMAIN_PUT] = "INSERT INTO fetch_domain (fetch, rules)"
	    " SELECT id, ?2 FROM fetch WHERE id = ?1"
	    " ON CONFLICT (fetch) DO UPDATE SET rules = excluded.rules",
	[DOMAIN_GET] = "SELECT d.rules FROM fetch_domain d"
	    " JOIN fetch f ON f.id = d.fetch WHERE d.fetch = ?",
	[DOMAIN_ANY] = "SELECT 1 FROM fetch_domain d"
	    " JOIN fetch f ON f.id = d.fetch WHERE f.owner = ? LIMIT 1",
};

static const char *const steps[] = {
	"CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1),"
	" hub BLOB NOT NULL, seal BLOB);"
	"CREATE TABLE domain (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" name BLOB NOT NULL UNIQUE, created INTEGER NOT NULL);"
	"CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" local BLOB NOT NULL, domain INTEGER NOT NULL REFERENCES domain,"
	" name BLOB NOT NULL, language BLOB NOT NULL, hash BLOB NOT NULL,"
	" scram BLOB NOT NULL, created INTEGER NOT NULL, removed INTEGER);"
	"CREATE UNIQUE INDEX account_address ON account (local, domain)"
	" WHERE removed IS NULL;"
	"CREATE TABLE alias (local BLOB NOT NULL,"
	" domain INTEGER NOT NULL REFERENCES domain,"
	" account INTEGER NOT NULL REFERENCES account,"
	" PRIMARY KEY (local, domain)) WITHOUT ROWID;",
	/* numbers, and what they may be: policy/fetch_accounts.h */
	"CREATE TABLE fetch (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" owner INTEGER NOT NULL REFERENCES account, label BLOB NOT NULL,"
	" host BLOB NOT NULL, port INTEGER NOT NULL, tls INTEGER NOT NULL,"
	" user BLOB NOT NULL, mechanism INTEGER NOT NULL, pin BLOB,"
	" since INTEGER NOT NULL, days INTEGER NOT NULL,"
	" delete_after INTEGER NOT NULL, largest INTEGER NOT NULL,"
	" enabled INTEGER NOT NULL, created INTEGER NOT NULL,"
	" changes INTEGER NOT NULL DEFAULT 0,"
	" sealed BLOB NOT NULL);"
	"CREATE UNIQUE INDEX fetch_label ON fetch (owner, label);",
	/* whose mail is for many, and how it is told apart: fetch_domains.h */
	"CREATE TABLE fetch_domain (fetch INTEGER PRIMARY KEY,"
	" rules BLOB NOT NULL);",
};

const struct db_format policy_format = {
	.application = APPLICATION,
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = STATEMENTS,
};
