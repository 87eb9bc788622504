/*
 * envelope.c - what is known of a message besides its bytes
 */
#include "lib/message/envelope.h"

#include <errno.h>
#include <string.h>

#include "lib/base/dot.h"

/*
 * 1: without all that came with IMAP; 2: without whose submission it is; 3: without
 * recipients whom the sender did not name
 */
#define ENVELOPE_VERSION	5
#define ENVELOPE_OLDEST		1
#define MENDED_ALL		(DOT_BARE_CR | DOT_BARE_LF | DOT_NUL | \
			    FETCHED_SHORT | FETCHED_NOTE | FETCHED_PLACE)

static void
recipient_pack(struct text *text, const struct recipient *rcpt)
{
	pack_slice(text, rcpt->address);
	pack_u64(text, rcpt->account);
	pack_u8(text, rcpt->notify);
	pack_slice(text, rcpt->orcpt);
	pack_u8(text, rcpt->by);
	if (rcpt->by == 0)
		return;
	pack_slice(text, rcpt->via);
	pack_slice(text, rcpt->sender);
	pack_u64(text, rcpt->on_behalf);
}

bool
envelope_is_taken_on(enum envelope_source source)
{
	return source == SOURCE_FETCH || source == SOURCE_UPSTREAM;
}

bool
envelope_leaves(const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == 0)
			return true;
	return false;
}

bool
envelope_may_leave(const struct envelope *env)
{
	if (env->source == SOURCE_OWN || (env->source == SOURCE_SMTP &&
	    env->login.len > 0 && (env->sender_account != 0 ||
	    env->trust == TRUST_NETWORK)))
		return true;
	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == 0 &&
		    (env->recipients[i].by & RECIPIENT_SENT_ON) == 0)
			return false;
	return envelope_leaves(env);
}

bool
envelope_is_open(const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if ((env->recipients[i].account & ACCOUNT_NOBODYS) != 0)
			return true;
	return false;
}

bool
envelope_is_reply(const struct envelope *env)
{
	for (size_t i = 0; i < env->recipient_count; i++)
		if (env->recipients[i].account == ACCOUNT_REPLY)
			return true;
	return false;
}

bool
envelope_is_reply_address(struct slice address)
{
	return slice_is_word(slice_first(address,
	    slice_find_last(address, '@')), ENVELOPE_REPLY_LOCAL);
}

struct slice
envelope_sender_of(const struct envelope *env, const struct recipient *rcpt)
{
	return rcpt->sender.len > 0 ? rcpt->sender : env->sender;
}

/* What came with version 2. */
static void
fetched_pack_more(struct text *text, const struct fetched *fetched)
{
	pack_u64(text, fetched->listing);
	pack_slice(text, fetched->folder);
	pack_slice(text, fetched->into);
	pack_u8(text, fetched->flags);
	pack_slice(text, fetched->keywords);
	pack_i64(text, fetched->arrived_utc_ms);
	pack_u8(text, fetched->by_envelope);
	pack_u8(text, fetched->has_identity);
	if (fetched->has_identity)
		pack_bytes(text, slice_of(fetched->identity,
		    FETCHED_DIGEST_BYTES));
	pack_slice(text, fetched->found);
	pack_slice(text, fetched->hold);
}

static void
fetched_pack(struct text *text, const struct fetched *fetched)
{
	pack_u64(text, fetched->account);
	pack_slice(text, fetched->label);
	pack_u32(text, fetched->number);
	pack_slice(text, fetched->uidl);
	pack_u64(text, fetched->listed_bytes);
	pack_bytes(text, slice_of(fetched->header_digest,
	    FETCHED_DIGEST_BYTES));
	pack_bytes(text, slice_of(fetched->digest, FETCHED_DIGEST_BYTES));
	pack_u8(text, fetched->mended);
}

void
envelope_pack(struct text *text, const struct envelope *env)
{
	pack_u8(text, ENVELOPE_VERSION);
	pack_bytes(text, slice_of(env->id.bytes, MESSAGE_ID_BYTES));
	pack_u8(text, (uint8_t)env->source);
	pack_i64(text, env->received_at_utc_ms);
	pack_slice(text, env->sender);
	pack_slice(text, env->helo);
	pack_slice(text, env->peer);
	pack_slice(text, env->login);
	pack_slice(text, env->tls);
	pack_u8(text, (uint8_t)env->body);
	pack_u8(text, env->utf8);
	pack_u8(text, (uint8_t)env->ret);
	pack_slice(text, env->envid);
	pack_u64(text, env->bytes);
	pack_u64(text, env->sender_account);
	pack_u8(text, (uint8_t)env->trust);
	if (env->source == SOURCE_FETCH) {
		fetched_pack(text, &env->fetched);
		fetched_pack_more(text, &env->fetched);
	}
	pack_u32(text, (uint32_t)env->recipient_count);
	for (size_t i = 0; i < env->recipient_count; i++)
		recipient_pack(text, &env->recipients[i]);
}

