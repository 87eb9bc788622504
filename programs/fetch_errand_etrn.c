/*
 * fetch_errand_etrn.c - the work of an errand that asks the provider to send
 *
 * With ATRN the provider is served by the door, over the same connection.
 */
#include "fetch/etrn.h"
#include "programs/fetch_errand.h"

static int
start(struct errand *errand, const char *addresses)
{
	struct fetch_role *role = errand->role;
	const struct etrn_options options = {
		.account = &errand->account,
		.password = errand->token != NULL ? errand->token :
		    errand->password,
		.proxy = &errand->proxy, .addresses = addresses,
		.called = role->process->config.hostname,
		.task = errand->task, .bill = &errand->bill,
		.session = errand_session(errand)
	};
	const struct etrn_events events = {
		.arg = errand, .progress = errand_progress, .over = errand_over
	};
	struct etrn *etrn;
	int r;

	r = etrn_start(role->hall, role->process->loop, role->door, &options,
	    &events, &etrn);
	if (r < 0)
		return r;
	errand->door = role->door;
	errand->run = etrn;
	return 0;
}

static void
pause_it(struct errand *errand)
{
	etrn_pause(errand->run);
}

/* Who is served by the door hears its loss as its answer. */
static void
lost(struct errand *errand, const struct ipc *ipc)
{
	if (errand->door == ipc)
		etrn_door_lost(errand->run);
}

static void
free_it(struct errand *errand)
{
	etrn_free(errand->run);
}

const struct errand_work errand_calling = {
	.start = start, .pause = pause_it, .lost = lost, .free = free_it
};
