/*
 * keeper_sending.c - the keeper's word on what people send
 *
 * An account's own addresses are those that its mail comes to: those of aliases
 * with it behind, and ann+anything@, too.  What is too much for one account is
 * told to its owner and to the postmaster, by the schedule, once: somebody else may
 * have the password.
 */
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/domains.h"
#include "policy/keeper.h"
#include "policy/signing_key.h"
#include "policy/smarthosts.h"
#include "programs/keeper_inside.h"

static void
cannot_read(int r)
{
	log_say("policy.db cannot be read: %s", strerror(-r));
}

/* From a trusted network anything of ours may come. */
static int
is_ours(struct keeper *keeper, struct slice address, bool *is_out)
{
	size_t at = slice_find_last(address, '@');
	struct policy_domain domain;
	int r;

	*is_out = address.len == 0 ||
	    keeper->process->config.trusted_any_sender;
	if (*is_out || at == SIZE_MAX)
		return 0;
	r = policy_domain_get(keeper->policy, slice_after(address, at + 1),
	    &domain);
	*is_out = r == 0;
	return r == -ENOENT || r == -EINVAL ? 0 : r;
}

/* KEEPER_SENDER of a trusted network.  0, or what reading says. */
static int
judge_network(struct keeper *keeper, struct slice address,
    struct keeper_sender *answer)
{
	bool is_own, has_own = false;
	int r = is_ours(keeper, address, &is_own);

	if (r == 0 && is_own)
		r = policy_smarthost_has(keeper->policy, 0, address,
		    &has_own);
	answer->address = slice_str("a trusted network");
	answer->sends = !is_own ? KEEPER_SENDS_NOT : has_own ?
	    KEEPER_SENDS_BY_OWN : KEEPER_SENDS;
	return r;
}

int
keeper_answer_sender(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	struct policy_account account;
	struct keeper_sender answer = { .sends = KEEPER_LOGGED_OUT };
	struct slice address;
	uint64_t id, stamp, stamp_now;
	bool is_own = true, has_own = false;
	int r = keeper_sender_asked(asked, &id, &stamp, &address);

	if (r < 0)
		return r;
	if (id == 0) {
		r = judge_network(keeper, address, &answer);
		if (r < 0)
			cannot_read(r);
		else
			keeper_sender_say(body, &answer);
		return 0;
	}
	r = policy_account_get(keeper->policy, id, &account);
	if (r == 0)
		r = keeper_stamp(keeper->policy, &account, &stamp_now);
	if (r == -ENOENT || (r == 0 && stamp != stamp_now)) {
		keeper_sender_say(body, &answer);
		return 0;
	}
	if (r == 0 && address.len > 0)
		r = keeper_is_own(keeper, id, address, &is_own);
	if (r == 0 && is_own)
		r = policy_smarthost_has(keeper->policy, id, address,
		    &has_own);
	if (r < 0) {
		cannot_read(r);
		return 0;
	}
	answer.sends = !is_own ? KEEPER_SENDS_NOT : has_own ?
	    KEEPER_SENDS_BY_OWN : KEEPER_SENDS;
	answer.address = slice_str(account.address);
	keeper_sender_say(body, &answer);
	return 0;
}

/* Its owner and the postmaster are to know. */
static void
tell(struct keeper *keeper, uint64_t account, struct slice login,
    const struct send_over *over)
{
	TEXT_AUTO body = TEXT_INIT(1024);

	log_say("%.*s sends too much: %u %s within %s", SLICE_FMT(login),
	    over->most, over->by_recipients ? "recipients" : "messages",
	    over->span == SEND_DAY ? "a day" : "an hour");
	pack_u64(&body, account);
	pack_slice(&body, login);
	pack_u32(&body, over->most);
	pack_u8(&body, over->by_recipients);
	pack_u8(&body, over->span == SEND_DAY);
	if (text_failed(&body) || keeper->schedule == NULL ||
	    ipc_send(keeper->schedule, SCHEDULE_SENDS_MUCH, text_slice(&body),
	    NULL, 0) < 0)
		log_say("nobody was told of it by mail");
}

