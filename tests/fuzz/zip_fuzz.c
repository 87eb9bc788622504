/*
 * zip_fuzz.c - any bytes as an archive, or as a text with a file in it
 *
 * They are only looked at; the answer is the same each time, and bytes before
 * an archive hide nothing.
 */
#include <assert.h>

#include "filters/ambiguous.h"
#include "filters/broken.h"
#include "filters/zip.h"
#include "lib/base/text.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of(bytes, len);
	TEXT_AUTO behind = TEXT_INIT(len + 64);
	bool is_strange = zip_is_strange(input);

	assert(zip_is_strange(input) == is_strange);
	assert(broken_archive(input) == broken_archive(input));
	assert(ambiguous_file(input) == ambiguous_file(input));
	text_add_str(&behind, "MZ a program that unpacks it\r\n");
	text_add(&behind, input);
	assert(!is_strange || zip_is_strange(text_slice(&behind)));
	return 0;
}
