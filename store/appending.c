/*
 * appending.c - APPEND: a person puts letters into a mailbox
 */
#include "store/appending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"
#include "lib/base/text.h"
#include "store/account_inside.h"
#include "store/index_inside.h"
#include "store/keywords.h"
#include "store/selected_inside.h"
#include "store/unfinished.h"

struct appended {
	struct record	 record;	/* without its body */
	struct place	 place;
	struct text	 keywords, structure;
	bool		 is_there;	/* another was quicker (add_rows()) */
	bool		 is_import;
	unsigned char	 import_key[IMPORT_KEY_BYTES];
};

struct appending {
	struct account	*account;
	uint32_t	 mailbox;
	struct appended	*letters;	/* since the last step */
	size_t		 count, room;
	bool		 are_shown;	/* they were the last step */
	struct unfinished steps;
	uint32_t	*uids;		/* of all that are visible */
	size_t		 uid_count;
	unsigned	 expected;	/* of the account's */
	struct selected	*replaced_in;	/* or NULL */
	uint32_t	 replaced;	/* its UID there */
	bool		 is_done;
};

int
appending_new(struct account *account, uint32_t mailbox,
    struct appending **appending_out)
{
	struct appending *appending;

	if (index_mailbox(account->index, mailbox) == NULL)
		return -ENOENT;
	appending = calloc(1, sizeof(*appending));
	if (appending == NULL)
		return -ENOMEM;
	appending->account = account;
	appending->mailbox = mailbox;
	*appending_out = appending;
	return 0;
}

int
appending_expect(struct appending *appending, const struct message_id *big)
{
	struct account *account = appending->account;
	int r = account_commit_open(account);

	if (r == 0)
		r = db_begin(account->index->db);
	if (r == 0)
		r = index_unref_note(account->index, big);
	if (r < 0)
		return account_undo(account, r);
	r = account_commit_full(account);
	if (r < 0)
		return r;
	appending->expected++;
	account->expected++;
	return 0;
}

static int
judge(const struct append_letter *letter)
{
	if ((letter->flags & ~LETTER_ALL_FLAGS) != 0 ||
	    !keywords_are_valid(letter->keywords))
		return -EINVAL;
	if (letter->import_key.len != 0 &&
	    letter->import_key.len != IMPORT_KEY_BYTES)
		return -EINVAL;
	if (letter->is_big ? letter->body.len != 0 :
	    letter->body.len != letter->body_bytes)
		return -EINVAL;
	if (letter->keywords.len > KEYWORDS_MOST)
		return -E2BIG;
	return !letter->is_big && letter->body_bytes > BIG_BYTES ?
	    -EMSGSIZE : 0;
}

/* Room for one more; NULL when memory is out. */
static struct appended *
next_letter(struct appending *appending)
{
	struct appended *grown;
	size_t room;

	if (appending->count == appending->room) {
		room = appending->room == 0 ? 1 : appending->room * 2;
		grown = reallocarray(appending->letters, room,
		    sizeof(*grown));
		if (grown == NULL)
			return NULL;
		appending->letters = grown;
		appending->room = room;
	}
	return &appending->letters[appending->count];
}

/* What the rows need of it; the bytes are in the segment. */
static int
keep(struct appended *appended, const struct append_letter *letter)
{
	struct text words = TEXT_INIT(KEYWORDS_MOST);
	struct text structure = TEXT_INIT(letter->structure.len + 1);

	keywords_add(&words, letter->keywords);
	text_add(&structure, letter->structure);
	if (text_failed(&words) || text_failed(&structure)) {
		text_free(&words);
		text_free(&structure);
		return -ENOMEM;
	}
	appended->is_import = letter->import_key.len != 0;
	if (appended->is_import)
		memcpy(appended->import_key, letter->import_key.at,
		    IMPORT_KEY_BYTES);
	appended->keywords = words;
	appended->structure = structure;
	return 0;
}

/* It came to be by a MOVE of another account's. */
static bool
is_named(const struct message_id *moved)
{
	static const struct message_id none;

	return message_id_order(moved, &none) != 0;
}

/*
 * A letter of that name that is in some mailbox: 1, 0 or -errno.  A big one has
 * its file's, and this beside it.
 */
static int
is_there(struct index *index, const struct message_id *moved, bool is_big)
{
	DB_QUERY_AUTO	q = db_ask(index->db, is_big ? SQL_MOVED :
			    SQL_LETTER_NAMED);

	db_put_blob(&q, slice_of(moved->bytes, MESSAGE_ID_BYTES));
	return db_next(&q);
}

