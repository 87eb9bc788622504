/*
 * words.c - a list as people type it
 */
#include "policy/words.h"

static bool
is_between(char c)
{
	return c == ' ' || c == ',' || c == '\n' || c == '\t' || c == '\r';
}

bool
words_next(struct slice *rest, struct slice *word_out)
{
	size_t from = 0, end;

	while (from < rest->len && is_between(rest->at[from]))
		from++;
	for (end = from; end < rest->len && !is_between(rest->at[end]); end++)
		;
	if (end == from)
		return false;
	*word_out = slice_of(rest->at + from, end - from);
	*rest = slice_after(*rest, end);
	return true;
}
