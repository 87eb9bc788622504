/*
 * spf_record.h - what an SPF record says (RFC 7208 4.6, 12)
 *
 * Read whole and strictly before anything of it is evaluated: a fault anywhere
 * in a record makes it none.
 */
#ifndef POSTROOM_FILTERS_AUTH_SPF_RECORD_H
#define POSTROOM_FILTERS_AUTH_SPF_RECORD_H

#include "filters/auth/spf.h"

/* RFC 7208 3.4 asks for 512; with all addresses in it one has some thousand. */
#define SPF_RECORD_BYTES 8192
#define SPF_TERMS	1000

enum spf_kind {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6,
	SPF_EXISTS, SPF_KINDS
};

struct spf_term {
	enum spf_kind	kind;
	enum spf_result	result;		/* when it matches */
	struct slice	domain;		/* domain-spec; empty: none stands */
	unsigned	bits[2];	/* of IPv4, of IPv6 */
	unsigned char	address[16];	/* of IP4 the first 4 bytes */
};

/* Slices point into the record. */
struct spf_record {
	struct spf_term	*terms;		/* the caller's */
	size_t		 count;
	struct slice	 redirect;	/* domain-spec; empty: none */
	struct slice	 explanation;
};

/* Begins it with the version, so that it is one (4.5)? */
bool	spf_is_record(struct slice text);
/*
 * Read a record into `terms`, which has SPF_TERMS places.  NULL, or what is
 * wrong with it (constant).
 */
const char *spf_record_read(struct slice text, struct spf_term *terms,
	    struct spf_record *record_out);

#endif
