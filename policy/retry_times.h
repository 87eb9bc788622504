/*
 * retry_times.h - domains whose mail is tried at other times than all the others'
 *
 * As the option outbound_domains has them: entries with a ";" between, each a
 * domain and what differs for it, in the words and units of the options beside it:
 *
 *	far.test first 1m retry 5m; .bank.test delay 1h days 2d
 *
 * ".bank.test" is every domain below bank.test.
 */
#ifndef POSTROOM_POLICY_RETRY_TIMES_H
#define POSTROOM_POLICY_RETRY_TIMES_H

#include "lib/base/slice.h"

#define RETRY_DOMAINS	64	/* entries; each is looked at with each try */

enum retry_time {
	RETRY_FIRST,		/* seconds: outbound_first_seconds */
	RETRY_RETRY,		/* outbound_retry_seconds */
	RETRY_SLOW,		/* outbound_slow_seconds */
	RETRY_SLOW_AFTER,	/* outbound_slow_after_seconds */
	RETRY_DELAY,		/* outbound_delay_seconds */
	RETRY_DAYS,		/* outbound_days */
	RETRY_TRIES,		/* outbound_tries */
	RETRY_TIMES
};

struct retry_times {
	struct slice	domain;		/* borrowed of what was read */
	bool		given[RETRY_TIMES];
	unsigned	value[RETRY_TIMES];
};

/*
 * Read `words` into `list` of RETRY_DOMAINS entries.  NULL, or what is wrong, in
 * words, and *where_out is the entry.
 */
const char *retry_times_read(struct slice words, struct retry_times *list,
	    size_t *count_out, struct slice *where_out);

#endif
