/*
 * keeper_answers.c - what the keeper answers at once
 *
 * Each answer is a row: a function that adds it to a body, and how large it may
 * be.  A body that stays empty is no answer: whoever asked tries again later.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/groups.h"
#include "policy/keeper.h"
#include "policy/senders.h"
#include "policy/shares.h"
#include "programs/keeper_fetch.h"
#include "programs/keeper_grey.h"
#include "programs/keeper_inside.h"
#include "programs/keeper_line.h"
#include "programs/keeper_way.h"

/* One question. */
struct question {
	struct keeper	*keeper;
	struct policy	*policy;	/* its */
	uint64_t	 owner;		/* whose process asks; 0: nobody's */
	struct slice	 body;
};

static void
cannot_read(int r)
{
	log_say("policy.db cannot be read: %s", strerror(-r));
}

/* People */

static int
answer_whose(const struct question *q, struct text *body)
{
	struct keeper_whose answer = { .whose = WHOSE_UNKNOWN };
	struct slice address;
	int r = keeper_whose_asked(q->body, &address);

	if (r < 0)
		return r;
	r = whose_cache_ask(q->keeper->whose, q->policy, address,
	    &answer.whose, &answer.account);
	if (r < 0)
		cannot_read(r);
	else
		keeper_whose_say(body, &answer);
	return 0;
}

static int
answer_salt(const struct question *q, struct text *body)
{
	struct scram_salt answer;
	struct slice user;
	int r = keeper_whose_asked(q->body, &user);

	if (r < 0)
		return r;
	r = policy_scram_salt(q->policy, &q->keeper->seal_key, user, &answer);
	if (r < 0)
		cannot_read(r);
	else
		keeper_salt_say(body, &answer);
	return 0;
}

static int
answer_named(const struct question *q, struct text *body)
{
	struct keeper_named answer = { ADMIN_OK, 0 };
	struct policy_account account;
	struct slice user;
	int r = keeper_whose_asked(q->body, &user);

	if (r < 0)
		return r;
	r = policy_account_find(q->policy, user, &account);
	if (r == -ENOENT)
		answer.status = ADMIN_NO_SUCH;
	else if (r == -ENOTUNIQ)
		answer.status = ADMIN_NOT_UNIQUE;
	else if (r == 0)
		answer.account = account.id;
	else
		cannot_read(r);
	if (r == 0 || answer.status != ADMIN_OK)
		keeper_named_say(body, &answer);
	return 0;
}

static int
answer_account(const struct question *q, struct text *body)
{
	struct keeper_account answer = { 0 };
	struct policy_account account;
	uint64_t id;
	int r = keeper_account_asked(q->body, &id);

	if (r < 0)
		return r;
	r = policy_account_get(q->policy, id, &account);
	if (r == 0) {
		answer.exists = true;
		answer.address = slice_str(account.address);
		answer.language = slice_str(account.language);
	}
	if (r == 0 || r == -ENOENT)
		keeper_account_say(body, &answer);
	else
		cannot_read(r);
	return 0;
}

static int
answer_sender(const struct question *q, struct text *body)
{
	return keeper_answer_sender(q->keeper, q->body, body);
}

static int
answer_owned(const struct question *q, struct text *body)
{
	return keeper_answer_owned(q->keeper, q->body, body);
}

static int
answer_sign(const struct question *q, struct text *body)
{
	return keeper_answer_sign(q->keeper, q->body, body);
}

static int
answer_sealer(const struct question *q, struct text *body)
{
	return keeper_answer_sealer(q->keeper, q->body, body);
}

static int
answer_smarthost(const struct question *q, struct text *body)
{
	return keeper_answer_smarthost(q->keeper, q->body, body);
}

int
keeper_stamp(struct policy *policy, const struct policy_account *account,
    uint64_t *stamp_out)
{
	struct policy_account same;
	struct password_secret secret;
	int r = policy_login(policy, slice_str(account->address), &same,
	    &secret);

	return r < 0 ? r : keeper_stamp_of(&secret, stamp_out);
}

int
keeper_stamp_of(const struct password_secret *secret, uint64_t *stamp_out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(secret->hash, strlen(secret->hash), digest, NULL,
	    EVP_sha256(), NULL) != 1)
		return -EIO;
	memcpy(stamp_out, digest, sizeof(*stamp_out));
	return 0;
}

static int
answer_person(const struct question *q, struct text *body)
{
	struct keeper_person answer = { 0 };
	struct policy_account account;
	uint64_t id;
	int r = keeper_account_asked(q->body, &id);

	if (r < 0)
		return r;
	r = policy_account_get(q->policy, id, &account);
	if (r == 0)
		r = keeper_stamp(q->policy, &account, &answer.stamp);
	if (r == 0) {
		answer.exists = true;
		answer.address = slice_str(account.address);
		answer.language = slice_str(account.language);
		answer.may_fetch = policy_may_fetch(&account,
		    q->keeper->process->config.people_fetch);
		answer.may_forward = account.may_forward;
	}
	if (r == 0 || r == -ENOENT)
		keeper_person_say(body, &answer);
	else
		cannot_read(r);
	return 0;
}

