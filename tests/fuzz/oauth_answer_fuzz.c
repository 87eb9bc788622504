/*
 * oauth_answer_fuzz.c - what a login server answers, however it is cut
 *
 * The first byte says which answer it is and the second how the rest is cut;
 * what is read as HTTP is the same in one piece and in many, and its body is
 * read as JSON.  What comes out of that ends no line.
 */
#include <stdlib.h>
#include <string.h>

#include "fetch/oauth_answer.h"
#include "lib/base/https_reply.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
require(bool truth)
{
	if (!truth)
		abort();
}

static void
require_line(const char *string, size_t size)
{
	size_t len = strnlen(string, size);

	require(len < size);
	require(slice_is_printable_ascii(slice_of(string, len)));
}

static void
read_json(unsigned status, struct slice body)
{
	static struct oauth_token token;
	static struct oauth_device device;

	oauth_token_read(status, body, &token);
	require((unsigned)token.end < OAUTH_END_COUNT);
	require_line(token.words, sizeof(token.words));
	require_line(token.access, sizeof(token.access));
	require_line(token.refresh, sizeof(token.refresh));
	require((token.end == OAUTH_GRANTED) == (token.access[0] != '\0'));
	require(token.end == OAUTH_GRANTED || token.refresh[0] == '\0');
	require(token.expires_seconds <= OAUTH_EXPIRES_MOST);
	oauth_device_read(status, body, &device);
	require((unsigned)device.end < OAUTH_END_COUNT);
	require_line(device.words, sizeof(device.words));
	if (device.end != OAUTH_GRANTED)
		return;
	require_line(device.url, sizeof(device.url));
	require_line(device.user_code, sizeof(device.user_code));
	require(slice_has_prefix(slice_str(device.url), "https://"));
	require(device.interval_seconds > 0);
}

/* In pieces of `step` bytes; what came of it. */
static int
read_reply(struct https_reply *reply, struct slice bytes, size_t step)
{
	int r = 0;

	https_reply_open(reply, OAUTH_ANSWER_MOST);
	for (; r == 0 && bytes.len > 0; bytes = slice_after(bytes, step))
		r = https_reply_take(reply, slice_first(bytes, step));
	if (r == 0)
		r = https_reply_end(reply);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = slice_of(data, size);
	struct https_reply whole, cut;
	int r;

	if (size < 2)
		return 0;
	if (data[0] % 2 == 0) {
		read_json(data[1] % 2 == 0 ? 200 : 400,
		    slice_after(input, 2));
		return 0;
	}
	input = slice_after(input, 2);
	r = read_reply(&whole, input, size);
	require(r == read_reply(&cut, input, data[1] % 16 + 1u));
	if (r == 1) {
		require(whole.status == cut.status);
		require(slice_is(text_slice(&whole.body),
		    text_slice(&cut.body)));
		read_json(whole.status, text_slice(&whole.body));
	}
	https_reply_close(&whole);
	https_reply_close(&cut);
	return 0;
}
