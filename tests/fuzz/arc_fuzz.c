/*
 * arc_fuzz.c - whatever a message is sealed with, the check of it ends
 *
 * The input is a key record, a NUL byte and the message.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/arc.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct dkim_tools *tools;

static void
check(struct arc *arc, struct slice record)
{
	const struct dns_answer answer = { .found = DNS_FOUND,
	    .records = &record, .count = 1 };
	unsigned asked = 0;

	while (arc_wants(arc) != NULL) {
		assert(++asked <= ARC_KEYS);
		assert(strlen(arc_wants(arc)->name) <= DNS_NAME_MOST);
		arc_answer(arc, &answer);
	}
	assert(arc_result(arc) == ARC_PASS || !arc_vouches(arc, "a.example"));
	assert(arc_result(arc) != ARC_PASS || arc_sealer(arc)[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice message = slice_of(bytes, len), record;
	unsigned instance;
	struct arc *arc;
	bool passed;

	if (tools == NULL && dkim_tools_open(&tools) < 0)
		abort();
	if (!slice_cut(&message, '\0', &record))
		return 0;
	if (arc_results_read(message, "a.example", &instance, &passed))
		assert(instance >= 1 && instance <= ARC_SETS);
	arc = arc_new(tools, 1700000000, message);
	assert(arc != NULL);
	check(arc, record);
	arc_free(arc);
	return 0;
}
