/*
 * folders_change.c - mailboxes are made, renamed and deleted by a person
 *
 * Each is one FULL commit, however much mail is in there: a deleted mailbox is
 * doomed, which is a row, and its entries go in steps of housekeeping; only
 * renaming INBOX has to touch every entry.
 */
#include "store/folders.h"

#include <errno.h>
#include <string.h>

#include "lib/base/loop.h"
#include "store/mailboxes.h"
#include "store/selected_inside.h"
#include "store/unfinished.h"

/* Begin; nobody else's part may be undone with ours. */
static int
begin(struct account *account)
{
	int r = account_commit_open(account);

	return r < 0 ? r : db_begin(account->index->db);
}

static int
finish(struct account *account, int r)
{
	return r < 0 ? account_undo(account, r) :
	    account_commit_full(account);
}

/* A name that LIST can ask for (RFC 9051 5.1). */
static int
new_name(struct slice given, struct folder_name *name_out)
{
	int r = folder_name(given, name_out);

	if (r == 0 && strpbrk(name_out->bytes, "%*") != NULL)
		r = -EINVAL;
	return r;
}

/* -EEXIST if there is a mailbox of that name, 0 if there is none. */
static int
must_be_new(struct account *account, struct slice name)
{
	uint32_t mailbox;
	int r = mailboxes_named(account->index, name, &mailbox);

	return r == 0 ? -EEXIST : r == -ENOENT ? 0 : r;
}

static int
make_levels(struct account *account, struct slice name)
{
	uint32_t mailbox;
	int r = 0;

	for (size_t i = 0; r == 0 && i < name.len; i++) {
		struct slice level = slice_first(name, i);

		if (name.at[i] != FOLDER_SEPARATOR)
			continue;
		r = mailboxes_named(account->index, level, &mailbox);
		if (r == -ENOENT)
			r = mailboxes_make(account->index, level, &mailbox);
	}
	return r;
}

static int
uses_taken(struct account *account, unsigned *uses_out)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_MAILBOX_USED);
	int		r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*uses_out = (unsigned)db_u64(&q, 0, FOLDER_USES);
	return db_row(&q);
}

static int
create(struct account *account, struct slice name, unsigned uses,
    uint32_t *mailbox_out)
{
	unsigned taken = 0;
	int r = must_be_new(account, name);

	if (r == 0 && uses != 0)
		r = uses_taken(account, &taken);
	if (r == 0 && (uses & taken) != 0)
		r = -EMLINK;
	if (r == 0)
		r = make_levels(account, name);
	if (r == 0)
		r = mailboxes_make(account->index, name, mailbox_out);
	if (r == 0 && uses != 0)
		r = index_run_2(account->index, SQL_MAILBOX_USES, uses,
		    *mailbox_out);
	return r;
}

int
folder_create(struct account *account, struct slice name, unsigned uses,
    uint32_t *mailbox_out)
{
	struct folder_name form;
	uint32_t mailbox = 0;
	int r;

	r = (uses & ~FOLDER_USES) != 0 ? -EINVAL : new_name(name, &form);
	if (r == 0)
		r = begin(account);
	if (r < 0)
		return r;
	r = create(account, slice_str(form.bytes), uses, &mailbox);
	r = finish(account, r);
	if (r == 0)
		*mailbox_out = mailbox;
	return r;
}

/*
 * The first mailbox below `name` with a number above `*mailbox`, and its name:
 * 1, or 0 when there is none.
 */
static int
below_next(struct account *account, struct slice name, uint32_t *mailbox,
    struct folder_name *name_out)
{
	DB_QUERY_AUTO		q = db_ask(account->index->db,
				    SQL_MAILBOX_BELOW);
	char			prefix[FOLDER_MAX_BYTES + 2];
	struct slice		found;
	int			r;

	memcpy(prefix, name.at, name.len);
	prefix[name.len] = FOLDER_SEPARATOR;
	db_put_blob(&q, slice_of(prefix, name.len + 1));
	db_put_u64(&q, name.len + 1);
	db_put_u64(&q, *mailbox);
	r = db_next(&q);
	if (r <= 0)
		return r;
	*mailbox = (uint32_t)db_u64(&q, 1, MAILBOX_MOST);
	found = db_blob(&q, 1, FOLDER_MAX_BYTES);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	r = slice_cstr(found, name_out->bytes, sizeof(name_out->bytes));
	name_out->len = found.len;
	return r < 0 ? -EUCLEAN : 1;
}

static bool
has_below(struct account *account, struct slice name)
{
	struct folder_name below;
	uint32_t mailbox = 0;

	return below_next(account, name, &mailbox, &below) > 0;
}

/*
 * Which mailbox is meant, and how its name is written; *mailbox_out is 0 where
 * it is only a name above others.  0, -ENOENT, -EINVAL or -errno.
 */
