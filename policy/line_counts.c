/*
 * line_counts.c - what the line has carried, and what it was spared
 */
#include "policy/line_counts.h"

/* So that sums of all figures fit a number of SQLite's. */
#define FIGURE_MOST	((uint64_t)INT64_MAX / 64)

const char *
line_cause_code(enum line_cause cause)
{
	static const char *const codes[LINE_CAUSES] = {
		[LINE_SESSION] = "session",
		[LINE_LISTING] = "listing",
		[LINE_HEADERS] = "headers",
		[LINE_MAIL] = "mail",
		[LINE_DUPLICATES] = "duplicates",
		[LINE_REFETCHED] = "refetched",
		[LINE_OAUTH] = "oauth",
		[LINE_ETRN] = "etrn",
		[LINE_SENDING] = "sending",
	};

	return codes[cause];
}

const char *
line_saving_code(enum line_saving saving)
{
	static const char *const codes[LINE_SAVINGS] = {
		[LINE_SKIPPED] = "skipped",
		[LINE_SHARED] = "shared",
		[LINE_COMPRESSED] = "compressed",
		[LINE_DEFERRED] = "deferred",
	};

	return codes[saving];
}

void
line_counts_add(struct line_counts *counts, const struct line_counts *more)
{
	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts->carried[i].received += more->carried[i].received;
		counts->carried[i].sent += more->carried[i].sent;
		counts->moved[i] += more->moved[i];
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		counts->saved[i].bytes += more->saved[i].bytes;
		counts->saved[i].messages += more->saved[i].messages;
	}
}

static uint64_t
since(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

struct line_counts
line_counts_since(const struct line_counts *counts,
    const struct line_counts *before)
{
	struct line_counts news = { 0 };

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		news.carried[i].received = since(counts->carried[i].received,
		    before->carried[i].received);
		news.carried[i].sent = since(counts->carried[i].sent,
		    before->carried[i].sent);
		news.moved[i] = since(counts->moved[i], before->moved[i]);
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		news.saved[i].bytes = since(counts->saved[i].bytes,
		    before->saved[i].bytes);
		news.saved[i].messages = since(counts->saved[i].messages,
		    before->saved[i].messages);
	}
	return news;
}

bool
line_counts_are_none(const struct line_counts *counts)
{
	uint64_t any = 0;

	for (unsigned i = 0; i < LINE_CAUSES; i++)
		any |= counts->carried[i].received | counts->carried[i].sent |
		    counts->moved[i];
	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		any |= counts->saved[i].bytes | counts->saved[i].messages;
	return any == 0;
}

uint64_t
line_counts_carried(const struct line_counts *counts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LINE_CAUSES; i++)
		sum += counts->carried[i].received + counts->carried[i].sent;
	return sum;
}

uint64_t
line_counts_received(const struct line_counts *counts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LINE_CAUSES; i++)
		sum += counts->carried[i].received;
	return sum;
}

uint64_t
line_counts_saved(const struct line_counts *counts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LINE_SAVINGS; i++)
		sum += counts->saved[i].bytes;
	return sum;
}

void
line_counts_pack(struct text *text, const struct line_counts *counts)
{
	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		pack_u64(text, counts->carried[i].received);
		pack_u64(text, counts->carried[i].sent);
		pack_u64(text, counts->moved[i]);
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		pack_u64(text, counts->saved[i].bytes);
		pack_u64(text, counts->saved[i].messages);
	}
}

static uint64_t
figure(struct unpack *u)
{
	uint64_t n = unpack_u64(u);

	if (n > FIGURE_MOST)
		u->bad = true;
	return n;
}

struct line_counts
line_counts_unpack(struct unpack *u)
{
	struct line_counts counts;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts.carried[i].received = figure(u);
		counts.carried[i].sent = figure(u);
		counts.moved[i] = figure(u);
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		counts.saved[i].bytes = figure(u);
		counts.saved[i].messages = figure(u);
	}
	return counts;
}
