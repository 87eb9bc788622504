/*
 * fetch_health.h - when a fetch account is collected, and how it does
 *
 * Rows of policy.db beside the account's: how often it is to be looked at, which
 * people say, and what came of it, which the schedule says, so that a new start
 * of the hub knows what the last one knew.  They go with the account: as seen
 * from here at once, in the file when it is swept.
 */
#ifndef POSTROOM_POLICY_FETCH_HEALTH_H
#define POSTROOM_POLICY_FETCH_HEALTH_H

#include "lib/base/pack.h"
#include "policy/accounts.h"

#define FETCH_EVERY_MOST	1440	/* minutes, as fetch_minutes */
#define FETCH_RESULT_SIZE	24	/* of a fetch_end_code(), with its NUL */
#define FETCH_GRANT_STAGES	4	/* the largest grant_urgency() */
#define FETCH_HEALTH_WORDS	513	/* FETCH_WORDS_MOST, with its NUL */

struct fetch_when {
	unsigned	every_minutes;	/* 0: as the line says, or the hub */
	bool		on_read;	/* also when the owner reads mail */
};

struct fetch_health {
	char		result[FETCH_RESULT_SIZE];	/* the last; "": none yet */
	bool		server_said;
	char		words[FETCH_HEALTH_WORDS];
	int64_t		success_at_utc_ms;	/* 0: not yet */
	int64_t		ended_at_utc_ms;
	int64_t		failing_since_utc_ms;	/* 0: it does not fail */
	int64_t		told_at_utc_ms;	/* of that, its owner; 0: not */
	unsigned	grant_told;	/* the grant_urgency() its owner knows of */
	uint64_t	refusals, faults;	/* in a row */
	uint64_t	waiting, waiting_bytes;	/* there, and not here yet */
};

/* Zeroes when nothing is said.  0, or as db.h says. */
int	policy_when_get(struct policy *, uint64_t fetch,
	    struct fetch_when *when_out);
int	policy_when_set(struct policy *, uint64_t fetch,
	    const struct fetch_when *);
int	policy_health_get(struct policy *, uint64_t fetch,
	    struct fetch_health *health_out);
/*
 * Of an account that is there, else nothing happens.  It survives the end of
 * every process, not a power cut.
 */
int	policy_health_set(struct policy *, uint64_t fetch,
	    const struct fetch_health *);
/* Clear away what accounts have left that are gone. */
int	policy_health_sweep(struct policy *);

/* As bytes, and back. */
/* For a message between roles. */
void	fetch_health_pack(struct text *, const struct fetch_health *);
/* The reader is bad when it is none. */
void	fetch_health_unpack(struct unpack *, struct fetch_health *health_out);

#endif