/* May they send one more?  In words why not; nothing: they may.  0 or -errno. */
static int
count(struct keeper *keeper, uint64_t account, struct slice login,
    uint32_t recipients, struct text *why)
{
	const struct config *config = &keeper->process->config;
	const struct send_most most = {
		.messages = { config->send_messages_per_hour,
		    config->send_messages_per_day },
		.recipients = { config->send_recipients_per_hour,
		    config->send_recipients_per_day },
	};
	struct send_over over;
	int r = send_rate_take(keeper->sent, account, recipients, &most,
	    clock_ms(), &over);

	if (r <= 0)
		return r;
	text_addf(why, "%.*s has sent %s %u %s within %s; more may go in %u "
	    "minutes", SLICE_FMT(slice_first(login, 100)),
	    over.by_recipients ? "to" : "its", over.most,
	    over.by_recipients ? "recipients" : "messages",
	    over.span == SEND_DAY ? "a day" : "an hour", over.minutes);
	if (over.is_news)
		tell(keeper, account, login, &over);
	return 0;
}

/* What signs for the domain of that address; a fault is no reason to hold mail. */
static void
add_keys(struct keeper *keeper, struct slice address, struct text *body)
{
	struct signing_key keys[SIGNING_MOST];
	unsigned count = 0;
	size_t at = slice_find_last(address, '@');
	int r = at == SIZE_MAX ? 0 : policy_signing_for(keeper->policy,
	    slice_after(address, at + 1), keys, &count);

	if (r < 0)
		cannot_read(r);
	for (unsigned i = 0; r == 0 && i < count; i++) {
		pack_u8(body, (uint8_t)keys[i].algorithm);
		pack_slice(body, slice_str(keys[i].selector));
	}
}

/* RFC 8617 4.1.2: rsa-sha256, which everybody checks; else what there is. */
static bool
find_sealer(struct keeper *keeper, struct slice domain,
    struct signing_key *key_out)
{
	struct signing_key keys[SIGNING_MOST];
	unsigned count = 0;
	int r = policy_signing_for(keeper->policy, domain, keys, &count);

	if (r < 0)
		cannot_read(r);
	if (r < 0 || count == 0)
		return false;
	*key_out = keys[count > 1 && keys[1].algorithm == DKIM_RSA_SHA256];
	return true;
}

