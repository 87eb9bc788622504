/*
 * tally.c - the mailboxes of an account in memory, and what is counted of each
 *
 * A tally follows every entry that comes, goes or changes, within the open
 * transaction; index_end() writes those that changed into their rows, so that
 * row and entries are committed together, or forgets what was undone.  What
 * is \Recent follows what clients were told, which is never undone: its number
 * goes into the row with the next commit, whatever that is of.
 *
 * A change that leaves all counts as they were leaves a higher modseq and no
 * more, and after a crash every mailbox gets one that is higher than any given
 * (index.c).  So a NORMAL commit does not write the row for it: most changes of
 * flags then are one row, not two.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/index_inside.h"

struct mailbox *
index_mailbox(struct index *index, uint32_t id)
{
	for (size_t i = 0; i < index->mailbox_count; i++)
		if (index->mailboxes[i].id == id)
			return index->mailboxes[i].is_deleted ? NULL :
			    &index->mailboxes[i];
	return NULL;
}

/* Without its numbers there is no mailbox; what it counts can be had again. */
static int
read_mailbox(struct db_query *q, struct mailbox *mailbox)
{
	struct tally *tally = &mailbox->tally;

	memset(mailbox, 0, sizeof(*mailbox));
	mailbox->id = (uint32_t)db_u64(q, 1, MAILBOX_MOST);
	mailbox->uids.reserved = db_u64(q, 1, (uint64_t)UINT32_MAX + 1);
	mailbox->uids.next = mailbox->uids.reserved;
	if (db_row(q) < 0)
		return -EUCLEAN;
	tally->messages = (uint32_t)db_u64(q, 0, UINT32_MAX);
	tally->unseen = (uint32_t)db_u64(q, 0, UINT32_MAX);
	tally->deleted = (uint32_t)db_u64(q, 0, UINT32_MAX);
	tally->bytes = db_u64(q, 0, INT64_MAX);
	tally->modseq = db_u64(q, 1, INT64_MAX);
	mailbox->tally_kept = *tally;
	mailbox->recent = db_u64(q, 1, (uint64_t)UINT32_MAX + 1);
	mailbox->recent_kept = mailbox->recent;
	mailbox->is_doubtful = db_row(q) < 0;
	mailbox->uidvalidity = (uint32_t)db_u64(q, 1, UINT32_MAX);
	return 0;
}

int
mailboxes_load(struct index *index)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_MAILBOXES);
	int		r;

	while ((r = db_next(&q)) > 0) {
		size_t n = index->mailbox_count;
		struct mailbox *grown;

		grown = reallocarray(index->mailboxes, n + 1, sizeof(*grown));
		if (grown == NULL)
			return -ENOMEM;
		index->mailboxes = grown;
		r = read_mailbox(&q, &grown[n]);
		if (r < 0)
			return r;
		index->mailbox_count = n + 1;
	}
	return r;
}

void
tally_touch(struct mailbox *mailbox, uint64_t modseq)
{
	if (mailbox->tally.modseq < modseq)
		mailbox->tally.modseq = modseq;
	mailbox->is_dirty = true;
}

/* A damaged row may say less than there is: never below nothing. */
static uint32_t
less(uint32_t n)
{
	return n > 0 ? n - 1 : 0;
}

void
tally_add(struct mailbox *mailbox, unsigned flags, uint64_t bytes,
    uint64_t modseq)
{
	mailbox->tally.messages++;
	mailbox->tally.unseen += (flags & LETTER_SEEN) == 0;
	mailbox->tally.deleted += (flags & LETTER_DELETED) != 0;
	mailbox->tally.bytes += bytes;
	tally_touch(mailbox, modseq);
}

void
tally_remove(struct mailbox *mailbox, unsigned flags, uint64_t bytes,
    uint64_t modseq)
{
	struct tally *tally = &mailbox->tally;

	tally->messages = less(tally->messages);
	if ((flags & LETTER_SEEN) == 0)
		tally->unseen = less(tally->unseen);
	if ((flags & LETTER_DELETED) != 0)
		tally->deleted = less(tally->deleted);
	tally->bytes = tally->bytes > bytes ? tally->bytes - bytes : 0;
	tally_touch(mailbox, modseq);
}

void
tally_change(struct mailbox *mailbox, unsigned before, unsigned after,
    uint64_t modseq)
{
	tally_remove(mailbox, before, 0, modseq);
	tally_add(mailbox, after, 0, modseq);
}

