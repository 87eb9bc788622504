/*
 * keeper_fetch.c - what the keeper says of fetch accounts, and to whom
 */
#include "programs/keeper_fetch.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/ipc.h"
#include "lib/base/log.h"
#include "policy/fetch_before.h"
#include "policy/grants.h"
#include "policy/fetch_domains.h"

/* One page being made. */
struct page {
	struct policy	*policy;
	struct text	rows;
	uint32_t	count;
	bool		more;
};

static int
page_row(void *arg, const struct fetch_account *f)
{
	struct page *page = arg;
	struct fetch_due due = {
		.id = f->id, .owner = f->owner,
		.owner_address = slice_str(f->owner_address),
		.label = slice_str(f->label), .host = slice_str(f->host),
		.enabled = f->enabled, .changes = f->changes
	};
	struct grant_state grant;
	int r;

	if (page->count == KEEPER_FETCH_PAGE) {
		page->more = true;
		return 1;
	}
	r = policy_when_get(page->policy, f->id, &due.when);
	if (r == 0)
		r = policy_health_get(page->policy, f->id, &due.health);
	if (r == 0)
		r = policy_fetch_is_office(page->policy, f, &due.is_office);
	if (r == 0 && fetch_is_oauth(f) &&
	    policy_grant_state(page->policy, f->id, &grant) == 0)
		due.grant_until_utc_ms = grant.until_utc_ms;
	if (r < 0)
		return r;
	fetch_due_pack(&page->rows, &due);
	page->count++;
	return 0;
}

int
keeper_fetch_due(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct page page = { policy, TEXT_INIT(IPC_MAX_BYTES), 0, false };
	uint64_t above = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = policy_fetch_each(policy, 0, above, page_row, &page);
	if (r >= 0 && text_failed(&page.rows))
		r = -ENOMEM;
	if (r >= 0) {
		pack_u8(answer, page.more);
		pack_u32(answer, page.count);
		pack_bytes(answer, text_slice(&page.rows));
	} else {
		log_say("fetch accounts cannot be read: %s", strerror(-r));
	}
	text_free(&page.rows);
	return 0;
}

static int
is_domain(struct policy *policy, uint64_t id, bool *is_domain_out)
{
	TEXT_AUTO rules = TEXT_INIT(DOMAIN_TEXT_MOST);
	int r = policy_fetch_rules_get(policy, id, &rules);

	*is_domain_out = r == 0;
	return r == -ENOENT ? 0 : r;
}

int
keeper_fetch_owner(struct policy *policy, struct slice body,
    struct text *answer)
{
	struct keeper_owner owner = { 0 };
	struct fetch_account f;
	uint64_t id;
	int r = keeper_owner_asked(body, &id);

	if (r < 0)
		return r;
	r = policy_fetch_get(policy, id, &f);
	if (r == 0)
		r = is_domain(policy, id, &owner.is_domain);
	if (r == 0) {
		owner.exists = true;
		owner.owner = f.owner;
	}
	if (r == 0 || r == -ENOENT)
		keeper_owner_say(answer, &owner);
	else
		log_say("fetch account %" PRIu64 " cannot be read: %s", id,
		    strerror(-r));
	return 0;
}

/* Add the row and what it seals. */
static int
open_one(struct policy *policy, const struct seal_key *key,
    struct session_cache *sessions, const struct fetch_account *f,
    struct text *answer)
{
	char secret[FETCH_SECRET_SIZE];
	int r = policy_fetch_secret(policy, key, f->id, secret);

