/*
 * schedule_admin.c - the requests of admin.h that the schedule answers
 */
#include "fetch/schedule_admin.h"

#include <errno.h>

#include "fetch/diagnosis.h"
#include "fetch/domain/doctor.h"

typedef enum admin_status answer_fn(struct schedule *, struct admin_work *,
	    struct text *rows);

static answer_fn	fetch_now, fetch_everything, fetch_test, fetch_doctor,
			fetch_diagnosis, fetch_progress, fetch_health, line_show, line_open;

/* What a request with nothing to say may wait for. */
enum awaits { AWAITS_NOTHING, AWAITS_LIST, AWAITS_NEWS };

static const struct {
	const char	*name;
	answer_fn	*fn;
	enum awaits	 awaits;
} requests[] = {
	{ "fetch now",	    fetch_now,	    AWAITS_LIST },
	{ "fetch everything", fetch_everything, AWAITS_LIST },
	{ "fetch test",	    fetch_test,	    AWAITS_LIST },
	{ "fetch doctor",   fetch_doctor,   AWAITS_LIST },
	{ "fetch diagnosis", fetch_diagnosis, AWAITS_NOTHING },
	{ "fetch progress", fetch_progress, AWAITS_NEWS },
	{ "fetch health",   fetch_health,   AWAITS_NOTHING },
	{ "line status",    line_show,	    AWAITS_NOTHING },
	{ "line open",	    line_open,	    AWAITS_NOTHING },
};

static const char *const stages[FETCH_STAGE_COUNT] = {
	[FETCH_STAGE_WAITING]	 = "waiting",
	[FETCH_STAGE_CONNECTING] = "connecting",
	[FETCH_STAGE_LISTING]	 = "listing",
	[FETCH_STAGE_TAKING]	 = "taking",
	[FETCH_STAGE_DELETING]	 = "deleting",
	[FETCH_STAGE_OVER]	 = "over",
};

int
schedule_admin(struct schedule *schedule, struct admin_work *work,
    bool is_last, struct text *answer)
{
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);
	enum admin_status status;
	size_t i = 0, count = sizeof(requests) / sizeof(requests[0]);

	while (i < count && !slice_is_str(slice_str(work->request->name),
	    requests[i].name))
		i++;
	if (i == count)
		return -EBADMSG;
	if (!is_last && requests[i].awaits == AWAITS_LIST)
		return -ENOENT;
	status = requests[i].fn(schedule, work, &rows);
	if (!is_last && requests[i].awaits == AWAITS_NEWS &&
	    status == ADMIN_OK && work->rows == 0)
		return -EAGAIN;
	if (text_failed(&rows))
		status = ADMIN_FAILED;
	pack_u8(answer, (uint8_t)status);
	pack_u8(answer, (uint8_t)work->field);
	pack_u32(answer, status == ADMIN_OK ? work->rows : 0);
	if (status == ADMIN_OK)
		pack_bytes(answer, text_slice(&rows));
	return 0;
}

static enum admin_status
unfit(struct admin_work *work, unsigned field)
{
	work->field = field;
	return ADMIN_UNFIT;
}

/* Argument `arg` as a number; 0 when it is not given. */
static bool
take_number(struct admin_work *work, unsigned arg, uint64_t *n_out)
{
	*n_out = 0;
	if (!work->given[arg] ||
	    slice_u64(work->args[arg], UINT64_MAX, n_out) == 0)
		return true;
	work->field = arg;
	return false;
}

/* Which mailboxes; false: nothing was written where something must be. */
static bool
take_pick(struct admin_work *work, struct schedule_pick *pick_out)
{
	for (unsigned arg = ADMIN_WHICH_ADDRESS; arg <= ADMIN_WHICH_LABEL;
	    arg++)
		if (work->given[arg] && work->args[arg].len == 0) {
			work->field = arg;
			return false;
		}
	*pick_out = (struct schedule_pick){
		.owner = work->asker,
		.address = work->args[ADMIN_WHICH_ADDRESS],
		.label = work->args[ADMIN_WHICH_LABEL]
	};
	return true;
}

static void
run_rows(const struct run *run, struct admin_work *work, struct text *rows)
{
	const struct run_account *account = run_after(run, 0);

	for (; account != NULL && work->rows < ADMIN_PAGE;
	    account = TAILQ_NEXT(account, next)) {
		pack_u64(rows, run_number(run));
		pack_u64(rows, account->id);
		pack_slice(rows, slice_str(account->address));
		pack_slice(rows, slice_str(account->label));
		pack_u64(rows, run_size(run));
		work->rows++;
	}
}

