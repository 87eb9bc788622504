/*
 * console_doors.c - who is connected, as the doors say
 *
 * They are asked one after the other, each by its place, which stays its own
 * while others come and go.
 */
#include "programs/console_doors.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#define DOORS_MOST	64	/* of the configuration; see config_table.c */

/* A question, under way at one of them. */
struct asking {
	LIST_ENTRY(asking) next;
	struct console_doors *doors;
	size_t		 at;		/* the next one's place */
	struct door_status sum;
	console_doors_fn *fn;
	void		*arg;
};

struct console_doors {
	struct ipc	*peers[DOORS_MOST];	/* NULL: there is none */
	LIST_HEAD(, asking) askings;
};

struct console_doors *
console_doors_new(void)
{
	struct console_doors *doors = calloc(1, sizeof(*doors));

	if (doors != NULL)
		LIST_INIT(&doors->askings);
	return doors;
}

static void
asking_free(struct asking *asking)
{
	LIST_REMOVE(asking, next);
	free(asking);
}

void
console_doors_free(struct console_doors *doors)
{
	struct asking *asking;

	if (doors == NULL)
		return;
	while ((asking = LIST_FIRST(&doors->askings)) != NULL) {
		for (size_t i = 0; i < DOORS_MOST; i++)
			if (doors->peers[i] != NULL)
				ipc_forget(doors->peers[i], asking);
		asking_free(asking);
	}
	free(doors);
}

int
console_doors_peer(struct console_doors *doors, struct ipc *door)
{
	for (size_t i = 0; i < DOORS_MOST; i++)
		if (doors->peers[i] == NULL) {
			doors->peers[i] = door;
			return 0;
		}
	return -E2BIG;
}

void
console_doors_lost(struct console_doors *doors, const struct ipc *door)
{
	for (size_t i = 0; i < DOORS_MOST; i++)
		if (doors->peers[i] == door)
			doors->peers[i] = NULL;
}

static void	ask_next(struct asking *);

static void
on_status(void *arg, int status, struct ipc_message *message)
{
	struct asking *asking = arg;
	struct door_status said;

	if (status == 0 && door_status_unpack(message->body, &said) == 0) {
		asking->sum.connected += said.connected;
		asking->sum.logged_in += said.logged_in;
		asking->sum.parked += said.parked;
	}
	ask_next(asking);
}

static void
ask_next(struct asking *asking)
{
	while (asking->at < DOORS_MOST) {
		struct ipc *door = asking->doors->peers[asking->at++];

		if (door != NULL && ipc_ask(door, DOOR_STATUS,
		    slice_of(NULL, 0), NULL, 0, on_status, asking) == 0)
			return;
	}
	asking->fn(asking->arg, &asking->sum);
	asking_free(asking);
}

int
console_doors_ask(struct console_doors *doors, console_doors_fn *fn, void *arg)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL)
		return -ENOMEM;
	asking->doors = doors;
	asking->fn = fn;
	asking->arg = arg;
	LIST_INSERT_HEAD(&doors->askings, asking, next);
	ask_next(asking);
	return 0;
}
