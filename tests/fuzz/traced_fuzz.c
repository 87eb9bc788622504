/*
 * traced_fuzz.c - what lines on top of a letter say of how it came
 *
 * What is found lies in what was given, and of every finding something is left
 * that it may have been.
 */
#include <assert.h>

#include "queue/traced.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_inside(struct slice part, struct slice whole)
{
	assert(part.len == 0 || (part.at >= whole.at &&
	    part.at + part.len <= whole.at + whole.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice lines = slice_of(bytes, len);
	uint32_t may[TRACED_ROWS];
	struct traced traced;

	traced_findings(lines, "mx.office.test", may);
	for (unsigned i = 0; i < TRACED_ROWS; i++)
		assert(may[i] != 0);
	if (!traced_read(lines, "mx.office.test", &traced))
		return 0;
	check_inside(traced.sender, lines);
	check_inside(traced.recipient, lines);
	check_inside(traced.helo, lines);
	check_inside(traced.peer, lines);
	assert(traced.source < SOURCE_COUNT);
	return 0;
}
