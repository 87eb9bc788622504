/*
 * fetch_tasks.c - what the schedule says to who collects
 *
 * Tasks and watches become errands (fetch_errand.h), which answer at their end.
 */
#include <errno.h>

#include <openssl/crypto.h>

#include "lib/base/log.h"
#include "programs/fetch_errand.h"
#include "programs/fetch_tasks.h"

static struct fetch_role *
role_of(void *arg)
{
	struct process *process = arg;

	return process->state;
}

int
on_task(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct fetch_progress begun = {
		.stage = FETCH_STAGE_CONNECTING
	};
	struct fetch_role *role = role_of(arg);
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	enum fetch_task task = unpack_enum(&u, FETCH_TASK_COUNT);
	unsigned messages = unpack_u32(&u);
	struct errand *errand = errand_find(role, id, false);

	if (!unpack_is_done(&u) || task == FETCH_WATCH ||
	    (errand != NULL && errand->asker == from))
		return -EBADMSG;
	if (role->is_retiring)
		return 0;	/* the channel ends: who asks asks the next */
	if (errand != NULL && !fetch_task_collects(errand->task)) {
		errand_free(errand);	/* what is asked now may be more */
		errand = NULL;
	}
	if (errand != NULL) {	/* of an earlier schedule: now it is yours */
		errand->asker = from;
		errand->serial = message->serial;
		errand_progress(errand, &begun);
		return 0;
	}
	errand = errand_new(role, from, message->serial, id, task);
	if (errand == NULL) {
		errand_refuse(from, message->serial);
		return 0;
	}
	errand->messages = messages;
	errand_progress(errand, &begun);
	errand_go(errand);
	return 0;
}

int
on_watch(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct fetch_role *role = role_of(arg);
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u), mark = unpack_u64(&u);
	struct errand *errand = errand_find(role, id, true);

	if (!unpack_is_done(&u) || errand != NULL)
		return -EBADMSG;
	if (role->is_retiring)
		return 0;	/* the channel ends */
	errand = errand_new(role, from, message->serial, id, FETCH_WATCH);
	if (errand == NULL) {
		errand_refuse(from, message->serial);
		return 0;
	}
	errand->mark = mark;
	errand_go(errand);
	return 0;
}

/* One that is over has crossed this. */
int
on_unwatch(void *arg, struct ipc *from, struct ipc_message *message)
{
	const struct fetch_outcome outcome = { .end = FETCH_END_DONE };
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	struct errand *errand;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	errand = errand_find(role_of(arg), id, true);
	if (errand != NULL && errand->asker == from)
		errand_end(errand, &outcome);
	return 0;
}

/* A person consents, or looks how that stands: fetch_way.c. */
int
on_consent(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct fetch_role *role = role_of(arg);
	TEXT_AUTO body = TEXT_INIT(16384);
	int r;

	if (role->is_retiring)
		return 0;	/* the channel ends: who asks asks the next */
	r = fetch_ways_consent(role->ways, message->body, &body);
	OPENSSL_cleanse((void *)(uintptr_t)message->body.at,
	    message->body.len);
	if (r < 0)
		return r;
	if (text_failed(&body) || ipc_reply(from, message->serial,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the schedule does not take how a consent stands");
	return 0;
}

/* The line has closed for it; one that is over has crossed this. */
int
on_pause(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct unpack u = unpack_of(message->body);
	uint64_t id = unpack_u64(&u);
	struct errand *errand;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	errand = errand_find(role_of(arg), id, false);
	if (errand != NULL && errand->asker == from)
		errand_pause(errand);
	return 0;
}

int
on_share(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct fetch_role *role = role_of(arg);
	struct unpack u = unpack_of(message->body);
	uint64_t bytes_per_second = unpack_u64(&u);

	(void)from;
	if (!unpack_is_done(&u) || bytes_per_second == 0)
		return -EBADMSG;
	talk_hall_share(role->hall, bytes_per_second);
	return 0;
}
