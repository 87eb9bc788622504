/*
 * dkim_reason.h - why a signature counts, or does not, and in which words
 *
 * A reason belongs to exactly one result (RFC 8601 2.7.1).  "policy" is ours:
 * the signature is right, and yet is not taken for the word of its domain.
 */
#ifndef POSTROOM_FILTERS_AUTH_DKIM_REASON_H
#define POSTROOM_FILTERS_AUTH_DKIM_REASON_H

#include "lib/base/say.h"

enum dkim_result {
	DKIM_UNDECIDED,		/* body or key are still to come */
	DKIM_PASS,
	DKIM_FAIL,
	DKIM_NEUTRAL,
	DKIM_POLICY,
	DKIM_PERMERROR,
	DKIM_TEMPERROR,
	DKIM_RESULT_COUNT
};

enum dkim_reason {
	DKIM_AWAITED,
	DKIM_VERIFIED,
	/* fail */
	DKIM_BODY_CHANGED,
	DKIM_BODY_CUT,		/* l= says more than there is */
	DKIM_SIGNATURE_WRONG,
	/* neutral */
	DKIM_BODY_PARTLY,	/* l= says less: anybody may add to it (A65) */
	/* policy */
	DKIM_HEADER_BROKEN,	/* a line in it is no field: what is signed may
				   not be what is shown */
	DKIM_FROM_COUNT,	/* not exactly one From */
	DKIM_KEY_WEAK,		/* RFC 8301 3.2 */
	DKIM_EXPIRED,
	DKIM_FROM_FUTURE,
	DKIM_LENGTH_UNWANTED,	/* l= where the caller takes none */
	/* permerror: the signature itself */
	DKIM_NO_LIST,
	DKIM_VERSION,
	DKIM_TAG_MISSING,
	DKIM_ALGORITHM_UNKNOWN,
	DKIM_SHA1,		/* RFC 8301 3.1 */
	DKIM_CANON_UNKNOWN,
	DKIM_DATA_BAD,		/* b= or bh= */
	DKIM_DOMAIN_BAD,	/* d= or s= */
	DKIM_IDENTITY_BAD,	/* i=, or not below d= */
	DKIM_NAMES_BAD,		/* h= */
	DKIM_FROM_UNSIGNED,
	DKIM_LENGTH_BAD,
	DKIM_QUERY_UNKNOWN,
	DKIM_TIMES_BAD,
	/* permerror: its key */
	DKIM_NO_KEY,
	DKIM_KEY_NO_LIST,
	DKIM_KEY_VERSION,
	DKIM_KEY_REVOKED,
	DKIM_KEY_BAD,
	DKIM_KEY_TOO_LARGE,
	DKIM_KEY_OTHER_KIND,
	DKIM_KEY_OTHER_HASH,
	DKIM_KEY_NOT_FOR_MAIL,
	DKIM_KEY_STRICT,	/* t=s, and i= is not of d= itself */
	/* temperror */
	DKIM_KEY_LATER,
	DKIM_OUR_FAULT,
	DKIM_REASON_COUNT
};

/* The result that this reason stands for. */
enum dkim_result	dkim_reason_result(enum dkim_reason);
/* "body changed", ...: for the trail and JSON, constant over languages. */
const char		*dkim_reason_code(enum dkim_reason);
/* The sentence for people; it takes no names or numbers. */
enum sentence		 dkim_reason_sentence(enum dkim_reason);
/* "pass", "fail", ... as RFC 8601 2.7.1 has them; "none" while undecided. */
const char		*dkim_result_code(enum dkim_result);

#endif
