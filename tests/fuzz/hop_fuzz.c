/*
 * hop_fuzz.c - who handed a message over, whatever its Received lines say
 *
 * The input is a provider's name, an LF, and a header; or one value.  What is
 * found lies in what was given, and what is taken for an address is one.
 */
#include <arpa/inet.h>
#include <assert.h>

#include "filters/trusted_hop.h"
#include "lib/message/received.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_inside(struct slice part, struct slice whole)
{
	assert(part.len == 0 || (part.at >= whole.at &&
	    part.at + part.len <= whole.at + whole.len));
}

static void
check_received(struct slice value)
{
	struct received got;

	received_read(value, &got);
	check_inside(got.helo, value);
	check_inside(got.name, value);
	check_inside(got.peer, value);
	check_inside(got.by, value);
	check_inside(got.with, value);
	check_inside(got.address, value);
	check_inside(got.date, value);
	assert(received_same_site(got.helo, got.by) ==
	    received_same_site(got.by, got.helo));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice input = slice_of(bytes, len), provider;
	char address[INET6_ADDRSTRLEN];
	unsigned char binary[16];
	struct trusted_hop hop;

	check_received(input);
	if (!slice_cut(&input, '\n', &provider))
		return 0;
	hop = trusted_hop_find(input, provider);
	check_inside(hop.peer, input);
	check_inside(hop.helo, input);
	if (hop.peer.len == 0)
		return 0;
	assert(slice_cstr(hop.peer, address, sizeof(address)) == 0);
	assert(inet_pton(AF_INET, address, binary) == 1 ||
	    inet_pton(AF_INET6, address, binary) == 1);
	return 0;
}
