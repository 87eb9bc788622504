/*
 * keeper.c - the bodies of what is said to the keeper, and of its answers
 */
#include "policy/keeper.h"

#include <errno.h>
#include <string.h>

#include "policy/config.h"

/* Copy `value` to *`out` when the reader came to a good end. */
#define TAKE(u, out, value) \
	(unpack_is_done(u) ? (*(out) = (value), 0) : -EBADMSG)

void
keeper_whose_ask(struct text *body, struct slice address)
{
	pack_slice(body, address);
}

int
keeper_whose_asked(struct slice body, struct slice *address_out)
{
	struct unpack u = unpack_of(body);
	struct slice address = unpack_slice(&u);

	return TAKE(&u, address_out, address);
}

void
keeper_rcpt_ask(struct text *body, const struct keeper_rcpt *rcpt)
{
	pack_slice(body, rcpt->address);
	pack_u64(body, rcpt->account);
	pack_slice(body, rcpt->sender);
}

int
keeper_rcpt_asked(struct slice body, struct keeper_rcpt *rcpt_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_rcpt rcpt;

	rcpt.address = unpack_slice(&u);
	rcpt.account = unpack_u64(&u);
	rcpt.sender = unpack_slice(&u);
	if (rcpt.account > INT64_MAX)
		return -EBADMSG;
	return TAKE(&u, rcpt_out, rcpt);
}

void
keeper_whose_say(struct text *body, const struct keeper_whose *whose)
{
	pack_u8(body, (uint8_t)whose->whose);
	pack_u64(body, whose->account);
	pack_u64(body, whose->bytes);
}

int
keeper_whose_said(struct slice body, struct keeper_whose *whose_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_whose whose;

	whose.whose = unpack_enum(&u, WHOSE_COUNT);
	whose.account = unpack_u64(&u);
	whose.bytes = unpack_u64(&u);
	if ((whose.whose == WHOSE_OURS) != (whose.account != 0))
		return -EBADMSG;
	return TAKE(&u, whose_out, whose);
}

void
keeper_named_say(struct text *body, const struct keeper_named *named)
{
	pack_u8(body, (uint8_t)named->status);
	pack_u64(body, named->account);
}

int
keeper_named_said(struct slice body, struct keeper_named *named_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_named named;

	named.status = unpack_enum(&u, ADMIN_STATUS_COUNT);
	named.account = unpack_u64(&u);
	if ((named.status == ADMIN_OK) != (named.account != 0))
		return -EBADMSG;
	return TAKE(&u, named_out, named);
}

void
keeper_may_say(struct text *body, bool may)
{
	pack_u8(body, may);
}

int
keeper_may_said(struct slice body, bool *may_out)
{
	struct unpack u = unpack_of(body);
	bool may = unpack_bool(&u);

	return TAKE(&u, may_out, may);
}

void
keeper_grey_ask(struct text *body, const struct keeper_grey *grey)
{
	pack_slice(body, grey->net);
	pack_slice(body, grey->sender);
	pack_slice(body, grey->recipient);
}

