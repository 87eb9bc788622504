/*
 * schedule_answers.c - what the console asks of the schedule, and when it hears
 *
 * Whether a person may ask is the keeper's to say, each time: what the
 * postmaster has just forbidden is forbidden.  Without a keeper it is "later".
 */
#include "programs/schedule_answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "fetch/schedule_admin.h"
#include "lib/base/log.h"
#include "policy/keeper.h"

#define WAITERS_MOST	64	/* twice the console's clients */
#define NEWS_MS		250	/* admin.c: "fetch progress" waits so long */
#define LIST_MS		5000	/* for the keeper, before the answer is "no" */

/* What is waited for. */
enum awaits { AWAITS_LEAVE, AWAITS_LIST, AWAITS_NEWS, AWAITS_COUNT };

static const uint64_t patience_ms[AWAITS_COUNT] = {
	[AWAITS_LEAVE] = LIST_MS, [AWAITS_LIST] = LIST_MS,
	[AWAITS_NEWS] = NEWS_MS
};

/* What was asked, and by whom. */
struct asked {
	struct ipc		*from;
	uint64_t		 serial;
	const struct admin_request *request;
	uint64_t		 asker;
	struct slice		 packed;
};

/* A request that is answered later. */
struct waiter {
	LIST_ENTRY(waiter)	 next;
	struct answers		*answers;
	struct asked		 asked;
	enum awaits		 awaits;
	struct ipc		*owing;		/* the keeper's leave, or NULL */
	struct timer		*timer;
	char			 packed[];	/* asked.packed */
};

struct answers {
	struct process		*process;
	struct schedule *const	*schedule;
	struct consents		*consents;
	struct held_digest	*digest;	/* or NULL */
	answers_list_fn		*list;
	void			*arg;
	struct ipc		*keeper;
	struct timer		*news_timer;
	LIST_HEAD(, waiter)	 waiters;
	unsigned		 waiter_count;
};

static void
reply(const struct asked *asked, struct text *body)
{
	if (text_failed(body)) {
		text_clear(body);
		admin_refuse(body, ADMIN_FAILED);
	}
	if (ipc_reply(asked->from, asked->serial, text_slice(body), NULL,
	    0) < 0)
		log_say("the console does not take an answer");
}

static void
refuse(const struct asked *asked, enum admin_status status)
{
	TEXT_AUTO body = TEXT_INIT(16);

	admin_refuse(&body, status);
	reply(asked, &body);
}

/* "hold digest": it is begun; how it went stands in the log. */
static int
answer_digest(const struct answers *answers, const struct asked *asked)
{
	TEXT_AUTO body = TEXT_INIT(16);
	bool has_begun = answers->digest != NULL &&
	    held_digest_now(answers->digest) == 0;

	admin_refuse(&body, has_begun ? ADMIN_OK : ADMIN_LATER);
	reply(asked, &body);
	return 0;
}

/*
 * 0: it is answered, or with who knows the answer.  Else what schedule_admin()
 * or consents_ask() said.
 */
static int
answer(const struct answers *answers, const struct asked *asked, bool is_last)
{
	TEXT_AUTO body = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	struct admin_work work;
	int r = admin_begin(&work, asked->request, asked->packed,
	    clock_utc_ms());

	if (r < 0)
		return r;
	work.asker = asked->asker;
	if (strcmp(asked->request->name, "hold digest") == 0)
		return answer_digest(answers, asked);
	if (consents_answer(asked->request))
		return consents_ask(answers->consents, asked->from,
		    asked->serial, &work, is_last);
	r = schedule_admin(*answers->schedule, &work, is_last, &body);
	if (r == 0)
		reply(asked, &body);
	return r;
}

/* Those who wait */

static void
waiter_free(struct waiter *waiter)
{
	struct answers *answers = waiter->answers;

	if (waiter->owing != NULL)
		ipc_forget(waiter->owing, waiter);
	LIST_REMOVE(waiter, next);
	answers->waiter_count--;
	timer_free(waiter->timer);
	/* what a provider gave who consents may be in it */
	OPENSSL_cleanse(waiter->packed, waiter->asked.packed.len);
	free(waiter);
}

/* True: it has its answer, and is gone. */
static bool
waiter_answer(struct waiter *waiter, bool is_last)
{
	if (answer(waiter->answers, &waiter->asked, is_last) < 0)
		return false;
	waiter_free(waiter);
	return true;
}

static void
on_waiter_time(void *arg)
{
	struct waiter *waiter = arg;

	if (waiter->awaits != AWAITS_LEAVE && waiter_answer(waiter, true))
		return;
	refuse(&waiter->asked, ADMIN_LATER);
	waiter_free(waiter);
}

/* NULL: too many wait, or memory is out. */
static struct waiter *
waiter_new(struct answers *answers, const struct asked *asked,
    enum awaits awaits)
{
	struct waiter *waiter;

