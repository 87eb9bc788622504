/*
 * repair_numbers.c - UIDs, MODSEQ and positions of an index made from a copy
 *
 * A copy does not know which numbers were given since.  The damaged index may:
 * a row that says more than the copy, but not wildly more, is believed, with
 * one block on top of it, for too high costs nothing.  Where it says nothing the
 * mailbox gets a new UIDVALIDITY, and numbers mean nothing to anybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/repair_inside.h"

/* More of them cannot have been given since a copy, or the row is damaged. */
#define UIDS_MOST	10000000u
#define MODSEQS_MOST	((uint64_t)1 << 40)
#define AHEAD_MOST	100000000u	/* seconds a UIDVALIDITY, which is a
					   time, may be ahead of the clock */

enum repair_sql {
	SQL_EVIDENT_META,
	SQL_EVIDENT_MAILBOXES,
	SQL_EVIDENT_SEGMENTS,
	SQL_NUMBERS_META,
	SQL_NUMBERS_MAILBOX,
	SQL_NUMBERS_VALIDITY,
	SQL_SEAL_SEGMENTS,
	SQL_SEAL_SEGMENT,
	SQL_SEAL_EXPUNGED,
	SQL_SEAL_POSITION,
	SQL_SEAL_SETTLED,
	SQL_REPAIR_COUNT
};

static const char *const statements[SQL_REPAIR_COUNT] = {
[SQL_EVIDENT_META] = "SELECT modseq_reserved, settled_to, uidvalidity_last"
"	FROM meta",
[SQL_EVIDENT_MAILBOXES] = "SELECT id, uidvalidity, uid_reserved, name"
"	FROM mailbox ORDER BY id",
[SQL_EVIDENT_SEGMENTS] = "SELECT number FROM segment ORDER BY number",
/* not what a clean close gave back: it is opened as after a crash */
[SQL_NUMBERS_META] = "UPDATE meta SET modseq_reserved = ?,"
"	uidvalidity_last = ?, modseq_closed = 0",
[SQL_NUMBERS_MAILBOX] = "UPDATE mailbox SET uid_reserved = ? WHERE id = ?",
[SQL_NUMBERS_VALIDITY] = "UPDATE mailbox SET uidvalidity = ? WHERE id = ?",
/* whoever opens it looks at each and counts its garbage anew */
[SQL_SEAL_SEGMENTS] = "UPDATE segment SET state = 0, vouched = 0, dead = 0",
[SQL_SEAL_SEGMENT] = "INSERT OR IGNORE INTO segment VALUES (?, 0, 0, 0, 0)",
/* told before, or returned: nobody is to delete them at a provider */
[SQL_SEAL_EXPUNGED] = "DELETE FROM expunged",
[SQL_SEAL_POSITION] = "SELECT position FROM delivered"
"	WHERE message_id = ? AND action = ?",
[SQL_SEAL_SETTLED] = "UPDATE meta SET settled_to = ?",
};

static struct db_format
format_of_repair(void)
{
	struct db_format format = index_format;

	format.statements = statements;
	format.statement_count = SQL_REPAIR_COUNT;
	return format;
}

/* Evidence */

static bool
read_meta(struct db *db, struct evidence *evidence)
{
	DB_QUERY_AUTO q = db_ask(db, SQL_EVIDENT_META);

	if (db_next(&q) <= 0)
		return false;
	evidence->modseq_reserved = db_u64(&q, 1, INT64_MAX);
	evidence->settled_to = db_u64(&q, 0, INT64_MAX);
	evidence->uidvalidity_last = db_u64(&q, 1, UINT32_MAX);
	return db_row(&q) == 0;
}

/* Those rows that make sense. */
static void
read_mailboxes(struct db *db, struct evidence *evidence)
{
	DB_QUERY_AUTO q = db_ask(db, SQL_EVIDENT_MAILBOXES);
	struct evident *grown;
	struct slice name;

	while (db_next(&q) > 0) {
		struct evident one = { 0 };

		one.mailbox = (uint32_t)db_u64(&q, 1, MAILBOX_MOST);
		one.uidvalidity = (uint32_t)db_u64(&q, 1, UINT32_MAX);
		one.uid_reserved = db_u64(&q, 1, (uint64_t)UINT32_MAX + 1);
		name = db_blob(&q, 1, FOLDER_MAX_BYTES);
		if (db_row(&q) < 0 || evidence->mailbox_count == FOLDER_MOST)
			continue;
		memcpy(one.name, name.at, name.len);
		grown = reallocarray(evidence->mailboxes,
		    evidence->mailbox_count + 1, sizeof(*grown));
		if (grown == NULL)
			return;
		grown[evidence->mailbox_count++] = one;
		evidence->mailboxes = grown;
	}
}

