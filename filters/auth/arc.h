/*
 * arc.h - is the chain of those who passed a message on unbroken? (RFC 8617)
 *
 * Who forwards or changes a message seals what he found before that: three
 * fields for each such hand, numbered from 1.  A chain is right when all of them
 * are there, the newest signature is one of the message as it came, and each
 * seal is its domain's over those before it.  That proves who said what, not
 * that it is true: anybody may make a chain of his own (HARDENING A68), so it is
 * for enforce.h to say whose word counts.
 *
 * Like iprev.h one question at a time, the newest key first; the first thing
 * that is wrong ends it.
 */
#ifndef POSTROOM_FILTERS_AUTH_ARC_H
#define POSTROOM_FILTERS_AUTH_ARC_H

#include "filters/auth/arc_sets.h"
#include "filters/auth/dns.h"

/* Keys asked for.  Honest chains have up to five hands, most of them one key. */
#define ARC_KEYS	12

enum arc_result {
	ARC_NONE,		/* there is no such field */
	ARC_PASS,
	ARC_FAIL,
	ARC_TEMPERROR		/* a key could not be looked up */
};

struct arc;			/* opaque; one message */

/*
 * Take the message up, all of it; it must outlive the check.  `received_utc`
 * is in seconds, for t= and x=.  NULL: memory is out.
 */
struct arc	*arc_new(const struct dkim_tools *, int64_t received_utc,
		    struct slice message);
/* NULL is fine. */
void		 arc_free(struct arc *);

/* The question to be answered next, or NULL: it is decided. */
const struct dns_question *arc_wants(const struct arc *);
void		 arc_answer(struct arc *, const struct dns_answer *);

/* Once it is decided. */
enum arc_result	 arc_result(const struct arc *);
/* Whose the newest seal is, in ASCII form; "": nobody's. */
const char	*arc_sealer(const struct arc *);
/*
 * What that sealer found was a DMARC pass of this domain as the author's; only
 * of a chain that is right.
 */
bool		 arc_vouches(const struct arc *, const char *author);

/*
 * Read the value of an ARC-Authentication-Results field: its number, 1 to
 * ARC_SETS, and whether it says dmarc=pass with header.from=`author`.  False:
 * it is none.
 */
bool		 arc_results_read(struct slice value, const char *author,
		    unsigned *instance_out, bool *passed_out);

#endif
