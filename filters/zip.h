/*
 * zip.h - does an archive hold what the scanner passes over?
 */
#ifndef POSTROOM_FILTERS_ZIP_H
#define POSTROOM_FILTERS_ZIP_H

#include "lib/base/slice.h"

/*
 * A file in the zip archive in `bytes`, which may stand behind a program that
 * unpacks it, is packed with a method that libclamav does not know (LZMA,
 * PPMd, Zstandard): it leaves such a file out and does not tell.
 */
bool	zip_is_strange(struct slice bytes);

#endif
