/*
 * marks.c - what other programs have noted of a message: read, answered, ...
 */
#include "lib/message/marks.h"

static const struct {
	const char	*flag;
	unsigned	 mark;
} names[] = {
	{ "\\Seen",	MARK_SEEN },
	{ "\\Answered",	MARK_ANSWERED },
	{ "\\Flagged",	MARK_FLAGGED },
	{ "\\Draft",	MARK_DRAFT },
	{ "\\Deleted",	MARK_DELETED },
};

#define NAMES	(sizeof(names) / sizeof(names[0]))

void
marks_add(struct text *words, unsigned marks)
{
	const char *between = "";

	for (size_t i = 0; i < NAMES; i++) {
		if ((marks & names[i].mark) == 0)
			continue;
		text_add_str(words, between);
		text_add_str(words, names[i].flag);
		between = " ";
	}
}

unsigned
mark_of(struct slice flag)
{
	for (size_t i = 0; i < NAMES; i++)
		if (slice_is_word(flag, names[i].flag))
			return names[i].mark;
	return 0;
}

bool
mark_is_keyword(struct slice word)
{
	static const char specials[] = "(){%*\"\\]";

	if (word.len == 0 || word.len > MARK_KEYWORD_BYTES)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (word.at[i] <= ' ' || word.at[i] > '~' ||
		    slice_find(slice_str(specials), word.at[i]) != SIZE_MAX)
			return false;
	return true;
}
