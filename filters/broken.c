/*
 * broken.c - an archive of which a piece is missing
 */
#include "filters/broken.h"

#define END_BYTES	22	/* of the end of a ZIP's directory, at least */
#define VERSION_MOST	63	/* no writer asks for more (4.4.3: 6.3) */
#define HEAD_7Z		32	/* bytes before the first packed one */

/* The little-endian number of `count` bytes at `at`. */
static uint64_t
number_at(struct slice s, size_t at, unsigned count)
{
	uint64_t n = 0;

	while (count-- > 0)
		n = n << 8 | (unsigned char)s.at[at + count];
	return n;
}

/* Mail begins with those letters too; what follows would be no version. */
static bool
is_zip(struct slice bytes)
{
	return slice_has_prefix(bytes, "PK\3\4") && bytes.len >= 6 &&
	    number_at(bytes, 4, 2) <= VERSION_MOST;
}

/*
 * APPNOTE 4.3.16: the end of the directory, which stands before it.  Any of
 * several will do: programs look from the end, or from the start.
 */
static bool
is_whole_zip(struct slice bytes)
{
	struct slice rest = bytes;
	size_t at;

	while ((at = slice_find_str(rest, "PK\5\6")) != SIZE_MAX) {
		size_t place = bytes.len - rest.len + at;

		rest = slice_after(rest, at);
		if (rest.len < END_BYTES)
			return false;
		/* a directory of 4 GiB stands in another one (ZIP64) */
		if (number_at(rest, 16, 4) == UINT32_MAX ||
		    number_at(rest, 12, 4) + number_at(rest, 16, 4) <= place)
			return true;
		rest = slice_after(rest, 4);
	}
	return false;
}

/* The header stands at the end, and the first bytes say where. */
static bool
is_whole_7z(struct slice bytes)
{
	uint64_t offset, size, most = bytes.len;

	if (bytes.len < HEAD_7Z)
		return false;
	offset = number_at(bytes, 12, 8);
	size = number_at(bytes, 20, 8);
	return offset <= most && size <= most &&
	    HEAD_7Z + offset + size <= most;
}

const char *
broken_archive(struct slice bytes)
{
	if (is_zip(bytes) && !is_whole_zip(bytes))
		return "an archive in it has no end (ZIP)";
	if (slice_has_prefix(bytes, "7z\274\257\47\34") && !is_whole_7z(bytes))
		return "an archive in it has no end (7z)";
	return NULL;
}
