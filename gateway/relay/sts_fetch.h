/*
 * sts_fetch.h - a domain's policy is fetched (RFC 8461 3.3)
 *
 * From mta-sts.DOMAIN, whose certificate has to be trusted, with one request:
 * no redirect is followed, and what is longer than it may be, or no text, is
 * no policy.  All messages that wait for the same one wait together; what
 * failed is not tried again for a while.  Who owns a domain names that server:
 * it is none in the office's own network (people_hosts.h).
 */
#ifndef POSTROOM_GATEWAY_RELAY_STS_FETCH_H
#define POSTROOM_GATEWAY_RELAY_STS_FETCH_H

#include "gateway/relay/sts_cache.h"
#include "gateway/relay/tls_counts.h"
#include "lib/base/ipc.h"
#include "lib/base/talk.h"

#define STS_FETCH_MS	20000		/* mail waits for it */
#define STS_FAILED_MS	300000		/* RFC 8461 3.3: five minutes */
#define STS_FETCHES	64		/* at a time; more are not */

struct sts_fetches;		/* opaque; see sts_fetch.c */

/* It is in the cache now, or could not be had.  From the loop. */
typedef void	sts_fetch_fn(void *arg);

/*
 * The policy of `domain` could not be had: as a report says it (RFC 8460; or
 * TLS_WENT_WELL: it is we who cannot), in our words, and others'.
 */
typedef void	sts_failed_fn(void *arg, const char *domain, enum tls_result,
		    const char *why, struct slice words);

/* All borrowed. */
struct sts_setting {
	struct talk_hall *hall;
	struct loop	*loop;
	struct sts_cache *cache;
	uint16_t	 port;		/* of HTTPS */
	/* nets of the office where such a server may be in spite of all
	 * (people_hosts.h); NULL, in tests: it may be anywhere */
	const char	*inner_hosts;
	struct talk_counts *counts;	/* as in talk.h */
	sts_failed_fn	*failed;
	void		*arg;
};

/* NULL: memory is out. */
struct sts_fetches *sts_fetches_new(const struct sts_setting *);
/* Who waits is not called any more; NULL is fine. */
void	sts_fetches_free(struct sts_fetches *);

/*
 * Have the policy `id` of `domain` fetched.  `resolver` is asked for addresses.
 * 0; -EAGAIN: it has failed a moment ago, or too many are; -ENOMEM.
 */
int	sts_fetch(struct sts_fetches *, struct ipc *resolver,
	    struct slice domain, const char *id, sts_fetch_fn *, void *arg);
/* Who has that `arg` does not wait any more. */
void	sts_fetch_forget(struct sts_fetches *, const void *arg);

/*
 * An answer to RESOLVER_RECORDS about _mta-sts of a domain: the id of its policy,
 * "" if DNS says nothing of one.
 */
void	sts_id_read(struct slice answer, char id_out[STS_ID_MOST + 1]);

#endif
