/*
 * srs_fuzz.c - a rewritten sender comes back as what it was, and nothing else does
 *
 * The first byte chooses: a sender is rewritten and read back, or an address is
 * read as it stands, whose HMAC nobody could guess.
 */
#include <assert.h>

#include "lib/message/path.h"
#include "policy/srs.h"

#define NOW	INT64_C(1795300000000)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct seal_key key = { "a key of thirty-two bytes, or so" };

static void
there_and_back(struct slice sender)
{
	TEXT_AUTO address = TEXT_INIT(512);
	TEXT_AUTO back = TEXT_INIT(512);
	struct path path, was;

	if (srs_forward(&key, sender, slice_str("office.test"), NOW,
	    &address) < 0) {
		assert(address.len == 0);
		return;
	}
	assert(address_parse(text_slice(&address), true, &path) == 0);
	assert(slice_is_str(path.domain, "office.test"));
	/* one that another host has rewritten badly may have nobody to go to */
	if (srs_reverse(&key, path.local, NOW, &back) < 0) {
		assert(back.len == 0);
		return;
	}
	assert(address_parse(text_slice(&back), true, &path) == 0);
	assert(address_parse(sender, true, &was) == 0);
	if (!srs_is(was.local))
		assert(slice_is(text_slice(&back), was.address));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	TEXT_AUTO back = TEXT_INIT(512);
	struct path path;

	if (len == 0)
		return 0;
	if (bytes[0] % 2 == 0) {
		there_and_back(slice_of(bytes + 1, len - 1));
		return 0;
	}
	if (srs_reverse(&key, slice_of(bytes + 1, len - 1), NOW, &back) == 0)
		assert(address_parse(text_slice(&back), true, &path) == 0);
	else
		assert(back.len == 0);
	return 0;
}
