/*
 * index_sql.c - the format of index.db, and every statement that uses it
 *
 * entry and tombstone have one key, mailbox * 2^32 + UID: a mailbox in order of
 * UID is then one walk through one tree, and a row is four small numbers.
 */
#include "store/index_inside.h"

#define LETTER_COLUMNS_OF(l) \
	l "id, " l "segment, " l "offset, " l "trace_bytes, " \
	l "body_bytes, " l "message_id, " l "action, " l "received, " \
	l "lacks_crlf, " l "big"
#define LETTER_COLUMNS	LETTER_COLUMNS_OF("l.")

/* What IMAP calls the size of a letter: with the CRLF it may lack. */
#define SIZE_OF(l) \
	l ".trace_bytes + " l ".body_bytes + 2 * " l ".lacks_crlf"

/* Counts of the entries of each mailbox, as its row should have them. */
#define TALLIES(where) \
	"(SELECT e.place >> 32 AS mailbox, count(*) AS messages," \
	"	count(*) - sum(e.flags & 1) AS unseen," \
	"	sum(e.flags >> 4 & 1) AS deleted," \
	"	max(0, CAST(total(" SIZE_OF("l") ") AS INTEGER)) AS bytes," \
	"	max(e.modseq) AS modseq" \
	"	FROM entry e LEFT JOIN letter l ON l.id = e.letter " \
	where " GROUP BY e.place >> 32)"

