/*
 * folders.c - which mailboxes there are, and what STATUS says of them
 */
#include "store/folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/arena.h"
#include "store/account_inside.h"
#include "store/index_inside.h"
#include "store/mailboxes.h"

/*
 * A thousand mailboxes, each with 127 levels above it that are none: 5 MB; and
 * the names themselves.
 */
#define NAMES_BUDGET	(16u * 1024 * 1024)

struct names {
	struct arena	*arena;
	struct folder	*folders;
	size_t		 count, room;
};

/* One more; NULL when memory is out. */
static struct folder *
add(struct names *names, struct slice name)
{
	struct folder *folder;

	if (names->count == names->room) {
		size_t room = names->room == 0 ? 64 : names->room * 2;

		folder = arena_array(names->arena, room, sizeof(*folder));
		if (folder == NULL)
			return NULL;
		if (names->count > 0)
			memcpy(folder, names->folders,
			    names->count * sizeof(*folder));
		names->folders = folder;
		names->room = room;
	}
	folder = &names->folders[names->count++];
	*folder = (struct folder){ .name = name };
	return folder;
}

static int
read_name(struct names *names, struct db_query *q)
{
	struct folder folder = { 0 };
	struct folder *added;
	struct slice name;

	folder.mailbox = (uint32_t)db_u64(q, 0, MAILBOX_MOST);
	name = db_blob(q, 1, FOLDER_MAX_BYTES);
	folder.uses = (uint8_t)db_u64(q, 0, FOLDER_USES);
	folder.is_subscribed = db_u64(q, 0, 1) != 0;
	folder.is_name = folder.mailbox != 0;
	if (db_row(q) < 0)
		return -EUCLEAN;
	if (arena_copy(names->arena, name, &folder.name) < 0)
		return -ENOMEM;
	added = add(names, folder.name);
	if (added == NULL)
		return -ENOMEM;
	*added = folder;
	return 0;
}

static int
read_names(struct account *account, struct names *names)
{
	DB_QUERY_AUTO	q = db_ask(account->index->db, SQL_NAMES);
	int		r;

	while ((r = db_next(&q)) > 0) {
		r = read_name(names, &q);
		if (r < 0)
			return r;
	}
	return r;
}

static bool
is_below(struct slice name, struct slice parent)
{
	return name.len > parent.len &&
	    name.at[parent.len] == FOLDER_SEPARATOR &&
	    slice_is(slice_first(name, parent.len), parent);
}

static bool
is_in_inbox(struct slice name)
{
	struct slice inbox = SLICE("INBOX");

	return slice_is(name, inbox) || is_below(name, inbox);
}

/* The separator before every other byte: what is below comes right behind. */
static int
order_names(struct slice a, struct slice b)
{
	size_t least = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < least; i++) {
		unsigned char left = (unsigned char)a.at[i];
		unsigned char right = (unsigned char)b.at[i];

		if (left == right)
			continue;
		if (left == FOLDER_SEPARATOR || right == FOLDER_SEPARATOR)
			return left == FOLDER_SEPARATOR ? -1 : 1;
		return left < right ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int
order_folders(const void *a, const void *b)
{
	struct slice left = ((const struct folder *)a)->name;
	struct slice right = ((const struct folder *)b)->name;

	if (is_in_inbox(left) != is_in_inbox(right))
		return is_in_inbox(left) ? -1 : 1;
	return order_names(left, right);
}

static void
sort(struct names *names)
{
	if (names->count > 0)
		qsort(names->folders, names->count, sizeof(*names->folders),
		    order_folders);
}

static struct folder *
find(const struct names *names, size_t count, struct slice name)
{
	struct folder key = { .name = name };

	return bsearch(&key, names->folders, count, sizeof(key),
	    order_folders);
}

/*
 * The levels above mailbox `name`: each has children, and is a name.  Those not
 * among the first `count`, which are in order, are added behind them.
 */
static int
add_levels(struct names *names, size_t count, struct slice name)
{
	for (size_t i = name.len; i-- > 0; ) {
		struct slice level = slice_first(name, i);
		struct folder *folder;

		if (name.at[i] != FOLDER_SEPARATOR || i == 0)
			continue;
		folder = find(names, count, level);
		if (folder == NULL) {
			folder = add(names, level);
			if (folder == NULL)
				return -ENOMEM;
		}
		folder->is_name = folder->has_children = true;
	}
	return 0;
}

/* Of several of one name, which levels of two mailboxes may be, one stays. */
static void
merge(struct names *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++)
		if (kept == 0 || !slice_is(names->folders[i].name,
		    names->folders[kept - 1].name))
			names->folders[kept++] = names->folders[i];
	names->count = kept;
}

int
folders_each(struct account *account, folder_fn *fn, void *arg)
{
	ARENA_AUTO arena = arena_new(NAMES_BUDGET);
	struct names names = { .arena = arena };
	size_t rows;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = account->failed ? -EIO : read_names(account, &names);
	sort(&names);
	rows = names.count;
	for (size_t i = 0; r == 0 && i < rows; i++)
		if (names.folders[i].mailbox != 0)
			r = add_levels(&names, rows, names.folders[i].name);
	if (r < 0)
		return r;
	sort(&names);
	merge(&names);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = fn(arg, &names.folders[i]);
	return r;
}

int
folder_find(struct account *account, struct slice name, uint32_t *mailbox_out)
{
	struct folder_name form;
	int r;

	if (account->failed)
		return -EIO;
	r = mailboxes_find(account->index, name, mailbox_out);
	if (r == -ENOENT && folder_name(name, &form) == -EINVAL)
		return -EINVAL;
	return r;
}

int
folder_status(struct account *account, uint32_t mailbox,
    struct folder_status *status_out)
{
	const struct mailbox *found = index_mailbox(account->index, mailbox);

	if (found == NULL)
		return -ENOENT;
	*status_out = (struct folder_status){
		.mailbox = mailbox,
		.uidvalidity = found->uidvalidity,
		/* RFC 9051 2.3.1.1: of a mailbox that has given them all no
		 * number is to come, and 0 would be no number */
		.uidnext = found->uids_kept.next > UINT32_MAX ? UINT32_MAX :
		    (uint32_t)found->uids_kept.next,
		.messages = found->tally_kept.messages,
		.unseen = found->tally_kept.unseen,
		.deleted = found->tally_kept.deleted,
		.bytes = found->tally_kept.bytes,
		.highest_modseq = found->tally_kept.modseq
	};
	return 0;
}
