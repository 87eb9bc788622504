/*
 * reminding.c - when people are told that their consent ends
 *
 * Nothing is kept here: what is to be told is the difference between how urgent
 * it is and of which stage the owner knows.  Who cannot be told now still is
 * different at the next look.
 */
#include "fetch/reminding.h"

#include <stdlib.h>

#include "policy/grants.h"

struct reminding {
	struct timer		*timer;
	struct reminding_ports	 ports;
};

/* A mailbox whose owner knows of another stage than this one. */
struct due {
	uint64_t	id, owner;
	unsigned	stage;
	bool		is_to_tell;	/* it has grown */
};

struct dues {
	struct due	*rows;		/* NULL: only count */
	size_t		 count, size;
};

/* All that one owner is told. */
struct gathered {
	struct notice_mailbox	 mailboxes[NOTICE_MOST];
	struct slice		 address;
	size_t			 count;
};

static void
on_time(void *arg)
{
	reminding_tick(arg);
}

struct reminding *
reminding_new(struct loop *loop, const struct reminding_ports *ports)
{
	struct reminding *reminding = calloc(1, sizeof(*reminding));

	if (reminding == NULL)
		return NULL;
	reminding->ports = *ports;
	reminding->timer = timer_new(loop, on_time, reminding);
	if (reminding->timer == NULL) {
		free(reminding);
		return NULL;
	}
	timer_set(reminding->timer, REMINDING_LOOK_MS);
	return reminding;
}

void
reminding_free(struct reminding *reminding)
{
	if (reminding == NULL)
		return;
	timer_free(reminding->timer);
	free(reminding);
}

/* Nothing ends where nothing is collected. */
static bool
take_due(void *arg, const struct schedule_health *health)
{
	struct dues *dues = arg;
	unsigned stage = grant_urgency(health->grant_until_utc_ms,
	    clock_utc_ms());

	if (!health->enabled || stage == health->grant_told)
		return true;
	if (dues->rows != NULL) {
		if (dues->count == dues->size)
			return false;	/* one more since: the next look */
		dues->rows[dues->count] = (struct due){
			.id = health->id, .owner = health->owner,
			.stage = stage,
			.is_to_tell = stage > health->grant_told
		};
	}
	dues->count++;
	return true;
}

static size_t
count_dues(struct reminding *reminding)
{
	struct dues dues = { .rows = NULL };

	reminding->ports.each(reminding->ports.arg, take_due, &dues);
	return dues.count;
}

void
reminding_tick(struct reminding *reminding)
{
	timer_set(reminding->timer, REMINDING_LOOK_MS);
	if (count_dues(reminding) > 0)
		reminding->ports.renew(reminding->ports.arg);
}

static void
gather(struct gathered *gathered, const struct schedule_health *health)
{
	gathered->address = health->owner_address;
	if (gathered->count++ >= NOTICE_MOST)
		return;
	gathered->mailboxes[gathered->count - 1] = (struct notice_mailbox){
		.label = health->label, .host = health->host,
		.ends_utc_ms = health->grant_until_utc_ms
	};
}

/* Those of one owner. */
static void
tell(struct reminding *reminding, const struct due *rows, size_t count)
{
	const struct reminding_ports *ports = &reminding->ports;
	struct gathered gathered = { .count = 0 };
	struct schedule_health health;
	struct notice notice;
	uint64_t again_ms;

	for (size_t i = 0; i < count; i++)
		if (rows[i].is_to_tell &&
		    ports->health(ports->arg, rows[i].id, &health))
			gather(&gathered, &health);
	if (gathered.count == 0)
		return;
	notice = (struct notice){
		.kind = NOTICE_GRANT_EXPIRES, .address = gathered.address,
		.mailboxes = gathered.mailboxes,
		.mailbox_count = gathered.count
	};
	if (ports->send(ports->arg, rows[0].owner, &notice, &again_ms) < 0)
		return;		/* the next look finds it as it is */
	for (size_t i = 0; i < count; i++)
		if (rows[i].is_to_tell)
			ports->told(ports->arg, rows[i].id, rows[i].stage);
}

static int
by_owner(const void *a, const void *b)
{
	const struct due *x = a, *y = b;

	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Those whose owner has consented again: what was told is of the last time. */
static void
note_less_urgent(struct reminding *reminding, const struct dues *dues)
{
	for (size_t i = 0; i < dues->count; i++)
		if (!dues->rows[i].is_to_tell)
			reminding->ports.told(reminding->ports.arg,
			    dues->rows[i].id, dues->rows[i].stage);
}

void
reminding_look(struct reminding *reminding)
{
	struct dues dues = { .size = count_dues(reminding) };
	size_t end;

	if (dues.size == 0)
		return;
	dues.rows = calloc(dues.size, sizeof(*dues.rows));
	if (dues.rows == NULL)
		return;		/* the next look */
	reminding->ports.each(reminding->ports.arg, take_due, &dues);
	note_less_urgent(reminding, &dues);
	qsort(dues.rows, dues.count, sizeof(*dues.rows), by_owner);
	for (size_t first = 0; first < dues.count; first = end) {
		for (end = first + 1; end < dues.count &&
		    dues.rows[end].owner == dues.rows[first].owner; end++)
			;
		tell(reminding, &dues.rows[first], end - first);
	}
	free(dues.rows);
}
