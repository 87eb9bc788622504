/*
 * selected.c - what one IMAP session sees of its mailbox
 *
 * Every change of an entry goes through this process, so a view is never read
 * again: who changes an entry marks it in each view of its mailbox, after the
 * commit.  What came since is read above the last UID.  A view lists a letter
 * whose entry has gone until its client was told; that letter is held, unless
 * the view is one that was closed and is kept for the next that is opened.
 */
#include "store/selected.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"
#include "store/selected_inside.h"

/* Somebody who opens mailboxes in turn is back before that. */
#define KEPT_MS	10000

static int
reserve(struct selected *selected, size_t room)
{
	struct selected_letter *grown;

	if (room <= selected->room)
		return 0;
	grown = reallocarray(selected->letters, room, sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	selected->letters = grown;
	selected->room = room;
	return 0;
}

/* A row that makes no sense is a letter all the same: mail is never hidden. */
static int
read_entry(struct selected *selected, struct db_query *q)
{
	uint64_t floor = selected->account->index->marks.modseq_floor;
	struct selected_letter *letter;
	struct slice words;
	int r = 0;

	if (selected->count == selected->room)
		r = reserve(selected, selected->room * 2 + 64);
	if (r < 0)
		return r;
	letter = &selected->letters[selected->count];
	letter->uid = INDEX_UID(db_u64(q, 0, INT64_MAX));
	letter->letter = db_u64(q, 0, INT64_MAX);
	letter->flags = (uint8_t)db_u64(q, 0, LETTER_ALL_FLAGS);
	letter->modseq = db_u64(q, 1, INT64_MAX);
	if (letter->modseq < floor)
		letter->modseq = floor;
	letter->marks = 0;
	letter->is_recent = false;
	letter->keywords = 0;
	words = db_blob(q, 0, KEYWORDS_MOST);
	if (words.len > 0)
		r = keywords_number(selected->account->keywords, words,
		    &letter->keywords);
	selected->count += r == 0;
	return r;
}

/* Of the letters from place `from` on those nobody was told of to write. */
static void
mark_recent(struct selected *selected, size_t from,
    const struct mailbox *mailbox)
{
	for (size_t i = selected->count; i-- > from &&
	    selected->letters[i].uid >= mailbox->recent; ) {
		selected->letters[i].is_recent = true;
		selected->recent++;
	}
}

/* All that the view knows of was told to a session that may write. */
static void
claim(const struct selected *selected, struct mailbox *mailbox)
{
	if (selected->claims && mailbox->recent < selected->uidnext)
		mailbox->recent = selected->uidnext;
}

/* Letters from UID selected->uidnext on, as far as they are committed. */
static int
read_new(struct selected *selected, struct mailbox *mailbox)
{
	DB_QUERY_AUTO	q = db_ask(selected->account->index->db,
			    SQL_SELECTED);
	size_t		before = selected->count;
	uint64_t	next = mailbox->uids_kept.next;
	int		r;

	db_put_u64(&q, ENTRY_FIRST(mailbox->id) | selected->uidnext);
	db_put_u64(&q, ENTRY_FIRST(mailbox->id) + next - 1);
	while ((r = db_next(&q)) > 0) {
		r = read_entry(selected, &q);
		if (r < 0)
			break;
	}
	if (r < 0) {
		selected->count = before;
		return r;
	}
	selected->uidnext = next;
	mark_recent(selected, before, mailbox);
	claim(selected, mailbox);
	return 0;
}

static int
fill(struct selected *selected)
{
	struct index *index = selected->account->index;
	struct mailbox *mailbox = index_mailbox(index, selected->mailbox);
	int r;

	if (mailbox == NULL)
		return -ENOENT;
	mark_recent(selected, 0, mailbox);
	r = reserve(selected, (size_t)mailbox->tally_kept.messages + 1);
	if (r == 0)
		r = read_new(selected, mailbox);
	if (r == 0)
		selected->modseq = mailbox->tally_kept.modseq;
	return r;
}

/* Another view of its mailbox, or the one kept; or NULL. */
static const struct selected *
find_other(const struct selected *selected)
{
	const struct selected *other;

	LIST_FOREACH(other, &selected->account->selecteds, link)
		if (other->mailbox == selected->mailbox && !other->is_gone)
			return other;
	return NULL;
}

/* What another view lists need not be read again. */
static int
begin_from(struct selected *selected, const struct selected *other)
{
	int r = reserve(selected, other->count + 1);

	if (r < 0)
		return r;
	for (size_t i = 0; i < other->count; i++) {
		if ((other->letters[i].marks & SELECTED_GONE) != 0)
			continue;
		selected->letters[selected->count] = other->letters[i];
		selected->letters[selected->count].is_recent = false;
		selected->letters[selected->count++].marks = 0;
	}
	selected->uidnext = other->uidnext;
	return 0;
}

static void
drop(struct selected *selected)
{
	LIST_REMOVE(selected, link);
	free(selected->letters);
	free(selected);
}

int
selected_open(struct account *account, uint32_t mailbox,
    struct selected **selected_out)
{
	struct selected *selected;
	const struct selected *other;
	int r;

	r = account_commit_open(account);
	if (r < 0)
		return r;
	selected = calloc(1, sizeof(*selected));
	if (selected == NULL)
		return -ENOMEM;
	selected->account = account;
	selected->mailbox = mailbox;
	selected->uidnext = 1;
	other = find_other(selected);
	if (other != NULL)
		r = begin_from(selected, other);
	if (r == 0)
		r = fill(selected);
	if (r < 0) {
		free(selected->letters);
		free(selected);
		return r;
	}
	LIST_INSERT_HEAD(&account->selecteds, selected, link);
	*selected_out = selected;
	return 0;
}

/*
 * The largest one that was closed stays, as one without a client: a person opens
 * the same mailbox again and again.
 */
void
selected_close(struct selected *selected)
{
	struct selected *kept;

	if (selected == NULL)
		return;
	kept = selected->account->kept_view;
	if (selected->is_gone || (kept != NULL && !kept->is_gone &&
	    kept->mailbox != selected->mailbox &&
	    kept->count > selected->count)) {
		drop(selected);
		return;
	}
	if (kept != NULL)
		drop(kept);
	selected->closed_at_ms = clock_ms();
	selected->account->kept_view = selected;
}

void
selected_rest(struct account *account)
{
	struct selected *kept = account->kept_view;

	if (kept == NULL || LIST_FIRST(&account->selecteds) != kept ||
	    LIST_NEXT(kept, link) != NULL ||
	    clock_ms() - kept->closed_at_ms < KEPT_MS)
		return;
	drop(kept);
	account->kept_view = NULL;
}

void
selected_close_all(struct account *account)
{
	account->kept_view = NULL;
	while (!LIST_EMPTY(&account->selecteds))
		drop(LIST_FIRST(&account->selecteds));
}

void
selected_claim(struct selected *selected)
{
	struct mailbox *mailbox = index_mailbox(selected->account->index,
	    selected->mailbox);

	selected->claims = true;
	if (mailbox != NULL)
		claim(selected, mailbox);
}

uint32_t
selected_mailbox(const struct selected *selected)
{
	return selected->mailbox;
}

bool
selected_is_gone(const struct selected *selected)
{
	return selected->is_gone;
}

size_t
selected_recent(const struct selected *selected)
{
	return selected->recent;
}

size_t
selected_count(const struct selected *selected)
{
	return selected->count;
}

const struct selected_letter *
selected_at(const struct selected *selected, size_t n)
{
	return n < selected->count ? &selected->letters[n] : NULL;
}

size_t
selected_find(const struct selected *selected, uint32_t uid)
{
	size_t low = 0, high = selected->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (selected->letters[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
selected_uidnext(const struct selected *selected)
{
	return selected->uidnext > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)selected->uidnext;
}

uint64_t
selected_modseq(const struct selected *selected)
{
	return selected->modseq;
}

bool
selected_is_expunged(const struct selected *selected, size_t n)
{
	return n < selected->count &&
	    (selected->letters[n].marks & SELECTED_GONE) != 0;
}

struct slice
selected_words(const struct selected *selected, uint32_t keywords)
{
	return keywords_words(selected->account->keywords, keywords);
}

/* Words */

struct words {
	struct keywords	*told;		/* each by itself, in capitals */
	selected_word_fn *fn;
	void		*arg;
};

/* Tell a word unless it was. */
static int
tell_word(struct words *words, struct slice word)
{
	uint32_t count = keywords_count(words->told), number;
	TEXT_AUTO capitals = TEXT_INIT(KEYWORDS_MOST);
	int r;

	for (size_t i = 0; i < word.len; i++)
		text_add_byte(&capitals, word.at[i] >= 'a' && word.at[i] <= 'z' ?
		    (char)(word.at[i] - 'a' + 'A') : word.at[i]);
	r = text_failed(&capitals) ? -ENOMEM : keywords_number(words->told,
	    text_slice(&capitals), &number);
	return r < 0 || number < count ? r : words->fn(words->arg, word);
}

static int
tell_words(struct words *words, struct slice set)
{
	struct slice word;
	int r = 0;

	while (r == 0 && slice_word(&set, &word))
		r = tell_word(words, word);
	return r;
}

int
selected_each_word(const struct selected *selected, selected_word_fn *fn,
    void *arg)
{
	uint32_t count = keywords_count(selected->account->keywords);
	struct words words = { keywords_new(), fn, arg };
	bool *told = calloc(count, sizeof(*told));
	int r = told == NULL || words.told == NULL ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < selected->count; i++) {
		uint32_t set = selected->letters[i].keywords;

		if (set == 0 || told[set])
			continue;
		told[set] = true;
		r = tell_words(&words, selected_words(selected, set));
	}
	keywords_free(words.told);
	free(told);
	return r;
}

/* What others did */

static void
mark_gone(struct selected *selected, struct selected_letter *letter,
    bool is_gone)
{
	if (((letter->marks & SELECTED_GONE) != 0) == is_gone)
		return;
	letter->marks ^= SELECTED_GONE;
	if (is_gone)
		selected->gone++;
	else
		selected->gone--;
}

/* Entries that ascend mostly stand side by side in the view as well. */
static void
mark_all_gone(struct selected *selected, const uint64_t *entries, size_t count,
    bool is_gone)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		uint32_t uid = INDEX_UID(entries[i]);

		if (INDEX_MAILBOX(entries[i]) != selected->mailbox)
			continue;
		if (n >= selected->count || selected->letters[n].uid != uid)
			n = selected_find(selected, uid);
		if (n < selected->count && selected->letters[n].uid == uid)
			mark_gone(selected, &selected->letters[n++], is_gone);
	}
}