/* What is said of the letters is in their rows now. */
static void
forget(struct appending *appending)
{
	for (size_t i = 0; i < appending->count; i++) {
		text_free(&appending->letters[i].keywords);
		text_free(&appending->letters[i].structure);
	}
	appending->count = 0;
	appending->are_shown = false;
}

int
appending_add(struct appending *appending, const struct append_letter *letter)
{
	struct account *account = appending->account;
	struct appended *appended;
	int r = judge(letter);

	if (appending->are_shown)
		forget(appending);
	if (r == 0 && appending->count == APPENDING_MOST)
		r = -E2BIG;
	if (r == 0 && is_named(&letter->moved))
		r = is_there(account->index, &letter->moved, letter->is_big);
	if (r != 0)
		return r;
	appended = next_letter(appending);
	if (appended == NULL)
		return -ENOMEM;
	*appended = (struct appended){ .record = {
		.id = letter->big,
		.moved = letter->moved,
		.mailbox = appending->mailbox,
		.received_at_utc_ms = letter->received_at_utc_ms,
		.body_bytes = letter->body_bytes,
		.is_big = letter->is_big,
		.lacks_crlf = letter->lacks_crlf,
		.flags = letter->flags,
		.body = letter->body
	} };
	if (!letter->is_big)
		r = message_id_new(&account->last_id, clock_utc_ms());
	if (r < 0)
		return r;
	if (!letter->is_big)
		appended->record.id = is_named(&letter->moved) ?
		    letter->moved : account->last_id;
	r = keep(appended, letter);
	if (r < 0)
		return r;
	r = account_append(account, &appended->record, &appended->place);
	if (r < 0) {
		text_free(&appended->keywords);
		text_free(&appended->structure);
		return r;
	}
	appended->record.body = slice_of(NULL, 0);
	appending->count++;
	return 0;
}

const struct message_id *
appending_id(const struct appending *appending, size_t n)
{
	return n < appending->count && !appending->letters[n].is_there ?
	    &appending->letters[n].record.id : NULL;
}

static int
add_row(struct appending *appending, struct mailbox *mailbox,
    struct appended *appended)
{
	struct index *index = appending->account->index;
	int r;

	appended->record.keywords = text_slice(&appended->keywords);
	appended->record.structure = text_slice(&appended->structure);
	r = vocabulary_admit(&appending->account->vocabulary, index,
	    mailbox->id, appended->record.keywords);
	if (r == 0)
		r = index_append(index, mailbox, &appended->record,
		    &appended->place);
	if (r == 0 && appended->is_import)
		r = imported_note(appending->account,
		    slice_of(appended->import_key, IMPORT_KEY_BYTES));
	return r;
}

/*
 * In one transaction.  A letter that somebody else has moved here since it was
 * written is there once: what was written is garbage.
 */
static int
add_rows(struct appending *appending, struct mailbox *mailbox,
    uint32_t *first_uid_out)
{
	struct index *index = appending->account->index;
	int r = db_begin(index->db);

	*first_uid_out = (uint32_t)mailbox->uids.next;
	for (size_t i = 0; r == 0 && i < appending->count; i++) {
		struct appended *appended = &appending->letters[i];

		if (is_named(&appended->record.moved))
			r = is_there(index, &appended->record.moved,
			    appended->record.is_big);
		appended->is_there = r > 0;
		if (r > 0)
			r = index_waste(index, &appended->place);
		else if (r == 0)
			r = add_row(appending, mailbox, appended);
	}
	return r;
}

/* How many of them have got rows. */
static size_t
added(const struct appending *appending)
{
	size_t count = 0;

	for (size_t i = 0; i < appending->count; i++)
		count += !appending->letters[i].is_there;
	return count;
}

void
appending_replaces(struct appending *appending, struct selected *in,
    uint32_t uid)
{
	appending->replaced_in = in;
	appending->replaced = uid;
}

/* The entry of the letter that goes; 0: none does.  -EIDRM: it has gone. */
static int
find_replaced(const struct appending *appending, uint64_t *entry_out)
{
	const struct selected *in = appending->replaced_in;
	size_t n;

	*entry_out = 0;
	if (in == NULL)
		return 0;
	n = selected_find(in, appending->replaced);
	if (n == in->count || in->letters[n].uid != appending->replaced ||
	    selected_is_expunged(in, n))
		return -EIDRM;
	*entry_out = ENTRY_FIRST(in->mailbox) | appending->replaced;
	return 0;
}

