/*
 * send_rate.c - how much one account has sent of late
 *
 * An entry is of an account that is there and has sent within a day: there are
 * never more of them than accounts.
 */
#include "policy/send_rate.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

static const uint64_t span_ms[SEND_SPANS] = {
	[SEND_HOUR] = UINT64_C(3600) * 1000,
	[SEND_DAY] = UINT64_C(86400) * 1000,
};

struct sent {
	uint64_t	since_ms;
	uint32_t	messages, recipients;
	bool		is_told;	/* that it was too much */
};

struct entry {
	uint64_t	account;
	struct sent	sent[SEND_SPANS];
	UT_hash_handle	hh;
};

struct send_rate {
	struct entry	*entries;
};

struct send_rate *
send_rate_new(void)
{
	return calloc(1, sizeof(struct send_rate));
}

void
send_rate_free(struct send_rate *rate)
{
	struct entry *entry, *next;

	if (rate == NULL)
		return;
	HASH_ITER(hh, rate->entries, entry, next) {
		HASH_DEL(rate->entries, entry);
		free(entry);
	}
	free(rate);
}

/* Who has not sent for a day is forgotten. */
static void
sweep(struct send_rate *rate, uint64_t now_ms)
{
	struct entry *entry, *next;

	HASH_ITER(hh, rate->entries, entry, next)
		if (now_ms - entry->sent[SEND_DAY].since_ms >=
		    span_ms[SEND_DAY]) {
			HASH_DEL(rate->entries, entry);
			free(entry);
		}
}

static struct entry *
entry_of(struct send_rate *rate, uint64_t account, uint64_t now_ms)
{
	struct entry *entry;

	HASH_FIND(hh, rate->entries, &account, sizeof(account), entry);
	if (entry != NULL)
		return entry;
	sweep(rate, now_ms);
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	entry->account = account;
	for (int span = 0; span < SEND_SPANS; span++)
		entry->sent[span].since_ms = now_ms;
	HASH_ADD(hh, rate->entries, account, sizeof(entry->account), entry);
	if (entry->hh.tbl != NULL)
		return entry;
	free(entry);
	return NULL;
}

/* Is it too much for this span? */
static bool
is_over(struct sent *sent, enum send_span span, uint32_t recipients,
    const struct send_most *most, uint64_t now_ms, struct send_over *over_out)
{
	uint64_t left_ms = span_ms[span] - (now_ms - sent->since_ms);
	bool by_messages = sent->messages >= most->messages[span];

	/* the most may have been more a while ago */
	if (!by_messages && sent->recipients < most->recipients[span] &&
	    recipients <= most->recipients[span] - sent->recipients)
		return false;
	*over_out = (struct send_over){
		.span = span, .by_recipients = !by_messages,
		.most = by_messages ? most->messages[span] :
		    most->recipients[span],
		.minutes = (uint32_t)((left_ms + 59999) / 60000),
		.is_news = !sent->is_told
	};
	sent->is_told = true;
	return true;
}

int
send_rate_take(struct send_rate *rate, uint64_t account, uint32_t recipients,
    const struct send_most *most, uint64_t now_ms, struct send_over *over_out)
{
	struct entry *entry = entry_of(rate, account, now_ms);

	if (entry == NULL)
		return -ENOMEM;
	for (int span = 0; span < SEND_SPANS; span++)
		if (now_ms - entry->sent[span].since_ms >= span_ms[span])
			entry->sent[span] = (struct sent){
				.since_ms = now_ms
			};
	/* a day lasts longer: that is what is told of both */
	for (int span = SEND_SPANS; span-- > 0; )
		if (is_over(&entry->sent[span], (enum send_span)span,
		    recipients, most, now_ms, over_out))
			return 1;
	for (int span = 0; span < SEND_SPANS; span++) {
		entry->sent[span].messages++;
		entry->sent[span].recipients += recipients;
	}
	return 0;
}
