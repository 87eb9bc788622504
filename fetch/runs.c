/*
 * runs.c - what people asked to have collected at once, and how it stands
 */
#include "fetch/runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/loop.h"

struct run {
	TAILQ_ENTRY(run)	 next;
	uint64_t		 number;
	enum fetch_task		 task;
	uint64_t		 asker;		/* account; 0: no person's */
	unsigned		 messages;	/* FETCH_DOCTOR: looked at */
	size_t			 size, under_way;
	uint64_t		 state_number;	/* the last one given */
	uint64_t		 over_at_ms;	/* when `under_way` became 0 */
	TAILQ_HEAD(run_accounts, run_account) accounts;
};

struct runs {
	TAILQ_HEAD(, run)	list;		/* the oldest first */
	unsigned		count;
	uint64_t		last_number;
};

struct runs *
runs_new(void)
{
	struct runs *runs = calloc(1, sizeof(*runs));

	if (runs == NULL)
		return NULL;
	TAILQ_INIT(&runs->list);
	/* who still asks for a run of an earlier life finds none */
	runs->last_number = (uint64_t)clock_utc_ms();
	return runs;
}

static void
account_free(struct run_account *account)
{
	free(account->address);
	free(account->label);
	free(account->words);
	free(account->report);
	free(account);
}

void
run_drop(struct runs *runs, struct run *run)
{
	struct run_account *account;

	while ((account = TAILQ_FIRST(&run->accounts)) != NULL) {
		TAILQ_REMOVE(&run->accounts, account, next);
		account_free(account);
	}
	TAILQ_REMOVE(&runs->list, run, next);
	runs->count--;
	free(run);
}

void
runs_free(struct runs *runs)
{
	struct run *run;

	if (runs == NULL)
		return;
	while ((run = TAILQ_FIRST(&runs->list)) != NULL)
		run_drop(runs, run);
	free(runs);
}

void
runs_sweep(struct runs *runs)
{
	uint64_t now = clock_ms();
	struct run *run, *following;

	for (run = TAILQ_FIRST(&runs->list); run != NULL; run = following) {
		following = TAILQ_NEXT(run, next);
		if (run->under_way == 0 && now - run->over_at_ms >= RUN_KEPT_MS)
			run_drop(runs, run);
	}
}

/*
 * Room for one more, at the cost of the one that is over for longest: who asked
 * for one that has just ended is still to hear of it.
 */
static bool
make_room(struct runs *runs)
{
	struct run *run, *longest = NULL;

	runs_sweep(runs);
	if (runs->count < RUNS_MOST)
		return true;
	TAILQ_FOREACH(run, &runs->list, next)
		if (run->under_way == 0 && (longest == NULL ||
		    run->over_at_ms < longest->over_at_ms))
			longest = run;
	if (longest == NULL)
		return false;
	run_drop(runs, longest);
	return true;
}

/* How many of theirs are under way. */
static unsigned
asked_by(const struct runs *runs, uint64_t asker)
{
	const struct run *run;
	unsigned count = 0;

	TAILQ_FOREACH(run, &runs->list, next)
		count += run->asker == asker && run->under_way > 0;
	return count;
}

int
run_new(struct runs *runs, enum fetch_task task, uint64_t asker,
    struct run **run_out)
{
	struct run *run;

	if ((asker != 0 && asked_by(runs, asker) >= RUNS_OF_ONE) ||
	    !make_room(runs))
		return -EAGAIN;
	run = calloc(1, sizeof(*run));
	if (run == NULL)
		return -ENOMEM;
	TAILQ_INIT(&run->accounts);
	run->number = ++runs->last_number;
	run->task = task;
	run->asker = asker;
	run->over_at_ms = clock_ms();
	TAILQ_INSERT_TAIL(&runs->list, run, next);
	runs->count++;
	*run_out = run;
	return 0;
}

static char *
copy(struct slice s)
{
	return strndup(s.at == NULL ? "" : s.at, s.len);
}

int
run_add(struct run *run, uint64_t id, struct slice address,
    struct slice label, struct run_account **account_out)
{
	struct run_account *account = calloc(1, sizeof(*account));

	if (account == NULL)
		return -ENOMEM;
	account->address = copy(address);
	account->label = copy(label);
	if (account->address == NULL || account->label == NULL) {
		account_free(account);
		return -ENOMEM;
	}
	account->run = run;
	account->id = id;
	account->state_number = ++run->state_number;
	run->size++;
	run->under_way++;
	TAILQ_INSERT_TAIL(&run->accounts, account, next);
	*account_out = account;
	return 0;
}

struct run *
run_find(const struct runs *runs, uint64_t number)
{
	struct run *run;

	TAILQ_FOREACH(run, &runs->list, next)
		if (run->number == number)
			return run;
	return NULL;
}

uint64_t
run_number(const struct run *run)
{
	return run->number;
}

enum fetch_task
run_task(const struct run *run)
{
	return run->task;
}

void
run_look_at(struct run *run, unsigned messages)
{
	run->messages = messages;
}

unsigned
run_messages(const struct run *run)
{
	return run->messages;
}

uint64_t
run_asker(const struct run *run)
{
	return run->asker;
}

size_t
run_size(const struct run *run)
{
	return run->size;
}

bool
run_is_over(const struct run *run)
{
	return run->under_way == 0;
}

const struct run_account *
run_after(const struct run *run, uint64_t seen)
{
	const struct run_account *account, *first = NULL;

	/* what is new stands at the end: nothing else is walked over */
	TAILQ_FOREACH_REVERSE(account, &run->accounts, run_accounts, next) {
		if (account->state_number <= seen)
			break;
		first = account;
	}
	return first;
}

static void
renumber(struct run_account *account)
{
	struct run *run = account->run;

	account->state_number = ++run->state_number;
	TAILQ_REMOVE(&run->accounts, account, next);
	TAILQ_INSERT_TAIL(&run->accounts, account, next);
}

void
run_moved(struct run_account *account, const struct fetch_progress *progress)
{
	if (account->progress.stage == FETCH_STAGE_OVER)
		return;
	account->progress = *progress;
	renumber(account);
}

void
run_ended(struct run_account *account, const struct fetch_outcome *outcome)
{
	if (account->progress.stage == FETCH_STAGE_OVER)
		return;
	account->progress.stage = FETCH_STAGE_OVER;
	account->outcome = *outcome;
	account->words = copy(outcome->words);
	/* without memory for them there are none: the end itself counts */
	account->outcome.words = slice_str(account->words);
	account->report = malloc(outcome->report.len + 1);
	if (account->report != NULL && outcome->report.len > 0)
		memcpy(account->report, outcome->report.at,
		    outcome->report.len);
	account->outcome.report = slice_of(account->report,
	    account->report == NULL ? 0 : outcome->report.len);
	renumber(account);
	if (--account->run->under_way == 0)
		account->run->over_at_ms = clock_ms();
}