	if (answers->waiter_count >= WAITERS_MOST)
		return NULL;
	waiter = calloc(1, sizeof(*waiter) + asked->packed.len);
	if (waiter == NULL)
		return NULL;
	waiter->timer = timer_new(answers->process->loop, on_waiter_time,
	    waiter);
	if (waiter->timer == NULL) {
		free(waiter);
		return NULL;
	}
	waiter->answers = answers;
	waiter->asked = *asked;
	waiter->awaits = awaits;
	if (asked->packed.len > 0)
		memcpy(waiter->packed, asked->packed.at, asked->packed.len);
	waiter->asked.packed = slice_of(waiter->packed, asked->packed.len);
	LIST_INSERT_HEAD(&answers->waiters, waiter, next);
	answers->waiter_count++;
	timer_set(waiter->timer, patience_ms[awaits]);
	return waiter;
}

/* What they waited for may be there now. */
static void
answer_waiters(struct answers *answers, enum awaits awaits)
{
	struct waiter *waiter, *following;

	for (waiter = LIST_FIRST(&answers->waiters); waiter != NULL;
	    waiter = following) {
		following = LIST_NEXT(waiter, next);
		if (waiter->awaits == awaits)
			(void)waiter_answer(waiter, awaits == AWAITS_LIST);
	}
}

static void
on_news(void *arg)
{
	answer_waiters(arg, AWAITS_NEWS);
}

/* The way of a request */

/* Who asks may: answer it, or have it wait. */
static int
go_on(struct answers *answers, const struct asked *asked)
{
	int r = answer(answers, asked, false);
	bool awaits_list = r == -ENOENT;

	if (r == 0 || r == -EBADMSG)
		return r;
	if ((awaits_list && answers->keeper == NULL) || waiter_new(answers,
	    asked, awaits_list ? AWAITS_LIST : AWAITS_NEWS) == NULL)
		return answer(answers, asked, true);
	if (awaits_list)
		answers->list(answers->arg);
	return 0;
}

static int
admit(struct answers *answers, const struct asked *asked, bool may)
{
	if (admin_may(asked->request, asked->asker, may))
		return go_on(answers, asked);
	refuse(asked, ADMIN_REFUSED);
	return 0;
}

/* The keeper has said whether they may. */
static void
on_leave(void *arg, int status, struct ipc_message *message)
{
	struct waiter *waiter = arg;
	bool may = false;

	if (status == 0)
		status = keeper_may_said(message->body, &may);
	if (status < 0)
		refuse(&waiter->asked, ADMIN_LATER);
	else if (admit(waiter->answers, &waiter->asked, may) < 0)
		refuse(&waiter->asked, ADMIN_FAILED);
	waiter->owing = NULL;
	waiter_free(waiter);
}

/* A person asks: may they? */
static void
ask_leave(struct answers *answers, const struct asked *asked)
{
	TEXT_AUTO body = TEXT_INIT(16);
	struct waiter *waiter = answers->keeper == NULL ? NULL :
	    waiter_new(answers, asked, AWAITS_LEAVE);
	int r = -ENOMEM;

	keeper_account_ask(&body, asked->asker);
	if (waiter != NULL && !text_failed(&body))
		r = ipc_ask(answers->keeper, KEEPER_MAY_FETCH,
		    text_slice(&body), NULL, 0, on_leave, waiter);
	if (r == 0) {
		waiter->owing = answers->keeper;
		return;
	}
	refuse(asked, ADMIN_LATER);
	if (waiter != NULL)
		waiter_free(waiter);
}

int
answers_ask(struct answers *answers, struct ipc *from,
    struct ipc_message *message)
{
	struct asked asked = { .from = from, .serial = message->serial };
	struct admin_work work;
	int r = keeper_admin_asked(message->body, &asked.request,
	    &asked.asker, &asked.packed);

	if (r == 0)
		r = admin_begin(&work, asked.request, asked.packed, 0);
	if (r < 0)
		return r;
	if (asked.asker == 0)
		return admit(answers, &asked, true);
	ask_leave(answers, &asked);
	return 0;
}

void
answers_moved(struct answers *answers)
{
	timer_set(answers->news_timer, 0);
}

void
answers_listed(struct answers *answers)
{
	answer_waiters(answers, AWAITS_LIST);
}

void
answers_digest(struct answers *answers, struct held_digest *digest)
{
	answers->digest = digest;
}

void
answers_keeper(struct answers *answers, struct ipc *keeper)
{
	answers->keeper = keeper;
}

void
answers_lost(struct answers *answers, const struct ipc *from)
{
	struct waiter *waiter, *following;

	for (waiter = LIST_FIRST(&answers->waiters); waiter != NULL;
	    waiter = following) {
		following = LIST_NEXT(waiter, next);
		if (waiter->asked.from == from)
			waiter_free(waiter);
	}
}

struct answers *
answers_new(struct process *process, struct schedule *const *schedule,
    struct consents *consents, answers_list_fn *list, void *arg)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	if (answers == NULL)
		return NULL;
	answers->process = process;
	answers->schedule = schedule;
	answers->consents = consents;
	answers->list = list;
	answers->arg = arg;
	LIST_INIT(&answers->waiters);
	answers->news_timer = timer_new(process->loop, on_news, answers);
	if (answers->news_timer == NULL) {
		free(answers);
		return NULL;
	}
	return answers;
}
