/*
 * search_read.c - a letter is read for the search index, piece by piece
 */
#include "store/search_read.h"

#include <errno.h>

#include "lib/message/find.h"
#include "lib/message/header.h"
#include "lib/message/words.h"

/* No piece is longer, and no byte of it is more than twelve (find.c). */
#define FIELD_BYTES	(1024 * 1024)
#define FOLDED_MOST	(12 * FIELD_BYTES)
/*
 * A header up to this size has no field of which HEADER would see more than
 * TEXT does (both stop at 1 MiB of a field, but only one of them counts its
 * name).
 */
#define HEADER_PLAIN	(64 * 1024)

/* A structure of another version is made anew, as for a search. */
static int
open_structure(struct search_read *read, struct slice kept)
{
	int r;

	text_add(&read->packed, kept);
	if (kept.len > 0 && !text_failed(&read->packed) &&
	    structure_open(text_slice(&read->packed), &read->structure) == 0)
		return 0;
	text_clear(&read->packed);
	r = structure_make(read->message, &read->packed);
	return r < 0 ? r : structure_open(text_slice(&read->packed),
	    &read->structure);
}

static void
begin_text(struct search_read *read, unsigned what)
{
	letter_text_begin(&read->text, &read->structure, read->trace,
	    read->message, what);
	read->is_open = true;
}

static void
end_text(struct search_read *read)
{
	if (read->is_open)
		letter_text_end(&read->text);
	read->is_open = false;
}

int
search_read_begin(struct search_read *read, struct slice structure,
    struct slice trace, struct slice message)
{
	int r;

	*read = (struct search_read){
		.trace = trace, .message = message,
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

/*
 * The header as the keys HEADER, SUBJECT and so on see it is what TEXT sees of
 * it; unless a line stands before it that is no field, or it is huge.
 */
static bool
has_other_fields(const struct search_read *read)
{
	struct structure_part root;
	size_t bytes = header_bytes(read->message);

	structure_root(&read->structure, &root);
	return root.header != 0 || root.body < bytes ||
	    read->trace.len > HEADER_PLAIN || bytes > HEADER_PLAIN;
}

/* The next field, as those keys see it: 1, 0: there is none, or -ENOMEM. */
static int
next_field(struct search_read *read, struct search_terms *terms)
{
	TEXT_AUTO value = TEXT_INIT(FIELD_BYTES);
	struct header_field field;

	if (!header_next(&read->fields, &field)) {
		if (!read->in_trace)
			return 0;
		read->in_trace = false;
		read->fields = slice_first(read->message,
		    header_bytes(read->message));
		return 1;
	}
	words_decode(&value, field.value);
	search_terms_break(terms);
	return add_text(read, terms, text_slice(&value));
}

/* The next piece of header or body: 1, 0: there is none, or -ENOMEM. */
static int
next_text(struct search_read *read, struct search_terms *terms)
{
	struct slice piece = { NULL, 0 };
	bool is_fresh = false;
	int r = letter_text_next(&read->text, &piece, &is_fresh);

	if (r <= 0)
		return r;
	if (is_fresh)
		search_terms_break(terms);
	return add_text(read, terms, piece);
}

/* Go on with what comes behind; false: nothing does. */
static bool
next_place(struct search_read *read, struct search_terms *terms)
{
	search_terms_break(terms);
	end_text(read);
	if (read->at == SEARCH_AT_BODY)
		return false;
	if (read->at == SEARCH_AT_HEADER && has_other_fields(read)) {
		read->at = SEARCH_AT_FIELDS;
		read->fields = read->trace;
		read->in_trace = true;
		return true;
	}
	read->at = SEARCH_AT_BODY;
	begin_text(read, LETTER_TEXT_BODY);
	return true;
}

int
search_read_next(struct search_read *read, struct search_terms *terms)
{
	int r = read->at == SEARCH_AT_FIELDS ? next_field(read, terms) :
	    next_text(read, terms);

	return r == 0 ? next_place(read, terms) : r;
}

void
search_read_end(struct search_read *read)
{
	end_text(read);
	text_free(&read->packed);
	text_free(&read->folded);
}
