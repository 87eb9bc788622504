/*
 * fetch_errand.c - an errand's beginning and end, and what is said of it
 *
 * Whatever ends an errand ends it here, with one answer to who asked; before
 * that the schedule has heard all that the line carried for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "fetch/diagnosis.h"
#include "lib/base/log.h"
#include "policy/keeper.h"
#include "programs/fetch_errand.h"

#define PEERS_MS	10000	/* for the channels to come */
#define BILL_MS		5000	/* between news of what is carried */
#define BILL_BYTES	(1u << 20)	/* or so many: whoever counts may stop it */

static void	tell_session(struct errand *);

const struct errand_work *
errand_work(const struct errand *errand)
{
	return errand->account.protocol == FETCH_ETRN ||
	    errand->account.protocol == FETCH_ATRN ? &errand_calling :
	    &errand_collecting;
}

/* Ends */

static void
end_work(struct errand *errand)
{
	if (errand->run != NULL)
		errand_work(errand)->free(errand);
	errand->run = NULL;
	fetch_way_free(errand->way);
	errand->way = NULL;
}

void
errand_free(struct errand *errand)
{
	struct fetch_role *role = errand->role;

	if (errand->asked != NULL)
		ipc_forget(errand->asked, errand);
	end_work(errand);
	tell_session(errand);
	errand_tell_carried(errand);	/* what its conversation ended with */
	timer_free(errand->timer);
	LIST_REMOVE(errand, next);
	free(errand->rules);
	free(errand->before);
	OPENSSL_cleanse(errand, sizeof(*errand));
	free(errand);
	if (LIST_EMPTY(&role->errands))
		timer_set(role->idle_timer, FETCH_IDLE_MS);
}

