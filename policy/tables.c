/*
 * tables.c - policy.db: its format, and every statement that is run on it
 *
 * A step is never changed once it was released; what comes later is a new one.
 */
#include "policy/tables.h"

#define APPLICATION	0x50725031	/* "PrP1" */

#define ACCOUNT_COLUMNS \
	"SELECT a.id, a.local, d.name, a.name, a.language, a.fetch," \
	" a.created, a.public, a.recall, a.forwards, a.hash, a.scram " \
	"FROM account a JOIN domain d ON d.id = a.domain "

#define DOMAIN_COLUMNS \
	"SELECT d.name, d.shared, d.created, (SELECT count(*) FROM account a" \
	" WHERE a.domain = d.id AND a.removed IS NULL) FROM domain d "

#define FETCH_COLUMNS \
	"SELECT f.id, f.owner, a.local, d.name, f.label, f.host, f.port," \
	" f.tls, f.user, f.mechanism, f.pin, f.since, f.days," \
	" f.delete_after, f.largest, f.protocol, f.folders, f.queue," \
	" f.enabled, f.mirror, f.by_owner, f.created, f.changes " \
	"FROM fetch f JOIN account a ON a.id = f.owner " \
	"JOIN domain d ON d.id = a.domain "

#define CLIENT_COLUMNS \
	"SELECT name, client, token, device, authorize, scope " \
	"FROM oauth_client "

#define SHARE_COLUMNS \
	"SELECT s.owner, s.mailbox, s.negative, s.rights, a.local, d.name," \
	" a.public"
/* Of accounts that are there and are not ?1, what concerns that. */
#define SHARES_OTHERS \
	" FROM share s" \
	" JOIN account a ON a.id = s.owner AND a.removed IS NULL" \
	" JOIN domain d ON d.id = a.domain" \
	" WHERE s.who IN (0, ?1) AND s.owner <> ?1"

#define GROUP_COLUMNS \
	"g.id, g.local, d.name, g.kind, g.post, g.owner, g.created" \
	" FROM grp g JOIN domain d ON d.id = g.domain "
#define GROUP_ADDRESS	"CAST(g.local || '@' || d.name AS BLOB)"
/* An account that is gone may ask for nothing. */
#define GATEWAY_COLUMNS \
	"SELECT g.name, g.host, g.port, g.nets, g.by_login," \
	" coalesce((SELECT a.id FROM account a WHERE a.id = g.account" \
	"  AND a.removed IS NULL), 0)," \
	" g.waits, g.bytes, g.days, g.lists, g.created," \
	" (SELECT count(*) FROM gateway_recipient r" \
	"  WHERE r.gateway = g.name) FROM gateway g"

#define SMARTHOST_COLUMNS \
	"SELECT name, account, host, port, tls, user, by_owner, changed" \
	" FROM smarthost "

#define DEVICE_COLUMNS \
	"SELECT address, sender, account, targets, per_hour, created" \
	" FROM device "

#define SIGNING_COLUMNS \
	"SELECT d.name, k.selector, k.algorithm, k.record, k.created" \
	" FROM signing k JOIN domain d ON d.id = k.domain "

