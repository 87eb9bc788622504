/*
 * tls_counts.h - how TLS with the hosts of a domain went, counted (RFC 8460 4)
 *
 * By period (a day), domain and the policy that was held to; in a table that may
 * be a file's, as that of sts_cache.h, so that a restart loses nothing.  It has
 * room for so many of them and no more: what finds none is not counted, and
 * nobody is told of it.
 */
#ifndef POSTROOM_GATEWAY_RELAY_TLS_COUNTS_H
#define POSTROOM_GATEWAY_RELAY_TLS_COUNTS_H

#include "lib/base/host.h"
#include "lib/base/talk.h"

#define TLS_COUNTS_SLOTS	512	/* a day's domains, and yesterday's */
#define TLS_SLOT_BYTES		4096
#define TLS_COUNTS_BYTES	((size_t)TLS_COUNTS_SLOTS * TLS_SLOT_BYTES)
#define TLS_COUNTS_NAME		"tls-reports"	/* of the file, below DATA */
#define TLS_DETAILS		8	/* kinds of failure, by host, of one */
#define TLS_POLICY_BYTES	1600	/* its text, each line ended by LF */

/* RFC 8460 4.4: policy-type */
enum tls_policy {
	TLS_POLICY_NONE,
	TLS_POLICY_STS,
	TLS_POLICY_TLSA,
	TLS_POLICIES
};

/* RFC 8460 4.3: result-type; or it went well. */
enum tls_result {
	TLS_WENT_WELL,
	TLS_NOT_SUPPORTED,
	TLS_HOST_MISMATCH,
	TLS_EXPIRED,
	TLS_NOT_TRUSTED,
	TLS_FAILED,
	TLS_TLSA_INVALID,
	TLS_DNSSEC_INVALID,
	TLS_DANE_REQUIRED,
	TLS_STS_FETCH_ERROR,
	TLS_STS_INVALID,
	TLS_STS_WEBPKI_INVALID,
	TLS_RESULTS
};
/* As a report says it. */
const char *tls_policy_word(enum tls_policy);
const char *tls_result_word(enum tls_result);
/*
 * What kind of failure that is (talk.h); TLS_WENT_WELL: it says nothing of TLS.
 * `words`: what a library said of the certificate.
 */
enum tls_result tls_result_of(enum talk_fault, struct slice words);

/* One session, or one that was not to be. */
struct tls_session {
	int64_t		period;
	struct slice	domain;
	enum tls_policy	policy;
	struct slice	text;		/* of that policy; for the first only */
	struct slice	host;		/* may be empty */
	enum tls_result	result;
};

/* All of a period with one domain under one policy. */
struct tls_counted {
	int64_t		period;
	enum tls_policy	policy;
	char		domain[HOST_NAME_MOST + 3];
	char		text[TLS_POLICY_BYTES];
	uint64_t	good, bad;
	size_t		detail_count;
	struct {
		enum tls_result	result;
		uint32_t	count;
		char		host[HOST_NAME_MOST + 3];
	} details[TLS_DETAILS];		/* what found no place is in `bad` */
};

struct tls_counts;		/* TLS_COUNTS_BYTES; see tls_counts.c */

/* A table in `bytes` of that size (borrowed): what is torn there is gone. */
struct tls_counts *tls_counts_in(void *bytes);
void	tls_counts_add(struct tls_counts *, const struct tls_session *);
/*
 * What the place `at` holds, below TLS_COUNTS_SLOTS; false: nothing.
 */
bool	tls_counts_get(const struct tls_counts *, size_t at,
	    struct tls_counted *counted_out);
/* All of that period and domain is forgotten. */
void	tls_counts_drop(struct tls_counts *, int64_t period,
	    struct slice domain);

#endif
