/*
 * copying.c - COPY and MOVE from a view into a mailbox of the same account
 *
 * Until a COPY is finished the entries of each of its steps are named by a row,
 * in the same commit as they.  Others see them come, and go again if it fails:
 * a UID that was shown is never given to another letter.
 */
#include "store/copying.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/loop.h"
#include "store/selected_inside.h"
#include "store/unfinished.h"

struct copying {
	struct selected	*from;
	uint32_t	 to;
	uint32_t	 uidvalidity;
	bool		 is_move;
	uint8_t		 flags;		/* that copies have */
	bool		 keywords;	/* and their words */
	bool		 is_done;	/* its last step was committed */
	enum lesson	 lesson;	/* of the last step */
	struct unfinished steps;	/* that were not the last */
};

/* One step. */
struct step {
	struct copying	*copying;
	uint32_t	 admitted;	/* the last set of keywords that was */
	struct mailbox	*from, *to;
	enum lesson	 lesson;	/* what each of them says */
	uint64_t	 modseq;
	int64_t		 now_utc_ms;
	uint64_t	 entries[SELECTED_STEP];	/* that were moved away */
	size_t		 count;
	uint64_t	 first, last;	/* entries that were made; 0: none */
};

int
copying_new(struct selected *from, uint32_t to, bool is_move,
    struct copying **copying_out)
{
	const struct mailbox *mailbox = index_mailbox(from->account->index,
	    to);
	struct copying *copying;

	if (mailbox == NULL)
		return -ENOENT;
	copying = calloc(1, sizeof(*copying));
	if (copying == NULL)
		return -ENOMEM;
	copying->from = from;
	copying->to = to;
	copying->uidvalidity = mailbox->uidvalidity;
	copying->is_move = is_move;
	copying_keep(copying, LETTER_ALL_FLAGS, true);
	*copying_out = copying;
	return 0;
}

void
copying_keep(struct copying *copying, uint8_t flags, bool keywords)
{
	copying->flags = flags;
	copying->keywords = keywords;
}

uint32_t
copying_uidvalidity(const struct copying *copying)
{
	return copying->uidvalidity;
}

enum lesson
copying_lesson(const struct copying *copying)
{
	return copying->lesson;
}

/* The letter has one entry more.  1, or 0 when there is no such letter. */
static int
retain(struct index *index, uint64_t letter, struct letter_row *row_out,
    bool *makes_sense_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_LETTER_RETAIN);
	int		r;

	db_put_u64(&q, letter);
	r = db_next(&q);
	if (r <= 0)
		return r;
	*makes_sense_out = index_row(&q, row_out) == 0;
	return 1;
}

static int
insert(const struct step *step, const struct selected_letter *letter,
    uint64_t place)
{
	struct selected *from = step->copying->from;
	struct db_query q = db_ask(from->account->index->db, SQL_ENTRY_NEW);

	db_put_u64(&q, place);
	db_put_u64(&q, letter->letter);
	db_put_u64(&q, letter->flags & step->copying->flags);
	db_put_u64(&q, step->modseq);
	db_put_blob(&q, step->copying->keywords ?
	    selected_words(from, letter->keywords) : slice_of("", 0));
	db_put_i64(&q, step->now_utc_ms);
	return db_run(&q);
}

static int
rekey(const struct step *step, uint64_t before, uint64_t place)
{
	struct db_query q = db_ask(step->copying->from->account->index->db,
	    SQL_ENTRY_MOVE);

	db_put_u64(&q, place);
	db_put_u64(&q, step->modseq);
	db_put_i64(&q, step->now_utc_ms);
	db_put_u64(&q, before);
	return db_run(&q);
}

static uint64_t
bytes_of(const struct letter_row *row)
{
	return row->trace_bytes + row->body_bytes + (row->lacks_crlf ? 2 : 0);
}

static int
copy_one(struct step *step, const struct selected_letter *letter,
    uint64_t place)
{
	struct index *index = step->copying->from->account->index;
	struct letter_row row = { 0 };
	bool makes_sense = true;
	int r = retain(index, letter->letter, &row, &makes_sense);

	if (r < 0)
		return r;
	r = insert(step, letter, place);
	tally_add(step->to, letter->flags & step->copying->flags,
	    bytes_of(&row), step->modseq);
	step->to->is_doubtful = step->to->is_doubtful || !makes_sense;
	return r;
}

static int
move_one(struct step *step, const struct selected_letter *letter,
    uint64_t place)
{
	struct index *index = step->copying->from->account->index;
	uint64_t before = ENTRY_FIRST(step->from->id) | letter->uid;
	struct letter_row row = { 0 };
	int r;

	r = index_letter(index, letter->letter, &row);
	if (r == -EUCLEAN)
		step->to->is_doubtful = step->from->is_doubtful = true;
	else if (r < 0 && r != -ENOENT)
		return r;
	r = rekey(step, before, place);
	tally_remove(step->from, letter->flags, bytes_of(&row), step->modseq);
	tally_add(step->to, letter->flags, bytes_of(&row), step->modseq);
	step->entries[step->count++] = before;
	return r;
}