/* Those of the last transaction have these UIDs, and room for them. */
static void
note_uids(struct appending *appending, uint32_t first)
{
	for (size_t n = added(appending); n > 0; n--)
		appending->uids[appending->uid_count++] = first++;
}

static int
uids_grow(struct appending *appending)
{
	uint32_t *grown = reallocarray(appending->uids,
	    appending->uid_count + appending->count + 1, sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	appending->uids = grown;
	return 0;
}

const uint32_t *
appending_uids(const struct appending *appending, size_t *count_out)
{
	*count_out = appending->uid_count;
	return appending->uids;
}

static bool
has_import(const struct appending *appending)
{
	for (size_t i = 0; i < appending->count; i++)
		if (appending->letters[i].is_import)
			return true;
	return false;
}

static int
add_step(struct appending *appending, struct mailbox *mailbox,
    uint32_t *first_uid_out)
{
	uint64_t first;
	int r = add_rows(appending, mailbox, first_uid_out);

	if (r < 0 || added(appending) == 0)
		return r;
	first = ENTRY_FIRST(mailbox->id) | *first_uid_out;
	return unfinished_note(appending->account->index, &appending->steps,
	    first, first + added(appending) - 1);
}

int
appending_step(struct appending *appending)
{
	struct account *account = appending->account;
	struct mailbox *mailbox;
	uint32_t first;
	int r = has_import(appending) ? -EINVAL : uids_grow(appending);

	if (r == 0)
		r = account_commit_open(account);
	if (r < 0 || appending->count == 0)
		return r;
	mailbox = index_mailbox(account->index, appending->mailbox);
	if (mailbox == NULL)
		return -ENOENT;
	r = add_step(appending, mailbox, &first);
	if (r < 0)
		return account_undo(account, r);
	account->must_be_full = account->index->marks.must_be_full;
	r = account_commit_open(account);
	if (r < 0)
		return r;
	if (added(appending) > 0)
		unfinished_keep(&appending->steps);
	note_uids(appending, first);
	appending->are_shown = true;
	return 0;
}

int
appending_commit(struct appending *appending, uint32_t *uidvalidity_out,
    uint32_t *first_uid_out)
{
	struct account *account = appending->account;
	struct mailbox *mailbox;
	uint64_t replaced;
	uint32_t first;
	int r;

	if (appending->are_shown)
		forget(appending);
	r = uids_grow(appending);
	if (r == 0)
		r = account_commit_open(account);
	if (r == 0)
		r = find_replaced(appending, &replaced);
	if (r < 0)
		return r;
	mailbox = index_mailbox(account->index, appending->mailbox);
	if (mailbox == NULL)
		return -ENOENT;
	r = add_rows(appending, mailbox, &first);
	if (r == 0)
		r = unfinished_finish(account->index, &appending->steps);
	if (r == 0 && replaced != 0)
		r = index_expunge(account->index, &replaced, 1, NULL,
		    NULL);
	if (r < 0)
		return account_undo(account, r);
	r = account_commit_full(account);
	if (r < 0)
		return r;
	appending->is_done = true;
	note_uids(appending, first);
	if (replaced != 0)
		selected_mark_gone(account, &replaced, 1, true);
	*uidvalidity_out = mailbox->uidvalidity;
	*first_uid_out = first;
	return 0;
}

/* Files that became no letter are not needed; others are noted no more. */
static void
expect_no_more(struct appending *appending)
{
	struct account *account = appending->account;

	account->expected -= appending->expected;
	if (appending->expected > 0 && account_commit_open(account) == 0)
		account_tell_unrefs(account);
}

/* No row will name these bytes: compaction is to know. */
static void
waste(struct appending *appending)
{
	struct account *account = appending->account;
	int r = account_commit_open(account);

	if (r == 0)
		r = db_begin(account->index->db);
	for (size_t i = 0; r == 0 && i < appending->count; i++)
		r = index_waste(account->index, &appending->letters[i].place);
	/* else they stay until the segment is sealed after a crash */
	if (r < 0)
		(void)account_undo(account, r);
	else
		(void)account_commit_open(account);
}

void
appending_end(struct appending *appending)
{
	if (appending == NULL)
		return;
	if (!appending->is_done && !appending->are_shown &&
	    appending->count > 0)
		waste(appending);
	if (!appending->is_done)
		unfinished_take_back(appending->account, &appending->steps);
	expect_no_more(appending);
	forget(appending);
	unfinished_free(&appending->steps);
	free(appending->uids);
	free(appending->letters);
	free(appending);
}
