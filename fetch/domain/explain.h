/*
 * explain.h - why a message went where it went
 *
 * For the trail, in English, one sentence a line.  Texts from the message are
 * escaped and cut.
 */
#ifndef POSTROOM_FETCH_DOMAIN_EXPLAIN_H
#define POSTROOM_FETCH_DOMAIN_EXPLAIN_H

#include "fetch/domain/decide.h"

/* Enough for every step and owner that is shown, all of it escaped. */
#define DOMAIN_EXPLAIN_MOST	(512 * 1024)

/* Each step, then for whom it is, or why it is held. */
void	domain_explain(struct text *, const struct domain_rules *,
	    const struct domain_decision *);
/* "envelope header", "received for", ... */
extern const char *const domain_sure_words[DOMAIN_SURE_COUNT];
/* "no-address", "foreign", ...; NULL for DOMAIN_FOUND. */
extern const char *const domain_hold_words[DOMAIN_HOLD_COUNT];

#endif
