/*
 * author_fuzz.c - whatever stands in a header, its authors can be asked about
 *
 * Each domain is a name that DNS can be asked for, none comes twice, what IMAP
 * would show as the author is among them, and each address is of one of them.
 */
#include <assert.h>
#include <string.h>

#include "lib/message/addresses.h"
#include "lib/message/author.h"
#include "lib/message/imap_envelope.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
is_told(const struct author *author, struct slice domain)
{
	while (slice_has_suffix(domain, "."))
		domain.len--;
	for (unsigned i = 0; i < author->domain_count; i++)
		if (slice_is_nocase(domain, slice_str(author->domains[i])))
			return true;
	return false;
}

static void
check_shown(const struct author *author, struct slice message)
{
	struct imap_fields fields;
	struct address_list list;
	struct address address;

	imap_fields_read(message, &fields);
	if (!fields.has[IMAP_FROM])
		return;
	addresses_begin(&list, slice_trim(fields.value[IMAP_FROM]));
	while (addresses_next(&list, &address))
		if (address.kind == ADDRESS_MAILBOX &&
		    slice_is_printable_ascii(address.domain))
			assert(author->is_unnamed ||
			    is_told(author, address.domain));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice message = slice_of(bytes, len);
	struct author author;

	assert(author_read(message, &author) == 0);
	assert(author.domain_count <= AUTHOR_DOMAINS);
	for (unsigned i = 0; i < author.domain_count; i++) {
		struct slice name = slice_str(author.domains[i]);

		assert(host_is_name(name) && !slice_has_suffix(name, "."));
		for (unsigned j = 0; j < i; j++)
			assert(!slice_is(name, slice_str(author.domains[j])));
	}
	assert(author.address_count <= AUTHOR_ADDRESSES);
	for (unsigned i = 0; i < author.address_count; i++) {
		const char *at = strrchr(author.addresses[i], '@');

		assert(at != NULL && (author.has_more ||
		    is_told(&author, slice_str(at + 1))));
	}
	if (!author.has_more)
		check_shown(&author, message);
	return 0;
}
