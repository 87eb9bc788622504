/*
 * rspamd_fuzz.c - what an rspamd answers
 *
 * Whatever a peer makes up is a result with a score, or FAILED with words, and
 * can be shown in a line of a header.
 */
#include <assert.h>
#include <string.h>

#include "filters/rspamd.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_printable(const char *s, size_t most)
{
	assert(strlen(s) <= most);
	for (; *s != '\0'; s++)
		assert(*s >= 0x20 && *s < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct rspamd_policy policy = {
		.action = VERDICT_MARK, .folder = "Junk",
		.failed = VERDICT_DEFER
	};
	struct rspamd_found found;
	struct verdict verdict;
	struct slice rest, symbol;

	rspamd_read(slice_of(len == 0 ? "" : (const char *)bytes, len), &found);
	assert(found.result != RSPAMD_UNASKED &&
	    found.result < RSPAMD_RESULTS);
	assert((found.result == RSPAMD_FAILED) == (found.words[0] != '\0'));
	assert(found.result != RSPAMD_FAILED || found.symbols[0] == '\0');
	check_printable(found.symbols, RSPAMD_SYMBOLS_MAX);
	check_printable(found.words, RSPAMD_WORDS_MAX);
	rest = slice_str(found.symbols);
	while (slice_word(&rest, &symbol))
		assert(rspamd_has(&found, symbol));
	rspamd_judge(&found, &policy, &verdict);
	assert(verdict.line_count == 1);
	assert((verdict.action == VERDICT_DEFER) ==
	    (found.result == RSPAMD_FAILED));
	return 0;
}
