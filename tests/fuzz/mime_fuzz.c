/*
 * mime_fuzz.c - the parts of a message lie in each other and in the message
 */
#include <assert.h>
#include <errno.h>

#include "lib/message/mime.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Small, so that each is reached. */
static const struct mime_limits small = {
	.parts = 20, .depth = 5, .params = 4, .header_fields = 6,
	.header_bytes = 200, .boundary_bytes = 10,
};

static const struct mime_limits small_that_cut = {
	.parts = 6, .depth = 3, .params = 64, .header_fields = 1000,
	.header_bytes = 1 << 20, .boundary_bytes = 10, .cuts = true,
};

static void
check(const struct mime_part *p)
{
	const struct mime_part *parent = mime_parent(p);
	const struct mime_part *next = mime_next(p);
	TEXT_AUTO name = TEXT_INIT(1000);

	assert(mime_header_start(p) <= mime_body_start(p));
	assert(mime_body_start(p) <= mime_end(p));
	assert(parent == NULL || mime_header_start(p) >=
	    mime_body_start(parent));
	assert(parent == NULL || mime_end(p) <= mime_end(parent));
	assert(next == NULL || mime_header_start(next) >= mime_end(p));
	assert(mime_type(p).len > 0 && mime_subtype(p).len > 0);
	(void)mime_type_param(p, "name", &name);
	assert(slice_is_utf8(text_slice(&name)));
}

static void
parse(struct slice msg, const struct mime_limits *limits)
{
	ARENA_AUTO arena = arena_new(4 * 1024 * 1024);
	const struct mime_part *root, *p;
	enum mime_limit limit = MIME_LIMIT_COUNT;
	unsigned count = 0;
	int r = mime_parse(arena, msg, limits, &root, &limit);

	assert(r == 0 || r == -E2BIG || r == -ENOBUFS);
	assert(r != -E2BIG || limit < MIME_LIMIT_COUNT);
	if (r < 0)
		return;
	assert(mime_header_start(root) == 0 && mime_end(root) == msg.len);
	for (p = root; p != NULL; p = mime_after(p)) {
		count++;
		check(p);
	}
	assert(count == mime_part_count(root) && count <= limits->parts);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	parse(slice_of(bytes, len), &mime_default_limits);
	parse(slice_of(bytes, len), &small);
	parse(slice_of(bytes, len), &small_that_cut);
	return 0;
}