static const char *const statements[STATEMENTS] = {
	[GET_HUB] = "SELECT hub FROM meta",
	[PUT_HUB] = "INSERT INTO meta (one, hub) VALUES (1, ?)",
	[HIGHEST] = "SELECT coalesce(max(id), 0) FROM account",
	[GET_SEAL] = "SELECT seal FROM meta",
	[PUT_SEAL] = "UPDATE meta SET seal = ?",
	[FIND_DOMAIN] = "SELECT id FROM domain WHERE name = ?",
	[DOMAIN_GET_NAMED] = DOMAIN_COLUMNS "WHERE d.name = ?",
	[DOMAIN_EACH] = DOMAIN_COLUMNS "ORDER BY d.name",
	[DOMAIN_NEW] = "INSERT INTO domain (name, created, shared)"
	    " VALUES (?, ?, ?)",
	[DOMAIN_SHARE] = "UPDATE domain SET shared = ? WHERE name = ?",
	[DOMAIN_IS_SHARED] = "SELECT shared FROM domain WHERE id = ?",
	[DOMAINS] = "SELECT name FROM domain LIMIT 2",
	[PUT_DOMAIN] = "INSERT INTO domain (name, created) VALUES (?, ?)",
	[WHOSE] = "SELECT id FROM account "
	    "WHERE domain = ? AND local = ? AND removed IS NULL",
	/* one that has nobody behind it is nobody's; 1 << 61: a list */
	[WHOSE_GROUP] = "SELECT g.id | (g.kind << 61) FROM grp g"
	    " WHERE g.domain = ? AND g.local = ?"
	    " AND EXISTS (SELECT 1 FROM member WHERE grp = g.id)",
	[LIST_OWNER] = "SELECT a.id FROM grp g JOIN account a"
	    " ON a.id = g.owner AND a.removed IS NULL WHERE g.id = ?",
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
	[SET_FETCH] = "UPDATE account SET fetch = ? WHERE id = ?",
	[SET_RECALL] = "UPDATE account SET recall = ? WHERE id = ?",
	[SET_FORWARDS] = "UPDATE account SET forwards = ? WHERE id = ?",
	/* the password goes at once; the number and the address stay known */
	[REMOVE] = "UPDATE account SET removed = ?, hash = x'', scram = x'' "
	    "WHERE id = ?",
	[REMOVE_FETCHES] = "DELETE FROM fetch WHERE owner = ?",
	[FETCH_BY_ID] = FETCH_COLUMNS "WHERE f.id = ?",
	[FETCH_BY_LABEL] = FETCH_COLUMNS "WHERE f.owner = ? AND f.label = ?",
	[FETCH_EACH] = FETCH_COLUMNS "WHERE f.id > ? ORDER BY f.id",
	[FETCH_EACH_OF] = FETCH_COLUMNS
	    "WHERE f.id > ? AND f.owner = ? ORDER BY f.id",
	[FETCH_COUNT] = "SELECT count(*) FROM fetch WHERE owner = ?",
	[FETCH_PUT] = "INSERT INTO fetch (owner, label, host, port, tls, user,"
	    " mechanism, pin, since, days, delete_after, largest, protocol,"
	    " folders, queue, enabled, mirror, by_owner, created, sealed) "
	    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " x'')",
	[FETCH_LATEST] = "SELECT last_insert_rowid()",
	[FETCH_SET] = "UPDATE fetch SET label = ?, host = ?, port = ?,"
	    " tls = ?, user = ?, mechanism = ?, pin = ?, since = ?, days = ?,"
	    " delete_after = ?, largest = ?, protocol = ?, folders = ?,"
	    " queue = ?, enabled = ?, mirror = ?, by_owner = ?,"
	    " changes = changes + 1 WHERE id = ?",
	[FETCH_SEAL] = "UPDATE fetch SET sealed = ? WHERE id = ?",
	[FETCH_GET_SEAL] = "SELECT sealed FROM fetch WHERE id = ?",
	[FETCH_REMOVE] = "DELETE FROM fetch WHERE id = ?",
	[FETCH_TOUCH] = "UPDATE fetch SET changes = changes + 1 WHERE id = ?",
	[CLIENT_GET] = CLIENT_COLUMNS "WHERE name = ?",
	[CLIENT_EACH] = CLIENT_COLUMNS "ORDER BY name",
	[CLIENT_COUNT] = "SELECT count(*) FROM oauth_client",
	[CLIENT_USES] = "SELECT count(*) FROM fetch_grant WHERE client = ?",
	[CLIENT_PUT] = "INSERT INTO oauth_client (name, client, token, device,"
	    " authorize, scope, changed) VALUES (?, ?, ?, ?, ?, ?, ?) "
	    "ON CONFLICT (name) DO UPDATE SET client = excluded.client,"
	    " token = excluded.token, device = excluded.device,"
	    " authorize = excluded.authorize, scope = excluded.scope,"
	    " changed = excluded.changed",
	[CLIENT_SEAL] = "UPDATE oauth_client SET sealed = ? WHERE name = ?",
	[CLIENT_GET_SEAL] = "SELECT sealed FROM oauth_client WHERE name = ?",
	[CLIENT_REMOVE] = "DELETE FROM oauth_client WHERE name = ?",
	/* a consent is one provider's: with another it is none */
	[GRANT_FOR] = "INSERT INTO fetch_grant (fetch, client) VALUES (?, ?) "
	    "ON CONFLICT (fetch) DO UPDATE SET client = excluded.client,"
	    " sealed = x'', before = x'', granted = 0, until = 0 "
	    "WHERE client <> excluded.client",
	[GRANT_GET] = "SELECT client, sealed, before, granted, until "
	    "FROM fetch_grant WHERE fetch = ?",
	[GRANT_CONSENT] = "UPDATE fetch_grant SET sealed = ?, before = x'',"
	    " until = ?, granted = ? WHERE fetch = ?",
	/* the right sides are of before the change */
	[GRANT_ROTATE] = "UPDATE fetch_grant SET before = sealed, sealed = ?,"
	    " until = ? WHERE fetch = ?",
	[GRANT_UNTIL] = "UPDATE fetch_grant SET until = ? WHERE fetch = ?",
	[GRANT_SWEEP] = "DELETE FROM fetch_grant"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
	[PROXY_PUT] = "INSERT OR REPLACE INTO fetch_proxy (fetch, kind, host,"
	    " port, by_owner, sealed) VALUES (?, ?, ?, ?, ?, ?)",
	[PROXY_GET] = "SELECT kind, host, port, by_owner, sealed "
	    "FROM fetch_proxy WHERE fetch = ?",
	[PROXY_REMOVE] = "DELETE FROM fetch_proxy WHERE fetch = ?",
	[PROXY_SWEEP] = "DELETE FROM fetch_proxy"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
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
	[LINE_ADD] = "INSERT INTO line_carried"
	    " (month, fetch, cause, received, sent) VALUES (?, ?, ?, ?, ?)"
	    " ON CONFLICT DO UPDATE SET received = received +"
	    " excluded.received, sent = sent + excluded.sent",
	[LINE_SAVE] = "INSERT INTO line_saved"
	    " (month, fetch, saving, bytes, messages) VALUES (?, ?, ?, ?, ?)"
	    " ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes,"
	    " messages = messages + excluded.messages",
	/* from the mail's, if all of it stands there */
	[LINE_MOVE] = "UPDATE line_carried SET received = received - ?4"
	    " WHERE month = ?1 AND fetch = ?2 AND cause = ?3"
	    " AND received >= ?4",
	[LINE_CARRIED] = "SELECT coalesce(sum(received + sent), 0)"
	    " FROM line_carried WHERE month = ?",
	[LINE_EACH] = "SELECT l.fetch, l.saved, l.which, l.one, l.other,"
	    " coalesce(f.label, x''), coalesce(a.local, x''),"
	    " coalesce(d.name, x'') FROM"
	    " (SELECT month, fetch, 0 AS saved, cause AS which,"
	    "  received AS one, sent AS other FROM line_carried UNION ALL"
	    "  SELECT month, fetch, 1, saving, bytes, messages"
	    "  FROM line_saved) l"
	    " LEFT JOIN fetch f ON f.id = l.fetch"
	    " LEFT JOIN account a ON a.id = f.owner"
	    " LEFT JOIN domain d ON d.id = a.domain"
	    " WHERE l.month = ? AND l.fetch >= ?"
	    " ORDER BY l.fetch, l.saved, l.which",
	/* 0: none; one that is not the newest is old news */
	[LINE_UNREPORTED] = "SELECT coalesce(max(l.month), 0)"
	    " FROM line_carried l, meta m"
	    " WHERE l.month < ? AND l.month > m.line_reported",
	[LINE_REPORTED] = "UPDATE meta SET line_reported = ?",
	[WHEN_GET] = "SELECT every, on_read FROM fetch_when"
	    " WHERE fetch = (SELECT id FROM fetch WHERE id = ?)",
	[WHEN_PUT] = "INSERT OR REPLACE INTO fetch_when (every, on_read, fetch)"
	    " SELECT ?, ?, id FROM fetch WHERE id = ?",
	[HEALTH_GET] = "SELECT result, server_said, words, success, ended,"
	    " failing_since, told, refusals, faults, waiting, waiting_bytes,"
	    " grant_told FROM fetch_health"
	    " WHERE fetch = (SELECT id FROM fetch WHERE id = ?)",
	[HEALTH_PUT] = "INSERT OR REPLACE INTO fetch_health (result,"
	    " server_said, words, success, ended, failing_since, told,"
	    " refusals, faults, waiting, waiting_bytes, grant_told, fetch)"
	    " SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, id FROM fetch"
	    " WHERE id = ?",
	[WHEN_SWEEP] = "DELETE FROM fetch_when"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
	[HEALTH_SWEEP] = "DELETE FROM fetch_health"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
	[BEFORE_SWEEP] = "DELETE FROM fetch_before"
	    " WHERE fetch NOT IN (SELECT id FROM fetch)",
	[BEFORE_PUT] = "INSERT INTO fetch_before (fetch, rules)"
	    " SELECT id, ?2 FROM fetch WHERE id = ?1"
	    " ON CONFLICT (fetch) DO UPDATE SET rules = excluded.rules",
	[BEFORE_GET] = "SELECT b.rules FROM fetch_before b"
	    " JOIN fetch f ON f.id = b.fetch WHERE b.fetch = ?",
	[SET_PUBLIC] = "UPDATE account SET public = 1 WHERE id = ?",
	[SHARES_OF] = "SELECT mailbox, who, negative, rights FROM share"
	    " WHERE owner = ? ORDER BY mailbox, who, negative",
	[SHARES_REMOVE] = "DELETE FROM share WHERE owner = ?",
	[SHARE_PUT] = "INSERT OR REPLACE INTO share"
	    " (owner, mailbox, who, negative, rights) VALUES (?, ?, ?, ?, ?)",
	/* the first mailbox of each owner, then the second of each, ... */
	[SHARES_WITH] = "SELECT owner, mailbox, negative, rights, local, name,"
	    " public FROM (" SHARE_COLUMNS
	    ", dense_rank() OVER (PARTITION BY s.owner ORDER BY s.mailbox)"
	    " AS turn " SHARES_OTHERS ") ORDER BY turn, owner",
	[SHARES_FROM] = SHARE_COLUMNS SHARES_OTHERS
	    " AND s.owner = ?2 ORDER BY s.mailbox",
	[SIGNING_PUT] = "INSERT INTO signing"
	    " (domain, selector, algorithm, record, created, sealed)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	[SIGNING_GET] = SIGNING_COLUMNS "WHERE d.name = ? AND k.selector = ?",
	[SIGNING_EACH] = SIGNING_COLUMNS
	    "ORDER BY d.name, k.created DESC, k.selector",
	/* the newest of each kind, RSA first */
	[SIGNING_FOR] = SIGNING_COLUMNS "WHERE d.name = ? AND k.created ="
	    " (SELECT max(o.created) FROM signing o WHERE o.domain = k.domain"
	    " AND o.algorithm = k.algorithm) ORDER BY k.algorithm",
	[SIGNING_GET_SEAL] = "SELECT k.sealed FROM signing k"
	    " JOIN domain d ON d.id = k.domain"
	    " WHERE d.name = ? AND k.selector = ?",
	[SIGNING_REMOVE] = "DELETE FROM signing WHERE selector = ?2"
	    " AND domain = (SELECT id FROM domain WHERE name = ?1)",
	[SENDER_COUNT] = "SELECT count(*) FROM sender"
	    " WHERE account = ? AND name <> ?",
	[SENDER_PUT] = "INSERT OR REPLACE INTO sender"
	    " (account, name, wish, since) VALUES (?, ?, ?, ?)",
	[SENDER_REMOVE] = "DELETE FROM sender WHERE account = ? AND name = ?",
	[SENDER_EACH] = "SELECT name, wish, since FROM sender"
	    " WHERE account = ? AND name > ? ORDER BY name",
	/* "@" is the last byte of no address: a whole one is the longer */
	[SENDER_WISH] = "SELECT wish FROM sender"
	    " WHERE account = ? AND name IN (?, ?)"
	    " ORDER BY length(name) DESC LIMIT 1",
	[GROUP_GET] = "SELECT " GROUP_COLUMNS "WHERE g.id = ?",
	[GROUP_NAMED] = "SELECT " GROUP_COLUMNS
	    "WHERE g.local = ? AND d.name = ?",
	[GROUP_COUNT] = "SELECT count(*) + 1 FROM grp",
	[GROUP_PUT] = "INSERT INTO grp"
	    " (local, domain, kind, post, owner, created)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	[GROUP_POST] = "UPDATE grp SET post = ? WHERE id = ?",
	[GROUP_OWNER] = "UPDATE grp SET owner = ? WHERE id = ?",
	[GROUP_REMOVE] = "DELETE FROM grp WHERE id = ?",
	[GROUP_EACH] = "SELECT m.target, " GROUP_COLUMNS
	    "JOIN member m ON m.grp = g.id WHERE g.kind = ?1"
	    " AND (" GROUP_ADDRESS ", m.target) > (?2, ?3)"
	    " ORDER BY " GROUP_ADDRESS ", m.target",
	[MEMBERS] = "SELECT target FROM member WHERE grp = ?"
	    " ORDER BY target",
	[MEMBERS_CLEAR] = "DELETE FROM member WHERE grp = ?",
	[MEMBER_PUT] = "INSERT OR IGNORE INTO member (grp, target)"
	    " VALUES (?, ?)",
	[MEMBER_GONE] = "DELETE FROM member WHERE target = ?",
	[FORWARD_PUT] = "INSERT OR REPLACE INTO forward"
	    " (account, target, keep, by_owner, since, told)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
	[FORWARD_GET] = "SELECT target, keep, by_owner, since FROM forward"
	    " WHERE account = ?",
	[FORWARD_REMOVE] = "DELETE FROM forward WHERE account = ?",
	[FORWARD_ANY] = "SELECT 1 FROM forward LIMIT 1",
	[FORWARD_UNTOLD] = "SELECT f.account, f.target, f.keep, f.by_owner,"
	    " f.since FROM forward f JOIN account a ON a.id = f.account"
	    " AND a.removed IS NULL WHERE f.told = 0 ORDER BY f.account",
	[FORWARD_TOLD] = "UPDATE forward SET told = 1"
	    " WHERE account = ? AND since = ?",
	[FORWARD_OWNERS_GONE] = "DELETE FROM forward"
	    " WHERE account = ? AND by_owner = 1",
	[SMARTHOST_COUNT] = "SELECT count(*), coalesce(sum(length(name)), 0)"
	    " FROM smarthost WHERE name <> ?",
	[SMARTHOST_PUT] = "INSERT OR REPLACE INTO smarthost (name, account,"
	    " host, port, tls, user, by_owner, changed, sealed)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[SMARTHOST_GET] = SMARTHOST_COLUMNS "WHERE name = ?",
	[SMARTHOST_GET_SEAL] = "SELECT sealed FROM smarthost WHERE name = ?",
	[SMARTHOST_EACH] = SMARTHOST_COLUMNS "ORDER BY name",
	[SMARTHOST_REMOVE] = "DELETE FROM smarthost WHERE name = ?",
	[SMARTHOST_GONE] = "DELETE FROM smarthost WHERE account = ?",
	[DEVICE_COUNT] = "SELECT count(*), coalesce(sum(length(sender)"
	    " + length(targets)), 0) FROM device",
	[DEVICE_PUT] = "INSERT INTO device (address, sender, account, targets,"
	    " per_hour, created) VALUES (?, ?, ?, ?, ?, ?)",
	[DEVICE_GET] = DEVICE_COLUMNS "WHERE address = ?",
	[DEVICE_EACH] = DEVICE_COLUMNS "ORDER BY address",
	[DEVICE_REMOVE] = "DELETE FROM device WHERE address = ?",
	[DEVICE_GONE] = "DELETE FROM device WHERE account = ?",
	[SENDER_ANY] = "SELECT 1 FROM sender s JOIN account a"
	    " ON a.id = s.account AND a.removed IS NULL LIMIT 1",
	[GATEWAY_IS] = "SELECT 1 FROM gateway WHERE name = ?",
	[GATEWAY_COUNT] = "SELECT count(*) FROM gateway",
	[GATEWAY_PUT] = "INSERT OR REPLACE INTO gateway (name, host, port,"
	    " nets, by_login, account, waits, bytes, days, lists, created)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[GATEWAY_GET] = GATEWAY_COLUMNS " WHERE g.name = ?",
	[GATEWAY_EACH] = GATEWAY_COLUMNS " ORDER BY g.name",
	[GATEWAY_REMOVE] = "DELETE FROM gateway WHERE name = ?",
	[GATEWAY_LISTED_PUT] = "INSERT OR IGNORE INTO gateway_recipient"
	    " (gateway, local) VALUES (?, ?)",
	[GATEWAY_LISTED_DROP] = "DELETE FROM gateway_recipient"
	    " WHERE gateway = ?",
	[GATEWAY_LISTED_IS] = "SELECT 1 FROM gateway_recipient"
	    " WHERE gateway = ? AND local = ?",
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
	"ALTER TABLE fetch ADD COLUMN protocol INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE fetch ADD COLUMN folders BLOB NOT NULL DEFAULT x'';"
	"ALTER TABLE fetch ADD COLUMN queue BLOB NOT NULL DEFAULT x'';",
	/* the line: line_counts.h; a fetch account's times: fetch_health.h */
	"CREATE TABLE line_carried (month INTEGER NOT NULL,"
	" fetch INTEGER NOT NULL, cause INTEGER NOT NULL,"
	" received INTEGER NOT NULL, sent INTEGER NOT NULL,"
	" PRIMARY KEY (month, fetch, cause)) WITHOUT ROWID;"
	"CREATE TABLE line_saved (month INTEGER NOT NULL,"
	" fetch INTEGER NOT NULL, saving INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL, messages INTEGER NOT NULL,"
	" PRIMARY KEY (month, fetch, saving)) WITHOUT ROWID;"
	"CREATE TABLE fetch_when (fetch INTEGER PRIMARY KEY,"
	" every INTEGER NOT NULL, on_read INTEGER NOT NULL);"
	"CREATE TABLE fetch_health (fetch INTEGER PRIMARY KEY,"
	" result BLOB NOT NULL, server_said INTEGER NOT NULL,"
	" words BLOB NOT NULL, success INTEGER NOT NULL,"
	" ended INTEGER NOT NULL, failing_since INTEGER NOT NULL,"
	" told INTEGER NOT NULL, refusals INTEGER NOT NULL,"
	" faults INTEGER NOT NULL, waiting INTEGER NOT NULL,"
	" waiting_bytes INTEGER NOT NULL);",
	/* what is sealed goes with the row that it is for: grants.h */
	"CREATE TABLE oauth_client (name BLOB PRIMARY KEY,"
	" client BLOB NOT NULL, token BLOB NOT NULL, device BLOB NOT NULL,"
	" authorize BLOB NOT NULL, scope BLOB NOT NULL,"
	" changed INTEGER NOT NULL, sealed BLOB NOT NULL DEFAULT x'')"
	" WITHOUT ROWID;"
	"CREATE TABLE fetch_grant (fetch INTEGER PRIMARY KEY,"
	" client BLOB NOT NULL, sealed BLOB NOT NULL DEFAULT x'',"
	" before BLOB NOT NULL DEFAULT x'',"
	" granted INTEGER NOT NULL DEFAULT 0,"
	" until INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE fetch_proxy (fetch INTEGER PRIMARY KEY,"
	" kind INTEGER NOT NULL, host BLOB NOT NULL, port INTEGER NOT NULL,"
	" sealed BLOB NOT NULL);",
	/* what its owner deletes here is deleted there */
	"ALTER TABLE fetch ADD COLUMN mirror INTEGER NOT NULL DEFAULT 0;",
	/* rules before a download: fetch_before.h */
	"CREATE TABLE fetch_before (fetch INTEGER PRIMARY KEY,"
	" rules BLOB NOT NULL);",
	/* what people were told: fetch/reminding.h, programs/line_report.h */
	"ALTER TABLE fetch_health"
	" ADD COLUMN grant_told INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE meta ADD COLUMN line_reported INTEGER NOT NULL DEFAULT 0;",
	/* may they have remote mailboxes of their own: enum account_fetch */
	"ALTER TABLE account ADD COLUMN fetch INTEGER NOT NULL DEFAULT 0;",
	/* their owner has named the host, not the postmaster: people_hosts.h;
	 * of those that are here it is not known any more */
	"ALTER TABLE fetch ADD COLUMN by_owner INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE fetch_proxy"
	" ADD COLUMN by_owner INTEGER NOT NULL DEFAULT 0;",
	/* mailboxes that are shared: shares.h; nobody logs in to a public one */
	"ALTER TABLE account ADD COLUMN public INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE share (owner INTEGER NOT NULL, mailbox BLOB NOT NULL,"
	" who INTEGER NOT NULL, negative INTEGER NOT NULL,"
	" rights INTEGER NOT NULL,"
	" PRIMARY KEY (owner, mailbox, who, negative)) WITHOUT ROWID;"
	"CREATE INDEX share_who ON share (who);",
	/* keys that sign what a domain sends: signing_key.h */
	"CREATE TABLE signing (domain INTEGER NOT NULL REFERENCES domain,"
	" selector BLOB NOT NULL, algorithm INTEGER NOT NULL,"
	" record BLOB NOT NULL, created INTEGER NOT NULL,"
	" sealed BLOB NOT NULL,"
	" PRIMARY KEY (domain, selector)) WITHOUT ROWID;",
	/* whom people want to hear from, and whom not: senders.h */
	"CREATE TABLE sender (account INTEGER NOT NULL, name BLOB NOT NULL,"
	" wish INTEGER NOT NULL, since INTEGER NOT NULL,"
	" PRIMARY KEY (account, name)) WITHOUT ROWID;",
	/* addresses in it that nobody here has are the provider's: domains.h */
	"ALTER TABLE domain ADD COLUMN shared INTEGER NOT NULL DEFAULT 0;",
	/* who is behind an address: groups.h; an alias was for one account */
	"CREATE TABLE grp (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" local BLOB NOT NULL, domain INTEGER NOT NULL REFERENCES domain,"
	" kind INTEGER NOT NULL, post INTEGER NOT NULL,"
	" owner INTEGER NOT NULL, created INTEGER NOT NULL,"
	" UNIQUE (local, domain));"
	"CREATE TABLE member (grp INTEGER NOT NULL, target BLOB NOT NULL,"
	" PRIMARY KEY (grp, target)) WITHOUT ROWID;"
	"CREATE INDEX member_target ON member (target);"
	"CREATE TABLE forward (account INTEGER PRIMARY KEY,"
	" target BLOB NOT NULL, keep INTEGER NOT NULL);"
	"INSERT INTO grp (local, domain, kind, post, owner, created)"
	" SELECT local, domain, 0, 0, 0, 0 FROM alias;"
	"INSERT INTO member (grp, target)"
	" SELECT g.id, CAST(a.local || '@' || d.name AS BLOB) FROM alias o"
	" JOIN grp g ON g.local = o.local AND g.domain = o.domain"
	" JOIN account a ON a.id = o.account"
	" JOIN domain d ON d.id = a.domain;"
	"DROP TABLE alias;",
	/* by which some people's mail leaves: smarthosts.h */
	"CREATE TABLE smarthost (name BLOB PRIMARY KEY,"
	" account INTEGER NOT NULL, host BLOB NOT NULL,"
	" port INTEGER NOT NULL, tls INTEGER NOT NULL, user BLOB NOT NULL,"
	" by_owner INTEGER NOT NULL, changed INTEGER NOT NULL,"
	" sealed BLOB NOT NULL) WITHOUT ROWID;",
	/* who sends without a login: devices.h */
	"CREATE TABLE device (address BLOB PRIMARY KEY,"
	" sender BLOB NOT NULL, account INTEGER NOT NULL,"
	" targets BLOB NOT NULL, per_hour INTEGER NOT NULL,"
	" created INTEGER NOT NULL) WITHOUT ROWID;",
	/* so many minutes they may take back what they send: queue/recall.h */
	"ALTER TABLE account ADD COLUMN recall INTEGER NOT NULL DEFAULT 0;",
	/* domains whose mail is taken for a host of their own: gateways.h */
	"CREATE TABLE gateway (name BLOB PRIMARY KEY, host BLOB NOT NULL,"
	" port INTEGER NOT NULL, nets BLOB NOT NULL,"
	" by_login INTEGER NOT NULL, account INTEGER NOT NULL,"
	" waits INTEGER NOT NULL, bytes INTEGER NOT NULL,"
	" days INTEGER NOT NULL, lists INTEGER NOT NULL,"
	" created INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE gateway_recipient (gateway BLOB NOT NULL,"
	" local BLOB NOT NULL, PRIMARY KEY (gateway, local)) WITHOUT ROWID;",
	/* who has set it, since when, and whether its owner was told: groups.h */
	"ALTER TABLE account ADD COLUMN forwards INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE forward ADD COLUMN by_owner INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE forward ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE forward ADD COLUMN told INTEGER NOT NULL DEFAULT 1;",
};

const struct db_format policy_format = {
	.application = APPLICATION,
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = STATEMENTS,
};