int
keeper_may_fetch(struct keeper *keeper, uint64_t asker, bool *may_out)
{
	struct policy_account account;
	int r = asker == 0 ? -ENOENT :
	    policy_account_get(keeper->policy, asker, &account);

	if (r < 0 && r != -ENOENT)
		return r;
	*may_out = r == 0 && policy_may_fetch(&account,
	    keeper->process->config.people_fetch);
	return 0;
}

static int
answer_may_fetch(const struct question *q, struct text *body)
{
	uint64_t id;
	bool may = false;
	int r = keeper_account_asked(q->body, &id);

	if (r < 0)
		return r;
	r = keeper_may_fetch(q->keeper, id, &may);
	if (r == 0)
		keeper_may_say(body, may);
	else
		cannot_read(r);
	return 0;
}

/* Fetch accounts */

static int
answer_due(const struct question *q, struct text *body)
{
	return keeper_fetch_due(q->policy, q->body, body);
}

static int
answer_open(const struct question *q, struct text *body)
{
	return keeper_fetch_open(q->policy, &q->keeper->seal_key,
	    q->keeper->sessions, q->owner, q->body, body);
}

static int
answer_owner(const struct question *q, struct text *body)
{
	return keeper_fetch_owner(q->policy, q->body, body);
}

static int
answer_rules(const struct question *q, struct text *body)
{
	return keeper_fetch_rules(q->policy, q->owner, q->body, body);
}

static int
answer_find(const struct question *q, struct text *body)
{
	return keeper_find(q->policy, q->owner, q->body, body);
}

static int
answer_way(const struct question *q, struct text *body)
{
	return keeper_fetch_way(q->policy, &q->keeper->seal_key, q->owner,
	    q->body, body);
}

static int
answer_grant(const struct question *q, struct text *body)
{
	bool is_news = false;
	int r = keeper_grant_save(q->policy, &q->keeper->seal_key, q->owner,
	    q->body, clock_utc_ms(), body, &is_news);

	if (r == 0 && is_news)
		keeper_tell_schedule(q->keeper);
	return r;
}

/* The line */

static int
answer_line_add(const struct question *q, struct text *body)
{
	return keeper_line_add(q->policy, q->body, body);
}

static int
answer_line_carried(const struct question *q, struct text *body)
{
	return keeper_line_carried(q->policy, q->body, body);
}

static int
answer_line_report(const struct question *q, struct text *body)
{
	return keeper_line_report(q->policy, q->body, body);
}

/* Mailboxes that are shared */

static int
answer_shares_set(const struct question *q, struct text *body)
{
	struct unpack u = unpack_of(q->body);
	bool goes_on = unpack_bool(&u);
	int r;

	if (u.bad)
		return -EBADMSG;
	r = policy_shares_set(q->policy, q->owner, goes_on, u.rest);
	if (r == -EBADMSG)
		return r;
	if (r < 0)
		log_say("what is shared cannot be noted: %s", strerror(-r));
	pack_u8(body, r == 0);
	return 0;
}

static int
answer_shares(const struct question *q, struct text *body)
{
	TEXT_AUTO rows = TEXT_INIT(SHARES_BYTES);
	struct policy_account owner = { .id = 0 };
	struct slice address;
	bool is_cut = false;
	int r = keeper_whose_asked(q->body, &address);

	if (r < 0)
		return r;
	if (address.len == 0)
		r = policy_shares_with(q->policy, q->owner, &rows, &is_cut);
	else
		r = policy_account_find(q->policy, address, &owner);
	if (r == 0 && owner.id != 0)
		r = policy_share_from(q->policy, q->owner, owner.id, &rows);
	if (r < 0 && r != -ENOENT && r != -ENOTUNIQ) {
		cannot_read(r);
		return 0;
	}
	pack_u8(body, is_cut);
	pack_bytes(body, text_slice(&rows));
	return 0;
}

static int
answer_who(const struct question *q, struct text *body)
{
	struct policy_account account;
	struct slice user;
	int r = keeper_whose_asked(q->body, &user);

	if (r < 0)
		return r;
	r = policy_account_find(q->policy, user, &account);
	if (r == -ENOENT || r == -ENOTUNIQ)
		account = (struct policy_account){ .id = 0 };
	else if (r < 0)
		cannot_read(r);
	if (r == 0 || r == -ENOENT || r == -ENOTUNIQ) {
		pack_u64(body, account.id);
		pack_slice(body, slice_str(account.address));
	}
	return 0;
}