static int
existing(struct account *account, struct slice given,
    struct folder_name *name_out, uint32_t *mailbox_out)
{
	int r;

	*mailbox_out = 0;
	if (given.len > 0 && given.len <= FOLDER_MAX_BYTES) {
		r = mailboxes_named(account->index, given, mailbox_out);
		if (r != -ENOENT) {
			(void)slice_cstr(given, name_out->bytes,
			    sizeof(name_out->bytes));
			name_out->len = given.len;
			return r;
		}
	}
	r = folder_name(given, name_out);
	if (r < 0)
		return r;
	given = slice_str(name_out->bytes);
	r = mailboxes_named(account->index, given, mailbox_out);
	if (r == -ENOENT && has_below(account, given))
		r = 0;
	return r;
}

static int
doom(struct account *account, uint32_t id)
{
	struct index *index = account->index;
	struct mailbox *mailbox = index_mailbox(index, id);
	int r;

	if (mailbox == NULL)
		return -EUCLEAN;
	r = rights_end(index, id);
	if (r == 0)
		r = index_run_1(index, SQL_MAILBOX_DELETE, id);
	if (r == 0)
		r = index_run_1(index, SQL_METADATA_END, id);
	if (r == 0)
		r = index_run_1(index, SQL_DOOM, id);
	if (r == 0)
		mailbox->is_deleted = index->has_doomed = true;
	return r;
}

int
folder_delete(struct account *account, struct slice name)
{
	struct folder_name form;
	uint32_t mailbox;
	int r;

	r = begin(account);
	if (r == 0)
		r = existing(account, name, &form, &mailbox);
	if (r == 0 && mailbox == MAILBOX_INBOX)
		r = -EPERM;
	if (r == 0 && mailbox == 0)
		r = -ENOTEMPTY;
	if (r == 0)
		r = doom(account, mailbox);
	r = finish(account, r);
	if (r == 0)
		selected_mark_all_gone(account, mailbox, true);
	return r;
}

static int
set_name(struct account *account, uint32_t mailbox, struct slice name)
{
	struct db_query q;
	int r = must_be_new(account, name);

	if (r < 0)
		return r;
	q = db_ask(account->index->db, SQL_MAILBOX_NAME);
	db_put_blob(&q, name);
	db_put_u64(&q, mailbox);
	/* who else sees it sees it under this name */
	account->index->has_share_news = true;
	return db_run(&q);
}

/* What is below `from` is below `to` now. */
static int
rename_below(struct account *account, struct slice from, struct slice to)
{
	char name[2 * FOLDER_MAX_BYTES + 1];
	struct folder_name below;
	uint32_t mailbox = 0;
	int r;

	while ((r = below_next(account, from, &mailbox, &below)) > 0) {
		struct slice rest = slice_after(slice_of(below.bytes,
		    below.len), from.len);

		if (to.len + rest.len > FOLDER_MAX_BYTES)
			return -EINVAL;
		memcpy(name, to.at, to.len);
		memcpy(name + to.len, rest.at, rest.len);
		r = set_name(account, mailbox, slice_of(name,
		    to.len + rest.len));
		if (r < 0)
			return r;
	}
	return r;
}

/* All entries of one mailbox, under the same UIDs, in another that is new. */
static int
move_entries(struct account *account, struct mailbox *from,
    struct mailbox *to, uint64_t modseq)
{
	struct index *index = account->index;
	struct db_query q = db_ask(index->db, SQL_ENTRIES_MOVE);
	int r;

	db_put_u64(&q, ENTRY_FIRST(from->id));
	db_put_u64(&q, ENTRY_FIRST(to->id));
	db_put_u64(&q, modseq);
	db_put_i64(&q, clock_utc_ms());
	db_put_u64(&q, ENTRY_LAST(from->id));
	r = db_run(&q);
	if (r == 0)
		r = index_run_2(index, SQL_ENTRIES_DELETE,
		    ENTRY_FIRST(from->id), ENTRY_LAST(from->id));
	if (r == 0)
		r = index_run_2(index, SQL_MAILBOX_UIDS, from->uids.reserved,
		    to->id);
	if (r < 0)
		return r;
	to->uids = from->uids;
	to->tally = from->tally;
	from->tally = (struct tally){ .modseq = modseq };
	tally_touch(to, modseq);
	tally_touch(from, modseq);
	return 0;
}