/* `messages`: of FETCH_DOCTOR, else 0. */
static enum admin_status
ask_of(struct schedule *schedule, enum fetch_task task, unsigned messages,
    struct admin_work *work, struct text *rows)
{
	bool is_named = work->given[ADMIN_WHICH_ADDRESS] &&
	    work->given[ADMIN_WHICH_LABEL];
	const struct run *run;
	struct schedule_pick pick;

	if (!take_pick(work, &pick))
		return ADMIN_UNFIT;
	if (!schedule_is_told(schedule))
		return ADMIN_LATER;
	pick.messages = messages;
	switch (schedule_ask(schedule, task, &pick, &run)) {
	case 0:
		run_rows(run, work, rows);
		return ADMIN_OK;
	case -EPERM:		/* switched off */
		return is_named ? unfit(work, ADMIN_WHICH_LABEL) : ADMIN_NO_SUCH;
	case -ENOENT:
		return ADMIN_NO_SUCH;
	case -ENOTUNIQ:
		return ADMIN_NOT_UNIQUE;
	case -EAGAIN:
		return ADMIN_LATER;
	default:
		return ADMIN_FAILED;
	}
}

static enum admin_status
ask(struct schedule *schedule, enum fetch_task task, struct admin_work *work,
    struct text *rows)
{
	return ask_of(schedule, task, 0, work, rows);
}

static enum admin_status
fetch_now(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	return ask(schedule, FETCH_COLLECT, work, rows);
}

static enum admin_status
fetch_everything(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	return ask(schedule, FETCH_EVERYTHING, work, rows);
}

static enum admin_status
fetch_test(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	return ask(schedule, FETCH_TRY, work, rows);
}

static enum admin_status
fetch_doctor(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	uint64_t messages;

	if (!take_number(work, ADMIN_DOCTOR_MESSAGES, &messages))
		return ADMIN_UNFIT;
	if (work->given[ADMIN_DOCTOR_MESSAGES] && (messages == 0 ||
	    messages > DOCTOR_MESSAGES_MOST))
		return unfit(work, ADMIN_DOCTOR_MESSAGES);
	return ask_of(schedule, FETCH_DOCTOR, (unsigned)messages, work, rows);
}

/* What was found by a run of that; the postmaster's alone ask. */
static enum admin_status
fetch_diagnosis(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	const struct run_account *account;
	struct diagnosis_row row;
	const struct run *run;
	struct unpack u;
	uint64_t number;

	if (!take_number(work, ADMIN_PROGRESS_RUN, &number))
		return ADMIN_UNFIT;
	run = schedule_run(schedule, number);
	account = run == NULL ? NULL : run_after(run, 0);
	if (account == NULL || run_task(run) != FETCH_DOCTOR ||
	    !run_is_over(run))
		return ADMIN_NO_SUCH;
	u = unpack_of(account->outcome.report);
	while (diagnosis_unpack(&u, &row) == 1) {
		pack_slice(rows, slice_str(diagnosis_words[row.topic]));
		pack_slice(rows, row.name);
		pack_slice(rows, row.value);
		pack_slice(rows, row.extra);
		pack_u64(rows, row.count);
		pack_u64(rows, row.of);
		pack_u64(rows, row.ours);
		pack_u64(rows, row.different);
		work->rows++;
	}
	return ADMIN_OK;
}

static void
pack_print(struct text *rows, const struct fetch_outcome *outcome)
{
	TEXT_AUTO hex = TEXT_INIT(2 * sizeof(outcome->print));

	for (size_t i = 0; outcome->has_print && i < sizeof(outcome->print);
	    i++)
		text_addf(&hex, "%02x", outcome->print[i]);
	rows->failed = rows->failed || text_failed(&hex);
	pack_slice(rows, text_slice(&hex));
}

static void
progress_row(const struct run_account *account, struct text *rows)
{
	const struct fetch_progress *progress = &account->progress;
	const struct fetch_outcome *outcome = &account->outcome;
	bool is_over = progress->stage == FETCH_STAGE_OVER;

	pack_u64(rows, account->id);
	pack_slice(rows, slice_str(account->address));
	pack_slice(rows, slice_str(account->label));
	pack_slice(rows, slice_str(stages[progress->stage]));
	pack_u64(rows, progress->done);
	pack_u64(rows, progress->of);
	pack_u64(rows, progress->done_bytes);
	pack_u64(rows, progress->of_bytes);
	pack_slice(rows, slice_str(is_over ? fetch_end_code(outcome->end) :
	    ""));
	pack_u64(rows, outcome->taken);
	pack_u64(rows, outcome->taken_bytes);
	pack_u64(rows, outcome->waiting);
	pack_u64(rows, outcome->waiting_bytes);
	pack_u64(rows, outcome->held);
	pack_u64(rows, outcome->deleted);
	pack_u64(rows, outcome->too_large);
	pack_u64(rows, outcome->left);
	pack_u64(rows, outcome->skipped);
	pack_u64(rows, outcome->skipped_bytes);
	pack_u64(rows, outcome->deferred);
	pack_u64(rows, outcome->deferred_bytes);
	pack_u64(rows, outcome->asked);
	pack_slice(rows, slice_str(outcome->deletions_stopped ? "yes" : "no"));
	pack_slice(rows, slice_str(outcome->server_said ? "yes" : "no"));
	pack_slice(rows, outcome->words);
	pack_print(rows, outcome);
	pack_u64(rows, account->state_number);
}

