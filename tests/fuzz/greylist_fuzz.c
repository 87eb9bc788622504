/*
 * greylist_fuzz.c - whatever stands in the file, no more is remembered than
 * there may be, all of it can be asked about and written, and reads back
 */
#include <assert.h>

#include "policy/greylist.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NOW	INT64_C(1795410000000)

static bool
look(void *arg, const struct grey_net *net)
{
	unsigned *count = arg;

	assert(net->net[0] != '\0' && net->waiting <= GREY_SHARE);
	assert(net->waiting + net->known > 0);
	assert(net->sender.len <= GREY_TEXT);
	assert(net->recipient.len <= GREY_TEXT);
	assert(net->since_utc_ms >= 0 && net->since_utc_ms <= NOW);
	*count += net->waiting + net->known;
	return true;
}

static unsigned
count_all(const struct greylist *list)
{
	unsigned count = 0;

	greylist_each(list, true, look, &count);
	greylist_each(list, false, look, &count);
	assert(count <= GREY_WAITING_MOST + GREY_KNOWN_MOST);
	return count;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct greylist *list = greylist_new(), *again = greylist_new();
	TEXT_AUTO written = TEXT_INIT(1 << 22);
	const struct slice net = slice_str("192.0.2.0/24");

	assert(list != NULL && again != NULL);
	(void)greylist_read(list, slice_of(bytes, len), NOW);
	greylist_write(&written, list);
	assert(greylist_read(again, text_slice(&written), NOW) == 0);
	assert(count_all(again) == count_all(list));
	/* and go on with it, with texts of any kind */
	for (unsigned i = 0; i < 4; i++)
		(void)greylist_ask(list, net, slice_of(bytes, len),
		    slice_first(slice_of(bytes, len), i + 1), 1000,
		    NOW + (int64_t)i * 700);
	text_clear(&written);
	greylist_write(&written, list);
	(void)count_all(again);
	greylist_free(list);
	greylist_free(again);
	return 0;
}
