/*
 * path_fuzz.c - what is taken for an address can stand in a line
 */
#include <assert.h>

#include "lib/message/path.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* The slices lie inside `all`, and what is normal stays as it is. */
static void
check(struct slice all, const struct path *path, bool utf8)
{
	TEXT_AUTO once = TEXT_INIT(1000);
	TEXT_AUTO twice = TEXT_INIT(1000);
	struct slice local, domain;
	size_t at;

	assert(path->address.at >= all.at);
	assert(path->address.at + path->address.len <= all.at + all.len);
	assert(path->address.len <= PATH_MAX_BYTES - 2);
	assert(utf8 ? slice_is_utf8(path->address) :
	    slice_is_printable_ascii(path->address));
	for (size_t i = 0; i < path->address.len; i++)
		assert((unsigned char)path->address.at[i] >= 0x20);
	if (path->domain.len == 0 || address_normal(&once, path->local,
	    path->domain) < 0)
		return;
	at = slice_find_last(text_slice(&once), '@');
	assert(at != SIZE_MAX && at > 0);
	local = slice_first(text_slice(&once), at);
	domain = slice_after(text_slice(&once), at + 1);
	assert(slice_is_printable_ascii(domain));
	if (!path->quoted) {
		assert(address_normal(&twice, local, domain) == 0);
		assert(slice_is(text_slice(&once), text_slice(&twice)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice all = slice_of(bytes, len);
	struct path path;

	for (int i = 0; i < 4; i++) {
		struct slice rest = all;
		bool utf8 = i % 2;

		if (path_parse(&rest, i < 2 ? PATH_REVERSE : PATH_FORWARD,
		    utf8, &path) == 0)
			check(slice_first(all, len - rest.len), &path, utf8);
		if (address_parse(all, utf8, &path) == 0)
			check(all, &path, utf8);
	}
	return 0;
}
