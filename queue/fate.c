/*
 * fate.c - every sender learns what became of every message that left
 *
 * Step by step: what is to be told (fate_case.c), who is told and in which
 * language (the keeper), the notice (fate_make.c) into the journal, the rows out
 * of queue.db, the notice to its mailbox.  Any step that fails begins again
 * after a while; the rows stay until then.
 */
#include "queue/fate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/fate_inside.h"
#include "queue/outbound_inside.h"

#define MOVING_MOST	4	/* notices in the making: nobody waits for them */
#define STEP_MOST	64	/* jobs looked at before others have a turn */
#define NO_POSTMASTER_MS (10 * FATE_AGAIN_MS)

bool
fate_is_late(const struct conductor *conductor,
    const struct rows_outbound *row)
{
	unsigned delay = outbound_plan_of(conductor,
	    row->domain)->delay_seconds;

	/* of a line that is down the last try is old; without a way there is none */
	int64_t at = out_waits_for_way(conductor->outbound, row) ?
	    clock_utc_ms() : row->last_try_utc_ms;

	return delay > 0 && row->state == OUTBOUND_WAITING && !row->is_told &&
	    at - outbound_begun_utc_ms(conductor, row) >=
	    (int64_t)delay * 1000;
}

/* Jobs */

static void
set_timer(struct fates *fates)
{
	const struct heap_entry *first = heap_first(&fates->ready);
	uint64_t now = clock_ms();

	timer_stop(fates->timer);
	if (first != NULL && fates->moving < MOVING_MOST)
		timer_set(fates->timer, first->key > now ?
		    first->key - now : 0);
}

static void
job_free(struct fate_job *job)
{
	heap_take(&job->fates->ready, &job->due);
	HASH_DEL(job->fates->jobs, job);
	fate_case_end(&job->what);
	free(job);
}

void
fate_tell(struct conductor *conductor, const struct message_id *id)
{
	struct fates *fates = conductor->fates;
	struct fate_job *job;

	HASH_FIND(hh, fates->jobs, id, sizeof(*id), job);
	if (job != NULL)
		return;		/* it looks again when it is done */
	job = calloc(1, sizeof(*job));
	if (job != NULL) {
		job->fates = fates;
		job->id = *id;
		HASH_ADD(hh, fates->jobs, id, sizeof(job->id), job);
	}
	if (job != NULL && job->hh.tbl == NULL) {
		free(job);
		job = NULL;
	}
	if (job != NULL && heap_put(&fates->ready, &job->due,
	    clock_ms() + FATE_WAIT_MS) < 0) {
		job_free(job);
		job = NULL;
	}
	if (job == NULL)
		log_say("memory is out: who sent a message hears of it after "
		    "the next start");
	set_timer(fates);
}

/* Nobody is asked any more; it is looked at then. */
static void
wait_for(struct fate_job *job, uint64_t wait_ms)
{
	struct fates *fates = job->fates;

	fates->moving--;
	if (job->notice == NULL)
		fate_case_end(&job->what);
	if (heap_put(&fates->ready, &job->due, clock_ms() + wait_ms) < 0) {
		log_say("memory is out: who sent a message hears of it after "
		    "the next start");
		if (job->notice == NULL)
			job_free(job);
	}
	set_timer(fates);
}

static void
put_off(struct fate_job *job, int error)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&job->id, id);
	log_say("who sent message %s cannot be told now: %s", id,
	    strerror(-error));
	wait_for(job, FATE_AGAIN_MS);
}

/* The notice */

static void
tell_trail(const struct fate_job *job)
{
	static const char *const words[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = "not delivered", [DSN_DELAYED] = "delayed",
		[DSN_RELAYED] = "handed over", [DSN_DELIVERED] = "delivered",
	};
	const struct fate_case *what = &job->what;
	const struct transit *notice = job->notice;
	struct conductor *conductor = job->fates->conductor;
	TEXT_AUTO detail = TEXT_INIT(ROWS_ADDRESS_BYTES + 128);
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&notice->env.id, id);
	text_addf(&detail, "%s; %s%.*s, in %s", words[what->is_to_list ?
	    DSN_DELIVERED : what->action], job->is_last ?
	    "in its place the postmaster " : what->list != NULL ?
	    "who looks after the list, " : "",
	    SLICE_FMT(notice->env.recipients[0].address), id);
	for (size_t i = 0; i < what->count; i++)
		trail_add(conductor->trail, &(struct trail_step){
		    .at_utc_ms = clock_utc_ms(), .id = job->id,
		    .word = TRAIL_RETURNED,
		    .address = what->rows[i].address,
		    .detail = text_slice(&detail) });
}

