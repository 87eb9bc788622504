/*
 * schedule_consent.c - "fetch consent", handed on to who collects
 */
#include "programs/schedule_consent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <openssl/crypto.h>

#include "fetch/consent.h"
#include "lib/base/log.h"

enum { ARG_STEP = ADMIN_WHICH_LABEL + 1, ARG_VALUE, ARG_STATE };

/* One that the process of the owner has been asked. */
struct consent_errand {
	LIST_ENTRY(consent_errand) next;
	struct ipc		*from;	/* NULL: gone */
	uint64_t		 serial;
	uint64_t		 id;
	char			*address, *label;	/* owned */
	bool			 begins;
};

struct consents {
	struct schedule *const	*schedule;
	struct collectors *const *collectors;
	LIST_HEAD(, consent_errand) errands;
};

struct consents *
consents_new(struct schedule *const *schedule,
    struct collectors *const *collectors)
{
	struct consents *consents = calloc(1, sizeof(*consents));

	if (consents == NULL)
		return NULL;
	consents->schedule = schedule;
	consents->collectors = collectors;
	LIST_INIT(&consents->errands);
	return consents;
}

bool
consents_answer(const struct admin_request *request)
{
	return slice_is_str(slice_str(request->name), "fetch consent");
}

static void
errand_free(struct consent_errand *errand)
{
	if (errand == NULL)
		return;
	LIST_REMOVE(errand, next);
	free(errand->address);
	free(errand->label);
	free(errand);
}

/* One row: which account, and how it stands. */
static void
reply(const struct consent_errand *errand, const struct consent_state *state)
{
	TEXT_AUTO body = TEXT_INIT(ADMIN_ANSWER_BYTES);

	pack_u8(&body, ADMIN_OK);
	pack_u8(&body, ADMIN_NO_FIELD);
	pack_u32(&body, 1);
	pack_u64(&body, errand->id);
	pack_slice(&body, slice_str(errand->address));
	pack_slice(&body, slice_str(errand->label));
	pack_slice(&body, slice_str(consent_stage_word(state->stage)));
	pack_slice(&body, state->url);
	pack_slice(&body, state->code);
	pack_u64(&body, state->expires_seconds);
	pack_slice(&body, slice_str(state->result));
	pack_slice(&body, state->words);
	if (errand->from != NULL && (text_failed(&body) ||
	    ipc_reply(errand->from, errand->serial, text_slice(&body), NULL,
	    0) < 0))
		log_say("the console does not take an answer");
}

/* There is no process: who begins asks again, it comes up meanwhile. */
static void
reply_absent(const struct consent_errand *errand)
{
	const struct consent_state state = {
		.stage = errand->begins ? CONSENT_STARTING : CONSENT_NONE
	};

	reply(errand, &state);
}

static void
on_state(void *arg, int status, struct ipc_message *message)
{
	struct consent_errand *errand = arg;
	struct consent_state state;

	if (status < 0 || consent_state_unpack(message->body, &state) < 0)
		reply_absent(errand);
	else
		reply(errand, &state);
	errand_free(errand);
}

/* The one mailbox that is meant. */
struct meant {
	unsigned	 count;
	struct consent_errand *errand;
	uint64_t	 owner;
};

static bool
take_meant(void *arg, const struct schedule_health *health)
{
	struct meant *meant = arg;
	struct consent_errand *errand = meant->errand;

	if (meant->count++ > 0)
		return false;
	meant->owner = health->owner;
	errand->id = health->id;
	errand->address = strndup(health->owner_address.at,
	    health->owner_address.len);
	errand->label = strndup(health->label.at, health->label.len);
	return true;
}

static enum admin_status
find_meant(const struct consents *consents, const struct admin_work *work,
    struct meant *meant)
{
	const struct schedule_pick pick = {
		.owner = work->asker,
		.address = work->args[ADMIN_WHICH_ADDRESS],
		.label = work->args[ADMIN_WHICH_LABEL]
	};

