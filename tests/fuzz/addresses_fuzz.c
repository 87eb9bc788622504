/*
 * addresses_fuzz.c - whatever stands in a To is read within its bounds
 *
 * Elements lie in the value, one behind the other; groups begin and end in
 * turn; what is written today reads back as the same address.
 */
#include <assert.h>

#include "lib/message/addresses.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_inside(struct slice part, struct slice whole)
{
	assert(part.len == 0 || (part.at >= whole.at &&
	    part.at + part.len <= whole.at + whole.len));
}

static void
check_reads_back(const struct address *address)
{
	TEXT_AUTO written = TEXT_INIT(2048);
	struct address_list list;
	struct address again;

	address_write(&written, address);
	assert(!text_failed(&written));
	addresses_begin(&list, text_slice(&written));
	assert(addresses_next(&list, &again));
	/* a domain that is no dot-atom may hold what ends an address */
	if (again.kind != ADDRESS_MAILBOX)
		return;
	assert(slice_is(again.local, address->local));
	assert(slice_is(again.domain, address->domain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice value = slice_of(bytes, len);
	const char *at = value.at;
	struct address_list list;
	struct address address;
	bool in_group = false;
	size_t count = 0;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address)) {
		TEXT_AUTO name = TEXT_INIT(len * 4 + 16);

		assert(++count <= 2 * len);
		check_inside(address.whole, value);
		check_inside(address.name, value);
		check_inside(address.comment, value);
		check_inside(address.route, value);
		assert(address.whole.len == 0 || address.whole.at >= at);
		if (address.whole.len > 0)
			at = address.whole.at + address.whole.len;
		address_name(&name, &address);
		assert(slice_is_utf8(text_slice(&name)));
		switch (address.kind) {
		case ADDRESS_GROUP:
			assert(!in_group);
			in_group = true;
			break;
		case ADDRESS_GROUP_END:
			assert(in_group);
			in_group = false;
			break;
		case ADDRESS_MAILBOX:
			assert(address.local.len > 0 && address.domain.len > 0);
			check_reads_back(&address);
			break;
		case ADDRESS_BROKEN:
			assert(address.whole.len > 0);
			break;
		}
	}
	assert(!in_group);
	assert(!addresses_next(&list, &address));
	return 0;
}