static enum admin_status
fetch_progress(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	const struct run_account *account;
	const struct run *run;
	uint64_t number, seen;

	if (!take_number(work, ADMIN_PROGRESS_RUN, &number) ||
	    !take_number(work, ADMIN_PROGRESS_SEEN, &seen))
		return ADMIN_UNFIT;
	run = schedule_run(schedule, number);
	if (run == NULL ||
	    (work->asker != 0 && run_asker(run) != work->asker))
		return ADMIN_NO_SUCH;
	for (account = run_after(run, seen);
	    account != NULL && work->rows < ADMIN_PAGE;
	    account = TAILQ_NEXT(account, next)) {
		progress_row(account, rows);
		work->rows++;
	}
	return ADMIN_OK;
}

struct listing {
	struct admin_work	*work;
	struct text		*rows;
};

static bool
health_row(void *arg, const struct schedule_health *health)
{
	struct listing *listing = arg;
	struct text *rows = listing->rows;

	pack_u64(rows, health->id);
	pack_slice(rows, health->owner_address);
	pack_slice(rows, health->label);
	pack_i64(rows, health->ended_at_utc_ms);
	pack_i64(rows, health->next_at_utc_ms);
	pack_slice(rows, slice_str(health->has_ended ?
	    fetch_end_code(health->end) : ""));
	pack_slice(rows, slice_str(health->server_said ? "yes" : "no"));
	pack_slice(rows, health->words);
	pack_u64(rows, health->failures);
	pack_i64(rows, health->success_at_utc_ms);
	pack_i64(rows, health->failing_since_utc_ms);
	pack_u64(rows, health->waiting);
	pack_u64(rows, health->waiting_bytes);
	return ++listing->work->rows < ADMIN_PAGE;
}

static enum admin_status
fetch_health(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	struct listing listing = { work, rows };
	struct schedule_pick pick;
	uint64_t above;

	if (!take_pick(work, &pick) ||
	    !take_number(work, ADMIN_WHICH_ABOVE, &above))
		return ADMIN_UNFIT;
	if (!schedule_is_told(schedule))
		return ADMIN_LATER;
	schedule_each(schedule, &pick, above, health_row, &listing);
	return ADMIN_OK;
}

/* The line */

static void
line_row(const struct schedule *schedule, const struct line *line,
    struct text *rows)
{
	struct line_status status = line_status(line);

	pack_slice(rows, slice_str(status.bar == LINE_BAR_NONE ? "open" :
	    "closed"));
	pack_slice(rows, slice_str(line_bar_code(status.bar)));
	pack_slice(rows, slice_str(status.by_hand ? "yes" : "no"));
	pack_slice(rows, slice_str(status.window));
	pack_u64(rows, status.every_minutes);
	pack_i64(rows, status.changes_at_utc_ms);
	pack_u64(rows, status.bytes_per_second);
	pack_u64(rows, schedule_running(schedule));
	pack_u64(rows, status.month);
	pack_i64(rows, status.month_ends_at_utc_ms);
	pack_u64(rows, status.carried_bytes);
	pack_u64(rows, status.month_bytes);
}

static enum admin_status
line_show(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	const struct line *line = schedule_line(schedule);

	if (line == NULL)
		return ADMIN_FAILED;
	line_row(schedule, line, rows);
	work->rows++;
	return ADMIN_OK;
}

static enum admin_status
line_open(struct schedule *schedule, struct admin_work *work,
    struct text *rows)
{
	struct line *line = schedule_line(schedule);
	uint64_t minutes = ADMIN_LINE_OPEN_MINUTES;

	if (line == NULL)
		return ADMIN_FAILED;
	if (work->given[0] && slice_u64(work->args[0],
	    CALENDAR_EVERY_MOST, &minutes) < 0)
		return unfit(work, 0);
	line_open_by_hand(line, (unsigned)minutes);
	schedule_line_changed(schedule);
	return line_show(schedule, work, rows);
}
