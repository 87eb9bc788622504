/*
 * people_hosts.c - where people may have their mail collected from
 */
#include "policy/people_hosts.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "filters/rule_value.h"

#define TEXT_SIZE	64	/* of an address as text, and NUL */

static const struct {
	const char	*net;
	bool		 is_nowhere;	/* no other machine has it */
} inner[] = {
	{ "0.0.0.0/8", true },		/* this network (RFC 791 3.2) */
	{ "10.0.0.0/8", false },	/* private (RFC 1918 3) */
	{ "100.64.0.0/10", false },	/* shared by a provider (RFC 6598) */
	{ "127.0.0.0/8", true },	/* loopback (RFC 1122 3.2.1.3) */
	{ "169.254.0.0/16", true },	/* link-local (RFC 3927) */
	{ "172.16.0.0/12", false },
	{ "192.0.0.0/24", false },	/* of protocols (RFC 6890 2.1) */
	{ "192.168.0.0/16", false },
	{ "198.18.0.0/15", false },	/* benchmarks (RFC 2544) */
	{ "224.0.0.0/4", true },	/* multicast (RFC 5771) */
	{ "240.0.0.0/4", true },	/* reserved (RFC 1112 4), and broadcast */
	{ "::/96", true },		/* unspecified, loopback, old embedding */
	{ "64:ff9b:1::/48", false },	/* translated, local (RFC 8215) */
	{ "100::/64", false },		/* discarded (RFC 6666) */
	{ "2001::/32", false },		/* Teredo (RFC 4380): an IPv4 address in it */
	{ "2002::/16", false },		/* 6to4 (RFC 3056): the same */
	{ "fc00::/7", false },		/* private (RFC 4193) */
	{ "fe80::/10", true },		/* link-local (RFC 4291 2.5.6) */
	{ "fec0::/10", false },		/* of a site (RFC 3879) */
	{ "ff00::/8", true },		/* multicast */
};

static bool
is_in(const char *net, struct slice address)
{
	struct rule_net read;

	return rule_net_read(slice_str(net), &read) == NULL &&
	    rule_net_has(&read, address);
}

static struct slice
without_brackets(struct slice s)
{
	return s.len > 1 && s.at[0] == '[' ?
	    slice_after(slice_first(s, s.len - 1), 1) : s;
}

/* RFC 6052 2.1: the IPv4 address that is reached through a translator. */
static bool
translated(struct slice address, char text_out[TEXT_SIZE])
{
	char text[TEXT_SIZE];
	unsigned char b[16];

	if (!is_in("64:ff9b::/96", address) ||
	    slice_cstr(without_brackets(address), text, sizeof(text)) < 0 ||
	    inet_pton(AF_INET6, text, b) != 1)
		return false;
	(void)snprintf(text_out, TEXT_SIZE, "%u.%u.%u.%u", b[12], b[13],
	    b[14], b[15]);
	return true;
}

static bool
is_address(struct slice address)
{
	struct rule_net net;
	struct slice bare = without_brackets(address);

	return slice_find(bare, '/') == SIZE_MAX &&
	    rule_net_read(bare, &net) == NULL;
}

/* Is it in one of those nets, or only in those that are nowhere? */
static bool
is_among(struct slice address, bool nowhere_only)
{
	char behind[TEXT_SIZE];

	if (!is_address(address))
		return true;
	if (translated(address, behind))
		address = slice_str(behind);
	for (size_t i = 0; i < sizeof(inner) / sizeof(inner[0]); i++)
		if ((inner[i].is_nowhere || !nowhere_only) &&
		    is_in(inner[i].net, address))
			return true;
	return false;
}

bool
people_hosts_is_inner(struct slice address)
{
	return is_among(address, false);
}

bool
people_hosts_is_nowhere(struct slice address)
{
	return is_among(address, true);
}

static bool
is_listed(struct slice list, struct slice address)
{
	struct slice one;

	while (slice_cut(&list, ',', &one))
		if (slice_is(one, address))
			return true;
	return slice_is(list, address);
}

bool
people_hosts_may(struct slice address, struct slice own, struct slice allowed)
{
	struct rule_net net;
	struct slice word;

	while (slice_word(&allowed, &word))
		if (rule_net_read(word, &net) == NULL &&
		    rule_net_has(&net, address))
			return true;
	return !is_listed(own, address) && !people_hosts_is_inner(address);
}

static void
add_kept(struct slice address, unsigned *count, struct text *kept)
{
	if ((*count)++ > 0)
		text_add_byte(kept, ',');
	text_add(kept, address);
}

unsigned
people_hosts_keep(struct slice addresses, struct slice own,
    struct slice allowed, struct text *kept)
{
	unsigned count = 0;
	struct slice one;

	for (bool more = true; more; ) {
		more = slice_cut(&addresses, ',', &one);
		if (!more)
			one = addresses;
		if (people_hosts_may(one, own, allowed))
			add_kept(one, &count, kept);
	}
	return count;
}

unsigned
people_hosts_keep_elsewhere(struct slice addresses, struct text *kept)
{
	unsigned count = 0;
	struct slice one;

	for (bool more = true; more; ) {
		more = slice_cut(&addresses, ',', &one);
		if (!more)
			one = addresses;
		if (!people_hosts_is_nowhere(one))
			add_kept(one, &count, kept);
	}
	return count;
}
