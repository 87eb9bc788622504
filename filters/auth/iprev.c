/*
 * iprev.c - has the client's address a name that has that address?
 */
#include "filters/auth/iprev.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool
iprev_begin(struct iprev *iprev, struct slice address)
{
	char plain[INET6_ADDRSTRLEN], *at = iprev->question.name;
	size_t left = sizeof(iprev->question.name);
	int used;

	memset(iprev, 0, sizeof(*iprev));
	iprev->family = slice_find(address, ':') == SIZE_MAX ? AF_INET :
	    AF_INET6;
	if (slice_cstr(address, plain, sizeof(plain)) < 0 ||
	    inet_pton(iprev->family, plain, iprev->address) != 1)
		return false;
	iprev->question.kind = DNS_PTR;
	for (int i = iprev->family == AF_INET ? 3 : 15; i >= 0; i--) {
		unsigned byte = iprev->address[i];

		/* RFC 1035 3.5, RFC 3596 2.5 */
		used = iprev->family == AF_INET ?
		    snprintf(at, left, "%u.", byte) :
		    snprintf(at, left, "%x.%x.", byte & 15, byte >> 4);
		at += used;
		left -= (size_t)used;
	}
	(void)snprintf(at, left, "%s.arpa",
	    iprev->family == AF_INET ? "in-addr" : "ip6");
	return true;
}

/* Ask about the next name, or say that there is none. */
static void
next_name(struct iprev *iprev)
{
	if (iprev->at == iprev->count) {
		iprev->result = iprev->was_later ? IPREV_TEMPERROR :
		    IPREV_FAIL;
		return;
	}
	iprev->question.kind = iprev->family == AF_INET ? DNS_A : DNS_AAAA;
	memcpy(iprev->question.name, iprev->name[iprev->at],
	    sizeof(iprev->question.name));
}

static void
take_names(struct iprev *iprev, const struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count && iprev->count < IPREV_NAMES;
	    i++)
		if (answer->records[i].len > 0 &&
		    slice_cstr(answer->records[i],
		    iprev->name[iprev->count], DNS_NAME_SIZE) == 0)
			iprev->count++;
}

void
iprev_answer(struct iprev *iprev, const struct dns_answer *answer)
{
	size_t len = iprev->family == AF_INET ? 4 : 16;

	if (iprev->question.kind == DNS_PTR) {
		if (answer->found == DNS_LATER)
			iprev->result = IPREV_TEMPERROR;
		else if (answer->found == DNS_NOTHING)
			iprev->result = IPREV_PERMERROR;
		take_names(iprev, answer);
		if (iprev->result == IPREV_WAITING)
			next_name(iprev);
		return;
	}
	iprev->was_later |= answer->found == DNS_LATER;
	for (size_t i = 0; i < answer->count; i++)
		if (slice_is(answer->records[i],
		    slice_of(iprev->address, len))) {
			iprev->result = IPREV_PASS;
			return;
		}
	iprev->at++;
	next_name(iprev);
}