int
keeper_answer_sealer(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	struct unpack u = unpack_of(asked);
	struct signing_key key;
	bool is_found = false;

	for (unsigned i = 0; i < SEALERS_ASKED && u.rest.len > 0; i++) {
		struct slice domain = unpack_slice(&u);

		if (!u.bad && !is_found)
			is_found = find_sealer(keeper, domain, &key);
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (is_found) {
		pack_slice(body, slice_str(key.domain));
		pack_u8(body, (uint8_t)key.algorithm);
		pack_slice(body, slice_str(key.selector));
	}
	return 0;
}

static int
sign(struct keeper *keeper, struct slice domain, struct slice selector,
    struct slice hash, struct text *body)
{
	unsigned char signature[SIGNATURE_BYTES];
	struct signing_secret secret = { .len = 0 };
	struct signing_key key;
	size_t len = 0;
	int r = policy_signing_get(keeper->policy, domain, selector, &key);

	if (r == 0)
		r = policy_signing_open(keeper->policy, &keeper->seal_key,
		    &key, &secret);
	if (r == 0)
		r = signing_key_sign(&secret, key.algorithm,
		    (const unsigned char *)hash.at, signature, &len);
	OPENSSL_cleanse(&secret, sizeof(secret));
	if (r < 0)
		log_say("the key %.*s of %.*s does not sign: %s",
		    SLICE_FMT(selector), SLICE_FMT(domain), strerror(-r));
	pack_slice(body, slice_of(signature, r < 0 ? 0 : len));
	return r;
}

int
keeper_answer_sign(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	struct unpack u = unpack_of(asked);
	struct slice domain = unpack_slice(&u);

	for (unsigned i = 0; i < SIGNING_MOST && u.rest.len > 0; i++) {
		struct slice selector = unpack_slice(&u);
		struct slice hash = unpack_bytes(&u, DKIM_HASH_BYTES);

		if (u.bad || !slice_is_printable_ascii(domain) ||
		    !slice_is_printable_ascii(selector))
			return -EBADMSG;
		(void)sign(keeper, domain, selector, hash, body);
	}
	return unpack_is_done(&u) ? 0 : -EBADMSG;
}

int
keeper_answer_owned(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	struct unpack u = unpack_of(asked);
	uint64_t id = unpack_u64(&u);
	struct slice first = { NULL, 0 };
	uint32_t recipients = unpack_u32(&u);
	uint8_t left = unpack_u8(&u);
	TEXT_AUTO why = TEXT_INIT(512);
	struct policy_account account;
	bool is_there, is_own, all_own;
	int r;

	if (u.bad)
		return -EBADMSG;
	r = policy_account_get(keeper->policy, id, &account);
	/* who is not there any more sends nothing: nothing is theirs */
	is_there = r == 0;
	all_own = is_there || id == 0;
	if (r == -ENOENT)
		r = 0;
	for (; left > 0 && r == 0; left--) {
		struct slice address = unpack_slice(&u);

		if (u.bad)
			return -EBADMSG;
		if (first.len == 0)
			first = address;
		is_own = false;
		if (is_there)
			r = keeper_is_own(keeper, id, address, &is_own);
		else if (id == 0)
			r = is_ours(keeper, address, &is_own);
		all_own = all_own && is_own;
		pack_u8(body, is_own);
	}
	if (r == 0 && !unpack_is_done(&u))
		return -EBADMSG;
	/* in another's name nothing goes out, and none of it counts */
	if (r == 0 && all_own && id != 0)
		r = count(keeper, id, slice_str(account.address), recipients,
		    &why);
	pack_slice(body, text_slice(&why));
	pack_u32(body, is_there ? account.recall_minutes * 60 : 0);
	add_keys(keeper, first, body);
	if (r < 0) {
		cannot_read(r);
		text_clear(body);
	}
	return 0;
}

static void
add_smarthost(const struct smarthost *smarthost, const char *secret,
    struct text *body)
{
	pack_u8(body, true);
	pack_slice(body, slice_str(smarthost->host));
	pack_u16(body, smarthost->port);
	pack_u8(body, (uint8_t)smarthost->tls);
	pack_slice(body, slice_str(smarthost->user));
	pack_slice(body, slice_str(secret));
	pack_u8(body, smarthost->by_owner);
}

int
keeper_answer_smarthost(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	char secret[SMARTHOST_SECRET_SIZE] = "";
	struct unpack u = unpack_of(asked);
	struct slice name = unpack_slice(&u);
	struct smarthost smarthost;
	int r;

	if (!unpack_is_done(&u) || name.len >= ADDRESS_SIZE)
		return -EBADMSG;
	/* room at once: growing would leave the password in freed memory */
	if (text_space(body, KEEPER_SMARTHOST_BYTES) == NULL)
		return 0;
	text_clear(body);
	r = policy_smarthost_get(keeper->policy, name, &smarthost);
	if (r == 0)
		r = policy_smarthost_secret(keeper->policy,
		    &keeper->seal_key, name, secret);
	if (r == 0)
		add_smarthost(&smarthost, secret, body);
	else if (r == -ENOENT)
		pack_u8(body, false);
	else
		log_say("the smarthost of %.*s cannot be read: %s",
		    SLICE_FMT(name), r == -EBADMSG || r == -EPROTO ?
		    "its password is sealed with another key" : strerror(-r));
	OPENSSL_cleanse(secret, sizeof(secret));
	return 0;
}
