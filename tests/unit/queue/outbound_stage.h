/*
 * outbound_stage.h - a stage whose relay is the test, and its clock
 *
 * Each test file that includes it has its own.
 */
#ifndef TESTS_UNIT_QUEUE_OUTBOUND_STAGE_H
#define TESTS_UNIT_QUEUE_OUTBOUND_STAGE_H

#include <stdio.h>
#include <string.h>

#include "lib/base/memfd.h"
#include "queue/outbound_inside.h"
#include "queue/relay_job.h"
#include "queue/rows_outbound.h"
#include "tests/unit/queue/stage.h"

#define MINUTE_MS	60000u
#define HOUR_MS		(60u * MINUTE_MS)
#define DAY_MS		(24u * HOUR_MS)
#define START_UTC_MS	INT64_C(1763763420000)

static struct stage stage;
static uint64_t now_ms;
static uint64_t sent_by;	/* the account that submits; 0: nobody's */
static const char *sent_from = "ann@office.test";
static bool syncs_later;	/* answers become durable at their time */

/* So long after the beginning, on both clocks. */
static inline void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(1000000 + ms, START_UTC_MS + (int64_t)ms);
}

/* Of each test. */
static inline void
set_up(void)
{
	set_clock(0);
	sent_by = 0;
	syncs_later = false;
	stage_new(&stage);
	stage_open(&stage);
}

/* And its end. */
static inline void
tear_down(void)
{
	stage_drop(&stage);
}

/* Submit what we have made ourselves, to these addresses. */
static inline void
submit(const char *const *to, size_t count, bool to_ann)
{
	const struct asker asker = { .from = &stage,
	    .serial = ++stage.serial, .is_own = true };
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct recipient rcpts[128] = { { .account = 0 } };
	struct envelope env = { .source = SOURCE_OWN, .bytes = 8,
	    .sender = slice_str(sent_from),
	    .sender_account = sent_by, .recipients = rcpts,
	    .recipient_count = count + to_ann };
	size_t judged = stage_count(&stage, STAGE_JUDGE);
	size_t answered = stage_count(&stage, STAGE_ANSWER);
	int fd = memfd_of("message", slice_str("A: b\r\n\r\n"));

	for (size_t i = 0; i < count; i++)
		rcpts[i].address = slice_str(to[i]);
	if (to_ann)
		rcpts[count] = (struct recipient){
			.address = SLICE("ann@office.test"),
			.account = STAGE_ANN };
	envelope_pack(&packed, &env);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(conductor_submit(stage.conductor, &asker, 0,
	    text_slice(&packed), fd, 0), 0);
	stage_judge(&stage, judged, VERDICT_ACCEPT);
	stage_wait(&stage, STAGE_ANSWER, answered + 1);
	for (unsigned i = 0; stage.conductor->leaving > 0 && i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->leaving, 0);
	stage_run(&stage, 0);	/* where the relay is there it is tried */
}

/* The same to one of them. */
static inline void
submit_one(const char *to)
{
	submit(&to, 1, false);
}

/*
 * Files that stand when none is being written: the queue's own timer begins some
 * as well, where a test puts its clock forward.
 */
static inline size_t
kept_files(void)
{
	for (unsigned i = 0; stage.conductor->outbound->writing > 0 &&
	    i < 4000; i++)
		stage_run(&stage, 1);
	ck_assert_uint_eq(stage.conductor->outbound->writing, 0);
	return stage_files(&stage, "kept");
}

/* What leaves has waited in the journal, and has files now. */
static inline void
set_aside(void)
{
	set_clock(now_ms + MINUTE_MS);
	outbound_set_aside(stage.conductor);
	(void)kept_files();
	ck_assert_uint_eq(outbound_standing(stage.conductor), UINT64_MAX);
}

/* It is there; what is due is tried. */
static inline void
relay_up(void)
{
	conductor_relay_up(stage.conductor, true);
}

/* How often it was asked. */
static inline size_t
tries(void)
{
	return stage_count(&stage, STAGE_RELAY);
}

/* Answer try `n`, each recipient the same. */
static inline void
answer(size_t n, enum relay_outcome outcome, unsigned code, bool reached)
{
	struct stage_call *call = stage_call(&stage, STAGE_RELAY, n);
	struct relay_reply replies[RELAY_RECIPIENTS];
	struct relay_result result = { .number = STAGE_RELAY, .was_reached = reached,
	    .host = SLICE("mx.far.test"), .replies = replies,
	    .count = (size_t)call->upto };
	TEXT_AUTO packed = TEXT_INIT(RELAY_RESULT_BYTES);

	for (size_t i = 0; i < result.count; i++)
		replies[i] = (struct relay_reply){ .outcome = outcome,
		    .code = (uint16_t)code, .words = SLICE("so it is") };
	relay_result_pack(&packed, &result);
	conductor_relayed(stage.conductor, call->ticket, 0,
	    text_slice(&packed));
	if (syncs_later)
		return;
	ck_assert_int_eq(out_sync(stage.conductor->outbound), 0);
}

/* Recipients in that state. */
static inline uint64_t
rows_in(enum outbound_state state)
{
	struct rows_outbound_counts counts;

	ck_assert_int_eq(rows_outbound_counts(stage.conductor->rows, &counts),
	    0);
	return counts.of[state];
}

#endif