void
fetch_tell_carried(struct ipc *schedule, uint64_t id,
    const struct line_counts *counts)
{
	TEXT_AUTO body = TEXT_INIT(LINE_COUNTS_BYTES + 16);

	pack_u64(&body, id);
	line_counts_pack(&body, counts);
	if (text_failed(&body) || ipc_send(schedule, FETCH_CARRIED,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the schedule does not hear what was carried");
}

struct talk_session *
errand_session(struct errand *errand)
{
	return errand->task == FETCH_TRY ? NULL : &errand->session;
}

/* The keeper keeps it for the next one; without it nothing is lost but bytes. */
static void
tell_session(struct errand *errand)
{
	struct ipc *keeper = errand->role->keeper;
	TEXT_AUTO body = TEXT_INIT(TALK_SESSION_BYTES + 16);

	if (!errand->session.is_new || keeper == NULL ||
	    text_space(&body, body.limit) == NULL)
		return;
	errand->session.is_new = false;
	text_clear(&body);
	pack_u64(&body, errand->id);
	pack_slice(&body, slice_of((const char *)errand->session.bytes,
	    errand->session.len));
	if (ipc_send(keeper, KEEPER_FETCH_SESSION, text_slice(&body), NULL, 0)
	    < 0)
		log_say("the keeper does not take a session of TLS");
	OPENSSL_cleanse(body.at, body.size);
}

void
errand_tell_carried(struct errand *errand)
{
	struct line_counts news;

	errand->billed_ms = clock_ms();
	if (errand->asker != NULL && line_bill_news(&errand->bill, &news))
		fetch_tell_carried(errand->asker, errand->id, &news);
}

void
errand_end(struct errand *errand, const struct fetch_outcome *outcome)
{
	TEXT_AUTO body = TEXT_INIT(FETCH_WORDS_MOST + 256 + DIAGNOSIS_BYTES);

	fetch_outcome_pack(&body, outcome);
	/* with its conversation the last bytes are counted */
	end_work(errand);
	errand_tell_carried(errand);
	if (errand->asker != NULL && (text_failed(&body) ||
	    ipc_reply(errand->asker, errand->serial, text_slice(&body), NULL,
	    0) < 0))
		log_say("the schedule does not take an outcome");
	errand_free(errand);
}

void
errand_fail(struct errand *errand, enum fetch_end end, const char *words)
{
	const struct fetch_outcome outcome = {
		.end = end, .words = slice_str(words)
	};

	if (end == FETCH_END_LOCAL)
		log_say("fetch account %llu: %s",
		    (unsigned long long)errand->id, words);
	errand_end(errand, &outcome);
}

void
errand_refuse(struct ipc *from, uint64_t serial)
{
	const struct fetch_outcome outcome = {
		.end = FETCH_END_LOCAL, .words = SLICE("memory is out")
	};
	TEXT_AUTO body = TEXT_INIT(256);

	fetch_outcome_pack(&body, &outcome);
	if (text_failed(&body) || ipc_reply(from, serial, text_slice(&body),
	    NULL, 0) < 0)
		log_say("the schedule does not take an outcome");
}

/* What its work says */

void
errand_progress(void *arg, const struct fetch_progress *progress)
{
	struct errand *errand = arg;
	TEXT_AUTO body = TEXT_INIT(64);

	tell_session(errand);
	/* a watch has none */
	if (errand->asker == NULL || errand->task == FETCH_WATCH)
		return;
	if (clock_ms() - errand->billed_ms >= BILL_MS ||
	    line_bill_untold(&errand->bill) >= BILL_BYTES)
		errand_tell_carried(errand);
	pack_u64(&body, errand->id);
	fetch_progress_pack(&body, progress);
	/* it is news: the next one, or the outcome, says as much */
	if (!text_failed(&body))
		(void)ipc_send(errand->asker, FETCH_PROGRESS,
		    text_slice(&body), NULL, 0);
}

/* Begin once more, with another token. */
static void
again(struct errand *errand)
{
	end_work(errand);
	errand->has_way = errand->is_asking = false;
	errand->token = NULL;
	errand_go(errand);
}

/*
 * HARDENING F47: a token that was held may have been taken back before its
 * time.  One that was asked for just now and refused is the provider's no.
 */
void
errand_over(void *arg, const struct fetch_outcome *outcome)
{
	struct errand *errand = arg;
	bool is_refused = errand->token != NULL &&
	    outcome->end == FETCH_END_REFUSED;

	if (is_refused)
		fetch_ways_refused(errand->role->ways, errand->id);
	if (is_refused && !errand->is_fresh && outcome->listed == 0)
		again(errand);
	else
		errand_end(errand, outcome);
}

/* Its life before that */

void
errand_begin(struct errand *errand, const char *addresses)
{
	const struct errand_work *work = errand_work(errand);
	int r;

	if (!errand_has_channels(errand)) {
		errand_go(errand);	/* lost meanwhile */
		return;
	}
	timer_stop(errand->timer);
	r = work->start(errand, addresses);
	OPENSSL_cleanse(errand->password, sizeof(errand->password));
	if (r < 0)
		errand_fail(errand, FETCH_END_LOCAL, strerror(-r));
	else if (errand->is_pausing)
		work->pause(errand);
}

void
errand_pause(struct errand *errand)
{
	if (errand->is_pausing)
		return;
	errand->is_pausing = true;
	if (errand->run != NULL)
		errand_work(errand)->pause(errand);
}

void
errand_channel_lost(struct errand *errand, const struct ipc *ipc)
{
	if (errand->run != NULL)
		errand_work(errand)->lost(errand, ipc);
}

static void
on_errand_time(void *arg)
{
	struct errand *errand = arg;

	errand_fail(errand, FETCH_END_LOCAL, errand->asked != NULL ?
	    "keeper or resolver do not answer" :
	    "keeper, queue, resolver and door are not all there");
}

struct errand *
errand_new(struct fetch_role *role, struct ipc *asker, uint64_t serial,
    uint64_t id, enum fetch_task task)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->timer = timer_new(role->process->loop, on_errand_time, errand);
	if (errand->timer == NULL) {
		free(errand);
		return NULL;
	}
	errand->role = role;
	errand->asker = asker;
	errand->serial = serial;
	errand->id = id;
	errand->task = task;
	LIST_INSERT_HEAD(&role->errands, errand, next);
	timer_stop(role->idle_timer);
	timer_set(errand->timer, PEERS_MS);
	return errand;
}

struct errand *
errand_find(const struct fetch_role *role, uint64_t id, bool watches)
{
	struct errand *errand;

	LIST_FOREACH(errand, &role->errands, next)
		if (errand->id == id &&
		    (errand->task == FETCH_WATCH) == watches)
			return errand;
	return NULL;
}
