/*
 * dmarc.h - is the domain in From one that vouches for the message? (RFC 9989)
 *
 * A message passes when SPF or a signature passes for a domain that is the
 * author's, or of the same organization; where organizations begin is found by a
 * walk up the DNS tree (4.10), not from a list.  Like spf.h a function of the
 * answers that are known, with one question at a time.
 */
#ifndef POSTROOM_FILTERS_AUTH_DMARC_H
#define POSTROOM_FILTERS_AUTH_DMARC_H

#include "filters/auth/dmarc_record.h"
#include "filters/auth/dns.h"

#define DMARC_WALK	8	/* 4.10: questions of one walk */
#define DMARC_DOMAINS	11	/* that may vouch: SPF's, ten signatures */
/*
 * A walk for the author and each of five others, and whether that domain
 * exists.  Only what is below the author's organization is walked from, and
 * walks share what they were told: no honest message comes near.
 */
#define DMARC_QUESTIONS	(6 * DMARC_WALK + 3)

enum dmarc_result {
	DMARC_RESULT_NONE,	/* no policy is published */
	DMARC_RESULT_PASS,
	DMARC_RESULT_FAIL,
	DMARC_RESULT_TEMPERROR
};

struct dmarc;			/* opaque; see dmarc.c */

/*
 * A check of the author's domain, a host_is_name() without a last dot; NULL:
 * memory is out.  Then the domains, likewise, for which something passed, or
 * (not sure) for which nobody could say whether it does: one that would vouch
 * makes TEMPERROR of a FAIL.  Those beyond DMARC_DOMAINS do not count.
 */
struct dmarc	*dmarc_new(const char *author);
void		 dmarc_add_spf(struct dmarc *, const char *domain,
		    bool is_sure);
void		 dmarc_add_dkim(struct dmarc *, const char *domain,
		    bool is_sure);
/* NULL is fine. */
void		 dmarc_free(struct dmarc *);

/* All domains are added: begin. */
void		 dmarc_begin(struct dmarc *);
/* The question to be answered next, or NULL: it is decided. */
const struct dns_question *dmarc_wants(const struct dmarc *);
void		 dmarc_answer(struct dmarc *, const struct dns_answer *);
/* Nobody will answer: what is not decided is TEMPERROR. */
void		 dmarc_give_up(struct dmarc *);

/* Once it is decided. */
enum dmarc_result dmarc_result(const struct dmarc *);
/*
 * What the domain asks for when it is FAIL; one milder where the policy is only
 * tried (t=y).  UNSAID: there is no policy.
 */
enum dmarc_policy dmarc_policy(const struct dmarc *);
/* Where the policy stands; "": nowhere. */
const char	*dmarc_policy_domain(const struct dmarc *);

#endif