static int
answer_wishes(const struct question *q, struct text *body)
{
	struct unpack u = unpack_of(q->body);
	struct slice author = unpack_slice(&u);
	uint32_t count = unpack_u32(&u);
	int r = 0;

	if (count > SENDERS_ASKED || slice_find(author, '@') == SIZE_MAX)
		return -EBADMSG;
	for (uint32_t i = 0; i < count && !u.bad; i++) {
		enum sender_wish wish = SENDER_UNSAID;
		uint64_t account = unpack_u64(&u);

		if (account > INT64_MAX)
			return -EBADMSG;
		if (r == 0)
			r = policy_sender_wish(q->policy, account, author,
			    &wish);
		pack_u8(body, (uint8_t)wish);
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (r < 0) {
		text_clear(body);
		cannot_read(r);
	}
	return 0;
}

static int
answer_grey(const struct question *q, struct text *body)
{
	return keeper_grey_answer(q->keeper, q->body, body);
}

static int
answer_rcpt(const struct question *q, struct text *body)
{
	return keeper_answer_rcpt(q->keeper, q->body, body);
}

static int
answer_expand(const struct question *q, struct text *body)
{
	return keeper_answer_expand(q->keeper, q->body, body);
}

/* All of them */

static const struct {
	enum keeper_kind kind;
	size_t		 bytes;		/* of an answer */
	bool		 is_secret;	/* what is said either way */
	int		(*answer)(const struct question *, struct text *);
} answers[] = {
	{ KEEPER_WHOSE,		64,	false, answer_whose },
	{ KEEPER_SALT,		64,	false, answer_salt },
	{ KEEPER_NAMED,		64,	false, answer_named },
	{ KEEPER_ACCOUNT,	1024,	false, answer_account },
	{ KEEPER_PERSON,	1024,	false, answer_person },
	{ KEEPER_MAY_FETCH,	16,	false, answer_may_fetch },
	{ KEEPER_FETCH_DUE,	IPC_MAX_BYTES, false, answer_due },
	{ KEEPER_FETCH_OPEN,	KEEPER_FETCH_BYTES, true, answer_open },
	{ KEEPER_FETCH_OWNER,	16,	false, answer_owner },
	{ KEEPER_FETCH_RULES,	KEEPER_RULES_BYTES, false, answer_rules },
	{ KEEPER_FIND,		IPC_MAX_BYTES, false, answer_find },
	{ KEEPER_FETCH_WAY,	KEEPER_WAY_BYTES, true, answer_way },
	{ KEEPER_GRANT_SAVE,	16,	true, answer_grant },
	{ KEEPER_LINE_ADD,	16,	false, answer_line_add },
	{ KEEPER_LINE_CARRIED,	16,	false, answer_line_carried },
	{ KEEPER_LINE_REPORT,	IPC_MAX_BYTES, false, answer_line_report },
	{ KEEPER_SHARES_SET,	16,	false, answer_shares_set },
	{ KEEPER_SHARES,	IPC_MAX_BYTES, false, answer_shares },
	{ KEEPER_WHO,		1024,	false, answer_who },
	{ KEEPER_GREY,		16,	false, answer_grey },
	{ KEEPER_SENDER,	1024,	false, answer_sender },
	{ KEEPER_OWNED,		1024,	false, answer_owned },
	{ KEEPER_SIGN,		1024,	false, answer_sign },
	{ KEEPER_SEALER,	1024,	false, answer_sealer },
	{ KEEPER_WISHES,	SENDERS_ASKED + 16, false, answer_wishes },
	{ KEEPER_RCPT,		64,	false, answer_rcpt },
	{ KEEPER_EXPAND,	EXPAND_BYTES, false, answer_expand },
	{ KEEPER_SMARTHOST,	KEEPER_SMARTHOST_BYTES, true,
	  answer_smarthost },
};

#define ANSWERS	(sizeof(answers) / sizeof(answers[0]))

static void
wipe(void *at, size_t bytes)
{
	if (at != NULL)
		OPENSSL_cleanse(at, bytes);
}

int
keeper_on_asked(void *process, struct ipc *from, struct ipc_message *message)
{
	const struct question q = {
		.keeper = keeper_of(process),
		.policy = keeper_of(process)->policy,
		.owner = ipc_instance(from), .body = message->body
	};
	TEXT_AUTO body = TEXT_INIT(0);
	size_t i = 0;
	int r, sent;

	while (i < ANSWERS && answers[i].kind != message->kind)
		i++;
	if (i == ANSWERS)
		return -EBADMSG;
	body.limit = answers[i].bytes;
	r = answers[i].answer(&q, &body);
	sent = r < 0 ? 0 : ipc_reply(from, message->serial,
	    text_slice(&body), NULL, 0);
	/* it would wait for ever; one that is gone does not */
	if (sent < 0 && sent != -ECONNRESET)
		process_accuse(q.keeper->process, from,
		    "does not take answers");
	if (answers[i].is_secret) {
		wipe(body.at, body.size);
		wipe((void *)(uintptr_t)message->body.at, message->body.len);
	}
	return r;
}
