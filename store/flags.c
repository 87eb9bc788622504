/*
 * flags.c - a session changes the letters of its view
 *
 * What a letter is, the view knows: every commit brings it up to date.  So the
 * new flags are computed in memory, written in one transaction, and given to
 * every view of the mailbox once that is committed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/lessons.h"
#include "store/selected_inside.h"

/* A letter that is to be other than it was. */
struct changed {
	size_t		n;
	uint32_t	keywords;
	uint8_t		flags;
};

struct changing {
	struct selected	*selected;
	const struct flag_change *change;
	struct changed	*changed;
	size_t		 count;
	/* the last set that was asked for, and what becomes of it */
	bool		 has_last;
	uint32_t	 before, after;
};

/* The set that becomes of set `before`. */
static int
merge(struct changing *changing, uint32_t before, uint32_t *after_out)
{
	const struct flag_change *change = changing->change;
	struct keywords *keywords = changing->selected->account->keywords;
	TEXT_AUTO text = TEXT_INIT(KEYWORDS_MOST);
	struct slice words = keywords_words(keywords, before);
	int r;

	if (change->keeps_keywords ||
	    (change->how != FLAG_SET && change->keywords.len == 0)) {
		*after_out = before;
		return 0;
	}
	if (change->how == FLAG_ADD)
		keywords_add(&text, words);
	if (change->how == FLAG_REMOVE)
		keywords_add_without(&text, words, change->keywords);
	else
		keywords_add(&text, change->keywords);
	if (text_failed(&text))
		return -E2BIG;
	r = keywords_number(keywords, text_slice(&text), after_out);
	if (r == 0 && keywords_count(keywords) > KEYWORD_SETS_MOST)
		r = -E2BIG;
	return r;
}

static int
merge_cached(struct changing *changing, uint32_t before, uint32_t *after_out)
{
	int r = 0;

	if (!changing->has_last || changing->before != before)
		r = merge(changing, before, &changing->after);
	if (r < 0)
		return r;
	changing->has_last = true;
	changing->before = before;
	*after_out = changing->after;
	return 0;
}

static uint8_t
flags_after(const struct flag_change *change, uint8_t before)
{
	switch (change->how) {
	case FLAG_ADD:
		return before | change->flags;
	case FLAG_REMOVE:
		return (uint8_t)(before & ~change->flags);
	default:
		return (uint8_t)((before & change->keeps) |
		    (change->flags & ~change->keeps));
	}
}

static int
compute_one(struct changing *changing, size_t n, selected_refused_fn *refused,
    void *arg)
{
	const struct selected_letter *letter;
	struct changed *changed = &changing->changed[changing->count];
	int r;

	if (n >= changing->selected->count)
		return -EINVAL;
	letter = &changing->selected->letters[n];
	if ((letter->marks & SELECTED_GONE) != 0)
		return 0;
	if (letter->modseq > changing->change->unchanged_since) {
		if (refused != NULL)
			refused(arg, n);
		return 0;
	}
	changed->n = n;
	changed->flags = flags_after(changing->change, letter->flags);
	r = merge_cached(changing, letter->keywords, &changed->keywords);
	if (r == 0 && (changed->flags != letter->flags ||
	    changed->keywords != letter->keywords))
		changing->count++;
	return r;
}

/*
 * Letters that stand side by side in the view and get the same words: nobody is
 * between them, so they are one statement.
 */
static int
write_run(const struct changing *changing, uint32_t mailbox,
    const struct changed *first, const struct changed *last, uint64_t modseq)
{
	const struct selected *selected = changing->selected;
	const struct flag_change *change = changing->change;
	struct db_query q = db_ask(selected->account->index->db,
	    SQL_ENTRIES_FLAGS);

	/* the change is of bits, for they may have others beside it */
	db_put_u64(&q, change->how == FLAG_SET ? 0 : LETTER_ALL_FLAGS &
	    ~(unsigned)change->flags);
	db_put_u64(&q, change->how == FLAG_REMOVE ? 0 : change->flags);
	db_put_blob(&q, keywords_words(selected->account->keywords,
	    first->keywords));
	db_put_u64(&q, modseq);
	db_put_u64(&q, ENTRY_FIRST(mailbox) | selected->letters[first->n].uid);
	db_put_u64(&q, ENTRY_FIRST(mailbox) | selected->letters[last->n].uid);
	return db_run(&q);
}

static int
write_changes(const struct changing *changing, struct mailbox *mailbox,
    uint64_t modseq)
{
	const struct changed *changed = changing->changed;
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < changing->count; i = end) {
		for (end = i + 1; end < changing->count &&
		    changed[end].n == changed[end - 1].n + 1 &&
		    changed[end].keywords == changed[i].keywords; end++)
			;
		r = write_run(changing, mailbox->id, &changed[i],
		    &changed[end - 1], modseq);
	}
	for (size_t i = 0; i < changing->count; i++)
		tally_change(mailbox, changing->selected->letters[
		    changed[i].n].flags, changed[i].flags, modseq);
	return r;
}

