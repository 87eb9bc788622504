/*
 * dns.h - what a judge of identity asks of DNS, and is told
 *
 * No I/O here: whoever runs such a judge carries the question to the resolver
 * role and the answer back.
 */
#ifndef POSTROOM_FILTERS_AUTH_DNS_H
#define POSTROOM_FILTERS_AUTH_DNS_H

#include "lib/base/slice.h"

#define DNS_NAME_MOST	253	/* RFC 1035 2.3.4, without the last dot */
#define DNS_LABEL_MOST	63
#define DNS_NAME_SIZE	(DNS_NAME_MOST + 1)

enum dns_kind { DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TXT, DNS_KINDS };

enum dns_found {
	DNS_FOUND,
	DNS_NOTHING,		/* no such name, or no such record there */
	DNS_LATER,		/* nobody could say, or the answer is bogus */
	DNS_FOUND_COUNT
};

struct dns_question {
	enum dns_kind	kind;
	char		name[DNS_NAME_SIZE];	/* labels of 1 to 63 bytes of
						   printable ASCII, no last dot */
};

/*
 * Records are of the kind that was asked for: 4 or 16 bytes of an address; the
 * name of an MX or PTR, in ASCII form and without the last dot ("" for the root);
 * the strings of a TXT, put together.
 */
struct dns_answer {
	enum dns_found		 found;
	bool			 is_secure;	/* DNSSEC says so */
	const struct slice	*records;
	size_t			 count;
};

#endif
