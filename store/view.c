/*
 * view.c - what a session sees of a mailbox, and deleting from it
 *
 * A view holds row numbers, never places: compaction may move a letter's bytes
 * under it.  A letter whose last entry goes while another view lists it becomes
 * an orphan, with a row that says so; the last of those views drops it, or the
 * next account_open() after a crash.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/selected_inside.h"

/* Opening */

static void
uidl_of(const struct letter_row *row, char uidl[UIDL_CHARS])
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&row->id, id);
	(void)snprintf(uidl, UIDL_CHARS, "%s.%x", id, row->action);
}

static int
grow(struct view *view)
{
	size_t room = view->room == 0 ? 64 : view->room * 2;
	struct letter *letters;

	letters = reallocarray(view->letters, room, sizeof(*letters));
	if (letters == NULL)
		return -ENOMEM;
	view->letters = letters;
	view->room = room;
	return 0;
}

/*
 * One more letter.  One whose row makes no sense is listed as well, empty:
 * mail is never hidden, and reading it says what is wrong.
 */
static int
add_letter(void *arg, uint64_t entry, uint64_t number,
    const struct letter_row *row)
{
	struct view *view = arg;
	struct letter *letter;
	int r;

	if (view->count == view->room) {
		r = grow(view);
		if (r < 0)
			return r;
	}
	letter = &view->letters[view->count++];
	memset(letter, 0, sizeof(*letter));
	letter->letter = number;
	letter->entry = entry;
	letter->uid = INDEX_UID(entry);
	if (row == NULL) {
		(void)snprintf(letter->uidl, UIDL_CHARS, "damaged.%llx",
		    (unsigned long long)entry);
		return 0;
	}
	letter->lacks_crlf = row->lacks_crlf;
	letter->bytes = row->trace_bytes + row->body_bytes +
	    (row->lacks_crlf ? 2 : 0);
	uidl_of(row, letter->uidl);
	return 0;
}

static int
order_letters(const void *a, const void *b, void *arg)
{
	const struct letter *letters = arg;
	uint64_t left = letters[*(const size_t *)a].letter;
	uint64_t right = letters[*(const size_t *)b].letter;

	return left < right ? -1 : left > right;
}

static void
view_free(struct view *view)
{
	free(view->letters);
	free(view->marks);
	free(view->by_letter);
	free(view);
}

/*
 * Make ready for holds(): the letters in order of their number, which is that
 * of the UIDs until one is copied or moved here.
 */
static int
order_view(struct view *view)
{
	bool in_order = true;

	view->marks = calloc(view->count + 1, sizeof(*view->marks));
	if (view->marks == NULL)
		return -ENOMEM;
	for (size_t i = 1; i < view->count && in_order; i++)
		in_order = view->letters[i - 1].letter <=
		    view->letters[i].letter;
	if (in_order)
		return 0;
	view->by_letter = calloc(view->count, sizeof(*view->by_letter));
	if (view->by_letter == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < view->count; i++)
		view->by_letter[i] = i;
	qsort_r(view->by_letter, view->count, sizeof(*view->by_letter),
	    order_letters, view->letters);
	return 0;
}

int
account_view_open(struct account *account, uint32_t mailbox,
    struct view **view_out)
{
	struct view *view;
	int r;

	/* nobody may see what could still be undone */
	r = account_commit_open(account);
	if (r < 0)
		return r;
	view = calloc(1, sizeof(*view));
	if (view == NULL)
		return -ENOMEM;
	view->mailbox = mailbox;
	r = index_list(account->index, mailbox, add_letter, view);
	if (r == 0)
		r = order_view(view);
	if (r < 0) {
		view_free(view);
		return r;
	}
	LIST_INSERT_HEAD(&account->views, view, link);
	*view_out = view;
	return 0;
}

size_t
view_count(const struct view *view)
{
	return view->count;
}

const struct letter *
view_letter(const struct view *view, size_t n)
{
	return n < view->count ? &view->letters[n] : NULL;
}

int
account_read(struct account *account, const struct view *view, size_t n,
    struct letter_bytes *bytes_out)
{
	if (n >= view->count)
		return -EINVAL;
	if (view->marks[n] != VIEW_KEPT)
		return -ENOENT;
	return account_read_held(account, view->letters[n].letter, bytes_out);
}

/* Deleting */

/* The place in the view of the n-th letter in order of number. */
static size_t
nth(const struct view *view, size_t n)
{
	return view->by_letter == NULL ? n : view->by_letter[n];
}

