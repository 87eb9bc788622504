/*
 * line_bill.c - what one collection costs the line, while it goes on
 */
#include "fetch/line_bill.h"

_Static_assert((unsigned)LINE_CAUSES == TALK_CAUSES &&
    (unsigned)LINE_SESSION == TALK_CAUSE_SESSION,
    "a talk counts by the causes of the line");

void
line_bill_for(struct line_bill *bill, enum line_cause cause)
{
	if (bill != NULL)
		bill->carried.cause = cause;
}

void
line_bill_move(struct line_bill *bill, enum line_cause to, uint64_t bytes)
{
	uint64_t untold;

	if (bill == NULL)
		return;
	untold = bill->carried.bytes[LINE_MAIL].received -
	    bill->told.carried[LINE_MAIL].received;
	if (bytes > untold)
		bytes = untold;
	bill->carried.bytes[LINE_MAIL].received -= bytes;
	bill->carried.bytes[to].received += bytes;
}

void
line_bill_saved(struct line_bill *bill, enum line_saving saving,
    uint64_t bytes, uint64_t messages)
{
	if (bill == NULL)
		return;
	bill->rest.saved[saving].bytes += bytes;
	bill->rest.saved[saving].messages += messages;
}

bool
line_bill_news(struct line_bill *bill, struct line_counts *news_out)
{
	struct line_counts now = bill->rest;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		now.carried[i].received += bill->carried.bytes[i].received;
		now.carried[i].sent += bill->carried.bytes[i].sent;
	}
	*news_out = line_counts_since(&now, &bill->told);
	bill->told = now;
	return !line_counts_are_none(news_out);
}