/* All of them, or it is not known which there were. */
static bool
read_segments(struct db *db, struct evidence *evidence)
{
	DB_QUERY_AUTO q = db_ask(db, SQL_EVIDENT_SEGMENTS);
	uint32_t *grown;
	int r;

	while ((r = db_next(&q)) > 0) {
		uint32_t number = (uint32_t)db_u64(&q, 1, SEGMENT_MOST);

		if (db_row(&q) < 0)
			return false;
		grown = reallocarray(evidence->segments,
		    evidence->segment_count + 1, sizeof(*grown));
		if (grown == NULL)
			return false;
		grown[evidence->segment_count++] = number;
		evidence->segments = grown;
	}
	return r == 0;
}

void
evidence_read(int folder_fd, struct evidence *evidence_out)
{
	struct db_format format = format_of_repair();
	struct evidence evidence = { .has_meta = false };
	struct db *db;
	unsigned needs;

	if (db_open(folder_fd, INDEX_FILE, &format, true, &db, &needs) == 0) {
		evidence.has_meta = read_meta(db, &evidence);
		read_mailboxes(db, &evidence);
		evidence.has_segments = read_segments(db, &evidence);
		db_close(db);
	}
	*evidence_out = evidence;
}

void
evidence_free(struct evidence *evidence)
{
	free(evidence->mailboxes);
	free(evidence->segments);
	*evidence = (struct evidence){ .has_meta = false };
}

/* Numbers */

static int
run_1(struct db *db, enum repair_sql sql, uint64_t n)
{
	struct db_query q = db_ask(db, sql);

	db_put_u64(&q, n);
	return db_run(&q);
}

static int
run_2(struct db *db, enum repair_sql sql, uint64_t first, uint64_t second)
{
	struct db_query q = db_ask(db, sql);

	db_put_u64(&q, first);
	db_put_u64(&q, second);
	return db_run(&q);
}

static int
run(struct db *db, enum repair_sql sql)
{
	struct db_query q = db_ask(db, sql);

	return db_run(&q);
}

/*
 * Is a number believed that the damaged index has where the copy has `known`?
 * A clean end may have given some of the copy's block back since.
 */
static bool
is_believed(uint64_t number, uint64_t known, uint64_t block, uint64_t most)
{
	return number >= known ? number - known <= most :
	    known - number <= block;
}

/* What the damaged index says of the copy's `mailbox`, if it is believed. */
static const struct evident *
believed(const struct repair *repair, const struct evidence *base,
    const struct evident *mailbox)
{
	const struct evidence *evidence = &repair->evidence;
	uint64_t block = repair->options->uid_block;

	if (!evidence->has_meta || repair->base == BASE_NOTHING ||
	    !is_believed(evidence->modseq_reserved, base->modseq_reserved,
	    block, MODSEQS_MOST))
		return NULL;
	for (size_t i = 0; i < evidence->mailbox_count; i++) {
		const struct evident *one = &evidence->mailboxes[i];

		if (one->mailbox == mailbox->mailbox &&
		    one->uidvalidity == mailbox->uidvalidity &&
		    is_believed(one->uid_reserved, mailbox->uid_reserved,
		    block, UIDS_MOST))
			return one;
	}
	return NULL;
}

static uint64_t
most_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Behind a block that may have been given, and one more. */
static uint64_t
behind(uint64_t reserved, uint64_t block, uint64_t most)
{
	return reserved > most - block ? most : reserved + block;
}

static int
number_mailbox(struct repair *repair, struct db *db,
    const struct evidence *base, const struct evident *mailbox,
    uint64_t *uidvalidity)
{
	const struct evident *evident = believed(repair, base, mailbox);

	if (evident != NULL)
		return run_2(db, SQL_NUMBERS_MAILBOX, behind(
		    most_of(evident->uid_reserved, mailbox->uid_reserved),
		    repair->options->uid_block, (uint64_t)UINT32_MAX + 1),
		    mailbox->mailbox);
	if (*uidvalidity >= UINT32_MAX)
		return -EOVERFLOW;
	repair->renumbered++;
	return run_2(db, SQL_NUMBERS_VALIDITY, ++*uidvalidity,
	    mailbox->mailbox);
}