/* It is durable: its rows go, and then it may be read. */
static void
note(struct fate_job *job)
{
	struct conductor *conductor = job->fates->conductor;
	struct transit *notice = job->notice;
	int r = fate_case_told(conductor, &job->id, &job->what);

	if (r < 0) {
		put_off(job, r);
		return;
	}
	tell_trail(job);
	notice->told = slice_of(NULL, 0);
	conductor->untold--;
	job->notice = NULL;
	if (deliver_begin(notice) < 0)
		keep_hold(notice);
	/* there may be more of them */
	wait_for(job, 0);
}

static void
on_receipt(void *arg, int status)
{
	struct fate_job *job = arg;
	struct transit *notice = job->notice;
	struct conductor *conductor = job->fates->conductor;

	if (status < 0) {
		job->notice = NULL;
		arrive_drop(notice);
		put_off(job, status);
		return;
	}
	TAILQ_REMOVE(&conductor->arriving, notice, next);
	notice->received_ms = clock_ms();
	TAILQ_INSERT_TAIL(&conductor->received, notice, next);
	transit_drop_copy(notice);
	conductor->moving++;
	conductor->count_received++;
	conductor->untold++;
	conductor_trail(conductor, notice, TRAIL_MADE, NULL, NULL);
	note(job);
}

static int
append(struct fate_job *job)
{
	struct transit *notice = job->notice;
	TEXT_AUTO head = TEXT_INIT(HEAD_MAX_BYTES);

	head_pack(&head, notice);
	return text_failed(&head) ? -EMSGSIZE : journal_append(
	    job->fates->conductor->journal, JOURNAL_MESSAGE, &notice->env.id,
	    text_slice(&head), slice_of(notice->bytes,
	    (size_t)notice->env.bytes), on_receipt, job, &notice->position);
}

/* Who was told in an earlier life is just getting it: its name is the same. */
static bool
is_made(const struct conductor *conductor, const struct transit *notice)
{
	const struct transit *transit;

	TAILQ_FOREACH(transit, &conductor->received, next)
		if (message_id_order(&transit->env.id, &notice->env.id) == 0)
			return true;
	return false;
}

/* They count as told. */
static void
pass_on(struct fate_job *job)
{
	int r = fate_case_told(job->fates->conductor, &job->id, &job->what);

	if (r < 0)
		put_off(job, r);
	else
		wait_for(job, 0);
}

static void
make_and_append(struct fate_job *job, const struct fate_person *person)
{
	struct conductor *conductor = job->fates->conductor;
	int r = fate_make(conductor, &job->what, person, &job->notice);

	if (r < 0) {
		put_off(job, r);
		return;
	}
	if (is_made(conductor, job->notice)) {
		transit_free(job->notice);
		job->notice = NULL;
		pass_on(job);
		return;
	}
	TAILQ_INSERT_TAIL(&conductor->arriving, job->notice, next);
	r = append(job);
	if (r < 0) {
		arrive_drop(job->notice);
		job->notice = NULL;
		put_off(job, r);
	}
}

/* Who is told */

/* With neither the postmaster. */
static void
ask_person(struct fate_job *job, uint64_t account, struct slice address)
{
	struct conductor *conductor = job->fates->conductor;
	int r;

	job->is_last = account == 0 && address.len == 0;
	r = conductor->ports.person(conductor->ports.arg, job, account,
	    address);
	/* the keeper is just starting: nobody need hear of that */
	if (r == -ENOTCONN)
		wait_for(job, FATE_WAIT_MS);
	else if (r < 0)
		put_off(job, r);
}

