/*
 * links_fuzz.c - whatever a text holds, its links are names to be asked about
 */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "filters/links.h"
#include "lib/base/host.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct links *links)
{
	assert(links->count <= LINKS_MOST);
	assert(links->looked <= LINKS_LOOKED_MOST);
	assert(links->tags <= LINKS_TAGS_MOST);
	for (unsigned i = 0; i < links->count; i++) {
		struct slice domain = slice_str(links->domain[i]);

		assert(host_is_name(domain));
		assert(slice_find(domain, '.') != SIZE_MAX);
		for (size_t j = 0; j < domain.len; j++)
			assert(!isupper((unsigned char)domain.at[j]));
		/* each owner is asked about once */
		for (unsigned j = 0; j < i; j++)
			assert(strcmp(links->domain[i],
			    links->domain[j]) != 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct links links = { .count = 0 }, tags = { .count = 0 };
	struct slice text = slice_of(bytes, len);

	links_read(&links, text);
	check(&links);
	if (slice_is_utf8(text)) {
		links_read_html(&tags, text);
		check(&tags);
	}
	return 0;
}