/* The view lists the letter and has not deleted it itself. */
static bool
holds(const struct view *view, uint64_t letter)
{
	size_t low = 0, high = view->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (view->letters[nth(view, middle)].letter < letter)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < view->count; low++) {
		size_t n = nth(view, low);

		if (view->letters[n].letter != letter)
			break;
		if (view->marks[n] == VIEW_KEPT)
			return true;
	}
	return false;
}

static int
order_entries(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* What views of IMAP sessions hold; those of POP3 are asked. */
struct held {
	struct account	*account;
	uint64_t	*letters;	/* in order */
	size_t		 count;
};

static bool
is_held(void *arg, uint64_t letter)
{
	struct held *held = arg;
	struct view *view;

	LIST_FOREACH(view, &held->account->views, link)
		if (holds(view, letter))
			return true;
	return held->count > 0 && bsearch(&letter, held->letters, held->count,
	    sizeof(letter), order_entries) != NULL;
}

/* What cannot be told now, or not be noted as told, is told another time. */
void
account_tell_unrefs(struct account *account)
{
	int r;

	/* one that an APPEND just fills is noted, too, and not to be told */
	if (account->unref == NULL || account->expected > 0)
		return;
	r = index_unref(account->index, account->unref, account->unref_arg);
	if (r < 0)
		(void)account_undo(account, r);
	else
		(void)account_commit_open(account);
}

int
account_drop_orphans(struct account *account, size_t most, enum index_how how)
{
	struct held held = { .account = account };
	int r, has_more;

	has_more = selected_held(account, &held.letters, &held.count);
	if (has_more == 0)
		has_more = index_drop(account->index, most, is_held, &held);
	free(held.letters);
	if (has_more < 0)
		return account_undo(account, has_more);
	r = how == INDEX_FULL ? account_commit_full(account) :
	    account_commit_open(account);
	if (r < 0)
		return r;
	account_tell_unrefs(account);
	return has_more;
}

void
account_on_unref(struct account *account, account_unref_fn *fn, void *arg)
{
	account->unref = fn;
	account->unref_arg = arg;
	/* what could not be told until now */
	if (account_commit_open(account) == 0)
		account_tell_unrefs(account);
}

void
account_view_close(struct account *account, struct view *view)
{
	if (view == NULL)
		return;
	LIST_REMOVE(view, link);
	view_free(view);
	/* an error leaves the orphans for the next close, or the next open */
	if (account_commit_open(account) == 0)
		(void)account_drop_orphans(account, SIZE_MAX, INDEX_NORMAL);
}

/* The entries to delete, ascending, each once. */
static int
entries_of(const struct view *view, const size_t *numbers, size_t count,
    uint64_t **entries_out, size_t *count_out)
{
	uint64_t *entries = calloc(count + 1, sizeof(*entries));
	size_t kept = 0;

	if (entries == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] >= view->count) {
			free(entries);
			return -EINVAL;
		}
		entries[i] = view->letters[numbers[i]].entry;
	}
	qsort(entries, count, sizeof(*entries), order_entries);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || entries[i] != entries[kept - 1])
			entries[kept++] = entries[i];
	*entries_out = entries;
	*count_out = kept;
	return 0;
}

/* Marks of one kind become another; only letters in `numbers` have them. */
static void
remark(const struct view *view, const size_t *numbers, size_t count,
    enum view_mark from, enum view_mark to)
{
	for (size_t i = 0; i < count; i++)
		if (view->marks[numbers[i]] == from)
			view->marks[numbers[i]] = to;
}

int
account_expunge(struct account *account, const struct view *view,
    const size_t *numbers, size_t count)
{
	uint64_t *entries;
	size_t entry_count;
	int r;

	if (count == 0)
		return 0;
	r = entries_of(view, numbers, count, &entries, &entry_count);
	if (r < 0)
		return r;
	r = account_commit_open(account);
	if (r == 0) {
		r = index_expunge(account->index, entries, entry_count,
		    NULL, NULL);
		if (r < 0)
			(void)account_undo(account, r);
	}
	if (r < 0) {
		free(entries);
		return r;
	}
	/* this view's session knows that they go: it does not hold them */
	remark(view, numbers, count, VIEW_KEPT, VIEW_DELETING);
	selected_mark_gone(account, entries, entry_count, true);
	r = account_drop_orphans(account, SIZE_MAX, INDEX_FULL);
	if (r < 0)
		selected_mark_gone(account, entries, entry_count, false);
	remark(view, numbers, count, VIEW_DELETING,
	    r < 0 ? VIEW_KEPT : VIEW_DELETED);
	free(entries);
	return r;
}
