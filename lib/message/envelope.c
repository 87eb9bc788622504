/*
 * envelope.c - what is known of a message besides its bytes
 */
#include "lib/message/envelope.h"

#include <errno.h>
#include <string.h>

#define ENVELOPE_VERSION	1

static void
recipient_pack(struct text *text, const struct recipient *rcpt)
{
	pack_slice(text, rcpt->address);
	pack_u64(text, rcpt->account);
	pack_u8(text, rcpt->notify);
	pack_slice(text, rcpt->orcpt);
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
	pack_u32(text, (uint32_t)env->recipient_count);
	for (size_t i = 0; i < env->recipient_count; i++)
		recipient_pack(text, &env->recipients[i]);
}

static struct recipient
recipient_unpack(struct unpack *u)
{
	struct recipient rcpt;

	rcpt.address = unpack_slice(u);
	rcpt.account = unpack_u64(u);
	rcpt.notify = unpack_u8(u);
	rcpt.orcpt = unpack_slice(u);
	return rcpt;
}

int
envelope_unpack(struct arena *arena, struct slice packed,
    struct envelope *envelope_out)
{
	struct unpack u = unpack_of(packed);
	struct envelope env = { 0 };
	struct slice id;

	if (unpack_u8(&u) != ENVELOPE_VERSION)
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
	env.recipient_count = unpack_u32(&u);
	/* each takes at least 17 bytes: a count beyond that is a lie */
	if (u.bad || env.recipient_count > u.rest.len / 17)
		return -EBADMSG;
	env.recipients = arena_array(arena, env.recipient_count,
	    sizeof(*env.recipients));
	if (env.recipients == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < env.recipient_count; i++)
		env.recipients[i] = recipient_unpack(&u);
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*envelope_out = env;
	return 0;
}