void
keeper_wishes_ask(struct text *body, struct slice author,
    const uint64_t *accounts, size_t count)
{
	pack_slice(body, author);
	pack_u32(body, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		pack_u64(body, accounts[i]);
}

int
keeper_grey_asked(struct slice body, struct keeper_grey *grey_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_grey grey;

	grey.net = unpack_slice(&u);
	grey.sender = unpack_slice(&u);
	grey.recipient = unpack_slice(&u);
	if (grey.net.len == 0 || grey.net.len >= BLOCK_NET_SIZE ||
	    grey.recipient.len == 0)
		return -EBADMSG;
	return TAKE(&u, grey_out, grey);
}

int
keeper_grey_said(struct slice body, enum grey *grey_out)
{
	struct unpack u = unpack_of(body);
	enum grey grey = unpack_enum(&u, GREY_COUNT);

	return TAKE(&u, grey_out, grey);
}

void
keeper_sender_ask(struct text *body, uint64_t account, uint64_t stamp,
    struct slice address)
{
	pack_u64(body, account);
	pack_u64(body, stamp);
	pack_slice(body, address);
}

int
keeper_sender_asked(struct slice body, uint64_t *account_out,
    uint64_t *stamp_out, struct slice *address_out)
{
	struct unpack u = unpack_of(body);
	uint64_t account = unpack_u64(&u);
	uint64_t stamp = unpack_u64(&u);
	struct slice address = unpack_slice(&u);

	if (!unpack_is_done(&u))
		return -EBADMSG;
	*account_out = account;
	*stamp_out = stamp;
	*address_out = address;
	return 0;
}

void
keeper_sender_say(struct text *body, const struct keeper_sender *sender)
{
	pack_u8(body, (uint8_t)sender->sends);
	pack_slice(body, sender->address);
}

int
keeper_sender_said(struct slice body, struct keeper_sender *sender_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_sender sender;

	sender.sends = unpack_enum(&u, KEEPER_SENDS_COUNT);
	sender.address = unpack_slice(&u);
	if (!unpack_is_done(&u) || (sender.address.len == 0) !=
	    (sender.sends == KEEPER_LOGGED_OUT))
		return -EBADMSG;
	*sender_out = sender;
	return 0;
}

void
keeper_owned_ask(struct text *body, uint64_t account, size_t recipients,
    unsigned count)
{
	pack_u64(body, account);
	pack_u32(body, (uint32_t)recipients);
	pack_u8(body, (uint8_t)count);
}

int
keeper_owned_said(struct slice body, unsigned count, bool *is_own_out,
    struct slice *over_out, uint32_t *recall_out, struct unpack *keys_out)
{
	struct unpack u = unpack_of(body);
	struct slice over;
	uint32_t recall;

	for (unsigned i = 0; i < count; i++)
		is_own_out[i] = unpack_bool(&u);
	over = unpack_slice(&u);
	recall = unpack_u32(&u);
	if (u.bad)
		return -EBADMSG;
	*over_out = over;
	*recall_out = recall;
	*keys_out = u;
	return 0;
}

void
keeper_login_ask(struct text *body, const struct keeper_login *login)
{
	pack_slice(body, login->user);
	pack_slice(body, login->password);
	pack_slice(body, login->peer);
	pack_u8(body, login->service);
	pack_slice(body, login->said);
}

int
keeper_login_asked(struct slice body, struct keeper_login *login_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_login login;

	login.user = unpack_slice(&u);
	login.password = unpack_slice(&u);
	login.peer = unpack_slice(&u);
	login.service = (uint8_t)unpack_enum(&u, SERVICE_COUNT);
	login.said = unpack_slice(&u);
	return TAKE(&u, login_out, login);
}

void
keeper_login_say(struct text *body, const struct keeper_welcome *welcome)
{
	pack_u8(body, (uint8_t)welcome->who);
	pack_u64(body, welcome->account);
	pack_slice(body, welcome->address);
	pack_slice(body, welcome->signature);
	pack_u64(body, welcome->stamp);
}

int
keeper_login_said(struct slice body, struct keeper_welcome *welcome_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_welcome welcome;

	welcome.who = unpack_enum(&u, KEEPER_WHO_COUNT);
	welcome.account = unpack_u64(&u);
	welcome.address = unpack_slice(&u);
	welcome.signature = unpack_slice(&u);
	welcome.stamp = unpack_u64(&u);
	if ((welcome.who == KEEPER_WELCOME) != (welcome.account != 0))
		return -EBADMSG;
	return TAKE(&u, welcome_out, welcome);
}

void
keeper_salt_say(struct text *body, const struct scram_salt *salt)
{
	pack_u32(body, salt->rounds);
	pack_slice(body, slice_of(salt->bytes, sizeof(salt->bytes)));
}

int
keeper_salt_said(struct slice body, struct scram_salt *salt_out)
{
	struct unpack u = unpack_of(body);
	struct scram_salt salt = { .rounds = unpack_u32(&u) };
	struct slice bytes = unpack_slice(&u);

	if (bytes.len != sizeof(salt.bytes) || salt.rounds == 0)
		return -EBADMSG;
	memcpy(salt.bytes, bytes.at, bytes.len);
	return TAKE(&u, salt_out, salt);
}

void
keeper_admin_ask(struct text *body, const struct admin_request *request,
    uint64_t asker, struct slice packed)
{
	pack_u16(body, (uint16_t)admin_number(request));
	pack_u64(body, asker);
	pack_slice(body, packed);
}

int
keeper_admin_asked(struct slice body, const struct admin_request **request_out,
    uint64_t *asker_out, struct slice *packed_out)
{
	struct unpack u = unpack_of(body);
	const struct admin_request *request = admin_at(unpack_u16(&u));
	uint64_t asker = unpack_u64(&u);
	struct slice packed = unpack_slice(&u);

	if (!unpack_is_done(&u) || request == NULL)
		return -EBADMSG;
	*request_out = request;
	*asker_out = asker;
	*packed_out = packed;
	return 0;
}

void
keeper_account_ask(struct text *body, uint64_t account)
{
	pack_u64(body, account);
}

int
keeper_account_asked(struct slice body, uint64_t *account_out)
{
	struct unpack u = unpack_of(body);
	uint64_t account = unpack_u64(&u);

	return TAKE(&u, account_out, account);
}

void
keeper_account_say(struct text *body, const struct keeper_account *account)
{
	pack_u8(body, account->exists);
	pack_slice(body, account->address);
	pack_slice(body, account->language);
}

int
keeper_account_said(struct slice body, struct keeper_account *account_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_account account;

	account.exists = unpack_bool(&u);
	account.address = unpack_slice(&u);
	account.language = unpack_slice(&u);
	return TAKE(&u, account_out, account);
}

void
keeper_person_say(struct text *body, const struct keeper_person *person)
{
	pack_u8(body, person->exists);
	if (!person->exists)
		return;
	pack_slice(body, person->address);
	pack_slice(body, person->language);
	pack_u8(body, person->may_fetch);
	pack_u8(body, person->may_forward);
	pack_u64(body, person->stamp);
}

int
keeper_person_said(struct slice body, struct keeper_person *person_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_person person = { .exists = unpack_bool(&u) };

	if (person.exists) {
		person.address = unpack_slice(&u);
		person.language = unpack_slice(&u);
		person.may_fetch = unpack_bool(&u);
		person.may_forward = unpack_bool(&u);
		person.stamp = unpack_u64(&u);
	}
	return TAKE(&u, person_out, person);
}

void
keeper_owner_ask(struct text *body, uint64_t fetch_account)
{
	pack_u64(body, fetch_account);
}

int
keeper_owner_asked(struct slice body, uint64_t *fetch_account_out)
{
	struct unpack u = unpack_of(body);
	uint64_t fetch_account = unpack_u64(&u);

	return TAKE(&u, fetch_account_out, fetch_account);
}

void
keeper_owner_say(struct text *body, const struct keeper_owner *owner)
{
	pack_u8(body, owner->exists);
	pack_u64(body, owner->owner);
	pack_u8(body, owner->is_domain);
}

int
keeper_owner_said(struct slice body, struct keeper_owner *owner_out)
{
	struct unpack u = unpack_of(body);
	struct keeper_owner owner;

	owner.exists = unpack_bool(&u);
	owner.owner = unpack_u64(&u);
	owner.is_domain = unpack_bool(&u);
	if (owner.exists != (owner.owner != 0))
		return -EBADMSG;
	return TAKE(&u, owner_out, owner);
}

void
fetch_due_pack(struct text *text, const struct fetch_due *due)
{
	pack_u64(text, due->id);
	pack_u64(text, due->owner);
	pack_slice(text, due->owner_address);
	pack_slice(text, due->label);
	pack_slice(text, due->host);
	pack_u8(text, due->enabled);
	pack_u64(text, due->changes);
	pack_u32(text, due->when.every_minutes);
	pack_u8(text, due->when.on_read);
	fetch_health_pack(text, &due->health);
	pack_i64(text, due->grant_until_utc_ms);
	pack_u8(text, due->is_office);
}

int
fetch_due_unpack(struct unpack *u, struct fetch_due *due_out)
{
	struct fetch_due due;

	due.id = unpack_u64(u);
	due.owner = unpack_u64(u);
	due.owner_address = unpack_slice(u);
	due.label = unpack_slice(u);
	due.host = unpack_slice(u);
	due.enabled = unpack_bool(u);
	due.changes = unpack_u64(u);
	due.when.every_minutes = unpack_u32(u);
	due.when.on_read = unpack_bool(u);
	fetch_health_unpack(u, &due.health);
	due.grant_until_utc_ms = unpack_i64(u);
	due.is_office = unpack_bool(u);
	if (u->bad || due.grant_until_utc_ms < 0 || due.when.every_minutes > FETCH_EVERY_MOST ||
	    due.id == 0 || due.owner == 0)
		return -EBADMSG;
	*due_out = due;
	return 0;
}