void
conductor_person(struct conductor *conductor, void *ticket, int status,
    const struct conductor_person *person)
{
	struct fate_job *job = ticket;
	char code[16];

	if (conductor->closing)
		return;
	if (status < 0) {
		put_off(job, status);
	} else if (person->account != 0) {
		if (slice_cstr(person->language, code, sizeof(code)) < 0)
			code[0] = '\0';
		make_and_append(job, &(struct fate_person){
		    .account = person->account, .address = person->address,
		    .language = language_of(code),
		    .is_sender = !job->is_last && job->what.list == NULL });
	} else if (!job->is_last && job->what.action == DSN_FAILED) {
		/* that account, or list, is gone */
		ask_person(job, 0, slice_of(NULL, 0));
	} else if (!job->is_last) {
		pass_on(job);
	} else {
		log_say("there is no postmaster to be told of a message that "
		    "was not delivered");
		wait_for(job, NO_POSTMASTER_MS);
	}
}

/* The clock */

static void
begin(struct fate_job *job)
{
	struct conductor *conductor = job->fates->conductor;
	struct fate_case *what = &job->what;
	struct message_id id = job->id;
	int r;

	if (job->notice != NULL) {
		note(job);
		return;
	}
	/* no notice tells of what a power cut could undo */
	r = out_sync(conductor->outbound);
	if (r == 0)
		r = fate_case_begin(what, conductor, &job->id);
	/* a stranger is told of nothing, and the postmaster of failures only */
	if (r == 0 && fate_address(what).len == 0 && fate_sender(what) == 0 &&
	    what->action != DSN_FAILED) {
		r = fate_case_told(conductor, &job->id, what);
		if (r == 0) {
			wait_for(job, 0);
			return;
		}
	}
	if (r == -ENOENT) {
		job->fates->moving--;
		job_free(job);
		out_drop_file(conductor, &id);
	} else if (r < 0) {
		put_off(job, r);
	} else {
		ask_person(job, what->list != NULL ? 0 : fate_sender(what),
		    fate_address(what));
	}
}

static void
pump(struct fates *fates)
{
	struct heap_entry *first;

	/* of whom nobody hears there may be many, and each costs a commit */
	for (unsigned i = 0; i < STEP_MOST && !fates->conductor->closing &&
	    fates->moving < MOVING_MOST &&
	    (first = heap_first(&fates->ready)) != NULL &&
	    first->key <= clock_ms(); i++) {
		heap_take(&fates->ready, first);
		fates->moving++;
		begin((struct fate_job *)first);
	}
	set_timer(fates);
}

static void
on_time(void *arg)
{
	pump(arg);
}

void
fate_look(struct conductor *conductor)
{
	pump(conductor->fates);
}

/* Begin and end */

int
fate_open(struct conductor *conductor)
{
	struct fates *fates = calloc(1, sizeof(*fates));

	if (fates == NULL)
		return -ENOMEM;
	conductor->fates = fates;
	fates->conductor = conductor;
	fates->timer = timer_new(conductor->loop, on_time, fates);
	return fates->timer == NULL ? -ENOMEM : 0;
}

void
fate_close(struct fates *fates)
{
	struct fate_job *job, *following;

	if (fates == NULL)
		return;
	/* a notice is in one of the conductor's lists */
	HASH_ITER(hh, fates->jobs, job, following)
		job_free(job);
	heap_free(&fates->ready);
	timer_free(fates->timer);
	free(fates);
}

/* By a person */

bool
fate_is_telling(const struct conductor *conductor,
    const struct rows_outbound *row)
{
	const struct fate_case *what;
	const struct fate_job *job;

	HASH_FIND(hh, conductor->fates->jobs, &row->id, sizeof(row->id), job);
	if (job == NULL || row->state != OUTBOUND_FAILED)
		return false;
	what = &job->what;
	for (size_t i = 0; i < what->count; i++)
		if (what->action == DSN_FAILED &&
		    slice_is(what->rows[i].address, row->address))
			return true;
	return false;
}

int
fate_fail(struct conductor *conductor, struct rows_outbound *rows,
    size_t count)
{
	int64_t now = clock_utc_ms();
	int r;

	for (size_t i = 0; i < count; i++)
		if (out_is_trying(conductor->outbound, &rows[i]))
			return -EBUSY;
	for (size_t i = 0; i < count; i++) {
		rows[i].state = OUTBOUND_FAILED;
		rows[i].next_try_utc_ms = now;
	}
	/* who wants it is told that it is so */
	r = rows_outbound_tried(conductor->rows, rows, count);
	if (r == 0)
		r = rows_sync(conductor->rows);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		out_tell(conductor, &rows[i], slice_of(NULL, 0));
		fate_tell(conductor, &rows[i].id);
	}
	return 0;
}
