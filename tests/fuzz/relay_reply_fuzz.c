/*
 * relay_reply_fuzz.c - a remote server's words, whole or byte by byte
 *
 * Either way they are the same replies, each one printable line; the message that
 * goes out for the same bytes has one end.
 */
#include <assert.h>
#include <string.h>

#include "gateway/relay/body.h"
#include "gateway/relay/reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define REPLIES	64

static size_t
hear_all(struct slice input, size_t step, struct relay_said *said)
{
	struct relay_hearing hearing = { .lines = 0 };
	enum relay_heard is = RELAY_MORE;
	size_t count = 0, from = 0;

	for (size_t len = step < input.len ? step : input.len;
	    is != RELAY_NONSENSE && count < REPLIES; len += step) {
		struct slice rest;

		if (len > input.len)
			len = input.len;
		rest = slice_after(slice_first(input, len), from);
		do
			is = relay_hear(&hearing, &rest, &said[count]);
		while (is == RELAY_WHOLE && ++count < REPLIES);
		from = len - rest.len;
		if (len == input.len)
			break;
	}
	return count;
}

static void
send_body(struct slice input)
{
	TEXT_AUTO out = TEXT_INIT(4 * input.len + 4096);
	struct relay_body body;
	struct slice rest, line;
	bool is_over = false;

	relay_body_begin(&body, false);
	relay_body_add(&body, slice_first(input, input.len / 2), &out);
	relay_body_add(&body, slice_after(input, input.len / 2), &out);
	relay_body_end(&body, &out);
	assert(!text_failed(&out));
	rest = text_slice(&out);
	while (slice_cut(&rest, '\n', &line)) {
		assert(!is_over && line.len > 0);
		assert(line.at[line.len - 1] == '\r');
		assert(line.len <= RELAY_LINE_MOST + 2);
		assert(slice_find(line, '\r') == line.len - 1);
		assert(memchr(line.at, '\0', line.len) == NULL);
		is_over = slice_is_str(line, ".\r");
	}
	assert(is_over && rest.len == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct relay_said one[REPLIES + 1], two[REPLIES + 1];
	struct slice input = slice_of(bytes, len), line;
	struct relay_offer offer = { .size = 0 };
	size_t count;

	if (len == 0)
		return 0;
	memset(one, 0, sizeof(one));
	memset(two, 0, sizeof(two));
	count = hear_all(input, len, one);
	assert(count == hear_all(input, 1, two));
	assert(memcmp(one, two, count * sizeof(*one)) == 0);
	for (size_t i = 0; i < count; i++) {
		assert(one[i].code >= 200 && one[i].code <= 599);
		assert(slice_is_printable_ascii(slice_str(one[i].words)));
		assert(slice_is_printable_ascii(slice_str(one[i].status)));
	}
	send_body(input);
	while (slice_cut(&input, '\n', &line))
		relay_offer_line(&offer, line);
	return 0;
}
