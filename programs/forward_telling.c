/*
 * forward_telling.c - who has a forward now hears of it by mail
 */
#include "programs/forward_telling.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/base/log.h"
#include "policy/accounts.h"
#include "policy/keeper.h"

struct telling {
	TAILQ_ENTRY(telling)	 next;
	uint64_t		 account;
	char			 target[ADDRESS_SIZE];
	bool			 keeps;
	int64_t			 since_utc_ms;
	bool			 is_sent;	/* the queue may not have it */
};

struct forward_telling {
	struct forward_telling_ports ports;
	struct ipc		*keeper;	/* or NULL */
	struct timer		*timer;
	unsigned		 count;
	TAILQ_HEAD(, telling)	 tellings;	/* the oldest first */
};

static void
on_time(void *arg)
{
	forward_telling_look(arg);
}

struct forward_telling *
forward_telling_new(struct loop *loop,
    const struct forward_telling_ports *ports)
{
	struct forward_telling *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->ports = *ports;
	TAILQ_INIT(&all->tellings);
	all->timer = timer_new(loop, on_time, all);
	if (all->timer == NULL) {
		free(all);
		return NULL;
	}
	return all;
}

static void
telling_free(struct forward_telling *all, struct telling *telling)
{
	TAILQ_REMOVE(&all->tellings, telling, next);
	all->count--;
	free(telling);
}

void
forward_telling_free(struct forward_telling *all)
{
	if (all == NULL)
		return;
	while (!TAILQ_EMPTY(&all->tellings))
		telling_free(all, TAILQ_FIRST(&all->tellings));
	timer_free(all->timer);
	free(all);
}

void
forward_telling_keeper(struct forward_telling *all, struct ipc *keeper)
{
	all->keeper = keeper;	/* it says again what is not told */
}

/* Two may have been set in one millisecond. */
static bool
is_same(const struct telling *a, const struct telling *b)
{
	return a->account == b->account &&
	    a->since_utc_ms == b->since_utc_ms && a->keeps == b->keeps &&
	    strcmp(a->target, b->target) == 0;
}

/*
 * That one, or room for it: what was set in between is told as well, however
 * soon it was another one again.  NULL: there is none.
 */
static struct telling *
find(struct forward_telling *all, const struct telling *said)
{
	struct telling *telling, *last = NULL;
	unsigned count = 0;

	TAILQ_FOREACH(telling, &all->tellings, next) {
		if (telling->account != said->account)
			continue;
		if (is_same(telling, said))
			return telling;
		last = telling;
		count++;
	}
	if (count == FORWARD_TELLING_EACH)
		return last;
	if (all->count == FORWARD_TELLING_MOST)
		return NULL;
	telling = calloc(1, sizeof(*telling));
	if (telling == NULL)
		return NULL;
	TAILQ_INSERT_TAIL(&all->tellings, telling, next);
	all->count++;
	return telling;
}

int
forward_telling_news(struct forward_telling *all, struct slice body)
{
	struct unpack u = unpack_of(body);
	struct telling said = { .account = unpack_u64(&u) }, *telling;
	struct slice target = unpack_slice(&u);

	said.keeps = unpack_bool(&u);
	said.since_utc_ms = unpack_i64(&u);
	if (!unpack_is_done(&u) || said.account == 0 ||
	    slice_cstr(target, said.target, sizeof(said.target)) < 0)
		return -EBADMSG;
	telling = find(all, &said);
	if (telling == NULL) {
		log_say("nobody was told now that mail of account %llu goes "
		    "elsewhere", (unsigned long long)said.account);
		return 0;	/* the keeper says it again */
	}
	if (!is_same(telling, &said)) {
		said.next = telling->next;
		*telling = said;
	}
	timer_set(all->timer, 0);
	return 0;
}

static void
send(struct forward_telling *all, struct telling *telling)
{
	const struct notice notice = {
		.kind = NOTICE_FORWARDED, .address = slice_str(telling->target),
		.keeps = telling->keeps, .since_utc_ms = telling->since_utc_ms
	};

	/* told of another one a moment ago, or there is no room: the next look */
	telling->is_sent = all->ports.send(all->ports.arg, telling->account,
	    &notice) == 0;
}

/* Is it over with that one? */
static bool
is_over(struct forward_telling *all, struct telling *telling)
{
	TEXT_AUTO body = TEXT_INIT(32);
	int where = all->ports.where(all->ports.arg, telling->account);

	/* an account that is gone is told nothing */
	if (where <= 0 || all->keeper == NULL)
		return where != 0;
	pack_u64(&body, telling->account);
	pack_i64(&body, telling->since_utc_ms);
	if (text_failed(&body) || ipc_send(all->keeper, KEEPER_FORWARD_TOLD,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the keeper was not told who knows of a forward");
	return true;
}

void
forward_telling_look(struct forward_telling *all)
{
	struct telling *telling, *next;

	for (telling = TAILQ_FIRST(&all->tellings); telling != NULL;
	    telling = next) {
		next = TAILQ_NEXT(telling, next);
		if (!telling->is_sent)
			send(all, telling);
		else if (is_over(all, telling))
			telling_free(all, telling);
	}
	if (!TAILQ_EMPTY(&all->tellings))
		timer_set(all->timer, FORWARD_LOOK_MS);
}
