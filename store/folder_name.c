/*
 * folder_name.c - the one form of a mailbox's name (RFC 5198, RFC 9051 5.1)
 */
#include "store/folders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#define GIVEN_MOST	(4 * FOLDER_MAX_BYTES)	/* NFC makes it shorter */

/* UTF-8 without control characters, nor what RFC 5198 2 forbids as line end. */
static bool
is_text(struct slice s)
{
	const unsigned char *at = (const unsigned char *)s.at;

	if (!slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (at[i] < 0x20 || at[i] == 0x7f)
			return false;
		/* C1: U+0080 to U+009F; U+2028 and U+2029 */
		if (i >= 1 && at[i - 1] == 0xc2 && at[i] < 0xa0)
			return false;
		if (i >= 2 && at[i - 2] == 0xe2 && at[i - 1] == 0x80 &&
		    (at[i] == 0xa8 || at[i] == 0xa9))
			return false;
	}
	return true;
}

/* In NFC.  0, -EINVAL (too long) or -ENOMEM. */
static int
compose(struct slice given, struct folder_name *name)
{
	utf8proc_uint8_t *composed = NULL;
	utf8proc_ssize_t len;
	int r = 0;

	if (slice_is_printable_ascii(given)) {
		r = slice_cstr(given, name->bytes, sizeof(name->bytes));
		name->len = given.len;
		return r < 0 ? -EINVAL : 0;
	}
	len = utf8proc_map((const utf8proc_uint8_t *)given.at,
	    (utf8proc_ssize_t)given.len, &composed,
	    UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (len < 0)
		return len == UTF8PROC_ERROR_NOMEM ? -ENOMEM : -EINVAL;
	if (slice_cstr(slice_of(composed, (size_t)len), name->bytes,
	    sizeof(name->bytes)) < 0)
		r = -EINVAL;
	name->len = (size_t)len;
	free(composed);
	return r;
}

/* A program that makes a file of each mailbox would be led astray by dots. */
static bool
is_level(struct slice level)
{
	return level.len > 0 && !slice_is_str(level, ".") &&
	    !slice_is_str(level, "..");
}

/* Each level is a name; the first one, if it is INBOX, is written so. */
static int
settle_levels(struct folder_name *name)
{
	struct slice rest = slice_of(name->bytes, name->len), level;

	for (bool is_last = false; !is_last; ) {
		is_last = !slice_cut(&rest, FOLDER_SEPARATOR, &level);
		if (!is_level(is_last ? rest : level))
			return -EINVAL;
	}
	rest = slice_of(name->bytes, name->len);
	if (!slice_cut(&rest, FOLDER_SEPARATOR, &level))
		level = rest;
	if (slice_is_word(level, "INBOX"))
		memcpy(name->bytes, "INBOX", 5);
	return 0;
}

int
folder_name(struct slice given, struct folder_name *name_out)
{
	struct folder_name name;
	int r;

	/* RFC 9051 6.3.4: it only says that others are to be made below it */
	if (given.len > 1 && given.at[given.len - 1] == FOLDER_SEPARATOR)
		given.len--;
	if (given.len == 0 || given.len > GIVEN_MOST || !is_text(given))
		return -EINVAL;
	r = compose(given, &name);
	if (r == 0)
		r = settle_levels(&name);
	if (r == 0)
		*name_out = name;
	return r;
}
