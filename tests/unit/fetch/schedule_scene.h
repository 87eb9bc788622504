/*
 * schedule_scene.h - a schedule whose tasks end when the test says so
 */
#ifndef TESTS_UNIT_FETCH_SCHEDULE_SCENE_H
#define TESTS_UNIT_FETCH_SCHEDULE_SCENE_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fetch/schedule.h"
#include "tests/unit/unit.h"

#define MINUTE		60000u
#define MINUTES		10u		/* between two looks */
#define UTC		1750000000000	/* when the tests begin */
#define MOST		2000		/* tasks a test looks at */

struct begun {
	uint64_t	id, owner;
	enum fetch_task	task;
	unsigned	messages;
};

static struct loop *loop;
static struct schedule *schedule;
static uint64_t now_ms;
static struct begun begun[MOST];
static unsigned begun_count, moved_count, ended_count;
static int begin_status;
static struct schedule_health last_end;

/* A task begins: the test ends it when it likes. */
static inline int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	(void)arg;
	if (begin_status < 0)
		return begin_status;
	ck_assert_uint_lt(begun_count, MOST);
	begun[begun_count++] = (struct begun){ id, owner, task, messages };
	return 0;
}

/* Something of a run has changed. */
static inline void
moved(void *arg)
{
	(void)arg;
	moved_count++;
}

/* A task is over. */
static inline void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	(void)arg;
	(void)failed_before;
	ended_count++;
	last_end = *health;
}

/* Both clocks go to that time. */
static inline void
set_clock(uint64_t ms)
{
	now_ms = ms;
	clock_set(ms, UTC + (int64_t)ms);
}

/* The clock goes on by `ms`, and whoever is due begins. */
static inline void
pass(uint64_t ms)
{
	set_clock(now_ms + ms);
	schedule_tick(schedule);
}

/* Another schedule, with those limits. */
static inline void
make(unsigned connections, unsigned per_host)
{
	const struct schedule_options options = {
		.minutes = MINUTES, .connections = connections,
		.per_host = per_host
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended
	};

	schedule_free(schedule);
	schedule = schedule_new(loop, &options, &ports);
	ck_assert_ptr_nonnull(schedule);
}

/* Room for all, and nothing to do yet. */
static inline void
setup(void)
{
	begun_count = moved_count = ended_count = 0;
	begin_status = 0;
	memset(begun, 0, sizeof(begun));
	set_clock(5000000);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	make(100, 100);
}

/* And all of it gone. */
static inline void
teardown(void)
{
	schedule_free(schedule);
	schedule = NULL;
	loop_free(loop);
}

/* A row of a listing that has begun. */
static inline void
add(uint64_t id, const char *address, const char *label, const char *host,
    bool enabled)
{
	const struct fetch_due due = {
		.id = id, .owner = 100 + id, .enabled = enabled,
		.owner_address = slice_str(address),
		.label = slice_str(label), .host = slice_str(host)
	};

	ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
}

/* One mailbox, number 1. */
static inline void
tell_one(bool enabled)
{
	schedule_list_begin(schedule);
	add(1, "ann@example.org", "work", "pop.example.net", enabled);
	schedule_list_end(schedule);
}

/* `count` of them, numbers 1 on, at one host each or all at the same. */
static inline void
tell_many(unsigned count, bool one_host)
{
	char host[64];

	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= count; i++) {
		snprintf(host, sizeof(host), "pop%u.example.net",
		    one_host ? 0 : i);
		add(i, "ann@example.org", "work", host, true);
	}
	schedule_list_end(schedule);
}

/* The task of `id` ends like that. */
static inline void
over(uint64_t id, enum fetch_end end)
{
	const struct fetch_outcome outcome = {
		.end = end, .taken = 7, .words = SLICE("so it says")
	};

	schedule_over(schedule, id, &outcome);
}

/* It is that far. */
static inline void
progress(uint64_t id, enum fetch_stage stage, uint64_t done)
{
	const struct fetch_progress p = { .stage = stage, .done = done };

	schedule_progress(schedule, id, &p);
}

/* Takes the first that is told. */
static inline bool
keep(void *arg, const struct schedule_health *health)
{
	struct schedule_health *kept = arg;

	*kept = *health;
	return true;
}

/* What is known of one. */
static inline struct schedule_health
health_of(uint64_t id)
{
	const struct schedule_pick all = { .address = { NULL, 0 } };
	struct schedule_health health = { 0 };

	schedule_each(schedule, &all, id - 1, keep, &health);
	return health;
}

/* The last one of all mailboxes: with one of them, it. */
static inline uint64_t
wait_of(uint64_t id)
{
	return (uint64_t)(health_of(id).next_at_utc_ms - clock_utc_ms());
}

/* Somebody asks; NULL unless that is granted. */
static inline const struct run *
ask(enum fetch_task task, const char *address, const char *label, int want)
{
	const struct schedule_pick pick = {
		.address = slice_str(address), .label = slice_str(label)
	};
	const struct run *run = NULL;

	ck_assert_int_eq(schedule_ask(schedule, task, &pick, &run), want);
	ck_assert((run != NULL) == (want == 0));
	return run;
}

#endif
