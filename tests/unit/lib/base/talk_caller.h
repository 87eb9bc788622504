/*
 * talk_caller.h - whoever calls, and what he heard of his conversation
 *
 * What is read must be the pattern of provider.h, or it is noted.
 */
#ifndef TESTS_UNIT_LIB_BASE_TALK_CALLER_H
#define TESTS_UNIT_LIB_BASE_TALK_CALLER_H

#include <errno.h>
#include <stdio.h>

#include "lib/base/talk.h"
#include "tests/unit/lib/base/provider.h"
#include "tests/unit/unit.h"

enum event { ON_NOTHING, ON_LINE, ON_OPENED, ON_READABLE, ON_DRAINED,
    ON_FAILED };

/* One conversation and what was heard of it. */
struct caller {
	struct loop	*loop;
	struct talk	*talk;
	unsigned	 lines, opened, readable, drained, failed;
	char		 first_line[64];
	enum talk_fault	 fault;
	char		 words[TALK_WORDS_MOST + 1];
	enum event	 free_on;
	bool		 freed;
	size_t		 read_bytes;	/* of the pattern, when it is one */
	size_t		 hold_every;	/* so many bytes; 0: never */
	bool		 is_wrong;	/* other bytes than the pattern's */
	bool		 is_held;
	char		 text[256];	/* the first that was read */
};

/* It was told of something; false: the talk has ended with that. */
static inline bool
heard(struct caller *caller, enum event event)
{
	ck_assert(!caller->freed);
	if (caller->free_on != event)
		return true;
	talk_free(caller->talk);
	caller->talk = NULL;
	caller->freed = true;
	return false;
}

/* What is heard, counted. */
static inline void
on_line(void *arg, struct slice line)
{
	struct caller *caller = arg;

	if (caller->lines++ == 0)
		(void)snprintf(caller->first_line, sizeof(caller->first_line),
		    "%.*s", SLICE_FMT(line));
	(void)heard(caller, ON_LINE);
}

/* It may be talked with. */
static inline void
on_opened(void *arg)
{
	struct caller *caller = arg;

	ck_assert_uint_eq(caller->failed, 0);
	caller->opened++;
	(void)heard(caller, ON_OPENED);
}

/* Bytes that must be the pattern's, or text. */
static inline void
take(struct caller *caller, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = caller->read_bytes++;

		if (at < sizeof(caller->text) - 1)
			caller->text[at] = bytes[i];
		if (bytes[i] != pattern(at))
			caller->is_wrong = true;
	}
}

/* All is read, until it is to be held. */
static inline void
on_readable(void *arg)
{
	struct caller *caller = arg;
	char bytes[3000];
	size_t got = 0;
	int n;

	ck_assert_uint_eq(caller->opened, 1);
	caller->readable++;
	if (!heard(caller, ON_READABLE))
		return;
	while ((n = talk_read(caller->talk, bytes, sizeof(bytes))) > 0) {
		take(caller, bytes, (size_t)n);
		got += (size_t)n;
		if (caller->hold_every != 0 && got >= caller->hold_every) {
			talk_hold(caller->talk, true);
			caller->is_held = true;
			return;
		}
	}
	ck_assert(n == -EAGAIN || n == -ECONNRESET);
}

/* All is written. */
static inline void
on_drained(void *arg)
{
	struct caller *caller = arg;

	caller->drained++;
	(void)heard(caller, ON_DRAINED);
}

/* It is over, once. */
static inline void
on_failed(void *arg, enum talk_fault fault, struct slice words)
{
	struct caller *caller = arg;

	ck_assert_uint_eq(caller->failed, 0);
	caller->failed++;
	caller->fault = fault;
	(void)snprintf(caller->words, sizeof(caller->words), "%.*s",
	    SLICE_FMT(words));
	(void)heard(caller, ON_FAILED);
}

/* All of these. */
static inline struct talk_events
events_of(struct caller *caller)
{
	return (struct talk_events){ caller, on_line, on_opened, on_readable,
	    on_drained, on_failed };
}

#endif
