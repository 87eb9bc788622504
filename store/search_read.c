/*
 * search_read.c - a letter is read for the search index, piece by piece
 */
#include "store/search_read.h"

#include <errno.h>

#include "lib/message/find.h"

/* A field has 1 MiB (letter_text.h), and no byte becomes more than twelve. */
#define FOLDED_MOST	(12 * 1024 * 1024)

/* A structure of another version is made anew, as for a search. */
static int
open_structure(struct search_read *read, struct slice kept)
{
	TEXT_AUTO whole = TEXT_INIT((size_t)read->message.size);
	struct slice message;
	int r;

	text_add(&read->packed, kept);
	if (kept.len > 0 && !text_failed(&read->packed) &&
	    structure_open(text_slice(&read->packed), &read->structure) == 0)
		return 0;
	text_clear(&read->packed);
	r = message_bytes_run(&read->message, 0, read->message.size, &whole,
	    &message);
	if (r == 0)
		r = structure_make(message, &read->packed);
	return r < 0 ? r : structure_open(text_slice(&read->packed),
	    &read->structure);
}

/* The fields, or what is behind them: two texts, as for a search. */
static void
begin_text(struct search_read *read, unsigned what)
{
	letter_text_begin_bytes(&read->text, &read->structure, read->trace,
	    &read->message, what);
	read->reads = what;
}

int
search_read_begin(struct search_read *read, struct slice structure,
    struct slice trace, const struct message_bytes *message)
{
	int r;

	*read = (struct search_read){
		.trace = trace, .message = *message,
		.packed = TEXT_INIT(STRUCTURE_MOST),
		.folded = TEXT_INIT(FOLDED_MOST),
	};
	r = open_structure(read, structure);
	if (r == 0)
		begin_text(read, LETTER_TEXT_HEADER);
	return r;
}

static int
add_text(struct search_read *read, struct search_terms *terms,
    struct slice piece)
{
	text_clear(&read->folded);
	find_fold(&read->folded, piece);
	if (text_failed(&read->folded))
		return -ENOMEM;
	search_terms_add(terms, text_slice(&read->folded));
	return 1;
}

int
search_read_next(struct search_read *read, struct search_terms *terms)
{
	struct slice piece = { NULL, 0 };
	bool is_fresh = false;
	int r = letter_text_next(&read->text, &piece, &is_fresh);

	if (r < 0)
		return r;
	if (r == 0 || is_fresh)
		search_terms_break(terms);
	if (r > 0)
		return add_text(read, terms, piece);
	if (read->reads == LETTER_TEXT_BODY)
		return 0;
	letter_text_end(&read->text);
	begin_text(read, LETTER_TEXT_BODY);
	return 1;
}

void
search_read_end(struct search_read *read)
{
	if (read->reads != 0)
		letter_text_end(&read->text);
	read->reads = 0;
	text_free(&read->packed);
	text_free(&read->folded);
}