/* May letters of the mailbox they go to have these keywords? */
static int
admit(struct step *step, uint32_t keywords)
{
	struct selected *from = step->copying->from;
	int r;

	if (keywords == step->admitted)
		return 0;
	r = vocabulary_admit(&from->account->vocabulary,
	    from->account->index, step->to->id,
	    selected_words(from, keywords));
	if (r == 0)
		step->admitted = keywords;
	return r;
}

static int
step_one(struct step *step, size_t n, uint32_t *uid_out)
{
	const struct copying *copying = step->copying;
	const struct selected_letter *letter = &copying->from->letters[n];
	struct index *index = copying->from->account->index;
	uint64_t uid, place;
	int r;

	*uid_out = 0;
	if ((letter->marks & SELECTED_GONE) != 0)
		return 0;
	r = admit(step, letter->keywords);
	if (r < 0)
		return r;
	r = index_take_uid(index, step->to, &uid);
	if (r < 0)
		return r;
	place = ENTRY_FIRST(step->to->id) | uid;
	if (step->first == 0)
		step->first = place;
	step->last = place;
	*uid_out = (uint32_t)uid;
	r = copying->is_move ? move_one(step, letter, place) :
	    copy_one(step, letter, place);
	return r < 0 ? r : lessons_note(index, letter->letter, step->modseq,
	    step->lesson);
}

/* Who looks for what has gone finds it. */
static int
bury_moved(const struct step *step)
{
	struct index *index = step->copying->from->account->index;
	int r = 0;

	for (size_t i = 0, end; r == 0 && i < step->count; i = end) {
		for (end = i + 1; end < step->count && step->entries[end] ==
		    step->entries[end - 1] + 1; end++)
			;
		r = index_bury(index, step->entries[i],
		    step->entries[end - 1], step->modseq);
	}
	return r;
}

/* Name what this step made as unfinished; or all of the COPY as finished. */
static int
note(struct step *step, bool is_last)
{
	struct copying *copying = step->copying;
	struct index *index = copying->from->account->index;

	if (copying->is_move)
		return bury_moved(step);
	if (is_last)
		return unfinished_finish(index, &copying->steps);
	return step->first == 0 ? 0 : unfinished_note(index, &copying->steps,
	    step->first, step->last);
}

/* Every letter of a mailbox is in the view of whoever opens it. */
static int
has_room(const struct mailbox *to, size_t count)
{
	return count > COPYING_LETTERS_MOST ||
	    to->tally.messages > COPYING_LETTERS_MOST - count ? -EFBIG : 0;
}

static int
do_step(struct step *step, const size_t *numbers, size_t count, bool is_last,
    uint32_t *uids_out)
{
	const struct selected *from = step->copying->from;
	struct index *index = from->account->index;
	int r = db_begin(index->db);

	if (r < 0)
		return r;
	step->from = index_mailbox(index, from->mailbox);
	step->to = index_mailbox(index, step->copying->to);
	/* of a mailbox that was deleted every letter is passed over */
	if (step->to == NULL)
		return -ENOENT;
	if (step->to != step->from || !step->copying->is_move)
		r = has_room(step->to, count);
	if (r == 0 && count > 0)
		r = index_take_modseq(index, &step->modseq);
	if (r == 0 && count > 0)
		r = lessons_between(index, from->mailbox, step->copying->to,
		    &step->lesson);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = step_one(step, numbers[i], &uids_out[i]);
	return r < 0 ? r : note(step, is_last);
}

static bool
are_places(const struct selected *from, const size_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (numbers[i] >= from->count ||
		    (i > 0 && numbers[i] <= numbers[i - 1]))
			return false;
	return true;
}

int
copying_add(struct copying *copying, const size_t *numbers, size_t count,
    bool is_last, uint32_t *uids_out)
{
	struct account *account = copying->from->account;
	struct step step = { .copying = copying };
	int r;

	if (count > SELECTED_STEP)
		return -E2BIG;
	if (!are_places(copying->from, numbers, count))
		return -EINVAL;
	r = account_commit_open(account);
	if (r < 0)
		return r;
	step.now_utc_ms = clock_utc_ms();
	r = do_step(&step, numbers, count, is_last, uids_out);
	if (r < 0)
		return account_undo(account, r);
	account->must_be_full = account->index->marks.must_be_full;
	r = is_last || copying->is_move ? account_commit_full(account) :
	    account_commit_open(account);
	if (r < 0)
		return r;
	if (copying->is_move)
		selected_mark_gone(account, step.entries, step.count, true);
	else if (!is_last && step.first != 0)
		unfinished_keep(&copying->steps);
	copying->is_done = is_last;
	copying->lesson = step.lesson;
	return 0;
}

void
copying_end(struct copying *copying)
{
	if (copying == NULL)
		return;
	if (!copying->is_done)
		unfinished_take_back(copying->from->account, &copying->steps);
	unfinished_free(&copying->steps);
	free(copying);
}
