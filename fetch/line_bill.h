/*
 * line_bill.h - what one collection costs the line, while it goes on
 *
 * The conversation counts (talk.h); whoever knows says what for, and what was
 * spared.  From time to time the news are told.  A NULL bill is fine everywhere:
 * nobody counts then.
 */
#ifndef POSTROOM_FETCH_LINE_BILL_H
#define POSTROOM_FETCH_LINE_BILL_H

#include "lib/base/deflate.h"
#include "lib/base/talk.h"
#include "policy/line_counts.h"

struct line_bill {
	struct talk_counts	carried;	/* for talk_options.counts */
	struct line_counts	rest;		/* saved, and what others counted */
	struct line_counts	told;
	struct deflate_counts	packed;		/* of all its conversations */
};

/* What is read and written from now on is for this. */
void	line_bill_for(struct line_bill *, enum line_cause);
/*
 * So many bytes were received as LINE_MAIL and turn out to be for another cause;
 * of those that have been told already that is news.
 */
void	line_bill_move(struct line_bill *, enum line_cause to, uint64_t bytes);
/* So much was not carried, for that reason. */
void	line_bill_saved(struct line_bill *, enum line_saving, uint64_t bytes,
	    uint64_t messages);
/*
 * So much more has been compressed; what that saved stands on the bill.  From
 * then on the bytes of line_bill_move() are those before compression.
 */
void	line_bill_packed(struct line_bill *, const struct deflate_counts *more);
/* Bytes that were carried since the last time news were told. */
uint64_t line_bill_untold(const struct line_bill *);
/* What is new since the last time; false: nothing. */
bool	line_bill_news(struct line_bill *, struct line_counts *news_out);

#endif
