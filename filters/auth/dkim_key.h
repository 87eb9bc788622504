/*
 * dkim_key.h - the key record of a domain (RFC 6376 3.6.1, RFC 8463 4)
 *
 * What stands in the TXT record, its strings put together without anything
 * between them.  Whether a key may be used for a signature is for dkim.h; here
 * it is only read.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_KEY_H
#define POSTROOM_FILTERS_AUTH_DKIM_KEY_H

#include <openssl/evp.h>

#include "filters/auth/dkim_reason.h"

/* RFC 8301 3.2: shorter proves nothing */
#define DKIM_KEY_BITS_LEAST	1024
/*
 * RFC 8301 3.2 asks for 4096.  One of 8192 takes 0.3 ms and fits into an answer
 * of DNS; nobody uses larger ones but to keep others busy.
 */
#define DKIM_KEY_BITS_MOST	8192

enum dkim_key_kind { DKIM_KEY_RSA, DKIM_KEY_ED25519 };

struct dkim_key {
	enum dkim_key_kind kind;
	unsigned	 bits;
	bool		 takes_sha256;	/* h= */
	bool		 is_for_mail;	/* s= */
	bool		 is_test;	/* t=y */
	bool		 is_strict;	/* t=s: i= must be of d= itself */
	EVP_PKEY	*pkey;		/* owned; dkim_key_free() */
};

/*
 * Read a record.  DKIM_VERIFIED: *key_out is it; else why it is no key that can
 * be used, and *key_out is unchanged: DKIM_KEY_NO_LIST, _VERSION, _REVOKED,
 * _BAD, _TOO_LARGE, _OTHER_KIND (one that is not known), or DKIM_OUR_FAULT.
 */
enum dkim_reason	dkim_key_read(struct slice record,
			    struct dkim_key *key_out);
/* A zeroed one is fine. */
void			dkim_key_free(struct dkim_key *);

#endif
