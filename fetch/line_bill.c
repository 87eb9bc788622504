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
line_bill_packed(struct line_bill *bill, const struct deflate_counts *more)
{
	struct deflate_counts *packed;
	uint64_t whole, carried;

	if (bill == NULL)
		return;
	packed = &bill->packed;
	packed->received += more->received;
	packed->received_packed += more->received_packed;
	packed->sent += more->sent;
	packed->sent_packed += more->sent_packed;
	whole = packed->received + packed->sent;
	carried = packed->received_packed + packed->sent_packed;
	/* of what is small there may be less than nothing to save */
	if (whole > carried &&
	    whole - carried > bill->rest.saved[LINE_COMPRESSED].bytes)
		bill->rest.saved[LINE_COMPRESSED].bytes = whole - carried;
}

/* What the line carried of so many bytes, as far as that can be said. */
static uint64_t
on_the_line(const struct line_bill *bill, uint64_t bytes)
{
	const struct deflate_counts *packed = &bill->packed;

	return packed->received == 0 ? bytes : (uint64_t)((double)bytes *
	    (double)packed->received_packed / (double)packed->received);
}

void
line_bill_move(struct line_bill *bill, enum line_cause to, uint64_t bytes)
{
	uint64_t untold;

	if (bill == NULL)
		return;
	bytes = on_the_line(bill, bytes);
	untold = bill->carried.bytes[LINE_MAIL].received -
	    bill->told.carried[LINE_MAIL].received;
	if (bytes > untold) {
		bill->rest.moved[to] += bytes - untold;
		bytes = untold;
	}
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

static struct line_counts
sum_of(const struct line_bill *bill)
{
	struct line_counts now = bill->rest;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		now.carried[i].received += bill->carried.bytes[i].received;
		now.carried[i].sent += bill->carried.bytes[i].sent;
	}
	return now;
}

uint64_t
line_bill_untold(const struct line_bill *bill)
{
	struct line_counts now = sum_of(bill);

	now = line_counts_since(&now, &bill->told);
	return line_counts_carried(&now);
}

bool
line_bill_news(struct line_bill *bill, struct line_counts *news_out)
{
	struct line_counts now = sum_of(bill);

	*news_out = line_counts_since(&now, &bill->told);
	bill->told = now;
	return !line_counts_are_none(news_out);
}
