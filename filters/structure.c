/*
 * structure.c - take the message apart, within limits
 *
 * Subject, From and Message-ID are taken from the header block even when the
 * parts could not be read, so the trail can always name the message.
 */
#include "filters/structure.h"

#include <errno.h>
#include <stdio.h>

#include "lib/message/header.h"
#include "lib/message/words.h"

/* The value of the first field of this name; a limit bounds the search. */
static struct slice
value_of(struct slice block, const char *name)
{
	struct header_field field;

	return header_find(block, name, &field) ? slice_trim(field.value) :
	    slice_of(NULL, 0);
}

/* As people read it, cut at a character. */
static void
read_words(struct slice value, char out[VERDICT_WORDS_MAX + 1])
{
	TEXT_AUTO words = TEXT_INIT(VERDICT_WORDS_MAX);

	words_decode(&words, value);
	(void)slice_cstr(text_slice(&words), out, VERDICT_WORDS_MAX + 1);
}

static void
mark(struct verdict *verdict, const char *limit)
{
	char value[VERDICT_VALUE_MAX + 1];

	(void)snprintf(value, sizeof(value), "truncated (%s)", limit);
	verdict_set(verdict, VERDICT_MARK, 250, "2.0.0",
	    "structure truncated (%s)", limit);
	(void)verdict_add_line(verdict, slice_str("X-Postroom-Structure"),
	    slice_str(value));
}

void
structure_judge(struct arena *arena, struct slice message,
    const struct mime_limits *limits, struct verdict *verdict_out,
    const struct mime_part **root_out)
{
	struct slice block = slice_first(message, limits->header_bytes);
	const struct mime_part *root = NULL;
	enum mime_limit limit;
	int r;

	verdict_init(verdict_out);
	read_words(value_of(block, "Subject"), verdict_out->subject);
	read_words(value_of(block, "From"), verdict_out->from);
	r = mime_parse(arena, message, limits, &root, &limit);
	if (r == -E2BIG)
		mark(verdict_out, mime_limit_name(limit));
	else if (r < 0)
		mark(verdict_out, "memory");
	*root_out = root;
}
