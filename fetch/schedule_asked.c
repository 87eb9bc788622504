/*
 * schedule_asked.c - mailboxes that people want collected, or tried, at once
 *
 * What they want joins what the clock wants: one task serves all who wait for
 * it, and whoever asks while it is under way is told of that one.
 */
#include <errno.h>

#include "fetch/domain/doctor.h"
#include "fetch/schedule_inside.h"

/*
 * Is its task what they asked for?  Who collects has logged in and counted, too,
 * and who collects everything has collected; a look at headers is for itself, and
 * for who wants to look no further.  What began with other settings than stood
 * there when they asked is not.
 */
static bool
serves(const struct remote *remote, const struct run_account *account)
{
	enum fetch_task task = remote->task, wanted = run_task(account->run);

	if (account->changes > remote->begun_changes)
		return false;
	if (wanted == FETCH_DOCTOR)
		return task == wanted &&
		    run_messages(account->run) <= remote->messages;
	return task == wanted || task == FETCH_EVERYTHING ||
	    (task == FETCH_COLLECT && wanted == FETCH_TRY);
}

enum fetch_task
asked_task(const struct remote *remote)
{
	const struct run_account *account;
	enum fetch_task task = LIST_EMPTY(&remote->asked) ? FETCH_COLLECT :
	    FETCH_TRY;

	LIST_FOREACH(account, &remote->asked, same)
		if (task == FETCH_TRY || run_task(account->run) ==
		    FETCH_EVERYTHING)
			task = run_task(account->run);
	return task;
}

unsigned
asked_messages(const struct remote *remote)
{
	const struct run_account *account;
	unsigned most = 0;

	LIST_FOREACH(account, &remote->asked, same)
		if (run_task(account->run) == FETCH_DOCTOR &&
		    run_messages(account->run) > most)
			most = run_messages(account->run);
	return most;
}

enum line_who
asked_who(const struct remote *remote)
{
	const struct run_account *account;

	LIST_FOREACH(account, &remote->asked, same)
		if (run_asker(account->run) == 0)
			return LINE_BY_POSTMASTER;
	return LIST_EMPTY(&remote->asked) ? LINE_BY_CLOCK : LINE_BY_PERSON;
}

void
asked_progress(struct schedule *schedule, struct remote *remote)
{
	struct run_account *account;

	LIST_FOREACH(account, &remote->asked, same)
		if (serves(remote, account)) {
			run_moved(account, &remote->progress);
			schedule->ports.moved(schedule->ports.arg);
		}
}

static void
end_one(struct schedule *schedule, struct run_account *account,
    const struct fetch_outcome *outcome)
{
	LIST_REMOVE(account, same);
	run_ended(account, outcome);
	schedule->ports.moved(schedule->ports.arg);
}

void
asked_end(struct schedule *schedule, struct remote *remote,
    const struct fetch_outcome *outcome)
{
	struct run_account *account, *following;

	for (account = LIST_FIRST(&remote->asked); account != NULL;
	    account = following) {
		following = LIST_NEXT(account, same);
		if (serves(remote, account))
			end_one(schedule, account, outcome);
	}
}

void
asked_turn_away(struct schedule *schedule, struct remote *remote,
    const struct fetch_outcome *outcome)
{
	while (!LIST_EMPTY(&remote->asked))
		end_one(schedule, LIST_FIRST(&remote->asked), outcome);
}

void
asked_dismiss(struct schedule *schedule, struct remote *remote,
    const char *words)
{
	const struct fetch_outcome outcome = {
		.end = FETCH_END_LOCAL, .words = slice_str(words)
	};

	if (remote->state == REMOTE_RUNNING)
		return;		/* they hear how that ends */
	asked_turn_away(schedule, remote, &outcome);
	if (remote->state == REMOTE_WAITING)
		remote_step_out(schedule, remote);
}

/* May it be asked for? */
static int
check_pick(const struct schedule *schedule, enum fetch_task task,
    const struct schedule_pick *pick)
{
	const struct remote *remote;
	unsigned found = 0, enabled = 0;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next)
		if (remote_matches(remote, pick)) {
			found++;
			enabled += remote->enabled;
		}
	if (found == 0)
		return -ENOENT;
	if (!fetch_task_collects(task))
		return found > 1 ? -ENOTUNIQ : 0;
	return enabled == 0 ? -EPERM : 0;
}

/* All of `pick` into the run; nobody begins yet. */
static int
gather(struct schedule *schedule, const struct schedule_pick *pick,
    struct run *run)
{
	struct run_account *account;
	struct remote *remote;
	int r;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next) {
		if (!remote_matches(remote, pick) ||
		    (!remote->enabled && fetch_task_collects(run_task(run))))
			continue;
		r = run_add(run, remote->id, slice_str(remote->owner_address),
		    slice_str(remote->label), &account);
		if (r < 0)
			return r;
		account->changes = remote->changes;
		LIST_INSERT_HEAD(&remote->asked, account, same);
	}
	return 0;
}

/* The one that this run has just put in front, or NULL. */
static struct run_account *
account_of(const struct remote *remote, const struct run *run)
{
	struct run_account *account = LIST_FIRST(&remote->asked);

	return account != NULL && account->run == run ? account : NULL;
}

static void
undo_gather(struct schedule *schedule, struct run *run)
{
	struct run_account *account;
	struct remote *remote;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next) {
		account = account_of(remote, run);
		if (account != NULL)
			LIST_REMOVE(account, same);
	}
	run_drop(schedule->runs, run);
}

/* The line is closed for who asks: they hear that at once. */
static void
turn_away(struct schedule *schedule, struct run_account *account,
    enum line_bar bar)
{
	const struct fetch_outcome outcome = line_outcome(bar);

	end_one(schedule, account, &outcome);
}

/* Put all of the run in front; what is under way already is theirs, too. */
static void
hurry(struct schedule *schedule, const struct run *run)
{
	enum line_who who = run_asker(run) == 0 ? LINE_BY_POSTMASTER :
	    LINE_BY_PERSON;
	enum line_bar bar = schedule_bar(schedule, who);
	struct run_account *account;
	struct remote *remote;

	for (remote = schedule->remotes; remote != NULL;
	    remote = remote->hh.next) {
		account = account_of(remote, run);
		if (account == NULL)
			continue;
		if (remote->state == REMOTE_RUNNING) {
			if (who > remote->who && serves(remote, account))
				remote->who = who;
			if (remote->has_begun)
				asked_progress(schedule, remote);
			continue;
		}
		if (bar != LINE_BAR_NONE) {
			turn_away(schedule, account, bar);
			continue;
		}
		if (remote->state == REMOTE_WAITING) {
			if (remote->lane == LANE_ASKED)
				continue;
			remote_step_out(schedule, remote);
		}
		remote_line_up(schedule, remote, LANE_ASKED);
	}
}

int
schedule_ask(struct schedule *schedule, enum fetch_task task,
    const struct schedule_pick *pick, const struct run **run_out)
{
	struct run *run;
	int r;

	r = check_pick(schedule, task, pick);
	if (r < 0)
		return r;
	r = run_new(schedule->runs, task, pick->owner, &run);
	if (r < 0)
		return r;
	run_look_at(run, pick->messages == 0 ? DOCTOR_MESSAGES :
	    pick->messages);
	r = gather(schedule, pick, run);
	if (r < 0) {
		undo_gather(schedule, run);
		return r;
	}
	hurry(schedule, run);
	schedule_pump(schedule);
	*run_out = run;
	return 0;
}

const struct run *
schedule_run(const struct schedule *schedule, uint64_t number)
{
	return run_find(schedule->runs, number);
}
