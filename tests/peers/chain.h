/*
 * chain.h - the chain of one message, for the checkers of the peer tests
 */
#ifndef TESTS_PEERS_CHAIN_H
#define TESTS_PEERS_CHAIN_H

#include "filters/auth/arc.h"

#define RECORDS_MOST	4

/* What it asks, out of `keys`, one record a line: its name, a blank, the text. */
static inline void
chain_answer(struct arc *arc, struct slice keys)
{
	const char *name = arc_wants(arc)->name;
	struct slice line, key, records[RECORDS_MOST];
	struct dns_answer said = { .found = DNS_NOTHING,
	    .records = records };

	while (slice_cut(&keys, '\n', &line) && said.count < RECORDS_MOST)
		if (slice_cut(&line, ' ', &key) && slice_is_word(key, name))
			records[said.count++] = line;
	if (said.count > 0)
		said.found = DNS_FOUND;
	arc_answer(arc, &said);
}

/*
 * Check it, as it came at that time, with those keys.  NULL: memory is out.
 */
static inline struct arc *
chain_check(const struct dkim_tools *tools, int64_t utc, struct slice message,
    struct slice keys)
{
	struct arc *arc = arc_new(tools, utc, message);

	while (arc != NULL && arc_wants(arc) != NULL)
		chain_answer(arc, keys);
	return arc;
}

#endif
