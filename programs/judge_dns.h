/*
 * judge_dns.h - what the resolver has answered, as the judge's filters take it
 */
#ifndef POSTROOM_PROGRAMS_JUDGE_DNS_H
#define POSTROOM_PROGRAMS_JUDGE_DNS_H

#include "filters/auth/dns.h"

/*
 * Read the reply to RESOLVER_RECORDS or RESOLVER_TEXT.  Of its records the first
 * `most` are in `records`, and point into `body`.  What makes no sense is told
 * in the log, and is DNS_LATER: nobody could say.
 */
void	judge_dns_read(struct slice body, struct slice *records, size_t most,
	    struct dns_answer *answer_out);

#endif
