/*
 * tls_report.h - what a domain is told of TLS with its hosts (RFC 8460 4, 5)
 *
 * The report itself (JSON, RFC 7493), and the mail that carries it.  Pure: the
 * caller brings clock, zone and names.
 */
#ifndef POSTROOM_GATEWAY_RELAY_TLS_REPORT_H
#define POSTROOM_GATEWAY_RELAY_TLS_REPORT_H

#include "gateway/relay/tls_counts.h"
#include "lib/base/id.h"
#include "lib/base/text.h"

#define TLS_REPORT_BYTES	(128u * 1024)	/* of each form of it */

struct tls_report {
	struct slice	from;		/* our address; its domain reports */
	struct slice	hostname;	/* of the hub */
	struct slice	domain;
	int64_t		begin_utc, end_utc;	/* seconds; the last one is in it */
	const struct tls_counted *counted;	/* one for each policy */
	size_t		count;
};

/* Add it as JSON. */
void	tls_report_write(struct text *, const struct tls_report *);
/* Add `bytes` as gzip (RFC 1952) has them.  0 or -ENOMEM. */
int	tls_report_pack(struct text *, struct slice bytes);

struct tls_report_mail {
	struct message_id id;
	int64_t		 at_utc_ms;
	int		 zone_minutes;
	struct slice	 to;
	struct slice	 packed;	/* tls_report_pack() */
};

/*
 * Add the message (RFC 8460 5.3).  It may go without TLS (RFC 8689 5): a report of
 * what is wrong must not be kept away by that.  0 or -EINVAL: an address is none.
 */
int	tls_report_mail_write(struct text *, const struct tls_report *,
	    const struct tls_report_mail *);

#endif
