/*
 * same_body_fuzz.c - whatever two copies are, there is one answer
 *
 * Before the first NUL byte stands a key record, before the second the header of
 * the other copy, behind it the message that is here.  What is the same has the
 * word of a domain.  The same bytes are read as a question and as an answer.
 */
#include <assert.h>
#include <string.h>

#include "filters/auth/same_body.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_packed(struct slice bytes)
{
	TEXT_AUTO text = TEXT_INIT(SAME_BODY_ANSWER_BYTES);
	struct same_body_answer answer;
	struct same_body_ask ask;

	if (same_body_ask_unpack(bytes, &ask) == 0)
		assert(ask.body_at <= ask.whole_bytes &&
		    ask.header_bytes <= DKIM_HEADER_BYTES);
	if (same_body_answer_unpack(bytes, &answer) < 0)
		return;
	same_body_answer_pack(&text, &answer);
	assert(!text_failed(&text) && slice_is(text_slice(&text), bytes));
}

static void
compare(const struct dkim_tools *tools, struct slice record,
    struct slice header, struct slice whole)
{
	struct same_body_answer answer;
	struct same_body *same;
	const char *name;
	unsigned which;

	if (same_body_new(tools, 1700000000, header, whole,
	    header_bytes(whole), &same) < 0)
		return;
	while ((name = same_body_wants_key(same, &which)) != NULL) {
		assert(host_is_name(slice_str(name)));
		same_body_key(same, which, DKIM_LOOKUP_FOUND, false, &record,
		    1);
	}
	assert(same_body_end(same, &answer) == 0);
	assert(!answer.is_same || answer.domain.len > 0);
	assert(!answer.is_same || answer.reason == DKIM_VERIFIED);
	same_body_free(same);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct dkim_tools *tools;
	struct slice rest = slice_of(bytes, len), record, header;

	if (tools == NULL)
		assert(dkim_tools_open(&tools) == 0);
	check_packed(rest);
	if (slice_cut(&rest, '\0', &record) &&
	    slice_cut(&rest, '\0', &header))
		compare(tools, record, header, rest);
	return 0;
}
