/*
 * read.h - what the checkers of the peer tests are given: whole files
 */
#ifndef TESTS_PEERS_READ_H
#define TESTS_PEERS_READ_H

#include <stdio.h>

#include "lib/base/text.h"

#define FILE_BYTES	(64 << 20)	/* of one */

/* Add all of it to `text`; it is closed.  False: it cannot be read. */
static inline bool
read_stream(FILE *file, struct text *text)
{
	char bytes[65536];
	size_t len;

	if (file == NULL)
		return false;
	while ((len = fread(bytes, 1, sizeof(bytes), file)) > 0)
		text_add(text, slice_of(bytes, len));
	return fclose(file) == 0 && !text_failed(text);
}

/* The same of the file there. */
static inline bool
read_file(const char *path, struct text *text)
{
	return read_stream(fopen(path, "rb"), text);
}

#endif
