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

#include "store/index_inside.h"

/* UTF-8, no control character, not too long. */
static bool
is_name(struct slice s)
{
	unsigned char before = 0;

	if (s.len == 0 || s.len > FOLDER_MAX_BYTES || !slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		/* C0, DEL, and C1, which is 0xc2 0x80 to 0xc2 0x9f */
		if (c < 0x20 || c == 0x7f || (before == 0xc2 && c < 0xa0))
			return false;
		before = c;
	}
	return true;
}

/* The mailbox of that name.  0 or -ENOENT. */
static int
find(struct index *index, struct slice name, uint32_t *mailbox_out)
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
make_rows(struct index *index, struct slice name, uint32_t id)
{
	uint64_t uidvalidity = 0;
	struct db_query q;
	int r = take_uidvalidity(index, &uidvalidity);

	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_MAILBOX_NEW);
	db_put_u64(&q, id);
	db_put_blob(&q, name);
	db_put_u64(&q, uidvalidity);
	return db_run(&q);
}

static int
make(struct index *index, struct slice name, uint32_t *mailbox_out)
{
	size_t n = index->mailbox_count;
	struct mailbox *grown;
	uint32_t id;
	int r;

	if (n >= FOLDER_MOST)
		return -EDQUOT;
	grown = reallocarray(index->mailboxes, n + 1, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	index->mailboxes = grown;
	/* in order of their numbers, as they were loaded */
	id = n == 0 ? MAILBOX_INBOX : grown[n - 1].id + 1;
	if (id > MAILBOX_MOST)
		return -EDQUOT;
	r = db_part(index->db);
	if (r < 0)
		return r;
	r = make_rows(index, name, id);
	if (r == 0)
		r = db_part_keep(index->db);
	if (r < 0) {
		db_part_undo(index->db);
		return r;
	}
	memset(&grown[n], 0, sizeof(grown[n]));
	grown[n].id = id;
	grown[n].uids = (struct sequence){ .next = 1, .reserved = 1 };
	index->mailbox_count = n + 1;
	index->marks.must_be_full = true;
	*mailbox_out = id;
	return 0;
}

int
mailboxes_find(struct index *index, struct slice name, uint32_t *mailbox_out)
{
	if (slice_is_word(name, "INBOX")) {
		*mailbox_out = MAILBOX_INBOX;
		return 0;
	}
	return find(index, name, mailbox_out);
}

int
mailboxes_need(struct index *index, struct slice name, uint32_t *mailbox_out,
    bool *is_made_out)
{
	uint32_t mailbox = MAILBOX_INBOX;
	int r;

	if (!is_name(name))
		return -EINVAL;
	if (!slice_is_word(name, "INBOX")) {
		r = db_begin(index->db);
		if (r == 0)
			r = find(index, name, &mailbox);
		if (r == -ENOENT) {
			r = make(index, name, &mailbox);
			*is_made_out = r == 0;
		}
		if (r < 0)
			return r;
	}
	*mailbox_out = mailbox;
	return 0;
}
