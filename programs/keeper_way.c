/*
 * keeper_way.c - what the keeper says of proxies and grants, and to whom
 */
#include "programs/keeper_way.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "lib/base/log.h"
#include "policy/fetch_accounts.h"

/* When a grant ends is told to the schedule again if it moved by so much. */
#define NEWS_MS		INT64_C(86400000)

/* That account, if it is this owner's.  0, -ENOENT, or what reading says. */
static int
find_own(struct policy *policy, uint64_t owner, uint64_t id,
    struct fetch_account *fetch_out)
{
	int r = policy_fetch_get(policy, id, fetch_out);

	return r == 0 && fetch_out->owner != owner ? -ENOENT : r;
}

static int
add_way(struct policy *policy, const struct seal_key *key,
    const struct fetch_account *f, struct text *answer)
{
	struct fetch_proxy proxy;
	struct grant grant;
	bool has_grant = fetch_is_oauth(f);
	int r = policy_proxy_get(policy, key, f->id, &proxy);

	if (r == 0 && has_grant)
		r = policy_grant_open(policy, key, f->id, &grant);
	/* without a client nobody can consent: it is as if it had no grant */
	if (r == -ENOENT) {
		has_grant = false;
		r = 0;
	}
	if (r < 0)
		return r;
	pack_u8(answer, true);
	pack_slice(answer, slice_str(f->user));
	fetch_proxy_pack(answer, &proxy);
	pack_u8(answer, has_grant);
	if (has_grant) {
		grant_pack(answer, &grant);
		OPENSSL_cleanse(&grant, sizeof(grant));
	}
	OPENSSL_cleanse(&proxy, sizeof(proxy));
	return 0;
}

int
keeper_fetch_way(struct policy *policy, const struct seal_key *key,
    uint64_t owner, struct slice body, struct text *answer)
{
	struct unpack u = unpack_of(body);
	struct fetch_account f;
	uint64_t id = unpack_u64(&u);
	int r;

	if (!unpack_is_done(&u))
		return -EBADMSG;
	/* room at once: growing would leave a token in freed memory */
	if (text_space(answer, KEEPER_WAY_BYTES) == NULL)
		return 0;
	text_clear(answer);
	r = find_own(policy, owner, id, &f);
	if (r == 0)
		r = add_way(policy, key, &f, answer);
	if (r == -ENOENT)
		pack_u8(answer, false);
	else if (r < 0)
		log_say("fetch account %" PRIu64 ": its proxy or grant cannot "
		    "be read: %s", id, r == -EBADMSG || r == -EPROTO ?
		    "sealed with another key" : strerror(-r));
	return 0;
}

int
keeper_grant_save(struct policy *policy, const struct seal_key *key,
    uint64_t owner, struct slice body, int64_t now_utc_ms,
    struct text *answer, bool *news_out)
{
	struct unpack u = unpack_of(body);
	uint64_t id = unpack_u64(&u);
	struct slice refresh = unpack_slice(&u);
	bool consented = unpack_bool(&u);
	int64_t until_utc_ms = unpack_i64(&u);
	struct grant_state before = { .until_utc_ms = 0 };
	struct fetch_account f;
	int r;

	if (!unpack_is_done(&u) || until_utc_ms < 0 ||
	    !slice_is_printable_ascii(refresh))
		return -EBADMSG;
	r = find_own(policy, owner, id, &f);
	if (r == 0)
		r = policy_grant_state(policy, id, &before);
	if (r == 0)
		r = policy_grant_save(policy, key, id, refresh, consented,
		    now_utc_ms, until_utc_ms);
	if (r < 0)
		log_say("fetch account %" PRIu64 ": its grant cannot be kept: "
		    "%s", id, strerror(-r));
	pack_u8(answer, r == 0);
	/* one that lives by being used ends later with each use */
	*news_out = r == 0 && (consented ||
	    (until_utc_ms == 0) != (before.until_utc_ms == 0) ||
	    llabs(until_utc_ms - before.until_utc_ms) > NEWS_MS);
	return 0;
}
