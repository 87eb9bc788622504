/*
 * urgency.c - does its sender say that a message is urgent?
 *
 * One field that says so is enough: programs write two or three of them, and
 * none that contradicts the others.
 */
#include "lib/message/urgency.h"

#include "lib/message/header.h"

#define WORDS_MOST	2

static const struct {
	const char	*name;
	const char	*words[WORDS_MOST];	/* that mean urgent */
} fields[] = {
	{ "Priority",		{ "urgent" } },
	{ "Importance",		{ "high" } },
	{ "X-Priority",		{ "1", "2" } },
	{ "X-MSMail-Priority",	{ "high" } },
};

/* "1 (Highest)": what stands before a blank or a comment. */
static struct slice
first_word(struct slice value)
{
	size_t len = 0;

	value = slice_trim(value);
	while (len < value.len && value.at[len] != ' ' &&
	    value.at[len] != '\t' && value.at[len] != '(' &&
	    value.at[len] != '\r' && value.at[len] != '\n')
		len++;
	return slice_first(value, len);
}

static bool
says_so(const struct header_field *field)
{
	struct slice word = first_word(field->value);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!slice_is_nocase(field->name, slice_str(fields[i].name)))
			continue;
		for (unsigned j = 0; j < WORDS_MOST; j++)
			if (fields[i].words[j] != NULL &&
			    slice_is_nocase(word,
			    slice_str(fields[i].words[j])))
				return true;
	}
	return false;
}

bool
urgency_is_high(struct slice message)
{
	struct slice rest = slice_first(message, URGENCY_HEADER_BYTES);
	struct header_field field;

	while (header_next(&rest, &field))
		if (says_so(&field))
			return true;
	return false;
}
