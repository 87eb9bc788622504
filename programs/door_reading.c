/*
 * door_reading.c - somebody begins to read mail: what is collected then, first
 *
 * Each step asks again every LOOK_MS: whoever answers keeps no list of those who
 * wait, and a role that is lost and comes back needs to be told nothing.
 */
#include "programs/door_reading.h"

#include <stdlib.h>

#include "queue/service.h"

#define LOOK_MS		50	/* people do not notice, and it is 60 a wait */

/* How far what was collected is on its way. */
enum step {
	STEP_COLLECTING,	/* the schedule: is it collected from now? */
	STEP_DELIVERING,	/* the queue: is it on its way to the mailbox? */
	STEP_DONE
};

struct reading {
	struct door	*door;
	uint64_t	 account;
	uint64_t	 until_ms;
	enum step	 step;
	bool		 has_begun;	/* there was something to collect */
	struct ipc	*asked;		/* an answer is due, or NULL */
	struct timer	*timer;
	reading_fn	*done;
	void		*arg;
};

/* The timer comes after that long, or when the wait is over. */
static void
look_in(struct reading *reading, uint64_t ms)
{
	uint64_t now = clock_ms();

	if (now >= reading->until_ms)
		reading->step = STEP_DONE;
	else if (ms > reading->until_ms - now)
		ms = reading->until_ms - now;
	timer_set(reading->timer, reading->step == STEP_DONE ? 0 : ms);
}

static void
on_answer(void *arg, int status, struct ipc_message *message)
{
	struct reading *reading = arg;
	bool is_under_way = false;
	struct unpack u;

	reading->asked = NULL;
	if (status == 0) {
		u = unpack_of(message->body);
		is_under_way = unpack_bool(&u) && unpack_is_done(&u);
	}
	if (is_under_way) {
		reading->has_begun = true;
		look_in(reading, LOOK_MS);
		return;
	}
	reading->step = reading->step == STEP_COLLECTING &&
	    reading->has_begun ? STEP_DELIVERING : STEP_DONE;
	look_in(reading, 0);
}

/* Whoever is not there has nothing that is worth waiting for. */
static void
ask(struct reading *reading)
{
	bool collecting = reading->step == STEP_COLLECTING;
	struct ipc *to = collecting ? reading->door->schedule :
	    reading->door->queue;
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, reading->account);
	if (to != NULL && !text_failed(&body) && ipc_ask(to, collecting ?
	    SCHEDULE_READS : QUEUE_DELIVERING, text_slice(&body), NULL, 0,
	    on_answer, reading) == 0)
		reading->asked = to;
	else
		reading->step = STEP_DONE;
}

static void
on_time(void *arg)
{
	struct reading *reading = arg;

	if (reading->step == STEP_DONE) {
		reading->done(reading->arg);	/* may free us */
		return;
	}
	/* a question that is not answered yet needs no second one */
	if (reading->asked == NULL)
		ask(reading);
	look_in(reading, LOOK_MS);
}

struct reading *
reading_new(struct door *door, uint64_t account, uint64_t wait_ms,
    reading_fn *done, void *arg)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	if (reading == NULL)
		return NULL;
	reading->door = door;
	reading->account = account;
	reading->done = done;
	reading->arg = arg;
	reading->timer = timer_new(door->process->loop, on_time, reading);
	if (reading->timer == NULL) {
		free(reading);
		return NULL;
	}
	/* in any case: that is how the schedule hears of it */
	ask(reading);
	reading->until_ms = clock_ms() + wait_ms;
	look_in(reading, LOOK_MS);
	return reading;
}

void
reading_free(struct reading *reading)
{
	if (reading == NULL)
		return;
	if (reading->asked != NULL)
		ipc_forget(reading->asked, reading);
	timer_free(reading->timer);
	free(reading);
}
