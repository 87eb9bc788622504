/*
 * segments.c - what the index knows of each segment of letters
 */
#include "store/segments.h"

#include <errno.h>

#include "store/index_inside.h"

int
segments_last(struct index *index, uint32_t *number_out,
    uint64_t *vouched_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SEGMENT_LAST);
	uint32_t	number;
	uint64_t	vouched;
	int		r = db_next(&q);

	if (r < 0)
		return r;
	*number_out = 0;
	*vouched_out = 0;
	if (r == 0)
		return 0;
	number = (uint32_t)db_u64(&q, 1, SEGMENT_MOST);
	vouched = db_u64(&q, 0, INT64_MAX);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*number_out = number;
	*vouched_out = vouched;
	return 0;
}

int
segments_open_after(struct index *index, uint32_t after,
    uint32_t *number_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SEGMENT_UNSEALED);
	uint32_t	number;
	int		r;

	db_put_u64(&q, after);
	r = db_next(&q);
	if (r <= 0)
		return r;
	number = (uint32_t)db_u64(&q, 1, SEGMENT_MOST);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*number_out = number;
	return 1;
}

int
segments_vouch(struct index *index, uint32_t number, uint64_t bytes,
    bool is_sealed)
{
	struct db_query q;
	int r = db_begin(index->db);

	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_SEGMENT_VOUCH);
	db_put_u64(&q, bytes);
	db_put_u64(&q, bytes);
	db_put_u64(&q, is_sealed ? SEGMENT_SEALED : SEGMENT_OPEN);
	db_put_u64(&q, number);
	return db_run(&q);
}

int
segments_is_vouched(struct index *index, const struct place *place)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SEGMENT_VOUCHED);
	uint64_t	vouched;
	int		r;

	db_put_u64(&q, place->segment);
	r = db_next(&q);
	if (r <= 0)
		return r;
	vouched = db_u64(&q, 0, INT64_MAX);
	return db_row(&q) == 0 && vouched >= place->bytes &&
	    place->offset <= vouched - place->bytes;
}

int
segments_seal(struct index *index, uint32_t number, uint64_t bytes)
{
	struct db_query q;
	int r = db_begin(index->db);

	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_SEGMENT_SEAL);
	db_put_u64(&q, bytes);
	db_put_u64(&q, number);
	db_put_u64(&q, SEGMENT_HEADER_BYTES);
	db_put_u64(&q, RECORD_HEADER_BYTES);
	return db_run(&q);
}

int
segments_worst(struct index *index, uint32_t *number_out,
    enum segment_state *state_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_SEGMENT_WORST);
	uint32_t	number;
	unsigned	state;
	int		r = db_next(&q);

	if (r <= 0)
		return r;
	number = (uint32_t)db_u64(&q, 1, SEGMENT_MOST);
	state = (unsigned)db_u64(&q, 0, SEGMENT_STATES - 1);
	if (db_row(&q) < 0)
		return -EUCLEAN;
	*number_out = number;
	*state_out = state;
	return 1;
}

int
segments_set(struct index *index, uint32_t number, enum segment_state state)
{
	struct db_query q;
	int r = db_begin(index->db);

	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_SEGMENT_STATE);
	db_put_u64(&q, state);
	db_put_u64(&q, number);
	return db_run(&q);
}

int
segments_forget(struct index *index, uint32_t number)
{
	struct db_query q;
	int r = db_begin(index->db);

	if (r < 0)
		return r;
	q = db_ask(index->db, SQL_SEGMENT_DELETE);
	db_put_u64(&q, number);
	return db_run(&q);
}

int
segments_letters(struct index *index, uint64_t *after, size_t most,
    struct letter_row *rows_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, SQL_LETTERS_AFTER);
	uint64_t	last = *after;
	int		count = 0, r;

	db_put_u64(&q, *after);
	db_put_u64(&q, most);
	while ((r = db_next(&q)) > 0) {
		struct db_query first = q;

		last = db_u64(&first, 1, INT64_MAX);
		if (index_row(&q, &rows_out[count]) < 0)
			rows_out[count] = (struct letter_row){
				.letter = last
			};
		count++;
	}
	if (r < 0)
		return r;
	*after = last;
	return count;
}

/* Up to two numbers of a statement with one row. */
static int
two_numbers(struct index *index, enum index_sql sql, uint64_t *first_out,
    uint64_t *second_out)
{
	DB_QUERY_AUTO	q = db_ask(index->db, sql);
	int		r = db_next(&q);

	if (r <= 0)
		return r < 0 ? r : -EUCLEAN;
	*first_out = db_u64(&q, 0, INT64_MAX);
	if (second_out != NULL)
		*second_out = db_u64(&q, 0, INT64_MAX);
	return db_row(&q);
}

int
segments_figures(struct index *index, struct account_figures *figures_out)
{
	struct account_figures figures = { 0 };
	int r;

	r = two_numbers(index, SQL_FIGURES_LETTERS, &figures.letters,
	    &figures.bytes);
	if (r == 0)
		r = two_numbers(index, SQL_FIGURES_ENTRIES, &figures.entries,
		    NULL);
	if (r == 0)
		r = two_numbers(index, SQL_FIGURES_SEGMENTS,
		    &figures.segments, &figures.garbage_bytes);
	if (r == 0)
		*figures_out = figures;
	return r;
}
