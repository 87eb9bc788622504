/*
 * dkim_fuzz.c - whatever a message and a key record are, one result comes out
 *
 * Before the first NUL byte stands the record, behind it the message.  The
 * pieces in which it comes, and when the key does, change nothing.
 */
#include <assert.h>
#include <string.h>

#include "filters/auth/dkim.h"
#include "filters/auth/dkim_tags.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
answer(struct dkim *dkim, struct slice record)
{
	const char *name;
	unsigned which;

	while ((name = dkim_wants_key(dkim, &which)) != NULL) {
		assert(host_is_name(slice_str(name)));
		assert(which < dkim_count(dkim));
		dkim_key(dkim, which, DKIM_LOOKUP_FOUND, false, &record, 1);
	}
}

static struct dkim *
read_message(const struct dkim_tools *tools, struct slice record,
    struct slice message, size_t piece, bool is_early)
{
	static const struct dkim_options options = { 1700000000, false };
	struct dkim *dkim = dkim_new(tools, &options);

	assert(dkim != NULL);
	for (; message.len > 0; message = slice_after(message, piece)) {
		(void)dkim_add(dkim, slice_first(message, piece));
		if (is_early)
			answer(dkim, record);
	}
	(void)dkim_end(dkim);
	answer(dkim, record);
	return dkim;
}

static void
check_shown(struct slice shown)
{
	assert(slice_is_utf8(shown));
	for (size_t i = 0; i < shown.len; i++)
		assert((unsigned char)shown.at[i] >= 0x20 &&
		    shown.at[i] != 0x7f);
}

/* The header is not looked at where the body is wrong already. */
static void
check_same(const struct dkim *a, const struct dkim *b)
{
	assert(dkim_count(a) == dkim_count(b));
	assert(dkim_skipped(a) == dkim_skipped(b));
	for (unsigned i = 0; i < dkim_count(a); i++) {
		struct dkim_finding one = dkim_finding(a, i);
		struct dkim_finding two = dkim_finding(b, i);

		assert(one.result != DKIM_UNDECIDED);
		assert(one.reason == two.reason && one.body == two.body);
		assert(one.header == two.header ||
		    one.body == DKIM_MATCH_NO);
		assert(slice_is(one.identity, two.identity));
		assert(one.result != DKIM_PASS ||
		    (one.body == DKIM_MATCH_YES &&
		    one.header == DKIM_MATCH_YES && one.covers_body));
		check_shown(one.domain);
		check_shown(one.selector);
		check_shown(one.identity);
	}
}

static void
read_key(struct slice record)
{
	struct dkim_key key = { 0 };

	if (dkim_key_read(record, &key) == DKIM_VERIFIED)
		assert(key.pkey != NULL && key.bits <= DKIM_KEY_BITS_MOST);
	dkim_key_free(&key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct dkim_tools *tools;
	struct slice message = slice_of(bytes, len), record;
	struct dkim *whole, *pieces;

	if (tools == NULL && dkim_tools_open(&tools) < 0)
		return 0;
	if (!slice_cut(&message, '\0', &record))
		record = message;
	read_key(record);
	whole = read_message(tools, record, message, SIZE_MAX, false);
	pieces = read_message(tools, record, message, len % 5 + 1, true);
	check_same(whole, pieces);
	dkim_free(whole);
	dkim_free(pieces);
	return 0;
}
