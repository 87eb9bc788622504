/*
 * iprev.h - has the client's address a name that has that address?
 *
 * RFC 8601 3.  One question at a time, as spf.h has it.
 */
#ifndef POSTROOM_FILTERS_AUTH_IPREV_H
#define POSTROOM_FILTERS_AUTH_IPREV_H

#include "filters/auth/dns.h"

#define IPREV_NAMES	10	/* RFC 8601 3 leaves it open; as SPF's ptr */

enum iprev_result {
	IPREV_WAITING, IPREV_PASS, IPREV_FAIL, IPREV_TEMPERROR, IPREV_PERMERROR
};

struct iprev {
	enum iprev_result result;
	struct dns_question question;	/* while it waits */
	int		 family;
	unsigned char	 address[16];
	unsigned	 count, at;	/* names; the one asked about */
	bool		 was_later;
	char		 name[IPREV_NAMES][DNS_NAME_SIZE];
};

/* False: `address` is none. */
bool	iprev_begin(struct iprev *, struct slice address);
/* The answer to its question. */
void	iprev_answer(struct iprev *, const struct dns_answer *);

#endif