static const char *const steps[] = {
/* The one row of the account. */
"CREATE TABLE meta("
"	one INTEGER PRIMARY KEY CHECK (one = 1),"
"	hub_id BLOB NOT NULL,"
"	settled_to INTEGER NOT NULL,"		/* journal position */
"	pruned_below INTEGER NOT NULL,"		/* journal position */
"	modseq_reserved INTEGER NOT NULL,"	/* all below may be given */
"	uidvalidity_last INTEGER NOT NULL) STRICT;"
"CREATE TABLE mailbox("
"	id INTEGER PRIMARY KEY,"
"	name BLOB NOT NULL UNIQUE,"		/* UTF-8 */
"	uidvalidity INTEGER NOT NULL,"
"	uid_reserved INTEGER NOT NULL) STRICT;"	/* all below may be given */
"CREATE TABLE segment("
"	number INTEGER PRIMARY KEY,"
"	state INTEGER NOT NULL,"		/* enum segment_state */
"	vouched INTEGER NOT NULL,"		/* bytes known to be synced */
"	bytes INTEGER NOT NULL,"		/* of the file, once sealed */
"	dead INTEGER NOT NULL) STRICT;"		/* bytes no letter needs */
"CREATE TABLE letter("
"	id INTEGER PRIMARY KEY,"		/* modseq it came with */
"	segment INTEGER NOT NULL,"
"	offset INTEGER NOT NULL,"
"	trace_bytes INTEGER NOT NULL,"
"	body_bytes INTEGER NOT NULL,"
"	message_id BLOB NOT NULL,"
"	action INTEGER NOT NULL,"
"	received INTEGER NOT NULL,"		/* ms since 1970 */
"	lacks_crlf INTEGER NOT NULL,"
"	entries INTEGER NOT NULL,"		/* in any mailbox */
"	big BLOB) STRICT;"			/* the queue's file, or NULL */
"CREATE INDEX letter_big ON letter(big) WHERE big IS NOT NULL;"
"CREATE TABLE entry("
"	place INTEGER PRIMARY KEY,"		/* mailbox, uid */
"	letter INTEGER NOT NULL,"
"	flags INTEGER NOT NULL,"
"	modseq INTEGER NOT NULL) STRICT;"
"CREATE TABLE tombstone("
"	place INTEGER PRIMARY KEY,"		/* mailbox, first uid */
"	last INTEGER NOT NULL,"			/* mailbox, last uid */
"	modseq INTEGER NOT NULL) STRICT;"
"CREATE TABLE delivered("
"	message_id BLOB NOT NULL,"
"	action INTEGER NOT NULL,"
"	position INTEGER NOT NULL,"		/* in the journal */
"	letter INTEGER NOT NULL,"
"	PRIMARY KEY (message_id, action)) STRICT, WITHOUT ROWID;"
/* Letters without an entry that a view still shows. */
"CREATE TABLE orphan(letter INTEGER PRIMARY KEY) STRICT;"
/* Big files to be told to the queue as not needed here any more. */
"CREATE TABLE unref(big BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;",
/* What is no system flag, a space between. */
"ALTER TABLE entry ADD COLUMN keywords BLOB NOT NULL DEFAULT x'';",
/* Messages a person has deleted here, to be told to the queue. */
("CREATE TABLE expunged(message_id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"
"CREATE INDEX letter_message ON letter(message_id);"),
/* Mailboxes as mail programs use them; what is counted of each, SIZE_OF() all */
("ALTER TABLE meta ADD COLUMN mailbox_last INTEGER NOT NULL DEFAULT 1;"
"ALTER TABLE meta ADD COLUMN modseq_closed INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE meta ADD COLUMN is_furnished INTEGER NOT NULL DEFAULT 0;"
"UPDATE meta SET mailbox_last = (SELECT max(id) FROM mailbox);"
"ALTER TABLE mailbox ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mailbox ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mailbox ADD COLUMN unseen INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mailbox ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mailbox ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mailbox ADD COLUMN modseq INTEGER NOT NULL DEFAULT 1;"
"UPDATE mailbox SET (messages, unseen, bytes, modseq) ="
"	(SELECT count(*), count(*) - coalesce(sum(e.flags & 1), 0),"
"	CAST(total(" SIZE_OF("l") ") AS INTEGER), max(1,"
"	coalesce(max(e.modseq), 0),"
"	coalesce((SELECT max(t.modseq) FROM tombstone t"
"	WHERE t.place >> 32 = mailbox.id), 0))"
"	FROM entry e LEFT JOIN letter l ON l.id = e.letter"
"	WHERE e.place >> 32 = mailbox.id);"
"ALTER TABLE entry ADD COLUMN saved INTEGER NOT NULL DEFAULT 0;" /* ms */
"CREATE TABLE subscription(name BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"
/* Numbers of mailboxes that are deleted, and may still have entries. */
"CREATE TABLE doomed(mailbox INTEGER PRIMARY KEY) STRICT;"
/* Entries of a copy that was not finished: first and last place. */
"CREATE TABLE unfinished("
"	first INTEGER PRIMARY KEY,"
"	last INTEGER NOT NULL) STRICT;"
/* lib/message/structure.h */
"CREATE TABLE structure("
"	letter INTEGER PRIMARY KEY,"
"	packed BLOB NOT NULL) STRICT;"),
/* What modification numbers were worth before the last crash (index.c). */
("ALTER TABLE meta ADD COLUMN modseq_floor INTEGER NOT NULL DEFAULT 0;"
"CREATE INDEX tombstone_modseq ON tombstone(modseq);"),
/* What its person has said of a letter, last (lessons.h). */
("CREATE TABLE lesson("
"	letter INTEGER PRIMARY KEY,"
"	modseq INTEGER NOT NULL,"
"	is_spam INTEGER NOT NULL) STRICT;"
"CREATE INDEX lesson_modseq ON lesson(modseq);"),
/* What was brought from elsewhere (imported.h). */
"CREATE TABLE imported(key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;",
/* What mail programs note of a mailbox, or of the account: metadata.h. */
"CREATE TABLE metadata("
"	mailbox INTEGER NOT NULL,"		/* 0: the account */
"	name BLOB NOT NULL,"
"	value BLOB NOT NULL,"
"	PRIMARY KEY (mailbox, name)) STRICT, WITHOUT ROWID;",
/* What others may do in a mailbox: store/rights.h. */
"CREATE TABLE rights("
"	mailbox INTEGER NOT NULL,"
"	who INTEGER NOT NULL,"			/* account; 0: anyone */
"	negative INTEGER NOT NULL,"
"	rights INTEGER NOT NULL,"
"	name BLOB NOT NULL,"
"	PRIMARY KEY (mailbox, who, negative)) STRICT, WITHOUT ROWID;",
/* UIDs from it on are \\Recent for the next who selects it; not those of before. */
("ALTER TABLE mailbox ADD COLUMN recent INTEGER NOT NULL DEFAULT 1;"
"UPDATE mailbox SET recent = uid_reserved;"),
/* What a model was taught of a letter: 0 nothing, 1 wanted, 2 spam; learning.h */
("ALTER TABLE lesson ADD COLUMN taught INTEGER NOT NULL DEFAULT 0;"
"DROP INDEX lesson_modseq;"
"CREATE INDEX lesson_due ON lesson(letter) WHERE taught <> is_spam + 1;"),
/* What a MOVE from another account calls a big letter: appending.h */
("CREATE TABLE moved(name BLOB PRIMARY KEY, letter INTEGER NOT NULL)"
"	STRICT, WITHOUT ROWID;"
"CREATE INDEX moved_letter ON moved(letter);"),
};

