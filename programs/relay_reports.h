/*
 * relay_reports.h - reports of how TLS went, as mail of the hub's own (RFC 8460)
 *
 * What the relay has counted is told once a day; a report that goes by mail takes
 * the road of all mail: the queue has it judged, which has it signed, and says
 * when it is durable.
 */
#ifndef POSTROOM_PROGRAMS_RELAY_REPORTS_H
#define POSTROOM_PROGRAMS_RELAY_REPORTS_H

#include "gateway/relay/tls_reporting.h"
#include "policy/config.h"

struct relay_reports;		/* opaque; see relay_reports.c */

/*
 * `config` and all in `setting` are borrowed; who sends them, by which name and
 * how often is filled in.  NULL: memory is out.
 */
struct relay_reports *relay_reports_new(const struct config *,
	    const struct tls_reporting_setting *setting);
/* Who is there now, or NULL.  All of it NULL is fine. */
void	relay_reports_queue(struct relay_reports *, struct ipc *);
void	relay_reports_resolver(struct relay_reports *, struct ipc *);

#endif
