/*
 * imap_name_fuzz.c - whatever a folder is called there, here it is a harmless
 * name
 *
 * The first byte is the delimiter.  What can be said back to the server ends
 * no line.
 */
#include <assert.h>

#include "fetch/imap/name.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MOST	120		/* small, so that it is reached */

static void
check_local(struct slice utf8, char delimiter)
{
	TEXT_AUTO local = TEXT_INIT(64 * 1024);
	struct slice rest, level;

	imap_name_local(utf8, delimiter, MOST, &local);
	assert(!text_failed(&local) && local.len <= MOST);
	assert(slice_is_utf8(text_slice(&local)));
	rest = text_slice(&local);
	while (rest.len > 0) {
		if (!slice_cut(&rest, '/', &level)) {
			level = rest;
			rest.len = 0;
		}
		assert(level.len > 0 && !slice_is_str(level, ".") &&
		    !slice_is_str(level, ".."));
	}
	assert(local.len == 0 || local.at[local.len - 1] != '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice name = slice_after(slice_of(bytes, len), 1);
	TEXT_AUTO utf8 = TEXT_INIT(4 * len + 16);
	TEXT_AUTO quoted = TEXT_INIT(2 * len + 16);

	if (len == 0)
		return 0;
	if (imap_quote(name, &quoted) == 0) {
		assert(quoted.len >= name.len + 2);
		for (size_t i = 0; i < quoted.len; i++)
			assert(quoted.at[i] != '\r' && quoted.at[i] != '\n' &&
			    quoted.at[i] != '\0');
	}
	if (imap_name_decode(name, &utf8) < 0)
		return 0;
	assert(!text_failed(&utf8) && slice_is_utf8(text_slice(&utf8)));
	for (size_t i = 0; i < utf8.len; i++)
		assert((unsigned char)utf8.at[i] >= 0x20 &&
		    utf8.at[i] != 0x7f);
	check_local(text_slice(&utf8), (char)bytes[0]);
	return 0;
}