static const char *const statements[SQL_COUNT] = {
[SQL_META] = "SELECT hub_id, settled_to, pruned_below, modseq_reserved,"
"	uidvalidity_last, mailbox_last, modseq_closed, is_furnished,"
"	modseq_floor FROM meta",
[SQL_META_NEW] = "INSERT INTO meta (one, hub_id, settled_to, pruned_below,"
"	modseq_reserved, uidvalidity_last) VALUES (1, ?, 0, 0, 1, ?)",
[SQL_META_MODSEQ] = "UPDATE meta SET modseq_reserved = ?",
[SQL_META_FLOOR] = "UPDATE meta SET modseq_floor = ?",
[SQL_META_CLOSE] = "UPDATE meta SET modseq_reserved = ?1, modseq_closed = ?1",
[SQL_META_MAILBOX] = "UPDATE meta SET mailbox_last = ?",
[SQL_META_FURNISHED] = "UPDATE meta SET is_furnished = ?",
[SQL_META_SETTLED] = "UPDATE meta SET settled_to = ?, pruned_below = ?",
[SQL_MAILBOXES] = "SELECT id, uid_reserved, messages, unseen, deleted,"
"	bytes, modseq, recent, uidvalidity FROM mailbox ORDER BY id",
[SQL_MAILBOX_NEW] = "INSERT INTO mailbox (id, name, uidvalidity, uid_reserved)"
"	VALUES (?, ?, ?, 1)",
[SQL_MAILBOX_NAMED] = "SELECT id FROM mailbox WHERE name = ?",
[SQL_MAILBOX_BELOW] = "SELECT id, name FROM mailbox"
"	WHERE substr(name, 1, ?2) = ?1 AND id > ?3 ORDER BY id LIMIT 1",
[SQL_MAILBOX_COUNT] = "SELECT t.messages, t.unseen, t.deleted, t.bytes,"
"	t.modseq FROM " TALLIES("WHERE e.place BETWEEN ? AND ?") " t",
[SQL_MAILBOX_TALLY] = "UPDATE mailbox SET messages = ?, unseen = ?,"
"	deleted = ?, bytes = ?, modseq = ?, recent = ? WHERE id = ?",
[SQL_MAILBOX_NAME] = "UPDATE mailbox SET name = ? WHERE id = ?",
[SQL_MAILBOX_USES] = "UPDATE mailbox SET uses = uses | ? WHERE id = ?",
[SQL_MAILBOX_USED] = "SELECT coalesce(sum(uses), 0) FROM mailbox",
[SQL_MAILBOX_USES_OF] = "SELECT uses FROM mailbox WHERE id = ?",
[SQL_MAILBOX_DELETE] = "DELETE FROM mailbox WHERE id = ?",
/* a parent comes right before what stands below it */
[SQL_NAMES] = "SELECT m.id, m.name, m.uses, EXISTS (SELECT 1 FROM"
"	subscription s WHERE s.name = m.name) FROM mailbox m"
"	UNION ALL SELECT 0, s.name, 0, 1 FROM subscription s"
"	WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.name = s.name)",
[SQL_SUBSCRIBE] = "INSERT OR IGNORE INTO subscription VALUES (?)",
[SQL_SUBSCRIBE_ALL] = "INSERT OR IGNORE INTO subscription"
"	SELECT name FROM mailbox LIMIT ?",
[SQL_UNSUBSCRIBE] = "DELETE FROM subscription WHERE name = ?",
[SQL_SUBSCRIPTIONS] = "SELECT count(*) FROM subscription",
[SQL_RIGHTS] = "SELECT who, negative, rights, name FROM rights"
"	WHERE mailbox = ? ORDER BY who, negative",
[SQL_RIGHTS_SET] = "INSERT OR REPLACE INTO rights VALUES (?, ?, ?, ?, ?)",
[SQL_RIGHTS_REMOVE] = "DELETE FROM rights"
"	WHERE mailbox = ? AND who = ? AND negative = ?",
[SQL_RIGHTS_SHARED] = "SELECT m.name, r.who, r.negative, r.rights, r.name"
"	FROM rights r JOIN mailbox m ON m.id = r.mailbox"
"	ORDER BY m.name, r.who, r.negative",
[SQL_RIGHTS_INHERIT] = "INSERT INTO rights SELECT ?1, r.who, r.negative,"
"	r.rights, r.name FROM rights r JOIN mailbox m ON m.id = r.mailbox"
"	WHERE m.name = ?2",
[SQL_RIGHTS_COPY] = "INSERT OR IGNORE INTO rights SELECT ?1, who, negative,"
"	rights, name FROM rights WHERE mailbox = ?2",
[SQL_RIGHTS_END] = "DELETE FROM rights WHERE mailbox = ?",
[SQL_METADATA] = "SELECT name, value FROM metadata WHERE mailbox = ?"
"	ORDER BY name",
[SQL_METADATA_SET] = "INSERT OR REPLACE INTO metadata VALUES (?, ?, ?)",
[SQL_METADATA_REMOVE] = "DELETE FROM metadata WHERE mailbox = ? AND name = ?",
[SQL_METADATA_SIZE] = "SELECT count(*) FILTER (WHERE mailbox = ?),"
"	coalesce(sum(length(name) + length(value)), 0) FROM metadata",
[SQL_METADATA_END] = "DELETE FROM metadata WHERE mailbox = ?",
[SQL_DOOM] = "INSERT INTO doomed VALUES (?)",
[SQL_DOOMED] = "SELECT mailbox FROM doomed ORDER BY mailbox LIMIT 1",
[SQL_DOOMED_ENTRIES] = "SELECT place FROM entry WHERE place BETWEEN ? AND ?"
"	ORDER BY place LIMIT ?",
[SQL_DOOMED_TOMBSTONES] = "DELETE FROM tombstone WHERE place BETWEEN ? AND ?",
[SQL_DOOMED_GONE] = "DELETE FROM doomed WHERE mailbox = ?",
/* all of a mailbox under the same UIDs of another */
[SQL_ENTRIES_MOVE] = "INSERT INTO entry (place, letter, flags, modseq,"
"	keywords, saved) SELECT place - ?1 + ?2, letter, flags, ?3, keywords,"
"	?4 FROM entry WHERE place BETWEEN ?1 AND ?5",
[SQL_ENTRIES_DELETE] = "DELETE FROM entry WHERE place BETWEEN ? AND ?",
[SQL_UIDVALIDITY] = "SELECT uidvalidity_last FROM meta",
[SQL_UIDVALIDITY_SET] = "UPDATE meta SET uidvalidity_last = ?",
[SQL_MAILBOX_UIDS] = "UPDATE mailbox SET uid_reserved = ? WHERE id = ?",
[SQL_UID_LAST] = "SELECT place FROM entry WHERE place BETWEEN ? AND ?"
"	ORDER BY place DESC LIMIT 1",
[SQL_UID_BURIED] = "SELECT last FROM tombstone WHERE place BETWEEN ? AND ?"
"	ORDER BY place DESC LIMIT 1",

[SQL_DELIVERED] = "SELECT letter FROM delivered"
"	WHERE message_id = ? AND action = ?",
[SQL_DELIVERED_NEW] = "INSERT INTO delivered VALUES (?, ?, ?, ?)",
[SQL_DELIVERED_PRUNE] = "DELETE FROM delivered WHERE position < ?",

[SQL_LETTER] = "SELECT " LETTER_COLUMNS " FROM letter l WHERE l.id = ?",
[SQL_LETTER_NAMED] = "SELECT 1 FROM letter"
"	WHERE message_id = ? AND entries > 0 LIMIT 1",
[SQL_MOVED] = "SELECT 1 FROM moved m JOIN letter l ON l.id = m.letter"
"	WHERE m.name = ? AND l.entries > 0",
[SQL_MOVED_NEW] = "INSERT OR REPLACE INTO moved VALUES (?, ?)",
[SQL_MOVED_DELETE] = "DELETE FROM moved WHERE letter = ?",
[SQL_LETTER_NEW] = "INSERT INTO letter VALUES"
"	(?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)",
[SQL_LETTER_MOVE] = "UPDATE letter SET segment = ?, offset = ?,"
"	trace_bytes = ?, body_bytes = ? WHERE id = ?",
[SQL_RELEASED] = "SELECT id, entries, message_id, trace_bytes, body_bytes,"
"	lacks_crlf, big IS NOT NULL FROM letter WHERE id BETWEEN ? AND ?"
"	ORDER BY id",
[SQL_LETTERS_RELEASE] = "UPDATE letter SET entries = entries - ?"
"	WHERE id BETWEEN ? AND ?",
[SQL_LETTER_IS] = "UPDATE letter SET message_id = ?, action = ?, received = ?,"
"	lacks_crlf = ?, big = ? WHERE id = ?",
[SQL_LETTER_RETAIN] = "UPDATE letter SET entries = entries + 1"
"	WHERE id = ? RETURNING " LETTER_COLUMNS_OF(""),
[SQL_LETTER_DELETE] = "DELETE FROM letter WHERE id = ?",
[SQL_STRUCTURE_DELETE] = "DELETE FROM structure WHERE letter = ?",
[SQL_LESSON_NEW] = "INSERT INTO lesson (letter, modseq, is_spam)"
"	VALUES (?, ?, ?) ON CONFLICT (letter) DO UPDATE"
"	SET modseq = excluded.modseq, is_spam = excluded.is_spam",
[SQL_LESSON_DUE] = "SELECT letter, is_spam, taught FROM lesson"
"	WHERE taught <> is_spam + 1 ORDER BY letter LIMIT 1",
[SQL_LESSON_TAUGHT] = "UPDATE lesson SET taught = ?"
"	WHERE letter = ?",
[SQL_LESSON_KEPT_NEW] = "INSERT OR IGNORE INTO lesson"
"	(letter, modseq, is_spam, taught) VALUES (?, 0, 0, 1)",
[SQL_LESSONS_ANEW] = "UPDATE lesson SET taught = 0",
/* read and not marked as deleted: flags 1 and 16 */
[SQL_LESSON_KEPT] = "SELECT letter FROM (SELECT e.letter, e.flags FROM entry e"
"	WHERE e.place BETWEEN ? AND ? ORDER BY e.place DESC LIMIT 400) n"
"	WHERE (n.flags & 17) = 1 AND NOT EXISTS"
"	(SELECT 1 FROM lesson s WHERE s.letter = n.letter)"
"	ORDER BY random() LIMIT 1",
[SQL_LESSON_DELETE] = "DELETE FROM lesson WHERE letter = ?",

[SQL_ENTRIES] = "SELECT e.place, e.letter, " LETTER_COLUMNS
"	FROM entry e LEFT JOIN letter l ON l.id = e.letter"
"	WHERE e.place BETWEEN ? AND ? ORDER BY e.place",
[SQL_ENTRY_NEW] = "INSERT INTO entry (place, letter, flags, modseq, keywords,"
"	saved) VALUES (?, ?, ?, ?, ?, ?)",
[SQL_ENTRIES_OF] = "SELECT place FROM entry WHERE letter = ? ORDER BY place",
/* of a damaged row no flag is kept, as nobody was told any */
[SQL_ENTRIES_FLAGS] = "UPDATE entry SET"
"	flags = (iif(flags BETWEEN 0 AND 31, flags, 0) & ?) | ?,"
"	keywords = ?, modseq = ? WHERE place BETWEEN ? AND ?",
[SQL_ENTRY_MOVE] = "UPDATE entry SET place = ?, modseq = ?, saved = ?"
"	WHERE place = ?",
[SQL_UNFINISHED] = "SELECT first, last FROM unfinished WHERE first >= ?"
"	ORDER BY first LIMIT 1",
[SQL_UNFINISHED_NEW] = "INSERT INTO unfinished VALUES (?, ?)",
[SQL_FINISHED] = "DELETE FROM unfinished WHERE first = ?",
[SQL_SELECTED] = "SELECT place, letter, flags, modseq, keywords FROM entry"
"	WHERE place BETWEEN ? AND ? ORDER BY place",
[SQL_RECENT] = "SELECT count(*) FROM entry WHERE place BETWEEN ? AND ?",
[SQL_WORDS] = "SELECT DISTINCT keywords FROM entry"
"	WHERE place BETWEEN ? AND ? AND keywords != x''",
[SQL_SAVED] = "SELECT saved FROM entry WHERE place = ?",
[SQL_FACTS] = "SELECT l.id, " LETTER_COLUMNS " FROM letter l"
"	WHERE l.id BETWEEN ? AND ? ORDER BY l.id",
[SQL_FACTS_STRUCTURE] = "SELECT l.id, " LETTER_COLUMNS ", s.packed"
"	FROM letter l LEFT JOIN structure s ON s.letter = l.id"
"	WHERE l.id BETWEEN ? AND ? ORDER BY l.id",
[SQL_STRUCTURES] = "SELECT letter, packed FROM structure"
"	WHERE letter BETWEEN ? AND ? ORDER BY letter",
[SQL_STRUCTURE_NEW] = "INSERT OR REPLACE INTO structure VALUES (?, ?)",
[SQL_VANISHED_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM tombstone"
"	WHERE modseq > ? LIMIT ?)",
/* those of long ago as well, for a step is of so many rows */
[SQL_VANISHED] = "SELECT place, last, modseq FROM tombstone"
"	WHERE place BETWEEN ? AND ? ORDER BY place",
[SQL_VANISHED_LATELY] = "SELECT place, last, modseq FROM tombstone"
"	INDEXED BY tombstone_modseq"
"	WHERE place BETWEEN ? AND ? AND modseq > ? ORDER BY place",
[SQL_SEARCH_TAIL] = "SELECT count(*), coalesce(sum(bytes), 0) FROM"
"	(SELECT iif(big IS NULL, trace_bytes + body_bytes, ?) AS bytes"
"	FROM letter WHERE id > ? ORDER BY id LIMIT ?)",
[SQL_SEARCH_STRUCTURE] = "SELECT packed FROM structure WHERE letter = ?",
[SQL_SEARCH_COUNT] = "SELECT count(*) FROM letter WHERE id > ? AND id <= ?",
[SQL_SEARCH_LETTERS] = "SELECT id FROM letter WHERE id > ? AND id <= ?"
"	ORDER BY id",
[SQL_LISTED] = "SELECT e.place, e.flags, e.keywords, m.name, m.uidvalidity,"
"	l.received, l.trace_bytes + l.body_bytes, l.message_id"
"	FROM entry e JOIN letter l ON l.id = e.letter"
"	JOIN mailbox m ON m.id = e.place >> 32"
"	WHERE e.place > ? AND e.place <= ? ORDER BY e.place LIMIT ?",
[SQL_FOLDERS] = "SELECT m.id, m.name, m.uidvalidity, count(e.place),"
"	CAST(total(l.trace_bytes + l.body_bytes) AS INTEGER) FROM mailbox m"
"	LEFT JOIN entry e ON e.place BETWEEN m.id << 32"
"	AND (m.id << 32) + 4294967295"
"	LEFT JOIN letter l ON l.id = e.letter"
"	WHERE m.id > ? GROUP BY m.id ORDER BY m.id LIMIT ?",
[SQL_ONLOOKED] = "SELECT e.place, e.flags, m.name, m.uses, m.uidvalidity,"
"	l.id, l.message_id, l.received, l.trace_bytes + l.body_bytes,"
"	e.saved FROM entry e JOIN letter l ON l.id = e.letter"
"	JOIN mailbox m ON m.id = e.place >> 32"
"	WHERE e.place > ? AND l.received >= ? ORDER BY e.place LIMIT ?",
[SQL_LEAVING] = "SELECT place, letter, flags FROM entry"
"	WHERE place BETWEEN ? AND ? ORDER BY place",
[SQL_TOMBSTONE_NEW] = "INSERT INTO tombstone VALUES (?, ?, ?)",

[SQL_ORPHAN_NEXT] = "SELECT letter FROM orphan WHERE letter > ?"
"	ORDER BY letter LIMIT 1",
[SQL_ORPHANS_NEW] = "INSERT OR IGNORE INTO orphan SELECT id FROM letter"
"	WHERE id BETWEEN ? AND ? AND entries <= 0",
[SQL_ORPHAN_DELETE] = "DELETE FROM orphan WHERE letter = ?",

[SQL_BIG_USED] = "SELECT 1 FROM letter WHERE big = ? LIMIT 1",
[SQL_UNREF_NEXT] = "SELECT big FROM unref ORDER BY big LIMIT 1",
[SQL_UNREF_NEW] = "INSERT OR IGNORE INTO unref VALUES (?)",
[SQL_UNREF_DELETE] = "DELETE FROM unref WHERE big = ?",

/* nothing of that message is left: what a rule filed twice is two letters */
[SQL_EXPUNGED_NEW] = "INSERT OR IGNORE INTO expunged SELECT l.message_id"
"	FROM letter l WHERE l.id BETWEEN ? AND ? AND l.entries <= 0"
"	AND length(l.message_id) = ?"
"	AND NOT EXISTS (SELECT 1 FROM letter o"
"	WHERE o.message_id = l.message_id AND o.entries > 0)",
[SQL_EXPUNGED] = "SELECT message_id FROM expunged ORDER BY message_id LIMIT ?",
[SQL_EXPUNGED_DELETE] = "DELETE FROM expunged WHERE message_id = ?",

[SQL_SEGMENT_NEW] = "INSERT OR IGNORE INTO segment VALUES (?, 0, 0, 0, 0)",
[SQL_SEGMENT_LAST] = "SELECT number, vouched FROM segment"
"	ORDER BY number DESC LIMIT 1",
[SQL_SEGMENT_UNSEALED] = "SELECT number FROM segment"
"	WHERE state = 0 AND number > ? ORDER BY number LIMIT 1",
[SQL_SEGMENT_VOUCHED] = "SELECT vouched FROM segment WHERE number = ?",
[SQL_SEGMENT_VOUCH] = "UPDATE segment SET vouched = ?, bytes = ?, state = ?"
"	WHERE number = ?",
[SQL_SEGMENT_SEAL] = "UPDATE segment SET bytes = ?1, state = 1,"
"	dead = max(0, ?1 - ?3 - (SELECT coalesce(sum(?4 + trace_bytes +"
"	iif(big IS NULL, body_bytes, 0)), 0) FROM letter WHERE segment = ?2))"
"	WHERE number = ?2",
[SQL_SEGMENT_DEAD] = "UPDATE segment SET dead = dead + ? WHERE number = ?",
/* one whose file is to be unlinked first, then the worst */
[SQL_SEGMENT_WORST] = "SELECT number, state FROM segment WHERE state = 3"
"	OR (state = 1 AND dead * 2 >= bytes)"
"	ORDER BY state DESC, dead DESC LIMIT 1",
[SQL_SEGMENT_STATE] = "UPDATE segment SET state = ? WHERE number = ?",
[SQL_SEGMENT_DELETE] = "DELETE FROM segment WHERE number = ?",
[SQL_LETTERS_AFTER] = "SELECT " LETTER_COLUMNS " FROM letter l"
"	WHERE l.id > ? ORDER BY l.id LIMIT ?",

[SQL_FIGURES_LETTERS] = "SELECT count(*),"
"	CAST(total(trace_bytes + body_bytes) AS INTEGER) FROM letter",
[SQL_FIGURES_ENTRIES] = "SELECT count(*) FROM entry",
[SQL_FIGURES_SEGMENTS] = "SELECT count(*), CAST(total(dead) AS INTEGER)"
"	FROM segment WHERE state < 3",

[SQL_IMPORTED] = "SELECT 1 FROM imported WHERE key = ?",
[SQL_IMPORTED_NEW] = "INSERT INTO imported VALUES (?)",

[SQL_CHECK_FILE] = "PRAGMA integrity_check(20)",
[SQL_CHECK_ENTRIES] = "SELECT e.place FROM entry e"
"	LEFT JOIN letter l ON l.id = e.letter"
"	WHERE l.id IS NULL ORDER BY e.place",
[SQL_CHECK_ORPHANS] = "SELECT l.id FROM letter l"
"	LEFT JOIN (SELECT letter, count(*) n FROM entry GROUP BY letter) c"
"	ON c.letter = l.id"
"	WHERE l.entries IS NOT coalesce(c.n, 0) OR (c.n IS NULL"
"	AND NOT EXISTS (SELECT 1 FROM orphan o WHERE o.letter = l.id))",
[SQL_CHECK_TOMBSTONES] = "SELECT e.place FROM tombstone t"
"	JOIN entry e ON e.place BETWEEN t.place AND t.last",
[SQL_CHECK_UIDS] = "SELECT e.place FROM entry e"
"	LEFT JOIN mailbox m ON m.id = e.place >> 32"
"	WHERE (m.id IS NULL AND NOT EXISTS (SELECT 1 FROM doomed d"
"	WHERE d.mailbox = e.place >> 32)) OR (e.place & 4294967295) >= m.uid_reserved"
"	OR (e.place & 4294967295) = 0",
[SQL_CHECK_DELIVERED] = "SELECT l.id FROM delivered d"
"	JOIN letter l ON l.id = d.letter"
"	WHERE l.message_id IS NOT d.message_id OR l.action IS NOT d.action",
/* a name is a blob: length() is in bytes */
[SQL_CHECK_MAILBOXES] = "SELECT m.id << 32 FROM mailbox m"
"	WHERE length(m.name) NOT BETWEEN 1 AND 255"
"	OR m.uidvalidity NOT BETWEEN 1 AND"
"	min(4294967295, (SELECT uidvalidity_last FROM meta))"
"	OR m.uid_reserved < 1 OR m.id > (SELECT mailbox_last FROM meta)"
"	OR m.uses NOT BETWEEN 0 AND 31 OR EXISTS (SELECT 1 FROM mailbox o"
"	WHERE o.id <> m.id AND o.uses & m.uses) ORDER BY m.id",
[SQL_CHECK_TALLIES] = "SELECT m.id << 32 FROM mailbox m"
"	LEFT JOIN " TALLIES("") " t ON t.mailbox = m.id"
"	WHERE m.messages IS NOT coalesce(t.messages, 0)"
"	OR m.unseen IS NOT coalesce(t.unseen, 0)"
"	OR m.deleted IS NOT coalesce(t.deleted, 0)"
"	OR m.bytes IS NOT coalesce(t.bytes, 0)"
/* it may be behind until the next FULL commit, or the end: tally.c */
"	OR m.modseq < coalesce(t.modseq, 1) AND"
"	(SELECT modseq_reserved = modseq_closed FROM meta) ORDER BY m.id",
[SQL_CHECK_DOOMED] = "SELECT d.mailbox << 32 FROM doomed d"
"	JOIN mailbox m ON m.id = d.mailbox ORDER BY d.mailbox",
[SQL_CHECK_SUBSCRIPTIONS] = "SELECT count(*) FROM subscription"
"	WHERE length(name) NOT BETWEEN 1 AND 255 HAVING count(*) > 0",
[SQL_CHECK_RIGHTS] = "SELECT r.mailbox << 32 FROM rights r"
"	LEFT JOIN mailbox m ON m.id = r.mailbox WHERE m.id IS NULL"
"	OR r.rights NOT BETWEEN 1 AND 2047 ORDER BY r.mailbox",
[SQL_CHECK_STRUCTURES] = "SELECT s.letter FROM structure s"
"	LEFT JOIN letter l ON l.id = s.letter WHERE l.id IS NULL"
"	ORDER BY s.letter",
[SQL_CHECK_LESSONS] = "SELECT s.letter FROM lesson s"
"	LEFT JOIN letter l ON l.id = s.letter WHERE l.id IS NULL"
"	ORDER BY s.letter",
[SQL_CHECK_METADATA] = "SELECT DISTINCT d.mailbox << 32 FROM metadata d"
"	LEFT JOIN mailbox m ON m.id = d.mailbox"
"	WHERE d.mailbox <> 0 AND m.id IS NULL ORDER BY d.mailbox",
[SQL_CHECK_INBOX] = "SELECT 1 << 32 WHERE NOT EXISTS"
"	(SELECT 1 FROM mailbox WHERE id = 1 AND name = CAST('INBOX' AS BLOB))",
};

const struct db_format index_format = {
	.application = 0x50526978,	/* "PRix" */
	.version = sizeof(steps) / sizeof(steps[0]),
	.steps = steps,
	.statements = statements,
	.statement_count = SQL_COUNT,
};