	if (r == 0) {
		pack_u8(answer, true);
		fetch_account_pack(answer, f, slice_str(secret));
		pack_slice(answer, slice_str(f->owner_address));
		pack_slice(answer, session_cache_get(sessions, f->id));
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	return r;
}

int
keeper_fetch_open(struct policy *policy, const struct seal_key *key,
    struct session_cache *sessions, uint64_t owner, struct slice body,
    struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct fetch_account f;
	uint64_t id = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* room at once: growing would leave the password in freed memory */
	if (text_space(answer, KEEPER_FETCH_BYTES) == NULL)
		return 0;
	text_clear(answer);
	r = policy_fetch_get(policy, id, &f);
	if (r == 0)
		r = f.owner == owner ? open_one(policy, key, sessions, &f,
		    answer) : -ENOENT;
	if (r == -ENOENT)
		pack_u8(answer, false);
	else if (r == -EBADMSG || r == -EPROTO)
		log_say("fetch account %" PRIu64 ": its password is sealed "
		    "with another key", id);
	else if (r < 0)
		log_say("fetch account %" PRIu64 " cannot be read: %s", id,
		    strerror(-r));
	return 0;
}

int
keeper_fetch_session(struct policy *policy, struct session_cache *sessions,
    uint64_t owner, struct slice body)
{
	struct unpack u = unpack_of(body);
	struct fetch_account f;
	uint64_t id = unpack_u64(&u);
	struct slice session = unpack_slice(&u);
	int r;

	if (!unpack_is_done(&u) || session.len > TALK_SESSION_BYTES)
		return -EBADMSG;
	r = policy_fetch_get(policy, id, &f);
	if (r == 0 && f.owner == owner)
		session_cache_put(sessions, id, session);
	else if (r < 0 && r != -ENOENT)
		log_say("fetch account %" PRIu64 " cannot be read: %s", id,
		    strerror(-r));
	return 0;
}

/* All rules of an account of that owner's, or none: 0 or -errno. */
static int
read_rules(struct policy *policy, uint64_t owner, uint64_t id,
    bool *is_domain_out, struct text *rules, struct text *before)
{
	struct fetch_account f;
	int r = policy_fetch_get(policy, id, &f);

	*is_domain_out = false;
	if (r < 0 || f.owner != owner)
		return r == -ENOENT ? 0 : r;
	r = policy_fetch_rules_get(policy, id, rules);
	*is_domain_out = r == 0;
	return r < 0 && r != -ENOENT ? r :
	    policy_fetch_before_get(policy, id, before);
}

int
keeper_fetch_rules(struct policy *policy, uint64_t owner, struct slice body,
    struct text *answer)
{
	TEXT_AUTO rules = TEXT_INIT(DOMAIN_TEXT_MOST);
	TEXT_AUTO before = TEXT_INIT(BEFORE_TEXT_MOST);
	struct unpack u = unpack_of(body);
	struct policy_account account = { 0 };
	uint64_t id = unpack_u64(&u);
	bool is_domain;
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	r = read_rules(policy, owner, id, &is_domain, &rules, &before);
	if (r == 0)
		r = policy_account_get(policy, owner, &account);
	if (r < 0 && r != -ENOENT) {
		log_say("the rules of fetch account %" PRIu64 " cannot be "
		    "read: %s", id, strerror(-r));
		return 0;
	}
	pack_u8(answer, is_domain);
	pack_slice(answer, text_slice(&rules));
	pack_slice(answer, text_slice(&before));
	pack_slice(answer, slice_str(account.language));
	return 0;
}

/* What it is asked for costs a look at each row: 2,048 at the most. */
#define FIND_ARENA	(1024 * 1024)

/* Who collects for himself alone learns of himself alone. */
static void
hide_others(uint64_t owner, const struct find_ask *asks,
    struct find_answer *answers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (answers[i].finding == FINDING_SEVERAL ||
		    (answers[i].finding == FINDING_OURS &&
		    answers[i].account != owner))
			answers[i] = (struct find_answer){
				.finding = asks[i].is_name ?
				    FINDING_FOREIGN : FINDING_UNKNOWN
			};
}

/*
 * Whose they are: 0, or -EAGAIN: they are asked for a domain of which nothing
 * is known any more, since its rules have just been taken away.
 */
static int
find_whose(struct policy *policy, uint64_t owner, bool is_domain,
    const struct find_ask *asks, size_t count, struct find_answer *answers)
{
	int r = policy_fetch_rules_any(policy, owner);
	bool may_all = r > 0;

	if (r == 0 && is_domain)
		return -EAGAIN;
	if (r >= 0)
		r = policy_find(policy, asks, count, answers);
	if (r == 0 && !may_all)
		hide_others(owner, asks, answers, count);
	return r;
}

int
keeper_find(struct policy *policy, uint64_t owner, struct slice body,
    struct text *answer)
{
	ARENA_AUTO arena = arena_new(FIND_ARENA);
	struct unpack u = unpack_of(body);
	bool is_domain = unpack_bool(&u);
	struct find_answer *answers;
	struct find_ask *asks;
	size_t count = 0;
	int r;

	if (arena == NULL)
		return 0;
	r = u.bad ? -EBADMSG : find_ask_unpack(arena, u.rest, &asks, &count);
	if (r == -EBADMSG)
		return r;
	answers = r < 0 ? NULL : arena_array(arena, count, sizeof(*answers));
	if (r == 0)
		r = answers == NULL ? -ENOMEM : find_whose(policy, owner,
		    is_domain, asks, count, answers);
	if (r == 0)
		find_answer_pack(answer, answers, count);
	else
		log_say("recipients cannot be looked for: %s", strerror(-r));
	return 0;
}
