/*
 * found.h - what an import found, as text to be compared
 *
 * One line for each account, list and remark; what is as it is by default, or
 * not there, is left out of an account's.
 */
#ifndef TESTS_UNIT_FETCH_IMPORT_FOUND_H
#define TESTS_UNIT_FETCH_IMPORT_FOUND_H

#include "fetch/import/import.h"

/* Read it as that format; the text lasts until the next call. */
const char *found_in(const char *settings, enum import_format);
/* The same with a list of UIDLs of `ids_len` bytes, in a file of that name. */
const char *found_with(const char *settings, enum import_format,
	    const char *ids_file, const char *ids, size_t ids_len);

#endif
