/*
 * judge_people.c - what a judge asks the keeper about what people send
 */
#include "programs/judge_people.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "lib/base/log.h"
#include "policy/keeper.h"

#define LOOK_MS		1000
#define PATIENCE_MS	20000	/* one that comes back is worth waiting for */
#define QUESTION_BYTES	8192	/* a login and SENDER_MOST addresses */

struct people_asking {
	TAILQ_ENTRY(people_asking) next;
	struct judge_people *people;
	struct judging	*judging;
	struct ipc	*asked;		/* or NULL: it is not */
	uint64_t	 since_ms;
	judge_people_fn	*fn;
	void		*arg;
};

struct judge_people {
	struct ipc	*keeper;	/* or NULL */
	struct timer	*patience;
	TAILQ_HEAD(, people_asking) all;
};

static void
asking_free(struct people_asking *asking)
{
	TAILQ_REMOVE(&asking->people->all, asking, next);
	free(asking);
}

void
judge_people_forget(struct people_asking *asking)
{
	if (asking == NULL)
		return;
	if (asking->asked != NULL)
		ipc_forget(asking->asked, asking);
	asking_free(asking);
}

/* It is said; the verdict has `one`. */
static void
said(struct people_asking *asking, struct verdict *one)
{
	judge_people_fn *fn = asking->fn;
	void *arg = asking->arg;

	judge_add(&asking->judging->verdict, one,
	    asking->judging->envelope.source);
	asking_free(asking);
	fn(arg);
}

static void
later(struct people_asking *asking)
{
	struct verdict one;

	verdict_init(&one);
	verdict_set(&one, VERDICT_DEFER, 451, "4.3.0",
	    "who may send as whom cannot be said now, try again later");
	said(asking, &one);
}

static void
on_owned(void *arg, int status, struct ipc_message *message)
{
	struct people_asking *asking = arg;
	const struct sender_found *found = &asking->judging->sender;
	bool is_own[SENDER_MOST];
	struct verdict one;
	struct slice over;

	asking->asked = NULL;
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	if (keeper_owned_said(message->body, sender_count(found), is_own,
	    &over) < 0) {
		later(asking);
		return;
	}
	sender_judge(found, is_own, asking->judging->envelope.login, &one);
	if (over.len > 0 && one.action != VERDICT_REFUSE)
		verdict_set(&one, VERDICT_DEFER, 450, "4.7.1", "%.*s",
		    SLICE_FMT(over));
	said(asking, &one);
}

static void
ask(struct people_asking *asking)
{
	const struct sender_found *found = &asking->judging->sender;
	struct ipc *keeper = asking->people->keeper;
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	if (keeper == NULL || asking->asked != NULL)
		return;
	keeper_owned_ask(&body, asking->judging->envelope.login,
	    asking->judging->envelope.recipient_count, sender_count(found));
	for (unsigned i = 0; i < sender_count(found); i++)
		pack_slice(&body, slice_str(found->address[i]));
	if (!text_failed(&body) && ipc_ask(keeper, KEEPER_OWNED,
	    text_slice(&body), NULL, 0, on_owned, asking) == 0)
		asking->asked = keeper;
}

static void
on_patience(void *arg)
{
	struct judge_people *people = arg;
	struct people_asking *asking, *following;

	for (asking = TAILQ_FIRST(&people->all); asking != NULL;
	    asking = following) {
		following = TAILQ_NEXT(asking, next);
		if (clock_ms() - asking->since_ms < PATIENCE_MS) {
			ask(asking);
			continue;
		}
		if (asking->asked != NULL)
			ipc_forget(asking->asked, asking);
		asking->asked = NULL;
		later(asking);
	}
	if (!TAILQ_EMPTY(&people->all))
		timer_set(people->patience, LOOK_MS);
}

struct people_asking *
judge_people_ask(struct judge_people *people, struct judging *judging,
    judge_people_fn *fn, void *arg)
{
	struct people_asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL)
		return NULL;
	asking->people = people;
	asking->judging = judging;
	asking->since_ms = clock_ms();
	asking->fn = fn;
	asking->arg = arg;
	TAILQ_INSERT_TAIL(&people->all, asking, next);
	ask(asking);
	if (!timer_is_set(people->patience))
		timer_set(people->patience, LOOK_MS);
	return asking;
}

void
judge_people_keeper(struct judge_people *people, struct ipc *keeper)
{
	struct people_asking *asking;

	people->keeper = keeper;
	TAILQ_FOREACH(asking, &people->all, next)
		ask(asking);
}

int
judge_people_open(struct judge_people **people_out)
{
	struct judge_people *people = calloc(1, sizeof(*people));

	if (people == NULL)
		return -ENOMEM;
	TAILQ_INIT(&people->all);
	*people_out = people;
	return 0;
}

int
judge_people_start(struct judge_people *people, struct loop *loop)
{
	people->patience = timer_new(loop, on_patience, people);
	return people->patience == NULL ? -ENOMEM : 0;
}
