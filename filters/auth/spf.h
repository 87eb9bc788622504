/*
 * spf.h - may this host send mail for this domain? (RFC 7208, RFC 8616)
 *
 * The check is a function of the answers of DNS that are known: it runs until
 * one is missing, says which, and with that answer runs anew.  So it waits
 * nowhere, and the number of questions bounds it.
 */
#ifndef POSTROOM_FILTERS_AUTH_SPF_H
#define POSTROOM_FILTERS_AUTH_SPF_H

#include "filters/auth/dns.h"

/* RFC 7208 4.6.4 */
#define SPF_LOOKUPS	10	/* terms that ask DNS */
#define SPF_VOID_LOOKUPS 2	/* of their questions nothing answers */
#define SPF_NAMES	10	/* of one mx, of one ptr */
/* Ten mx of ten names each, the records and the PTR names: never more. */
#define SPF_QUESTIONS	160
#define SPF_EXPLANATION_MOST 500	/* bytes: a reply line (RFC 5321) */

enum spf_result {
	SPF_NONE,
	SPF_NEUTRAL,
	SPF_PASS,
	SPF_FAIL,
	SPF_SOFTFAIL,
	SPF_TEMPERROR,
	SPF_PERMERROR,
	SPF_RESULT_COUNT
};

struct spf_options {
	struct slice	address;	/* of the client, as text */
	struct slice	helo;		/* what it called itself */
	struct slice	sender;		/* of the envelope; empty: the HELO
					   name is checked (2.4) */
	struct slice	host;		/* our own name, for %{r} */
	int64_t		now_utc;	/* seconds, for %{t} */
	bool		explains;	/* of a FAIL, exp= is asked for too */
};

struct spf;			/* opaque; see spf.c */

/* A check that has asked nothing yet; NULL: memory is out. */
struct spf	*spf_new(const struct spf_options *);
/* NULL is fine. */
void		 spf_free(struct spf *);

/* The question to be answered next, or NULL: it is decided. */
const struct dns_question *spf_wants(const struct spf *);
/* The answer to it. */
void		 spf_answer(struct spf *, const struct dns_answer *);
/* Nobody will answer: whatever is not decided is TEMPERROR. */
void		 spf_give_up(struct spf *);

/* Once it is decided; strings are good for as long as the check. */
enum spf_result	 spf_result(const struct spf *);
/* Whose record it is about, in ASCII form; "": there is no such domain. */
const char	*spf_domain(const struct spf *);
/* Why it is an error, for people; "" else. */
const char	*spf_problem(const struct spf *);
/* What the domain says of a FAIL, if it `explains`: printable ASCII, or "". */
const char	*spf_explanation(const struct spf *);

/* "pass", "softfail", ... as RFC 8601 2.7.2 has them. */
const char	*spf_result_code(enum spf_result);

#endif