static int
number_all(struct repair *repair, struct db *db, const struct evidence *base)
{
	const struct evidence *evidence = &repair->evidence;
	uint64_t now = (uint64_t)time(NULL) & UINT32_MAX, uidvalidity, modseq;
	int r = db_begin(db);

	/* above all that were given, but for nonsense */
	uidvalidity = most_of(now - 1, base->uidvalidity_last);
	if (evidence->uidvalidity_last <= now + AHEAD_MOST)
		uidvalidity = most_of(uidvalidity,
		    evidence->uidvalidity_last);
	for (size_t i = 0; i < evidence->mailbox_count; i++)
		if (evidence->mailboxes[i].uidvalidity <= now + AHEAD_MOST)
			uidvalidity = most_of(uidvalidity,
			    evidence->mailboxes[i].uidvalidity);
	for (size_t i = 0; r == 0 && i < base->mailbox_count; i++)
		r = number_mailbox(repair, db, base, &base->mailboxes[i],
		    &uidvalidity);
	modseq = base->modseq_reserved;
	if (evidence->has_meta && evidence->modseq_reserved > modseq &&
	    evidence->modseq_reserved - modseq <= MODSEQS_MOST)
		modseq = evidence->modseq_reserved;
	if (r == 0) {
		struct db_query q = db_ask(db, SQL_NUMBERS_META);

		db_put_u64(&q, behind(modseq, repair->options->uid_block,
		    INT64_MAX - 1));
		db_put_u64(&q, uidvalidity);
		r = db_run(&q);
	}
	return r < 0 ? r : db_commit(db, true);
}

int
repair_numbers(struct repair *repair)
{
	struct db_format format = format_of_repair();
	struct evidence base = { .has_meta = false };
	struct db *db;
	unsigned needs;
	int r;

	/* writing: a copy of an older format is brought to ours */
	r = db_open(repair->work_fd, INDEX_FILE, &format, false, &db, &needs);
	if (r < 0)
		return r;
	if (read_meta(db, &base)) {
		read_mailboxes(db, &base);
		r = number_all(repair, db, &base);
	} else {
		r = -EUCLEAN;
	}
	evidence_free(&base);
	db_close(db);
	return r;
}

/* Settling */

/* The journal has it still, if its key is here: its position, or UINT64_MAX. */
static uint64_t
position_of(struct db *db, const struct damaged *letter)
{
	DB_QUERY_AUTO q = db_ask(db, SQL_SEAL_POSITION);
	uint64_t position;

	db_put_blob(&q, slice_of(letter->id.bytes, MESSAGE_ID_BYTES));
	db_put_u64(&q, letter->action);
	if (db_next(&q) <= 0)
		return UINT64_MAX;
	position = db_u64(&q, 0, INT64_MAX);
	return db_row(&q) == 0 && position > 0 ? position : UINT64_MAX;
}

static bool
is_before(const struct place *a, const struct place *b)
{
	return a->segment != b->segment ? a->segment < b->segment :
	    a->offset < b->offset;
}

/*
 * Up to where the letters prove it.  They come in order of their positions; from
 * the first damage among the newer ones on, one may be missing.
 */
static uint64_t
proven(const struct repair *repair, const struct evidence *base)
{
	const struct place *first = NULL;
	uint64_t settled_to = base->settled_to;

	for (size_t i = 0; first == NULL && i < repair->hurt_count; i++)
		if (!is_before(&repair->hurt[i], &repair->mark))
			first = &repair->hurt[i];
	for (size_t i = 0; i < repair->found_count; i++) {
		const struct found *found = &repair->found[i];

		if (!is_before(&found->place, &repair->mark) &&
		    (first == NULL || is_before(&found->place, first)))
			settled_to = most_of(settled_to, found->position);
	}
	if (first == NULL && repair->evidence.has_meta &&
	    repair->evidence.settled_to < INT64_MAX)
		settled_to = most_of(settled_to, repair->evidence.settled_to);
	return settled_to;
}

static int
seal(struct repair *repair, struct db *db)
{
	struct evidence base = { .has_meta = false };
	uint64_t settled_to;
	int r;

	if (!read_meta(db, &base))
		return -EUCLEAN;
	settled_to = repair->base == BASE_OWN ? base.settled_to :
	    proven(repair, &base);
	for (size_t i = 0; i < repair->damaged_count; i++) {
		uint64_t position = position_of(db, &repair->damaged[i]);

		if (position <= settled_to)
			settled_to = position - 1;
	}
	repair->is_lowered = settled_to < base.settled_to;
	r = db_begin(db);
	if (r == 0)
		r = run(db, SQL_SEAL_SEGMENTS);
	for (size_t i = 0; r == 0 && i < repair->segment_count; i++)
		r = run_1(db, SQL_SEAL_SEGMENT, repair->segments[i]);
	if (r == 0 && repair->base != BASE_OWN)
		r = run(db, SQL_SEAL_EXPUNGED);
	if (r == 0)
		r = run_1(db, SQL_SEAL_SETTLED, settled_to);
	return r < 0 ? r : db_commit(db, true);
}

int
repair_seal(struct repair *repair)
{
	struct db_format format = format_of_repair();
	struct db *db;
	unsigned needs;
	int r;

	r = db_open(repair->work_fd, INDEX_FILE, &format, false, &db, &needs);
	if (r < 0)
		return r;
	r = seal(repair, db);
	db_close(db);
	return r;
}
