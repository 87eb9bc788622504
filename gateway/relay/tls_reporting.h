/*
 * tls_reporting.h - once a day each domain that wants it is told (RFC 8460)
 *
 * What was counted (tls_counts.h) of a period that is over is told to those that
 * the domain's record names: by mail, which the caller puts on its way, and by
 * HTTPS.  One after the other, and not at once after midnight (RFC 8460 4.1).
 * Where somebody has it, or nobody wants it, it is forgotten; else it is tried
 * again for some periods.
 */
#ifndef POSTROOM_GATEWAY_RELAY_TLS_REPORTING_H
#define POSTROOM_GATEWAY_RELAY_TLS_REPORTING_H

#include "gateway/relay/tls_counts.h"
#include "lib/base/ipc.h"

struct tls_reporting;		/* opaque; see tls_reporting.c */

/* All borrowed. */
struct tls_reporting_setting {
	struct talk_hall *hall;
	struct loop	*loop;
	struct tls_counts *counts;
	struct talk_counts *line;	/* of what is sent by HTTPS */
	const char	*from;		/* our address */
	const char	*hostname;
	unsigned	 period_seconds;
	const char	*inner_hosts;	/* as sts_fetch.h */
	/*
	 * Put that message on its way; tls_reporting_mailed() comes once.  0 or a
	 * negative errno: then it does not.
	 */
	int		(*mail)(void *arg, struct slice to,
			    struct slice message);
	void		*arg;
};

/* NULL: memory is out, or there is no random number. */
struct tls_reporting *tls_reporting_new(
	    const struct tls_reporting_setting *);
void	tls_reporting_free(struct tls_reporting *);
/* The resolver is there, or (NULL) gone: then nothing is begun. */
void	tls_reporting_resolver(struct tls_reporting *, struct ipc *);
/* The message is durable, or was not taken. */
void	tls_reporting_mailed(struct tls_reporting *, bool is_taken);
/* The period of a moment. */
int64_t	tls_period_of(unsigned period_seconds, int64_t utc_ms);

#endif