	if (!schedule_is_told(*consents->schedule))
		return ADMIN_LATER;
	schedule_each(*consents->schedule, &pick, 0, take_meant, meant);
	if (meant->count == 0)
		return ADMIN_NO_SUCH;
	if (meant->count > 1)
		return ADMIN_NOT_UNIQUE;
	return meant->errand->address == NULL ||
	    meant->errand->label == NULL ? ADMIN_FAILED : ADMIN_OK;
}

/* Ask the process of that owner; without one, the answer is that. */
static void
hand_on(struct consents *consents, struct consent_errand *errand,
    uint64_t owner, const struct consent_ask *asked)
{
	TEXT_AUTO body = TEXT_INIT(4 * CONSENT_CODE_MOST);
	struct ipc *collector = collectors_channel(*consents->collectors,
	    owner, errand->begins);

	consent_ask_pack(&body, asked);
	if (collector == NULL || text_failed(&body) ||
	    ipc_ask(collector, FETCH_CONSENT, text_slice(&body), NULL, 0,
	    on_state, errand) < 0) {
		reply_absent(errand);
		errand_free(errand);
	}
	if (body.at != NULL)
		OPENSSL_cleanse(body.at, body.size);
}

static void
refuse(struct ipc *from, uint64_t serial, enum admin_status status,
    unsigned field)
{
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u8(&body, (uint8_t)status);
	pack_u8(&body, (uint8_t)field);
	pack_u32(&body, 0);
	if (text_failed(&body) || ipc_reply(from, serial, text_slice(&body),
	    NULL, 0) < 0)
		log_say("the console does not take an answer");
}

static enum admin_status
check(struct admin_work *work, enum consent_step step)
{
	if (step == CONSENT_STEP_COUNT)
		work->field = ARG_STEP;
	else if (work->args[ARG_VALUE].len > CONSENT_CODE_MOST)
		work->field = ARG_VALUE;
	else if (work->args[ARG_STATE].len > CONSENT_CODE_MOST)
		work->field = ARG_STATE;
	return work->field == ADMIN_NO_FIELD ? ADMIN_OK : ADMIN_UNFIT;
}

/* Its errand, which is on the list; NULL when memory is out. */
static struct consent_errand *
errand_new(struct consents *consents, struct ipc *from, uint64_t serial)
{
	struct consent_errand *errand = calloc(1, sizeof(*errand));

	if (errand == NULL)
		return NULL;
	errand->from = from;
	errand->serial = serial;
	LIST_INSERT_HEAD(&consents->errands, errand, next);
	return errand;
}

int
consents_ask(struct consents *consents, struct ipc *from, uint64_t serial,
    struct admin_work *work, bool is_last)
{
	struct consent_errand *errand = errand_new(consents, from, serial);
	struct meant meant = { .errand = errand };
	struct consent_ask asked;
	enum admin_status status;

	if (errand == NULL) {
		refuse(from, serial, ADMIN_FAILED, ADMIN_NO_FIELD);
		return 0;
	}
	asked.step = consent_step_of(work->args[ARG_STEP]);
	errand->begins = asked.step == CONSENT_DEVICE ||
	    asked.step == CONSENT_BROWSER;
	status = check(work, asked.step);
	if (status == ADMIN_OK)
		status = find_meant(consents, work, &meant);
	if (status != ADMIN_OK) {
		errand_free(errand);
		if (status == ADMIN_NO_SUCH && !is_last)
			return -ENOENT;
		refuse(from, serial, status, work->field);
		return 0;
	}
	asked.id = errand->id;
	asked.value = work->args[ARG_VALUE];
	asked.state = work->args[ARG_STATE];
	hand_on(consents, errand, meant.owner, &asked);
	return 0;
}

void
consents_lost(struct consents *consents, const struct ipc *from)
{
	struct consent_errand *errand;

	LIST_FOREACH(errand, &consents->errands, next)
		if (errand->from == from)
			errand->from = NULL;
}