void
selected_mark_gone(struct account *account, const uint64_t *entries,
    size_t count, bool is_gone)
{
	struct selected *selected;

	LIST_FOREACH(selected, &account->selecteds, link)
		mark_all_gone(selected, entries, count, is_gone);
}

void
selected_mark_all_gone(struct account *account, uint32_t mailbox,
    bool is_deleted)
{
	struct selected *selected;

	LIST_FOREACH(selected, &account->selecteds, link) {
		if (selected->mailbox != mailbox)
			continue;
		for (size_t i = 0; i < selected->count; i++)
			selected->letters[i].marks |= SELECTED_GONE;
		selected->gone = selected->count;
		selected->is_gone = selected->is_gone || is_deleted;
	}
}

static int
order_numbers(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

int
selected_held(const struct account *account, uint64_t **letters_out,
    size_t *count_out)
{
	const struct selected *selected;
	uint64_t *letters;
	size_t room = 0, count = 0;

	*letters_out = NULL;
	*count_out = 0;
	LIST_FOREACH(selected, &account->selecteds, link)
		if (selected != account->kept_view)
			room += selected->gone;
	if (room == 0)
		return 0;
	letters = calloc(room, sizeof(*letters));
	if (letters == NULL)
		return -ENOMEM;
	LIST_FOREACH(selected, &account->selecteds, link) {
		size_t left = selected == account->kept_view ? 0 :
		    selected->gone;

		for (size_t i = 0; left > 0; i++)
			if (selected->letters[i].marks & SELECTED_GONE) {
				letters[count++] = selected->letters[i].letter;
				left--;
			}
	}
	qsort(letters, count, sizeof(*letters), order_numbers);
	*letters_out = letters;
	*count_out = count;
	return 0;
}

/* Telling */

/* 1: the session wants no more now. */
static int
tell_expunged(struct selected *selected, const struct selected_teller *teller,
    void *arg)
{
	struct selected_letter *letters = selected->letters;
	size_t kept = 0, i;
	int r = 0;

	if (selected->gone == 0)
		return 0;
	for (i = 0; i < selected->count && r == 0; i++) {
		if ((letters[i].marks & SELECTED_GONE) == 0) {
			letters[kept++] = letters[i];
			continue;
		}
		selected->gone--;
		selected->recent -= letters[i].is_recent;
		if (teller->expunged != NULL)
			r = teller->expunged(arg, kept, letters[i].uid);
	}
	memmove(&letters[kept], &letters[i],
	    (selected->count - i) * sizeof(*letters));
	selected->count = kept + selected->count - i;
	return r != 0;
}

static int
tell_exists(struct selected *selected, const struct selected_teller *teller,
    void *arg)
{
	struct mailbox *mailbox = index_mailbox(selected->account->index,
	    selected->mailbox);
	size_t before = selected->count;
	int r;

	if (mailbox == NULL || selected->is_gone)
		return 0;
	if (mailbox->uids_kept.next <= selected->uidnext)
		return 0;
	r = read_new(selected, mailbox);
	if (r < 0)
		return r;
	if (selected->count == before || teller->exists == NULL)
		return 0;
	return teller->exists(arg, selected->count) != 0;
}

static int
tell_changed(struct selected *selected, const struct selected_teller *teller,
    void *arg)
{
	for (size_t i = 0; selected->has_changed && i < selected->count; i++) {
		struct selected_letter *letter = &selected->letters[i];

		if ((letter->marks & SELECTED_CHANGED) == 0)
			continue;
		letter->marks &= (uint8_t)~SELECTED_CHANGED;
		/* of one that is gone its client hears that only */
		if ((letter->marks & SELECTED_GONE) != 0 ||
		    teller->changed == NULL)
			continue;
		if (teller->changed(arg, i) != 0)
			return 1;
	}
	selected->has_changed = false;
	return 0;
}

int
selected_update(struct selected *selected, bool may_expunge,
    const struct selected_teller *teller, void *arg)
{
	const struct mailbox *mailbox = index_mailbox(
	    selected->account->index, selected->mailbox);
	int r = 0;

	if (selected->account->failed)
		return -EIO;
	if (may_expunge)
		r = tell_expunged(selected, teller, arg);
	if (r == 0)
		r = tell_exists(selected, teller, arg);
	if (r == 0)
		r = tell_changed(selected, teller, arg);
	if (r == 0 && mailbox != NULL && selected->gone == 0)
		selected->modseq = mailbox->tally_kept.modseq;
	return r;
}

void
selected_was_told(struct selected *selected, size_t n)
{
	if (n < selected->count)
		selected->letters[n].marks &= (uint8_t)~SELECTED_CHANGED;
}

bool
selected_has_news(const struct selected *selected, bool may_expunge)
{
	const struct mailbox *mailbox = index_mailbox(
	    selected->account->index, selected->mailbox);

	return selected->has_changed || (may_expunge && selected->gone > 0) ||
	    (mailbox != NULL && !selected->is_gone &&
	    mailbox->uids_kept.next > selected->uidnext);
}