/* Letters only; one tombstone covers all that ever were in INBOX. */
static int
rename_inbox(struct account *account, struct slice to)
{
	struct index *index = account->index;
	struct mailbox *inbox, *made;
	uint64_t modseq;
	uint32_t mailbox;
	int r;

	/* what is taken back is looked for where it was put */
	r = unfinished_in(index, MAILBOX_INBOX);
	if (r != 0)
		return r < 0 ? r : -ETXTBSY;
	r = mailboxes_make(index, to, &mailbox);
	if (r == 0)
		r = index_take_modseq(index, &modseq);
	if (r < 0)
		return r;
	inbox = index_mailbox(index, MAILBOX_INBOX);
	made = index_mailbox(index, mailbox);
	if (inbox == NULL || made == NULL)
		return -EUCLEAN;
	if (inbox->uids.next == 1)
		return 0;	/* nothing was ever in it */
	r = move_entries(account, inbox, made, modseq);
	if (r == 0)
		r = index_run_2(index, SQL_DOOMED_TOMBSTONES,
		    ENTRY_FIRST(MAILBOX_INBOX), ENTRY_LAST(MAILBOX_INBOX));
	return r < 0 ? r : index_bury(index, ENTRY_FIRST(MAILBOX_INBOX) | 1,
	    ENTRY_FIRST(MAILBOX_INBOX) | (inbox->uids.next - 1), modseq);
}

static int
rename_to(struct account *account, const struct folder_name *from,
    uint32_t mailbox, struct slice to)
{
	struct slice name = slice_of(from->bytes, from->len);
	int r = must_be_new(account, to);

	if (r == 0 && to.len > name.len && slice_is(slice_first(to, name.len),
	    name) && to.at[name.len] == FOLDER_SEPARATOR &&
	    mailbox != MAILBOX_INBOX)
		r = -EINVAL;
	if (r == 0)
		r = make_levels(account, to);
	if (r < 0)
		return r;
	if (mailbox == MAILBOX_INBOX)
		return rename_inbox(account, to);
	if (mailbox != 0)
		r = set_name(account, mailbox, to);
	return r < 0 ? r : rename_below(account, name, to);
}

int
folder_rename(struct account *account, struct slice from, struct slice to)
{
	struct folder_name name, new;
	uint32_t mailbox;
	int r;

	r = new_name(to, &new);
	if (r == 0)
		r = begin(account);
	if (r < 0)
		return r;
	r = existing(account, from, &name, &mailbox);
	if (r == 0)
		r = rename_to(account, &name, mailbox, slice_str(new.bytes));
	r = finish(account, r);
	if (r == 0 && mailbox == MAILBOX_INBOX)
		selected_mark_all_gone(account, mailbox, false);
	return r;
}

static int
unsubscribe(struct account *account, struct slice name)
{
	struct db_query q = db_ask(account->index->db, SQL_UNSUBSCRIBE);

	db_put_blob(&q, name);
	return db_run(&q);
}

int
folder_subscribe(struct account *account, struct slice name,
    bool is_subscribed)
{
	struct folder_name form;
	uint32_t mailbox;
	int r;

	r = begin(account);
	if (r == 0)
		r = existing(account, name, &form, &mailbox);
	if (r == -ENOENT)
		r = 0;		/* the form is there */
	if (r == 0)
		r = is_subscribed ? mailboxes_subscribe(account->index,
		    slice_of(form.bytes, form.len)) :
		    unsubscribe(account, slice_of(form.bytes, form.len));
	return finish(account, r);
}

/* Once in the life of an account */

static const struct {
	const char	*name;
	unsigned	 use;
} furniture[] = {
	{ "Sent", FOLDER_SENT }, { "Drafts", FOLDER_DRAFTS },
	{ "Junk", FOLDER_JUNK }, { "Trash", FOLDER_TRASH },
	{ "Archive", FOLDER_ARCHIVE },
};

/* With as many mailboxes as there may be, it stays away. */
static int
furnish_one(struct account *account, struct slice name, unsigned use)
{
	uint32_t mailbox;
	int r = mailboxes_named(account->index, name, &mailbox);

	if (r == -ENOENT)
		r = mailboxes_make(account->index, name, &mailbox);
	if (r < 0)
		return r == -EDQUOT ? 0 : r;
	return index_run_2(account->index, SQL_MAILBOX_USES, use, mailbox);
}

static int
furnish(struct account *account)
{
	unsigned taken = 0;
	int r = uses_taken(account, &taken);

	for (size_t i = 0; r == 0 &&
	    i < sizeof(furniture) / sizeof(furniture[0]); i++)
		if ((furniture[i].use & taken) == 0)
			r = furnish_one(account, slice_str(furniture[i].name),
			    furniture[i].use);
	if (r == 0)
		r = index_run_1(account->index, SQL_SUBSCRIBE_ALL,
		    SUBSCRIPTIONS_MOST);
	if (r == 0)
		r = index_run_1(account->index, SQL_META_FURNISHED, 1);
	if (r == 0)
		account->index->marks.is_furnished = true;
	return r;
}

int
folders_ready(struct account *account)
{
	int r;

	if (account->failed)
		return -EIO;
	if (account->index->marks.is_furnished)
		return 0;
	r = begin(account);
	if (r < 0)
		return r;
	r = furnish(account);
	return finish(account, r);
}
