/*
 * search_query.c - which letters of an account can contain a text?
 *
 * The text is folded and cut where terms are cut.  A piece with a separator
 * before it begins a term, one with a separator behind it ends one, and any
 * other may stand within.  A letter that has a term for each piece may contain
 * the text, and no other can.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"
#include "lib/message/find.h"
#include "store/search_inside.h"

#define STEP_MS		5
#define PIECES_MOST	8	/* the longest: more would exclude little */
#define PIECE_BYTES	(SEARCH_TERM_MOST + 2)
#define LETTERS_MOST	(16 * 1024 * 1024)	/* of an account: 128 MiB */

struct piece {
	size_t	len;
	char	bytes[PIECE_BYTES];	/* NULs where the term ends */
};

struct sought {
	struct piece	 pieces[PIECES_MOST];	/* the longest first */
	size_t		 count;
	uint8_t		*may;		/* a bit for each letter that is known */
};

struct search_query {
	struct account	*account;
	uint64_t	 upto;		/* rows up to here were read */
	uint64_t	*letters;	/* that are known, ascending */
	size_t		 count, room;
	struct sought	 sought[SEARCH_QUERY_MOST];
	size_t		 sought_count;
	struct text	 packed;
};

struct search_query *
search_query_new(struct account *account)
{
	struct search_query *query;

	/* what is wrong with it is told by the step that makes it */
	if (search_open(account->search, false) <= 0)
		return NULL;
	query = calloc(1, sizeof(*query));
	if (query == NULL)
		return NULL;
	query->account = account;
	query->packed = (struct text)TEXT_INIT(SEARCH_PACKED_MOST);
	return query;
}

void
search_query_free(struct search_query *query)
{
	if (query == NULL)
		return;
	for (size_t i = 0; i < query->sought_count; i++)
		free(query->sought[i].may);
	free(query->letters);
	text_free(&query->packed);
	free(query);
}

/*
 * A run of a term's bytes, with or without an end of it, as far as any term of
 * a letter that has the run is sure to have it.
 */
static struct piece
make_piece(struct slice run, bool begins, bool ends)
{
	struct piece piece = { 0 };

	if (begins && ends && run.len > SEARCH_TERM_MOST)
		ends = false;
	if (begins || !ends)
		run = slice_first(run, begins ? SEARCH_TERM_MOST :
		    SEARCH_TERM_REACH);
	else if (run.len > SEARCH_TERM_MOST)
		run = slice_after(run, run.len - SEARCH_TERM_MOST);
	if (begins)
		piece.bytes[piece.len++] = '\0';
	memcpy(&piece.bytes[piece.len], run.at, run.len);
	piece.len += run.len;
	if (ends)
		piece.bytes[piece.len++] = '\0';
	return piece;
}

static void
add_piece(struct sought *sought, const struct piece *piece)
{
	size_t at = sought->count;

	while (at > 0 && sought->pieces[at - 1].len < piece->len)
		at--;
	if (at == PIECES_MOST)
		return;
	if (sought->count < PIECES_MOST)
		sought->count++;
	memmove(&sought->pieces[at + 1], &sought->pieces[at],
	    (sought->count - 1 - at) * sizeof(*piece));
	sought->pieces[at] = *piece;
}

static void
add_pieces(struct sought *sought, struct slice folded)
{
	size_t at = 0, end;

	for (; at < folded.len; at = end + 1) {
		struct piece piece;

		for (end = at; end < folded.len &&
		    search_term_has(folded.at[end]); end++)
			;
		if (end == at)
			continue;
		piece = make_piece(slice_of(folded.at + at, end - at), at > 0,
		    end < folded.len);
		add_piece(sought, &piece);
	}
}

int
search_query_add(struct search_query *query, struct slice text)
{
	TEXT_AUTO folded = TEXT_INIT(12 * FIND_MOST);
	struct sought sought = { 0 };

	if (query->sought_count == SEARCH_QUERY_MOST || text.len > FIND_MOST)
		return -1;
	find_fold(&folded, text);
	if (text_failed(&folded))
		return -1;
	add_pieces(&sought, text_slice(&folded));
	if (sought.count == 0)
		return -1;
	query->sought[query->sought_count] = sought;
	return (int)query->sought_count++;
}

