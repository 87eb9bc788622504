/*
 * zip.c - does an archive hold what the scanner passes over?
 *
 * Both headers of a file are read (APPNOTE 4.3.7, 4.3.12): programs differ
 * about which of them counts.  They are found by their signatures, not by the
 * offsets in the archive, which are whatever its writer wants.
 */
#include "filters/zip.h"

#include <string.h>

/* Bytes of the shorter of the two headers, up to its name. */
#define HEADER_BYTES	30
/* No writer asks for more (APPNOTE 4.4.3: 6.3). */
#define VERSION_MOST	63

static unsigned
u16_at(struct slice s, size_t at)
{
	return (unsigned)(unsigned char)s.at[at] |
	    (unsigned)(unsigned char)s.at[at + 1] << 8;
}

/* What libclamav unpacks: stored, shrunk, imploded, deflated, bzip2. */
static bool
is_known(unsigned method)
{
	return method == 0 || method == 1 || method == 6 || method == 8 ||
	    method == 9 || method == 12;
}

/* APPNOTE 4.4.5: somebody has a program for it; 99 is said to be encrypted */
static bool
is_assigned(unsigned method)
{
	return (method >= 2 && method <= 20) || (method >= 93 && method <= 98);
}

/*
 * Is `s`, which begins with "PK", a header with such a method?  Other bytes
 * have "PK" by chance, so it must look like one that can be unpacked.
 */
static bool
is_strange_header(struct slice s)
{
	bool is_local = memcmp(s.at + 2, "\3\4", 2) == 0;
	bool is_central = memcmp(s.at + 2, "\1\2", 2) == 0;
	size_t at = is_local ? 4 : 6;
	unsigned version, method;

	if (!is_local && !is_central)
		return false;
	version = u16_at(s, at) & 0xff;
	method = u16_at(s, at + 4);
	return version <= VERSION_MOST && is_assigned(method) &&
	    !is_known(method);
}

bool
zip_is_strange(struct slice bytes)
{
	size_t at;

	while ((at = slice_find_str(bytes, "PK")) != SIZE_MAX) {
		bytes = slice_after(bytes, at);
		if (bytes.len < HEADER_BYTES)
			return false;
		if (is_strange_header(bytes))
			return true;
		bytes = slice_after(bytes, 2);
	}
	return false;
}
