/*
 * results.h - what we found of an identity, in a header line (RFC 8601)
 */
#ifndef POSTROOM_FILTERS_AUTH_RESULTS_H
#define POSTROOM_FILTERS_AUTH_RESULTS_H

#include "filters/auth/origin.h"
#include "filters/verdict.h"

/*
 * The value of an Authentication-Results field of `host`, our own name, on one
 * line and at most VERDICT_VALUE_MAX bytes; what there is no room for is left
 * out, signatures first.
 */
void	results_write(struct text *, const char *host,
	    const struct origin_found *);

/* ACCEPT, with that line. */
void	results_judge(const struct origin_found *, const char *host,
	    struct verdict *verdict_out);

#endif