static struct recipient
recipient_unpack(struct unpack *u, uint8_t version)
{
	struct recipient rcpt = { .by = 0 };

	rcpt.address = unpack_slice(u);
	rcpt.account = unpack_u64(u);
	rcpt.notify = unpack_u8(u);
	rcpt.orcpt = unpack_slice(u);
	if (version > 3)
		rcpt.by = unpack_u8(u);
	if ((rcpt.by & ~RECIPIENT_BY_ALL) != 0)
		u->bad = true;
	if (rcpt.by != 0) {
		rcpt.via = unpack_slice(u);
		rcpt.sender = unpack_slice(u);
		rcpt.on_behalf = unpack_u64(u);
	}
	if (rcpt.on_behalf > INT64_MAX)
		u->bad = true;
	return rcpt;
}

static void
digest_unpack(struct unpack *u, unsigned char digest[FETCHED_DIGEST_BYTES])
{
	struct slice s = unpack_bytes(u, FETCHED_DIGEST_BYTES);

	if (!u->bad)
		memcpy(digest, s.at, FETCHED_DIGEST_BYTES);
}

/* Numbers are bound into databases, whose integers are signed. */
static void
fetched_unpack(struct unpack *u, struct fetched *fetched)
{
	fetched->account = unpack_u64(u);
	fetched->label = unpack_slice(u);
	fetched->number = unpack_u32(u);
	fetched->uidl = unpack_slice(u);
	fetched->listed_bytes = unpack_u64(u);
	digest_unpack(u, fetched->header_digest);
	digest_unpack(u, fetched->digest);
	fetched->mended = unpack_u8(u);
	if (fetched->account == 0 || fetched->account > INT64_MAX ||
	    fetched->label.len > FETCHED_LABEL_MOST || fetched->number == 0 ||
	    fetched->uidl.len > FETCHED_UIDL_MOST ||
	    fetched->listed_bytes > INT64_MAX ||
	    (fetched->mended & ~MENDED_ALL) != 0)
		u->bad = true;
}

static void
fetched_unpack_more(struct unpack *u, struct fetched *fetched)
{
	fetched->listing = unpack_u64(u);
	fetched->folder = unpack_slice(u);
	fetched->into = unpack_slice(u);
	fetched->flags = unpack_u8(u);
	fetched->keywords = unpack_slice(u);
	fetched->arrived_utc_ms = unpack_i64(u);
	fetched->by_envelope = unpack_bool(u);
	fetched->has_identity = unpack_bool(u);
	if (fetched->has_identity)
		digest_unpack(u, fetched->identity);
	fetched->found = unpack_slice(u);
	fetched->hold = unpack_slice(u);
	if (fetched->listing == 0 || fetched->listing > INT64_MAX ||
	    fetched->folder.len > FETCHED_FOLDER_MOST ||
	    fetched->into.len > FETCHED_INTO_MOST ||
	    (fetched->flags & ~FETCHED_FLAGS) != 0 ||
	    fetched->keywords.len > FETCHED_KEYWORDS_MOST ||
	    fetched->found.len > FETCHED_WORDS_MOST ||
	    fetched->hold.len > FETCHED_WORDS_MOST)
		u->bad = true;
}

int
envelope_unpack(struct arena *arena, struct slice packed,
    struct envelope *envelope_out)
{
	struct unpack u = unpack_of(packed);
	struct envelope env = { 0 };
	struct slice id;
	uint8_t version = unpack_u8(&u);

	if (version < ENVELOPE_OLDEST || version > ENVELOPE_VERSION)
		return -EBADMSG;
	id = unpack_bytes(&u, MESSAGE_ID_BYTES);
	if (u.bad)
		return -EBADMSG;
	memcpy(env.id.bytes, id.at, MESSAGE_ID_BYTES);
	env.source = unpack_enum(&u, SOURCE_COUNT);
	env.received_at_utc_ms = unpack_i64(&u);
	env.sender = unpack_slice(&u);
	env.helo = unpack_slice(&u);
	env.peer = unpack_slice(&u);
	env.login = unpack_slice(&u);
	env.tls = unpack_slice(&u);
	env.body = unpack_enum(&u, BODY_COUNT);
	env.utf8 = unpack_bool(&u);
	env.ret = unpack_enum(&u, RET_COUNT);
	env.envid = unpack_slice(&u);
	env.bytes = unpack_u64(&u);
	if (version > 2)
		env.sender_account = unpack_u64(&u);
	if (version > 4)
		env.trust = unpack_enum(&u, TRUST_COUNT);
	if (env.sender_account > INT64_MAX)
		return -EBADMSG;
	if (env.source == SOURCE_FETCH) {
		fetched_unpack(&u, &env.fetched);
		env.fetched.listing = env.fetched.account;
		if (version > 1)
			fetched_unpack_more(&u, &env.fetched);
	}
	env.recipient_count = unpack_u32(&u);
	/* each takes at least 17 bytes: a count beyond that is a lie */
	if (u.bad || env.recipient_count > u.rest.len / 17)
		return -EBADMSG;
	env.recipients = arena_array(arena, env.recipient_count,
	    sizeof(*env.recipients));
	if (env.recipients == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < env.recipient_count; i++)
		env.recipients[i] = recipient_unpack(&u, version);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*envelope_out = env;
	return 0;
}
