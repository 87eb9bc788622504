/*
 * telling.c - when people are told how their remote mailboxes do
 *
 * What fails has an entry here, and keeps it until it works or, when its owner
 * was told, until he has been told that too.  How a mailbox does is looked up
 * when it is told, so that nothing old is said.
 */
#include "fetch/telling.h"

#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define AGAIN_MS	((uint64_t)NOTICE_AGAIN_DAYS * 24 * 3600 * 1000)
/*
 * What is due that soon comes along, and what works again is told so much
 * later: after that all have been tried once more (schedule.c: back_offs).
 */
#define GATHER_MS	(3600u * 1000)
#define SEND_AGAIN_MS	(60u * 1000)	/* at the least: never in a circle */

struct patient {
	uint64_t	id, owner;
	uint64_t	fails_due_ms;	/* is told that it fails, again too */
	int64_t		since_utc_ms;
	bool		is_told;
	bool		works;		/* again */
	uint64_t	works_ms;
	int64_t		works_utc_ms;
	uint64_t	not_before_ms;
	UT_hash_handle	hh;
};

struct telling {
	struct loop		*loop;
	uint64_t		 after_ms, gather_ms;
	struct telling_ports	 ports;
	struct patient		*patients;
	struct timer		*timer;
};

static void	on_time(void *);

struct telling *
telling_new(struct loop *loop, uint64_t after_ms,
    const struct telling_ports *ports)
{
	struct telling *telling = calloc(1, sizeof(*telling));

	if (telling == NULL)
		return NULL;
	telling->loop = loop;
	telling->after_ms = after_ms;
	telling->gather_ms = after_ms / 2 < GATHER_MS ? after_ms / 2 :
	    GATHER_MS;
	telling->ports = *ports;
	telling->timer = timer_new(loop, on_time, telling);
	if (telling->timer == NULL) {
		free(telling);
		return NULL;
	}
	return telling;
}

static void
drop(struct telling *telling, struct patient *patient)
{
	HASH_DEL(telling->patients, patient);
	free(patient);
}

void
telling_free(struct telling *telling)
{
	struct patient *patient, *following;

	if (telling == NULL)
		return;
	HASH_ITER(hh, telling->patients, patient, following)
		drop(telling, patient);
	timer_free(telling->timer);
	free(telling);
}

static struct patient *
find(struct telling *telling, uint64_t id)
{
	struct patient *patient;

	HASH_FIND(hh, telling->patients, &id, sizeof(id), patient);
	return patient;
}

/* What is left, by the clock on the wall, of `ms` that began then. */
static uint64_t
rest_of(uint64_t ms, int64_t began_utc_ms)
{
	int64_t past = clock_utc_ms() - began_utc_ms;

	if (past <= 0)
		return ms;
	return (uint64_t)past < ms ? ms - (uint64_t)past : 0;
}

/* Without memory it is found with its next failure. */
static void
add(struct telling *telling, const struct schedule_health *health)
{
	struct patient *patient = calloc(1, sizeof(*patient));

	if (patient == NULL)
		return;
	patient->id = health->id;
	patient->owner = health->owner;
	patient->since_utc_ms = health->failing_since_utc_ms;
	patient->is_told = health->told_at_utc_ms != 0;
	patient->fails_due_ms = clock_ms() + (patient->is_told ?
	    rest_of(AGAIN_MS, health->told_at_utc_ms) :
	    rest_of(telling->after_ms, health->failing_since_utc_ms));
	HASH_ADD(hh, telling->patients, id, sizeof(patient->id), patient);
	if (patient->hh.tbl == NULL)
		free(patient);
}

static uint64_t
due_ms(const struct telling *telling, const struct patient *patient)
{
	uint64_t due;

	if (patient->works)
		due = patient->works_ms + telling->gather_ms;
	else
		due = patient->fails_due_ms;
	return due > patient->not_before_ms ? due : patient->not_before_ms;
}

/* The timer comes with the next one that is due. */
static void
plan(struct telling *telling)
{
	uint64_t now = clock_ms(), next = UINT64_MAX;
	const struct patient *patient;

	for (patient = telling->patients; patient != NULL;
	    patient = patient->hh.next) {
		uint64_t due = due_ms(telling, patient);

		if (due < next)
			next = due;
	}
	if (next == UINT64_MAX)
		timer_stop(telling->timer);
	else
		timer_set(telling->timer, next > now ? next - now : 0);
}

static void
works(struct telling *telling, struct patient *patient,
    const struct schedule_health *health)
{
	if (!patient->is_told) {
		drop(telling, patient);
	} else if (!patient->works) {
		patient->works = true;
		patient->works_ms = clock_ms();
		patient->works_utc_ms = health->ended_at_utc_ms;
		patient->not_before_ms = 0;
	}
}

