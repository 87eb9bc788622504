/*
 * dkim_signature.h - what one DKIM-Signature field says (RFC 6376 3.5)
 *
 * Read strictly, before anything is computed or asked for: whatever comes out
 * can be looked up, compared and shown.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_SIGNATURE_H
#define POSTROOM_FILTERS_AUTH_DKIM_SIGNATURE_H

#include "filters/auth/dkim_canon.h"
#include "filters/auth/dkim_reason.h"
#include "lib/base/host.h"

#define DKIM_HASH_BYTES	32	/* SHA-256 */
/* Of b=: a key of DKIM_KEY_BITS_MOST makes so many; more verify nothing. */
#define DKIM_DATA_BYTES	1024
/*
 * Names in h=: the whole header of a letter with all its traces, signed twice
 * over, has fewer.
 */
#define DKIM_NAMES	256
#define DKIM_NAME_SIZE	(HOST_NAME_MOST + 1)
/* Of i=: a local part of 64 in quotes, all of it escaped, "@", a domain. */
#define DKIM_IDENTITY_SIZE	(2 * 64 + 4 + DKIM_NAME_SIZE)

enum dkim_algorithm {
	DKIM_ALGORITHM_NONE,	/* none that is known */
	DKIM_RSA_SHA1,		/* known, and never right */
	DKIM_RSA_SHA256,
	DKIM_ED25519_SHA256
};

/* The fields that are written so. */
enum dkim_field {
	DKIM_FIELD_SIGNATURE,	/* DKIM-Signature */
	DKIM_FIELD_ARC_MESSAGE,	/* ARC-Message-Signature (RFC 8617 4.1.2) */
	DKIM_FIELD_ARC_SEAL,	/* ARC-Seal (4.1.3) */
	DKIM_FIELD_COUNT
};

/* What a seal says of the chain before it: cv= (RFC 8617 4.1.3). */
enum dkim_chain { DKIM_CHAIN_NONE, DKIM_CHAIN_PASS, DKIM_CHAIN_FAIL };

/* Slices point into the field. */
struct dkim_signature {
	enum dkim_algorithm algorithm;
	enum dkim_canon	 header_canon, body_canon;
	char		 domain[DKIM_NAME_SIZE];	/* d=, ASCII form */
	char		 selector[DKIM_NAME_SIZE];	/* s=, ASCII form */
	char		 query[DKIM_NAME_SIZE];		/* where the key is */
	char		 identity[DKIM_IDENTITY_SIZE];	/* i=, or "@" d= */
	bool		 is_of_domain;	/* i= is of d= itself, not below it */
	bool		 has_length, has_time, has_expiry;
	uint64_t	 length;	/* l=; UINT64_MAX for more than fit */
	int64_t		 time_utc, expires_utc;	/* t=, x=; seconds */
	unsigned char	 body_hash[DKIM_HASH_BYTES];
	unsigned char	 data[DKIM_DATA_BYTES];
	size_t		 data_len;
	struct slice	 names;		/* h= */
	struct slice	 data_whole;	/* what is not signed of the field */
	enum dkim_chain	 chain;		/* of a seal */
};

/*
 * Read the field.  DKIM_VERIFIED: all of it is there; else why it is none, and
 * only what could be read of algorithm, domain, selector and identity is
 * filled in, the rest is zero.
 */
enum dkim_reason	dkim_signature_read(const struct header_field *,
			    struct dkim_signature *signature_out);
/*
 * The same of a field of that kind; the number of an ARC field, which is its i=,
 * is for whoever has the others.
 */
enum dkim_reason	dkim_signature_read_as(const struct header_field *,
			    enum dkim_field, struct dkim_signature *);

#endif