/* New words may say that it is spam, or is not. */
static int
note_lessons(const struct changing *changing, uint64_t modseq)
{
	const struct selected *selected = changing->selected;
	const struct keywords *keywords = selected->account->keywords;
	int r = 0;

	for (size_t i = 0; r == 0 && i < changing->count; i++) {
		const struct changed *changed = &changing->changed[i];
		const struct selected_letter *letter =
		    &selected->letters[changed->n];
		bool is_read = ((letter->flags | changed->flags) &
		    LETTER_SEEN) != 0;
		enum lesson said;

		if (changed->keywords == letter->keywords)
			continue;
		said = lessons_of_words(keywords_words(keywords,
		    changed->keywords), is_read);
		if (said != lessons_of_words(keywords_words(keywords,
		    letter->keywords), is_read))
			r = lessons_note(selected->account->index,
			    letter->letter, modseq, said);
	}
	return r;
}

static int
write_all(struct changing *changing, uint64_t *modseq_out)
{
	struct account *account = changing->selected->account;
	struct mailbox *mailbox = index_mailbox(account->index,
	    changing->selected->mailbox);
	int r;

	if (mailbox == NULL)
		return -ENOENT;
	r = account_commit_open(account);
	if (r == 0 && changing->change->how != FLAG_REMOVE)
		r = vocabulary_admit(&account->vocabulary, account->index,
		    mailbox->id, changing->change->keywords);
	if (r == 0)
		r = db_begin(account->index->db);
	if (r == 0)
		r = index_take_modseq(account->index, modseq_out);
	if (r == 0)
		r = write_changes(changing, mailbox, *modseq_out);
	if (r == 0)
		r = note_lessons(changing, *modseq_out);
	if (r < 0)
		return account_undo(account, r);
	account->wants_sync = true;
	account->must_be_full = account->index->marks.must_be_full;
	return account_commit_open(account);
}

/* What view `other` lists of the letter at place `n` of `selected`. */
static struct selected_letter *
same_letter(const struct selected *selected, size_t n, struct selected *other)
{
	uint32_t uid = selected->letters[n].uid;

	if (other == selected)
		return &other->letters[n];
	n = selected_find(other, uid);
	return n < other->count && other->letters[n].uid == uid ?
	    &other->letters[n] : NULL;
}

static void
apply(const struct changing *changing, struct selected *other, uint64_t modseq)
{
	const struct selected *selected = changing->selected;
	bool is_told = other != selected || changing->change->tell_me;

	for (size_t i = 0; i < changing->count; i++) {
		const struct changed *changed = &changing->changed[i];
		struct selected_letter *letter = same_letter(selected,
		    changed->n, other);

		if (letter == NULL)
			continue;
		letter->flags = changed->flags;
		letter->keywords = changed->keywords;
		letter->modseq = modseq;
		if (is_told)
			letter->marks |= SELECTED_CHANGED;
	}
	other->has_changed = other->has_changed || is_told;
}

int
selected_flag(struct selected *selected, const size_t *numbers, size_t count,
    const struct flag_change *change, selected_refused_fn *refused, void *arg,
    uint64_t *modseq_out)
{
	struct changing changing = { .selected = selected, .change = change };
	struct selected *other;
	uint64_t modseq = 0;
	int r = 0;

	if (count > SELECTED_STEP)
		return -E2BIG;
	if ((change->flags & ~LETTER_ALL_FLAGS) != 0 ||
	    !keywords_are_valid(change->keywords))
		return -EINVAL;
	if (selected->account->failed)
		return -EIO;
	changing.changed = calloc(count + 1, sizeof(*changing.changed));
	if (changing.changed == NULL)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = compute_one(&changing, numbers[i], refused, arg);
	if (r == 0 && changing.count > 0)
		r = write_all(&changing, &modseq);
	if (r == 0)
		LIST_FOREACH(other, &selected->account->selecteds, link)
			if (other->mailbox == selected->mailbox)
				apply(&changing, other, modseq);
	free(changing.changed);
	if (r == 0)
		*modseq_out = modseq;
	return r;
}

/*
 * The entries of these letters, whose places ascend; those deleted are passed
 * over.  0, -EINVAL or -E2BIG (more than EXPUNGE_STEP).
 */
static int
entries_of(const struct selected *selected, const size_t *numbers,
    size_t count, uint64_t *entries, size_t *count_out)
{
	size_t kept = 0;

	if (count > EXPUNGE_STEP)
		return -E2BIG;
	for (size_t i = 0; i < count; i++) {
		if (numbers[i] >= selected->count ||
		    (i > 0 && numbers[i] <= numbers[i - 1]))
			return -EINVAL;
		if ((selected->letters[numbers[i]].marks & SELECTED_GONE) == 0)
			entries[kept++] = ENTRY_FIRST(selected->mailbox) |
			    selected->letters[numbers[i]].uid;
	}
	*count_out = kept;
	return 0;
}

int
selected_expunge(struct selected *selected, const size_t *numbers,
    size_t count, struct message_id *ids_out, size_t *known_out)
{
	struct account *account = selected->account;
	uint64_t entries[EXPUNGE_STEP];
	size_t kept;
	int r;

	r = entries_of(selected, numbers, count, entries, &kept);
	if (r == 0)
		r = account_commit_open(account);
	if (r == 0 && known_out != NULL)
		*known_out = 0;
	if (r < 0 || kept == 0)
		return r;
	r = index_expunge(account->index, entries, kept, ids_out, known_out);
	if (r < 0)
		return account_undo(account, r);
	r = account_commit_full(account);
	if (r == 0)
		selected_mark_gone(account, entries, kept, true);
	return r;
}