void
telling_ended(struct telling *telling, const struct schedule_health *health)
{
	struct patient *patient = find(telling, health->id);

	switch (health->end) {
	case FETCH_END_DONE:
		/* what was only tried is collected from next */
		if (patient != NULL && health->success_at_utc_ms ==
		    health->ended_at_utc_ms)
			works(telling, patient, health);
		break;
	case FETCH_END_PAUSED:	/* our own disk: its owner can do nothing */
	case FETCH_END_LINE:	/* nor about that */
	case FETCH_END_DAY:
		break;
	case FETCH_END_UNSAID:	/* waits for an answer, and was told so */
		if (patient != NULL)
			drop(telling, patient);
		break;
	default:
		if (patient == NULL)
			add(telling, health);
		else if (patient->works) {	/* not for long */
			patient->works = false;
			patient->not_before_ms = 0;
		}
		break;
	}
	plan(telling);
}

void
telling_known(struct telling *telling, const struct schedule_health *health)
{
	struct patient *patient;

	if (!health->enabled || health->failing_since_utc_ms == 0 ||
	    find(telling, health->id) != NULL)
		return;
	add(telling, health);
	patient = find(telling, health->id);
	if (patient != NULL)	/* it is tried once more before */
		patient->not_before_ms = clock_ms() + telling->gather_ms;
	plan(telling);
}

/* Telling */

/* What one owner is told of one kind. */
struct gathered {
	struct notice_mailbox	 mailboxes[NOTICE_MOST];
	struct slice		 address;
	size_t			 count;
};

static int
by_owner(const struct patient *a, const struct patient *b)
{
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

/* Those that wait for longer than others come along when it is their time. */
static bool
comes_along(const struct telling *telling, const struct patient *patient,
    enum notice_kind kind, uint64_t now)
{
	return patient->works == (kind == NOTICE_WORKING) &&
	    patient->not_before_ms <= now &&
	    due_ms(telling, patient) <= now + telling->gather_ms;
}

static bool
is_due(const struct telling *telling, const struct patient *patient,
    enum notice_kind kind, uint64_t now)
{
	return patient->works == (kind == NOTICE_WORKING) &&
	    due_ms(telling, patient) <= now;
}

static void
gather(struct gathered *gathered, const struct patient *patient,
    const struct schedule_health *health)
{
	gathered->address = health->owner_address;
	if (gathered->count++ >= NOTICE_MOST)
		return;
	gathered->mailboxes[gathered->count - 1] = (struct notice_mailbox){
		.label = health->label, .host = health->host,
		.since_utc_ms = patient->since_utc_ms,
		.success_utc_ms = patient->works ? patient->works_utc_ms :
		    health->success_at_utc_ms,
		.end = health->end, .server_said = health->server_said,
		.words = health->words
	};
}

/* Those of one owner: from `first` up to `end`, or NULL. */
static void
tell(struct telling *telling, struct patient *first,
    const struct patient *end, enum notice_kind kind)
{
	uint64_t now = clock_ms(), again_ms = 0;
	struct gathered gathered = { .count = 0 };
	struct patient *patient, *following;
	struct schedule_health health;
	struct notice notice;
	int r;

	for (patient = first; patient != end; patient = patient->hh.next)
		if (comes_along(telling, patient, kind, now) &&
		    telling->ports.health(telling->ports.arg, patient->id,
		    &health))
			gather(&gathered, patient, &health);
	notice = (struct notice){
		.kind = kind, .address = gathered.address,
		.mailboxes = gathered.mailboxes,
		.mailbox_count = gathered.count
	};
	r = telling->ports.send(telling->ports.arg, first->owner, &notice,
	    &again_ms);
	if (again_ms < SEND_AGAIN_MS)
		again_ms = SEND_AGAIN_MS;
	for (patient = first; patient != end; patient = following) {
		following = patient->hh.next;
		if (!comes_along(telling, patient, kind, now))
			continue;
		if (r < 0) {
			patient->not_before_ms = now + again_ms;
		} else if (kind == NOTICE_WORKING) {
			drop(telling, patient);
		} else {
			patient->is_told = true;
			patient->fails_due_ms = now + AGAIN_MS;
			telling->ports.told(telling->ports.arg, patient->id);
		}
	}
}

/*
 * Those nobody collects from any more have nothing to be told of; where somebody
 * has just tried it, and it went, the collection that follows says more.
 */
static void
look_again(struct telling *telling)
{
	struct patient *patient, *following;
	struct schedule_health health;

	HASH_ITER(hh, telling->patients, patient, following) {
		if (!telling->ports.health(telling->ports.arg, patient->id,
		    &health) || !health.enabled)
			drop(telling, patient);
		else if (!patient->works && health.failures == 0)
			patient->not_before_ms = clock_ms() + SEND_AGAIN_MS;
	}
}

/* All that is due of this kind, owner by owner. */
static void
tell_all(struct telling *telling, enum notice_kind kind)
{
	struct patient *first = telling->patients, *patient, *end;
	uint64_t now = clock_ms();
	bool due;

	for (; first != NULL; first = end) {
		due = false;
		end = first;
		for (patient = first; patient != NULL &&
		    patient->owner == first->owner;
		    patient = patient->hh.next) {
			due = due || is_due(telling, patient, kind, now);
			end = patient->hh.next;
		}
		if (due)
			tell(telling, first, end, kind);
	}
}

static void
on_time(void *arg)
{
	struct telling *telling = arg;

	look_again(telling);
	HASH_SORT(telling->patients, by_owner);
	tell_all(telling, NOTICE_FAILING);
	tell_all(telling, NOTICE_WORKING);
	plan(telling);
}
