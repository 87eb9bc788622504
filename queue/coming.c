/*
 * coming.c - may another copy of that be here, or on its way?
 *
 * Nobody waits in a circle: who waits does not fetch that message meanwhile,
 * and each waits for one message once, then he fetches his own.
 */
#include "queue/coming.h"

#include <errno.h>
#include <stdlib.h>

#include "queue/bodies.h"
#include "queue/sharing.h"

#define COMING_MOST	1024	/* of all; who is not noted is not waited for */
/*
 * Half of what a server gives somebody who says nothing meanwhile is fair; it
 * is looked at each second.
 */
#define WAIT_MOST_MS	60000
#define LOOK_MS		1000

/* Somebody fetches it now, or waits for what somebody else fetches. */
struct coming {
	TAILQ_ENTRY(coming) next;
	struct asker	 asker;		/* its serial: of the one who waits */
	bool		 waits;
	uint64_t	 listing;
	uint32_t	 number;
	uint64_t	 bytes;		/* as it is listed */
	uint64_t	 since_ms;
};

static void
coming_free(struct conductor *conductor, struct coming *coming)
{
	TAILQ_REMOVE(&conductor->coming, coming, next);
	conductor->coming_count--;
	free(coming);
}

static struct coming *
coming_new(struct conductor *conductor, const struct asker *asker,
    const struct fetched *fetched, uint64_t bytes, bool waits)
{
	struct coming *coming = NULL;

	if (conductor->coming_count < COMING_MOST)
		coming = malloc(sizeof(*coming));
	if (coming == NULL)
		return NULL;
	*coming = (struct coming){ .asker = *asker, .waits = waits,
	    .listing = fetched->listing, .number = fetched->number,
	    .bytes = bytes, .since_ms = clock_ms() };
	TAILQ_INSERT_TAIL(&conductor->coming, coming, next);
	conductor->coming_count++;
	return coming;
}

/* He shows its header now, or fetches it; then it comes from him. */
static void
tell(struct conductor *conductor, struct coming *coming)
{
	coming->waits = false;
	coming->since_ms = clock_ms();
	if (bodies_is_likely(conductor, coming->bytes))
		conductor_answer(conductor, &coming->asker, 250, "2.0.0",
		    "show its header");
	else
		sharing_fetch_it(conductor, &coming->asker);
}

/* Somebody else fetches one like it. */
static bool
is_coming(const struct conductor *conductor, const struct asker *asker,
    uint64_t bytes)
{
	const struct coming *coming;

	TAILQ_FOREACH(coming, &conductor->coming, next)
		if (!coming->waits && coming->asker.from != asker->from &&
		    clock_ms() - coming->since_ms < WAIT_MOST_MS &&
		    bodies_are_like(coming->bytes, bytes))
			return true;
	return false;
}

/* Those who wait for one of that size have waited. */
static void
wake(struct conductor *conductor, uint64_t bytes)
{
	struct coming *coming;

	TAILQ_FOREACH(coming, &conductor->coming, next)
		if (coming->waits && bodies_are_like(bytes, coming->bytes))
			tell(conductor, coming);
}

static struct coming *
find(struct conductor *conductor, const void *from,
    const struct fetched *fetched)
{
	struct coming *coming;

	TAILQ_FOREACH(coming, &conductor->coming, next)
		if (coming->asker.from == from &&
		    coming->listing == fetched->listing &&
		    coming->number == fetched->number)
			return coming;
	return NULL;
}

void
coming_over(struct conductor *conductor, const void *from,
    const struct fetched *fetched)
{
	struct coming *coming = find(conductor, from, fetched);
	uint64_t bytes;

	if (coming == NULL || coming->waits)
		return;
	bytes = coming->bytes;
	coming_free(conductor, coming);
	wake(conductor, bytes);
}

void
coming_asker_lost(struct conductor *conductor, const void *from)
{
	struct coming *coming, *following;

	for (coming = TAILQ_FIRST(&conductor->coming); coming != NULL;
	    coming = following) {
		following = TAILQ_NEXT(coming, next);
		if (coming->asker.from == from)
			coming_free(conductor, coming);
	}
	/* who waited for him is told when the clock looks */
}

void
coming_close(struct conductor *conductor)
{
	struct coming *coming;

	while ((coming = TAILQ_FIRST(&conductor->coming)) != NULL)
		coming_free(conductor, coming);
	timer_free(conductor->coming_timer);
	conductor->coming_timer = NULL;
}

/* Who waits long enough, or for nothing any more, is told. */
static void
on_look(void *arg)
{
	struct conductor *conductor = arg;
	struct coming *coming, *following;
	bool anybody = false;

	for (coming = TAILQ_FIRST(&conductor->coming); coming != NULL;
	    coming = following) {
		bool is_old = clock_ms() - coming->since_ms >= WAIT_MOST_MS;

		following = TAILQ_NEXT(coming, next);
		if (coming->waits && (is_old || !is_coming(conductor,
		    &coming->asker, coming->bytes)))
			tell(conductor, coming);
		else if (is_old)
			coming_free(conductor, coming);
		else
			anybody = anybody || coming->waits;
	}
	if (anybody)
		timer_set(conductor->coming_timer, LOOK_MS);
}

/* 0, or -ENOMEM: he does not wait. */
static int
wait_for_it(struct conductor *conductor, const struct asker *asker,
    const struct fetched *fetched, uint64_t bytes)
{
	if (conductor->coming_timer == NULL)
		conductor->coming_timer = timer_new(conductor->loop, on_look,
		    conductor);
	if (conductor->coming_timer == NULL ||
	    coming_new(conductor, asker, fetched, bytes, true) == NULL)
		return -ENOMEM;
	if (!timer_is_set(conductor->coming_timer))
		timer_set(conductor->coming_timer, LOOK_MS);
	return 0;
}

int
conductor_held(struct conductor *conductor, const struct asker *asker,
    uint64_t listing, uint32_t number)
{
	const struct fetched fetched = { .listing = listing,
	    .number = number };
	struct coming *before;
	uint64_t bytes = 0;
	int r = ledger_row_bytes(conductor->ledger, asker->from, &fetched,
	    &bytes);

	if (r == -EBADMSG || !asker->is_fetch)
		return -EBADMSG;
	/* he asks again: in another conversation, and of another listing */
	before = find(conductor, asker->from, &fetched);
	if (before != NULL && before->waits)
		sharing_fetch_it(conductor, &before->asker);
	if (before != NULL)
		coming_free(conductor, before);
	if (r < 0 || !conductor->options.shares ||
	    bytes < SHARED_LEAST_BYTES) {
		sharing_fetch_it(conductor, asker);
		return 0;
	}
	if (!bodies_is_likely(conductor, bytes) &&
	    is_coming(conductor, asker, bytes) &&
	    wait_for_it(conductor, asker, &fetched, bytes) == 0)
		return 0;
	before = coming_new(conductor, asker, &fetched, bytes, false);
	if (before != NULL)
		tell(conductor, before);
	else
		sharing_fetch_it(conductor, asker);
	return 0;
}