/* Room for the letters of one more block, in every set of bits too. */
static int
reserve(struct search_query *query, size_t more)
{
	size_t room = query->room == 0 ? 8192 : query->room;
	uint64_t *letters;
	uint8_t *may;

	while (room < query->count + more)
		room *= 2;
	if (room == query->room)
		return 0;
	if (room > LETTERS_MOST)
		return -E2BIG;
	letters = reallocarray(query->letters, room, sizeof(*letters));
	if (letters == NULL)
		return -ENOMEM;
	query->letters = letters;
	for (size_t i = 0; i < query->sought_count; i++) {
		may = realloc(query->sought[i].may, room / 8);
		if (may == NULL)
			return -ENOMEM;
		memset(may + query->room / 8, 0, (room - query->room) / 8);
		query->sought[i].may = may;
	}
	query->room = room;
	return 0;
}

/* Letters of the block that have a term for each piece. */
static int
look_up(const struct sought *sought, const struct search_block *block,
    uint8_t set[SEARCH_SET_BYTES])
{
	bool any = true;
	int r = 0;

	memset(set, 0xff, SEARCH_SET_BYTES);
	for (size_t i = 0; any && r == 0 && i < sought->count; i++) {
		uint8_t have[SEARCH_SET_BYTES] = { 0 };

		r = search_block_find(block, slice_of(sought->pieces[i].bytes,
		    sought->pieces[i].len), have);
		any = false;
		for (size_t j = 0; j < SEARCH_SET_BYTES; j++) {
			set[j] &= have[j];
			any = any || set[j] != 0;
		}
	}
	search_block_add_open(block, set);
	return r;
}

/* The letters of `set` from place `from` on are those behind the last known. */
static void
take_set(const struct search_query *query, struct sought *sought,
    const uint8_t *set, size_t from, size_t count)
{
	for (size_t i = from; i < count; i++) {
		size_t at = query->count + i - from;

		if ((set[i / 8] >> i % 8 & 1) != 0)
			sought->may[at / 8] |= (uint8_t)(1u << at % 8);
	}
}

/* Rows may have been merged since the last step: some letters are known. */
static int
take_block(struct search_query *query, const struct search_block *block)
{
	uint64_t numbers[SEARCH_LETTERS_MOST];
	uint8_t set[SEARCH_SET_BYTES];
	size_t from = 0;
	int r = reserve(query, block->count);

	if (r < 0)
		return r;
	search_block_numbers(block, numbers);
	while (from < block->count && numbers[from] <= query->upto)
		from++;
	for (size_t i = 0; i < query->sought_count; i++) {
		r = look_up(&query->sought[i], block, set);
		if (r < 0)
			return r;
		take_set(query, &query->sought[i], set, from, block->count);
	}
	memcpy(query->letters + query->count, numbers + from,
	    (block->count - from) * sizeof(*numbers));
	query->count += block->count - from;
	return 0;
}

/* One row more: 1, 0: there is none, or -errno. */
static int
next_row(struct search_query *query)
{
	struct search *search = query->account->search;
	struct search_block block;
	struct search_row row;
	int r = search_open(search, false);

	if (r <= 0)
		return r;
	text_clear(&query->packed);
	r = search_file_read(search->file, query->upto, &row, &query->packed);
	if (r <= 0)
		return r;
	r = search_block_open(text_slice(&query->packed), &block);
	if (r == 0)
		r = take_block(query, &block);
	if (r < 0)
		return r;
	query->upto = row.last;
	return 1;
}

bool
search_query_step(struct search_query *query)
{
	uint64_t until = clock_ms() + STEP_MS;
	int r;

	do
		r = next_row(query);
	while (r > 0 && clock_ms() < until);
	/* what was read stays true; the step that makes it finds the fault */
	if (r == -EUCLEAN)
		(void)search_drop(query->account->search);
	return r > 0;
}

bool
search_query_excludes(const struct search_query *query, int number,
    uint64_t letter)
{
	size_t low = 0, high = query->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (query->letters[middle] < letter)
			low = middle + 1;
		else
			high = middle;
	}
	return low < query->count && query->letters[low] == letter &&
	    (query->sought[number].may[low / 8] >> low % 8 & 1) == 0;
}
