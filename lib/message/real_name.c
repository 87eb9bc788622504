/*
 * real_name.c - is this the name of that person?
 */
#include "lib/message/real_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>

/* Names that hold one of these are lists, addresses, or a slip of the pen. */
static bool
is_nobody(struct slice name)
{
	if (name.len == 0 || name.len > REAL_NAME_MOST || !slice_is_utf8(name))
		return true;
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] == '\0' ||
		    strchr(",;:@", name.at[i]) != NULL)
			return true;
	return false;
}

/* Add `s` with one blank where there were some, none at the ends. */
static void
add_single_blanks(struct text *text, struct slice s)
{
	struct slice word;
	bool first = true;

	while (slice_word(&s, &word)) {
		if (!first)
			text_add_byte(text, ' ');
		text_add(text, word);
		first = false;
	}
}

int
real_name_fold(struct text *text, struct slice name)
{
	utf8proc_uint8_t *folded = NULL;
	utf8proc_ssize_t len;

	name = slice_trim(name);
	if (is_nobody(name))
		return -EINVAL;
	/* controls and line ends become blanks: STRIPCC, NLF2LS and all */
	len = utf8proc_map((const utf8proc_uint8_t *)name.at,
	    (utf8proc_ssize_t)name.len, &folded, UTF8PROC_STABLE |
	    UTF8PROC_COMPAT | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD |
	    UTF8PROC_IGNORE | UTF8PROC_STRIPCC);
	if (len < 0)
		return len == UTF8PROC_ERROR_NOMEM ? -ENOMEM : -EINVAL;
	add_single_blanks(text, slice_of(folded, (size_t)len));
	free(folded);
	return 0;
}