int
tally_resize(struct index *index, uint64_t letter, uint64_t before,
    uint64_t after)
{
	struct mailbox *mailbox;
	struct db_query q;
	int r;

	if (before == after)
		return 0;
	/* a walk through all entries; it was a damaged letter, which is rare */
	q = db_ask(index->db, SQL_ENTRIES_OF);
	db_put_u64(&q, letter);
	while ((r = db_next(&q)) > 0) {
		mailbox = index_mailbox(index, INDEX_MAILBOX(db_u64(&q, 0,
		    INT64_MAX)));
		if (mailbox == NULL)
			continue;
		mailbox->tally.bytes += after;
		mailbox->tally.bytes -= before < mailbox->tally.bytes ?
		    before : mailbox->tally.bytes;
		mailbox->is_dirty = true;
	}
	db_end(&q);
	return r;
}

static int
tally_write(struct index *index, const struct mailbox *mailbox)
{
	const struct tally *tally = &mailbox->tally;
	struct db_query q = db_ask(index->db, SQL_MAILBOX_TALLY);

	db_put_u64(&q, tally->messages);
	db_put_u64(&q, tally->unseen);
	db_put_u64(&q, tally->deleted);
	db_put_u64(&q, tally->bytes);
	db_put_u64(&q, tally->modseq);
	db_put_u64(&q, mailbox->recent);
	db_put_u64(&q, mailbox->id);
	return db_run(&q);
}

/* A letter in it made no sense, or its row did not: walk through all of it. */
static int
count_anew(struct index *index, struct mailbox *mailbox)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_MAILBOX_COUNT);
	struct tally	tally = { .modseq = mailbox->tally.modseq };
	uint64_t	modseq;
	int		r;

	db_put_u64(&q, ENTRY_FIRST(mailbox->id));
	db_put_u64(&q, ENTRY_LAST(mailbox->id));
	r = db_next(&q);
	if (r < 0)
		return r;
	if (r > 0) {
		tally.messages = (uint32_t)db_u64(&q, 0, UINT32_MAX);
		tally.unseen = (uint32_t)db_u64(&q, 0, UINT32_MAX);
		tally.deleted = (uint32_t)db_u64(&q, 0, UINT32_MAX);
		tally.bytes = db_u64(&q, 0, INT64_MAX);
		modseq = db_u64(&q, 0, INT64_MAX);
		if (tally.modseq < modseq)
			tally.modseq = modseq;
	}
	mailbox->tally = tally;
	mailbox->is_dirty = true;
	return 0;
}

/* Does its row count other letters than there are since the last commit? */
static bool
counts_otherwise(const struct mailbox *mailbox)
{
	const struct tally *now = &mailbox->tally, *row = &mailbox->tally_kept;

	return now->messages != row->messages || now->unseen != row->unseen ||
	    now->deleted != row->deleted || now->bytes != row->bytes;
}

/* Has its row to be written by this commit? */
static bool
is_due(const struct mailbox *mailbox, bool full)
{
	if (mailbox->is_deleted)
		return false;
	if (full && (mailbox->is_dirty || mailbox->is_behind))
		return true;
	return mailbox->is_doubtful || counts_otherwise(mailbox) ||
	    mailbox->recent != mailbox->recent_kept;
}

int
tallies_write(struct index *index, bool full)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < index->mailbox_count; i++) {
		struct mailbox *mailbox = &index->mailboxes[i];

		if (!is_due(mailbox, full))
			continue;
		r = db_begin(index->db);
		if (r == 0 && mailbox->is_doubtful)
			r = count_anew(index, mailbox);
		if (r == 0)
			r = tally_write(index, mailbox);
	}
	return r;
}

void
mailboxes_keep(struct index *index, bool full)
{
	size_t kept = 0;

	for (size_t i = 0; i < index->mailbox_count; i++) {
		struct mailbox *mailbox = &index->mailboxes[i];

		if (mailbox->is_deleted)
			continue;
		mailbox->is_behind = (mailbox->is_behind ||
		    mailbox->is_dirty) && !is_due(mailbox, full);
		mailbox->uids_kept = mailbox->uids;
		mailbox->recent_kept = mailbox->recent;
		if (mailbox->is_dirty) {
			mailbox->tally_kept = mailbox->tally;
			mailbox->has_news = index->has_news = true;
			mailbox->is_dirty = mailbox->is_doubtful = false;
		}
		index->mailboxes[kept++] = *mailbox;
	}
	index->mailbox_count = index->mailbox_count_kept = kept;
}

void
mailboxes_undo(struct index *index)
{
	/* those made since are gone, and so are their numbers */
	index->mailbox_count = index->mailbox_count_kept;
	for (size_t i = 0; i < index->mailbox_count; i++) {
		struct mailbox *mailbox = &index->mailboxes[i];

		mailbox->uids = mailbox->uids_kept;
		mailbox->tally = mailbox->tally_kept;
		mailbox->is_dirty = mailbox->is_deleted = false;
	}
}
