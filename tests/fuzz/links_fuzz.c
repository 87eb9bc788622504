/*
 * links_fuzz.c - whatever a text holds, its links are names to be asked about
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "filters/links.h"
#include "lib/base/host.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct links links = { .count = 0 };

	links_read(&links, slice_of(bytes, len));
	assert(links.count <= LINKS_MOST);
	for (unsigned i = 0; i < links.count; i++) {
		struct slice domain = slice_str(links.domain[i]);

		assert(host_is_name(domain));
		assert(slice_find(domain, '.') != SIZE_MAX);
		for (size_t j = 0; j < domain.len; j++)
			assert(!isupper((unsigned char)domain.at[j]));
		/* each owner is asked about once */
		for (unsigned j = 0; j < i; j++)
			assert(strcmp(links.domain[i], links.domain[j]) != 0);
	}
	return 0;
}
