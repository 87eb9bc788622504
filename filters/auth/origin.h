/*
 * origin.h - who says that a message is from whom, and is it true?
 *
 * SPF of the sender and of the HELO name (RFC 7208), the signatures (RFC 6376),
 * the name of the client's address (iprev, RFC 8601 3), whether any of that is
 * the word of the author's domain (DMARC, RFC 9989), and what those say who have
 * passed it on (ARC, RFC 8617).  What our provider
 * brought is judged by the host that came to the provider (trusted_hop.h); what
 * somebody who is logged in, or a host of a private net, or the hub itself
 * sends has no such host.
 *
 * No I/O here: each part asks DNS one question at a time, and whoever runs it
 * brings the answer.  What nobody answers is "temperror", and never a reason to
 * refuse.
 */
#ifndef POSTROOM_FILTERS_AUTH_ORIGIN_H
#define POSTROOM_FILTERS_AUTH_ORIGIN_H

#include "filters/auth/arc.h"
#include "filters/auth/authors.h"
#include "filters/auth/dkim.h"
#include "filters/auth/spf.h"
#include "lib/message/envelope.h"

enum origin_part {
	ORIGIN_SENDER,
	ORIGIN_HELO,
	ORIGIN_IPREV,
	ORIGIN_KEYS,		/* and DKIM_SIGNATURES - 1 more */
	ORIGIN_ARC = ORIGIN_KEYS + DKIM_SIGNATURES,	/* ARC_KEYS at most */
	ORIGIN_AUTHORS,		/* once those before ORIGIN_ARC are decided;
				   and AUTHOR_DOMAINS - 1 more */
	ORIGIN_PARTS = ORIGIN_AUTHORS + AUTHOR_DOMAINS
};

/* One of the words of RFC 8601 2.7; "none" before anything is known. */
enum origin_result {
	ORIGIN_NONE, ORIGIN_PASS, ORIGIN_FAIL, ORIGIN_SOFTFAIL,
	ORIGIN_NEUTRAL, ORIGIN_POLICY, ORIGIN_TEMPERROR,
	ORIGIN_PERMERROR, ORIGIN_RESULTS
};
/* "pass", ... */
const char	*origin_word(enum origin_result);

#define ORIGIN_SIGNATURES 4	/* told of; those that pass come first */
#define ORIGIN_B_MOST	8	/* RFC 6008 4: bytes of b= that are shown */

struct origin_found {
	bool		is_wanted;	/* it was looked at */
	bool		is_from_outside;	/* so DMARC is about it */
	enum origin_result spf, helo, iprev, dkim;	/* dkim: the best one */
	enum origin_result dmarc;	/* of the worst author */
	enum dmarc_policy policy;	/* what that one asks for of a fail */
	char		author[DNS_NAME_SIZE];	/* that one; "": none */
	enum origin_result arc;
	char		sealer[DNS_NAME_SIZE];	/* who passed it on to us, of a
				   chain that is right; "": nobody */
	bool		sealer_vouches;	/* he saw it pass as that author's, who
				   is the only one */
	bool		is_excused;	/* and he is trusted: enforce.h */
	char		spf_domain[DNS_NAME_SIZE];	/* "": none */
	char		helo_domain[DNS_NAME_SIZE];
	char		client[HOST_TEXT_SIZE];	/* its address; "" */
	unsigned	signature_count;	/* of those told of */
	struct origin_signature {
		enum origin_result result;
		char	domain[DNS_NAME_SIZE];
		char	selector[DNS_NAME_SIZE];
		char	data[ORIGIN_B_MOST + 1];	/* header.b */
	} signatures[ORIGIN_SIGNATURES];
};

struct origin;		/* opaque; one message */

/*
 * Begin: the bytes of `message` are hashed here.  `tools` may be NULL: no
 * signature can be checked.  The message, the envelope with its hop and `host`,
 * our own name, must outlive it.  NULL: memory is out.
 */
struct origin	*origin_new(const struct dkim_tools *, const char *host,
		    const struct envelope *, struct slice message);
/* NULL is fine. */
void		 origin_free(struct origin *);

/* What a part asks now; NULL: nothing. */
const struct dns_question *origin_wants(const struct origin *,
		    unsigned part);
/* The answer to it. */
void		 origin_answer(struct origin *, unsigned part,
		    const struct dns_answer *);
/* Whatever is still asked, nobody will answer. */
void		 origin_give_up(struct origin *);
/* Nothing is asked any more. */
bool		 origin_is_decided(const struct origin *);
/* What was found, once it is decided. */
void		 origin_end(const struct origin *,
		    struct origin_found *found_out);

#endif
