/*
 * rule_value.c - what stands in a test of a rule: sizes, nets, addresses
 */
#include "filters/rule_value.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/message/path.h"

#define NORMAL_BYTES	512	/* PATH_MAX_BYTES, and what A-labels add */

const char *
rule_size_read(struct slice s, uint64_t *bytes_out)
{
	static const char units[] = "kMG";
	const char *unit = s.len == 0 || s.at[s.len - 1] == '\0' ? NULL :
	    strchr(units, s.at[s.len - 1]);
	uint64_t times = 1, n;

	if (unit != NULL) {
		times = (uint64_t)1 << (10 * (unit - units + 1));
		s = slice_first(s, s.len - 1);
	}
	switch (slice_u64(s, UINT64_MAX / times, &n)) {
	case 0:
		*bytes_out = n * times;
		return NULL;
	case -ERANGE:
		return "is more than any message has";
	default:
		return "is no size; write 500, 10k, 5M or 1G";
	}
}

bool
rule_score_read(struct slice s, int32_t *hundredths_out)
{
	bool is_negative = slice_has_prefix(s, "-");
	struct slice whole, part = slice_after(s, is_negative);
	uint64_t n, hundredths = 0;

	if (!slice_cut(&part, '.', &whole)) {
		whole = part;
		part = slice_str("0");
	}
	if (slice_u64(whole, 999, &n) < 0 || part.len > 2 ||
	    slice_u64(part, 99, &hundredths) < 0)
		return false;
	n = n * 100 + hundredths * (part.len == 1 ? 10 : 1);
	*hundredths_out = is_negative ? -(int32_t)n : (int32_t)n;
	return true;
}

/*
 * Read an address as text; one that is IPv4 mapped into IPv6 is IPv4.  False
 * if it is none.
 */
static bool
read_address(struct slice s, struct rule_net *net_out)
{
	static const unsigned char mapped[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
	};
	struct rule_net net = { .family = AF_INET, .bits = 32 };
	char text[INET6_ADDRSTRLEN + 1];

	if (slice_cstr(s, text, sizeof(text)) < 0)
		return false;
	if (inet_pton(AF_INET, text, net.address) == 1) {
		*net_out = net;
		return true;
	}
	if (inet_pton(AF_INET6, text, net.address) != 1)
		return false;
	net.family = AF_INET6;
	net.bits = 128;
	if (memcmp(net.address, mapped, sizeof(mapped)) == 0) {
		memmove(net.address, net.address + 12, 4);
		net.family = AF_INET;
		net.bits = 32;
	}
	*net_out = net;
	return true;
}

/* The first `bits` of both are the same. */
static bool
same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, left = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return left == 0 ||
	    ((a[whole] ^ b[whole]) & (0xff << (8 - left) & 0xff)) == 0;
}

/* Every bit behind the first `bits` is 0. */
static bool
ends_in_zeros(const struct rule_net *net)
{
	static const unsigned char zeros[16];
	struct rule_net rest = *net;

	for (unsigned i = 0; i < net->bits; i++)
		rest.address[i / 8] &= (unsigned char)~(0x80 >> i % 8);
	return memcmp(rest.address, zeros,
	    net->family == AF_INET ? 4 : 16) == 0;
}

const char *
rule_net_read(struct slice s, struct rule_net *net_out)
{
	struct slice rest = s, address = s;
	bool has_bits = slice_cut(&rest, '/', &address);
	struct rule_net net;
	uint64_t bits;

	if (!read_address(address, &net))
		return "is no address or net; write 192.0.2.0/24 or "
		    "2001:db8::/32";
	if (has_bits) {
		if (slice_u64(rest, net.bits, &bits) < 0)
			return "has no such number of bits";
		net.bits = (unsigned)bits;
		if (!ends_in_zeros(&net))
			return "is an address inside a net; write the net";
	}
	*net_out = net;
	return NULL;
}

bool
rule_net_has(const struct rule_net *net, struct slice peer)
{
	struct rule_net one;

	/* RFC 5321 4.1.3 writes [IPv6:...]; a zone names no other host */
	if (peer.len > 1 && peer.at[0] == '[' && peer.at[peer.len - 1] == ']')
		peer = slice_after(slice_first(peer, peer.len - 1), 1);
	if (slice_has_prefix(peer, "IPv6:"))
		peer = slice_after(peer, 5);
	peer = slice_first(peer, slice_find(peer, '%'));
	return read_address(peer, &one) && one.family == net->family &&
	    same_bits(one.address, net->address, net->bits);
}

/* Add the normal form of a domain. */
static bool
add_domain(struct text *text, struct slice domain)
{
	TEXT_AUTO normal = TEXT_INIT(NORMAL_BYTES);

	if (address_normal(&normal, slice_str("x"), domain) < 0)
		return false;
	text_add(text, slice_after(text_slice(&normal), 2));
	return true;
}

const char *
rule_address_read(struct slice s, struct text *text,
    enum rule_whose *whose_out)
{
	struct path path;

	if (slice_is_str(s, "<>")) {
		*whose_out = RULE_NULL_PATH;
		return NULL;
	}
	if (s.len > 0 && s.at[0] == '@') {
		bool below = s.len > 1 && s.at[1] == '.';

		*whose_out = below ? RULE_BELOW_DOMAIN : RULE_DOMAIN;
		return add_domain(text, slice_after(s, below ? 2 : 1)) ? NULL :
		    "has no domain behind the @";
	}
	if (address_parse(s, true, &path) < 0 ||
	    address_normal(text, path.local, path.domain) < 0)
		return "is no address; write ann@office.test, @office.test, "
		    "@.office.test or <>";
	*whose_out = RULE_ADDRESS;
	return NULL;
}

/* Add the normal form, or if it has none the address itself. */
static void
normalise(struct text *text, struct slice address)
{
	size_t at = slice_find_last(address, '@');

	if (at == SIZE_MAX || address_normal(text, slice_first(address, at),
	    slice_after(address, at + 1)) < 0)
		text_add(text, address);
}

/* Is this the domain, or one below it? */
static bool
domain_is(bool below, struct slice normal, struct slice domain)
{
	if (!below)
		return slice_is_nocase(domain, normal);
	return domain.len > normal.len &&
	    domain.at[domain.len - normal.len - 1] == '.' &&
	    slice_is_nocase(slice_after(domain, domain.len - normal.len),
	    normal);
}

int
rule_address_is(enum rule_whose whose, struct slice normal,
    struct slice address)
{
	TEXT_AUTO text = TEXT_INIT(address.len + NORMAL_BYTES);
	size_t at;

	if (whose == RULE_NULL_PATH || address.len == 0)
		return whose == RULE_NULL_PATH && address.len == 0;
	normalise(&text, address);
	/* it has room for either form */
	if (text_failed(&text))
		return -ENOMEM;
	if (whose == RULE_ADDRESS)
		return slice_is_nocase(text_slice(&text), normal);
	at = slice_find_last(text_slice(&text), '@');
	return at != SIZE_MAX && domain_is(whose == RULE_BELOW_DOMAIN, normal,
	    slice_after(text_slice(&text), at + 1));
}
