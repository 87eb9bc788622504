/*
 * mailboxes.c - the mailboxes of an account, by name
 *
 * Made by a rule that files a message.  Clients remember name, number and
 * UIDVALIDITY, so a mailbox becomes durable before anything in it is seen: its
 * first UIDs are reserved in the same FULL commit.
 */
#include "store/mailboxes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/folders.h"
#include "store/index_inside.h"

int
mailboxes_named(struct index *index, struct slice name, uint32_t *mailbox_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_MAILBOX_NAMED);
	uint64_t	id;
	int		r;

	db_put_blob(&q, name);
	r = db_next(&q);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	id = db_u64(&q, 1, MAILBOX_MOST);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*mailbox_out = (uint32_t)id;
	return 0;
}

/* The time, or one above the last if that is not behind us. */
static int
take_uidvalidity(struct index *index, uint64_t *uidvalidity_out)
{
	uint64_t now = (uint64_t)time(NULL) & UINT32_MAX, last = 0;
	struct db_query q = db_ask(index->db, SQL_UIDVALIDITY);
	int r = db_next(&q);

	if (r > 0) {
		last = db_u64(&q, 0, UINT32_MAX);
		r = db_row(&q);
	}
	db_end(&q);
	if (r < 0)
		return r;
	if (last == UINT32_MAX)
		return -EOVERFLOW;
	*uidvalidity_out = now > last ? now : last + 1;
	return index_run_1(index, SQL_UIDVALIDITY_SET, *uidvalidity_out);
}

static int
make_rows(struct index *index, struct slice name, uint32_t id,
    uint64_t *uidvalidity_out)
{
	struct db_query q;
	int r = take_uidvalidity(index, uidvalidity_out);

	if (r == 0)
		r = index_run_1(index, SQL_META_MAILBOX, id);
	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_MAILBOX_NEW);
	db_put_u64(&q, id);
	db_put_blob(&q, name);
	db_put_u64(&q, *uidvalidity_out);
	r = db_run(&q);
	return r < 0 ? r : rights_inherit(index, id, name);
}

int
mailboxes_make(struct index *index, struct slice name, uint32_t *mailbox_out)
{
	size_t n = index->mailbox_count;
	struct mailbox *grown;
	uint64_t uidvalidity = 0;
	uint32_t id;
	int r;

	if (n >= FOLDER_MOST)
		return -EDQUOT;
	grown = reallocarray(index->mailboxes, n + 1, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	index->mailboxes = grown;
	id = index->marks.mailbox_last + 1;
	if (id > MAILBOX_MOST)
		return -EDQUOT;
	r = db_part(index->db);
	if (r < 0)
		return r;
	r = make_rows(index, name, id, &uidvalidity);
	if (r == 0)
		r = db_part_keep(index->db);
	if (r < 0) {
		db_part_undo(index->db);
		return r;
	}
	memset(&grown[n], 0, sizeof(grown[n]));
	grown[n].id = id;
	grown[n].uidvalidity = (uint32_t)uidvalidity;
	grown[n].uids = (struct sequence){ .next = 1, .reserved = 1 };
	grown[n].tally.modseq = grown[n].tally_kept.modseq = 1;
	grown[n].recent = grown[n].recent_kept = 1;
	index->mailbox_count = n + 1;
	index->marks.mailbox_last = id;
	index->marks.must_be_full = true;
	*mailbox_out = id;
	return 0;
}

int
mailboxes_find(struct index *index, struct slice name, uint32_t *mailbox_out)
{
	struct folder_name form;
	int r;

	/* one of long ago may not have the form of today */
	r = mailboxes_named(index, name, mailbox_out);
	if (r != -ENOENT)
		return r;
	r = folder_name(name, &form);
	if (r == -EINVAL)
		return -ENOENT;
	return r < 0 ? r : mailboxes_named(index, slice_str(form.bytes),
	    mailbox_out);
}

/* How many names are subscribed to. */
static int
count_subscriptions(struct index *index, uint64_t *count_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SUBSCRIPTIONS);
	int		r = db_next(&q);

	*count_out = r > 0 ? db_u64(&q, 0, INT64_MAX) : 0;
	return r < 0 ? r : 0;
}

int
mailboxes_subscribe(struct index *index, struct slice name)
{
	struct db_query q;
	uint64_t count = 0;
	int r;

	r = db_begin(index->db);
	if (r == 0)
		r = count_subscriptions(index, &count);
	if (r < 0)
		return r;
	if (count >= SUBSCRIPTIONS_MOST)
		return -EDQUOT;
	q = db_ask(index->db, SQL_SUBSCRIBE);
	db_put_blob(&q, name);
	return db_run(&q);
}

int
mailboxes_need(struct index *index, struct slice name, uint32_t *mailbox_out,
    bool *is_made_out)
{
	struct folder_name form;
	int r;

	r = db_begin(index->db);
	if (r == 0)
		r = mailboxes_find(index, name, mailbox_out);
	if (r != -ENOENT)
		return r;
	r = folder_name(name, &form);
	if (r == 0)
		r = mailboxes_make(index, slice_str(form.bytes), mailbox_out);
	if (r < 0)
		return r;
	*is_made_out = true;
	/* programs that show what is subscribed to only show it then, too */
	r = mailboxes_subscribe(index, slice_str(form.bytes));
	return r == -EDQUOT ? 0 : r;
}
