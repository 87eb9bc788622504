/*
 * judge_people.c - what a judge asks the keeper about what people send, and have
 * sent on
 *
 * A message that cannot be signed or sealed goes as it is, and the log says why.
 */
#include "programs/judge_people.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/base/log.h"
#include "lib/message/urgency.h"
#include "policy/keeper.h"

#define LOOK_MS		1000
#define PATIENCE_MS	20000	/* one that comes back is worth waiting for */
#define QUESTION_BYTES	8192	/* a login and SENDER_MOST addresses */

enum errand {
	ERRAND_OWNED,		/* whose are its authors? */
	ERRAND_SIGN,
	ERRAND_SEALER,		/* which key seals it? */
	ERRAND_SEAL		/* its signature, and then the seal */
};

struct people_asking {
	TAILQ_ENTRY(people_asking) next;
	enum errand	 errand;
	struct dkim_draft draft[PEOPLE_KEYS];	/* of what signs it */
	unsigned	 draft_count;
	const struct dkim_tools *tools;		/* for a seal */
	const char	*host;
	struct arc_seal	 seal;
	struct judge_people *people;
	struct judging	*judging;
	struct people_keys *keys;	/* of the other: to be filled in */
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
	arc_seal_free(&asking->seal);
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

static void
end(struct people_asking *asking)
{
	judge_people_fn *fn = asking->fn;
	void *arg = asking->arg;

	asking_free(asking);
	fn(arg);
}

/* It is said; the verdict has `one`. */
static void
said(struct people_asking *asking, struct verdict *one)
{
	judge_add(&asking->judging->verdict, one,
	    asking->judging->envelope.source);
	end(asking);
}

static void
not_signed(const char *why)
{
	log_say("a message goes out without a signature: %s", why);
}

static void
not_sealed(struct people_asking *asking, const char *why)
{
	log_say("a message is sent on without a seal: %s", why);
	end(asking);
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

/* What signs for them; what makes no sense does not. */
static void
read_keys(struct unpack *u, struct people_keys *keys)
{
	keys->count = 0;
	while (u->rest.len > 0 && keys->count < PEOPLE_KEYS) {
		struct people_key *key = &keys->key[keys->count];

		key->algorithm = (enum dkim_algorithm)unpack_enum(u,
		    DKIM_ED25519_SHA256 + 1);
		if (slice_cstr(unpack_slice(u), key->selector,
		    sizeof(key->selector)) < 0 || u->bad)
			return;
		keys->count++;
	}
}

static void
on_signed(void *arg, int status, struct ipc_message *message)
{
	struct people_asking *asking = arg;
	struct verdict *verdict = &asking->judging->verdict;
	struct unpack u;

	asking->asked = NULL;
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	u = unpack_of(message->body);
	for (unsigned i = 0; i < asking->draft_count && !u.bad; i++) {
		struct slice signature = unpack_slice(&u);

		if (signature.len == 0 || dkim_draft_add(&asking->draft[i],
		    signature, verdict) < 0)
			not_signed("the keeper does not sign it");
	}
	end(asking);
}

static void
on_owned(void *arg, int status, struct ipc_message *message)
{
	struct people_asking *asking = arg;
	const struct sender_found *found = &asking->judging->sender;
	const struct envelope *env = &asking->judging->envelope;
	bool is_own[SENDER_MOST];
	struct verdict one;
	struct unpack keys;
	struct slice over;
	uint32_t recall_seconds;

	asking->asked = NULL;
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	if (keeper_owned_said(message->body, sender_count(found), is_own,
	    &over, &recall_seconds, &keys) < 0 ||
	    recall_seconds > VERDICT_RECALL_MOST) {
		later(asking);
		return;
	}
	read_keys(&keys, asking->keys);
	/* what is urgent is not to wait, nor what no person has sent */
	if (env->trust == TRUST_NOBODY &&
	    !urgency_is_high(asking->judging->message))
		asking->judging->verdict.recall_seconds = recall_seconds;
	sender_judge(found, is_own, env->trust == TRUST_NETWORK ?
	    slice_of("", 0) : env->login, &one);
	if (over.len > 0 && one.action != VERDICT_REFUSE)
		verdict_set(&one, VERDICT_DEFER, 450, "4.7.1", "%.*s",
		    SLICE_FMT(over));
	said(asking, &one);
}

/* The seal */

static void	ask(struct people_asking *);

/* Why there is none, in words. */
static const char *
why_not(int r)
{
	switch (r) {
	case -EAGAIN:
		return "nobody can say whether its chain is right";
	case -EALREADY:
		return "somebody has sealed its chain as broken";
	case -ERANGE:
		return "its chain is as long as one may be";
	case -EINVAL:
		return "its header may be read in two ways";
	case -ENOTSUP:
		return "a part of it was removed";
	default:
		return strerror(-r);
	}
}

/* The domains by which it is sent on, each once. */
static void
pack_domains(const struct envelope *env, struct text *body)
{
	struct slice domains[SEALERS_ASKED];
	unsigned count = 0, n;

	for (size_t i = 0; i < env->recipient_count &&
	    count < SEALERS_ASKED; i++) {
		const struct recipient *rcpt = &env->recipients[i];
		size_t at = slice_find_last(rcpt->via, '@');

		if ((rcpt->by & RECIPIENT_SENT_ON) == 0 || at == SIZE_MAX)
			continue;
		domains[count] = slice_after(rcpt->via, at + 1);
		for (n = 0; n < count && !slice_is_nocase(domains[n],
		    domains[count]); n++)
			continue;
		if (n < count)
			continue;
		pack_slice(body, domains[count++]);
	}
}

static void
on_sealer(void *arg, int status, struct ipc_message *message)
{
	struct people_asking *asking = arg;
	const struct judging *judging = asking->judging;
	struct arc_seal *seal = &asking->seal;
	struct unpack u;
	int r;

	asking->asked = NULL;
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	if (message->body.len == 0) {	/* as in most offices */
		end(asking);
		return;
	}
	u = unpack_of(message->body);
	r = slice_cstr(unpack_slice(&u), seal->domain, sizeof(seal->domain));
	seal->algorithm = (enum dkim_algorithm)unpack_enum(&u,
	    DKIM_ED25519_SHA256 + 1);
	if (slice_cstr(unpack_slice(&u), seal->selector,
	    sizeof(seal->selector)) < 0 || r < 0 || !unpack_is_done(&u)) {
		not_sealed(asking, "the keeper's answer makes no sense");
		return;
	}
	r = arc_seal_begin(asking->tools, judging->message,
	    &judging->verdict.edits, &judging->findings.origin, asking->host,
	    judging->envelope.received_at_utc_ms / 1000, seal);
	if (r < 0) {
		not_sealed(asking, why_not(r));
		return;
	}
	asking->errand = ERRAND_SEAL;
	ask(asking);
}

/* What it has signed is the message first, and then the seal. */
static void
on_sealed(void *arg, int status, struct ipc_message *message)
{
	struct people_asking *asking = arg;
	struct slice signature;
	struct unpack u;
	int r;

	asking->asked = NULL;
	if (status < 0)		/* it is gone: wait for the next one */
		return;
	u = unpack_of(message->body);
	signature = unpack_slice(&u);
	if (!unpack_is_done(&u) || signature.len == 0) {
		not_sealed(asking, "the keeper does not sign it");
		return;
	}
	if (!asking->seal.is_message_signed) {
		r = arc_seal_message(asking->tools, &asking->seal, signature);
		if (r == 0)
			ask(asking);
		else
			not_sealed(asking, why_not(r));
		return;
	}
	r = arc_seal_add(&asking->seal, signature, &asking->judging->verdict);
	if (r < 0)
		not_sealed(asking, why_not(r));
	else
		end(asking);
}

/* What is asked */

static bool
has_asked(struct ipc *keeper, enum keeper_kind kind, const struct text *body,
    ipc_reply_fn *fn, struct people_asking *asking)
{
	return !text_failed(body) && ipc_ask(keeper, (uint16_t)kind,
	    text_slice(body), NULL, 0, fn, asking) == 0;
}

static bool
ask_sealer(struct people_asking *asking, struct ipc *keeper)
{
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	pack_domains(&asking->judging->envelope, &body);
	return has_asked(keeper, KEEPER_SEALER, &body, on_sealer, asking);
}

static bool
ask_seal(struct people_asking *asking, struct ipc *keeper)
{
	const struct arc_seal *seal = &asking->seal;
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	pack_slice(&body, slice_str(seal->domain));
	pack_slice(&body, slice_str(seal->selector));
	pack_bytes(&body, slice_of(seal->hash, DKIM_HASH_BYTES));
	return has_asked(keeper, KEEPER_SIGN, &body, on_sealed, asking);
}

/* The first author's domain, which is ours. */
static const char *
domain_of(const struct judging *judging)
{
	return strrchr(judging->sender.address[0], '@') + 1;
}

static bool
ask_signature(struct people_asking *asking, struct ipc *keeper)
{
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	pack_slice(&body, slice_str(domain_of(asking->judging)));
	for (unsigned i = 0; i < asking->draft_count; i++) {
		pack_slice(&body, slice_str(asking->draft[i].selector));
		pack_bytes(&body, slice_of(asking->draft[i].hash,
		    DKIM_HASH_BYTES));
	}
	return has_asked(keeper, KEEPER_SIGN, &body, on_signed, asking);
}

/* Whom its sender has named; all who are behind an alias or a list are one. */
static size_t
count_named(const struct envelope *env)
{
	struct slice via = { NULL, 0 };
	size_t named = 0;

	for (size_t i = 0; i < env->recipient_count; i++) {
		if (env->recipients[i].by == 0 ||
		    !slice_is(env->recipients[i].via, via))
			named++;
		via = env->recipients[i].via;
	}
	return named;
}

static bool
ask_owned(struct people_asking *asking, struct ipc *keeper)
{
	const struct sender_found *found = &asking->judging->sender;
	TEXT_AUTO body = TEXT_INIT(QUESTION_BYTES);

	keeper_owned_ask(&body, asking->judging->envelope.sender_account,
	    count_named(&asking->judging->envelope), sender_count(found));
	for (unsigned i = 0; i < sender_count(found); i++)
		pack_slice(&body, slice_str(found->address[i]));
	return has_asked(keeper, KEEPER_OWNED, &body, on_owned, asking);
}

static void
ask(struct people_asking *asking)
{
	static bool (*const errands[])(struct people_asking *,
	    struct ipc *) = {
		[ERRAND_OWNED] = ask_owned, [ERRAND_SIGN] = ask_signature,
		[ERRAND_SEALER] = ask_sealer, [ERRAND_SEAL] = ask_seal,
	};
	struct ipc *keeper = asking->people->keeper;

	if (keeper != NULL && asking->asked == NULL &&
	    errands[asking->errand](asking, keeper))
		asking->asked = keeper;
}

/* Nobody answers any more. */
static void
give_up(struct people_asking *asking)
{
	if (asking->asked != NULL)
		ipc_forget(asking->asked, asking);
	asking->asked = NULL;
	if (asking->errand == ERRAND_OWNED) {
		later(asking);
	} else if (asking->errand == ERRAND_SIGN) {
		not_signed("nobody signs it");
		end(asking);
	} else {
		not_sealed(asking, "nobody seals it");
	}
}

static void
on_patience(void *arg)
{
	struct judge_people *people = arg;
	struct people_asking *asking, *following;

	for (asking = TAILQ_FIRST(&people->all); asking != NULL;
	    asking = following) {
		following = TAILQ_NEXT(asking, next);
		if (clock_ms() - asking->since_ms < PATIENCE_MS)
			ask(asking);
		else
			give_up(asking);
	}
	if (!TAILQ_EMPTY(&people->all))
		timer_set(people->patience, LOOK_MS);
}

static struct people_asking *
asking_new(struct judge_people *people, struct judging *judging,
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
	if (!timer_is_set(people->patience))
		timer_set(people->patience, LOOK_MS);
	return asking;
}

struct people_asking *
judge_people_ask(struct judge_people *people, struct judging *judging,
    struct people_keys *keys_out, judge_people_fn *fn, void *arg)
{
	struct people_asking *asking = asking_new(people, judging, fn, arg);

	if (asking == NULL)
		return NULL;
	asking->keys = keys_out;
	ask(asking);
	return asking;
}

struct people_asking *
judge_people_sign(struct judge_people *people, struct judging *judging,
    const struct dkim_tools *tools, const struct people_keys *keys,
    judge_people_fn *fn, void *arg)
{
	struct people_asking *asking;
	int r;

	if (keys->count == 0 || tools == NULL)
		return NULL;
	asking = asking_new(people, judging, fn, arg);
	if (asking == NULL) {
		not_signed("memory is out");
		return NULL;
	}
	asking->errand = ERRAND_SIGN;
	asking->draft_count = keys->count;
	for (unsigned i = 0; i < keys->count; i++) {
		asking->draft[i].algorithm = keys->key[i].algorithm;
		memcpy(asking->draft[i].selector, keys->key[i].selector,
		    sizeof(keys->key[i].selector));
	}
	r = dkim_draft(tools, judging->message, &judging->verdict.edits,
	    domain_of(judging), judging->envelope.received_at_utc_ms / 1000,
	    asking->draft, asking->draft_count);
	if (r < 0) {
		not_signed(r == -ENOTSUP ? "a part of it was removed" :
		    strerror(-r));
		asking_free(asking);
		return NULL;
	}
	ask(asking);
	return asking;
}

/* Is it sent on by somebody here, and has it come from outside? */
static bool
is_passed_on(const struct judging *judging)
{
	const struct envelope *env = &judging->envelope;

	if (!judging->findings.origin.is_from_outside)
		return false;
	for (size_t i = 0; i < env->recipient_count; i++)
		if ((env->recipients[i].by & RECIPIENT_SENT_ON) != 0)
			return true;
	return false;
}

struct people_asking *
judge_people_seal(struct judge_people *people, struct judging *judging,
    const struct dkim_tools *tools, const char *host, judge_people_fn *fn,
    void *arg)
{
	struct people_asking *asking;

	if (tools == NULL || host == NULL || !is_passed_on(judging))
		return NULL;
	asking = asking_new(people, judging, fn, arg);
	if (asking == NULL) {
		log_say("a message is sent on without a seal: memory is out");
		return NULL;
	}
	asking->errand = ERRAND_SEALER;
	asking->tools = tools;
	asking->host = host;
	ask(asking);
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
