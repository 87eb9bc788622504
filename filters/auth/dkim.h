/*
 * dkim.h - are the signatures of a message right, and whose are they?
 *
 * RFC 6376, RFC 8301 (SHA-1 proves nothing, and no RSA key under 1024 bits),
 * RFC 8463 (Ed25519).  The message is fed in pieces of any size, header first,
 * as the bytes came; only the header is kept.  No I/O here: whoever feeds looks
 * the keys up and tells the answers, before the body, while it comes or after.
 * A signature is decided when its body and its key are known, and the order in
 * which they came makes no difference to the result.
 *
 * What is right is not yet what a judge may build on: a signature of a part of
 * the body (l=, A65) is "neutral", and one whose key is weak, that had expired,
 * or that stands over a header that others may read in another way, "policy".
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_H
#define POSTROOM_FILTERS_AUTH_DKIM_H

#include "filters/auth/dkim_fields.h"
#include "filters/auth/dkim_tools.h"

/* Looked at in one message, from the top; honest mail has up to five. */
#define DKIM_SIGNATURES	10
/* Texts of one answer that are tried; RFC 6376 3.6.2.2 asks for one. */
#define DKIM_RECORDS	4
/* A clock may be so far off: seconds, for t= and x=. */
#define DKIM_DRIFT_SECONDS 3600

struct dkim;			/* opaque: one message */

struct dkim_options {
	int64_t	received_utc;	/* seconds: when the message was taken over
				   from who sent it; t= and x= are about it */
	bool	whole_only;	/* a signature with l= is never right */
};

/* A message whose header is to come; NULL when memory is out. */
struct dkim	*dkim_new(const struct dkim_tools *,
		    const struct dkim_options *);
/* NULL is fine. */
void		 dkim_free(struct dkim *);

/*
 * The next bytes of the message; none are taken any more after its end.  0;
 * -E2BIG: the header is larger than DKIM_HEADER_BYTES or has more than
 * DKIM_FIELDS fields; -ENOMEM or -EIO.  After an error there are no results,
 * and it comes again for all that follows.
 */
int		 dkim_add(struct dkim *, struct slice);
/*
 * What was added so far is the header, with its empty line or without it; what
 * follows is the body, which may be held elsewhere.  Errors as above.
 */
int		 dkim_end_header(struct dkim *);
/* That was all of the message.  Errors as above. */
int		 dkim_end(struct dkim *);

/* How many signatures are looked at, and how many were more than that. */
unsigned	 dkim_count(const struct dkim *);
unsigned	 dkim_skipped(const struct dkim *);

/*
 * The name of a TXT record that is wanted now, in ASCII form, and has not been
 * given by this before; NULL: none.  `*which_out` is for dkim_key().  Nothing
 * is wanted for a signature that cannot be right any more: who asks after the
 * end of the body asks only for those whose body is the one signed.
 */
const char	*dkim_wants_key(struct dkim *, unsigned *which_out);

enum dkim_lookup {
	DKIM_LOOKUP_FOUND,
	DKIM_LOOKUP_NONE,	/* no such name, or no TXT there */
	DKIM_LOOKUP_LATER	/* nobody could say, or the answer is bogus */
};

/*
 * What was found for it: each text one record, its strings put together.  Only
 * the first answer counts.
 */
void		 dkim_key(struct dkim *, unsigned which, enum dkim_lookup,
		    bool is_secure, const struct slice *texts, size_t count);

enum dkim_match { DKIM_MATCH_UNKNOWN, DKIM_MATCH_YES, DKIM_MATCH_NO };

/* Slices and strings are good for as long as the message. */
struct dkim_finding {
	enum dkim_result result;
	enum dkim_reason reason;
	enum dkim_match	 body;		/* bh= is the hash of the body */
	enum dkim_match	 header;	/* b= is the key's, over the header */
	enum dkim_algorithm algorithm;
	unsigned	 key_bits;	/* 0: no key yet */
	bool		 key_is_test;	/* t=y: a wrong one is as none at all */
	bool		 key_is_secure;	/* DNSSEC says so */
	bool		 has_length;	/* l= was used */
	bool		 covers_body;	/* all of it is signed; false while its
					   end is not known */
	struct slice	 domain;	/* empty: it could not be read */
	struct slice	 selector;
	struct slice	 identity;
	struct slice	 names;		/* h= */
	struct slice	 data;		/* b= as written, for header.b (RFC
					   6008); may hold folding */
};

/* Of signature `which`, below dkim_count(); also while it is undecided. */
struct dkim_finding dkim_finding(const struct dkim *, unsigned which);

#endif
