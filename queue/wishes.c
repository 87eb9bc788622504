/*
 * wishes.c - what those whom a message is for want of its author
 *
 * With the message stand the accounts that have said something: u64 account, u8
 * wish each.
 */
#include "queue/wishes.h"

#include <errno.h>
#include <stdlib.h>

#include "filters/spam/spam.h"

#define LINE		"X-Postroom-Sender"
#define LATER		"it could not be looked up who wants it, try again later"
#define ONE_BYTES	9

/* What was said, whether it counts or not. */
static enum sender_wish
said_of(const struct transit *transit, uint64_t account)
{
	struct unpack u = unpack_of(transit->wishes);

	while (u.rest.len > 0 && !u.bad) {
		uint64_t whose = unpack_u64(&u);
		enum sender_wish wish = unpack_enum(&u, SENDER_WISHES);

		if (!u.bad && whose == account)
			return wish;
	}
	return SENDER_UNSAID;
}

enum sender_wish
wishes_of(const struct transit *transit, const struct verdict *verdict,
    uint64_t account)
{
	enum sender_wish wish = said_of(transit, account);

	return wish == SENDER_ALLOWED && !verdict->author_is_shown ?
	    SENDER_UNSAID : wish;
}

static bool
is_held_as_spam(const struct transit *transit, const struct verdict *verdict)
{
	return verdict->action == VERDICT_HOLD &&
	    verdict->unless_spam < VERDICT_HOLD &&
	    hold_is_personal(&transit->env, verdict);
}

bool
wishes_excuse(const struct transit *transit, const struct verdict *verdict,
    uint64_t account)
{
	return is_held_as_spam(transit, verdict) &&
	    wishes_of(transit, verdict, account) == SENDER_ALLOWED;
}

struct slice
wishes_folder(const struct transit *transit, const struct verdict *verdict,
    uint64_t account)
{
	enum sender_wish wish = wishes_of(transit, verdict, account);

	if (wish == SENDER_ALLOWED && verdict->is_junk)
		return slice_of(NULL, 0);
	if (wish == SENDER_BLOCKED && verdict->folder[0] == '\0')
		return slice_str(SPAM_FOLDER);
	return slice_str(verdict->folder);
}

/* In words; NULL: nothing was said. */
static const char *
words_of(const struct transit *transit, const struct verdict *verdict,
    uint64_t account)
{
	enum sender_wish said = said_of(transit, account);

	if (said == SENDER_BLOCKED)
		return "blocked by";
	if (said == SENDER_ALLOWED)
		return verdict->author_is_shown ? "allowed by" :
		    "nothing shows that it is from there; allowed by";
	return NULL;
}

void
wishes_add_line(const struct transit *transit, struct verdict *verdict,
    const struct recipient *rcpt)
{
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	const char *words = words_of(transit, verdict, rcpt->account);

	if (words == NULL)
		return;
	text_addf(&line, "%s: %s ", verdict->author, words);
	text_add(&line, rcpt->address);
	/* one that does not fit is in the trail */
	if (!text_failed(&line))
		(void)verdict_add_line(verdict, slice_str(LINE),
		    text_slice(&line));
}

void
wishes_tell(const struct transit *transit, const struct verdict *verdict)
{
	const struct envelope *env = &transit->env;

	for (size_t i = 0; i < env->recipient_count &&
	    transit->wishes.len > 0; i++) {
		const struct recipient *rcpt = &env->recipients[i];
		const char *words = words_of(transit, verdict, rcpt->account);
		TEXT_AUTO detail = TEXT_INIT(TRAIL_FIELD_BYTES);

		if (words == NULL)
			continue;
		text_addf(&detail, "its author %s: %s ", verdict->author,
		    words);
		text_add(&detail, rcpt->address);
		text_add_byte(&detail, '\0');
		conductor_trail(transit->conductor, transit, TRAIL_JUDGED,
		    rcpt, text_failed(&detail) ? "" : detail.at);
	}
}

/* The verdict as it is from here on.  0 or -ENOMEM. */
static int
repack(struct transit *transit, const struct verdict *verdict)
{
	TEXT_AUTO packed = TEXT_INIT(VERDICT_PACKED_MAX);

	verdict_pack(&packed, verdict);
	return text_failed(&packed) ? -ENOMEM : arena_copy(transit->arena,
	    text_slice(&packed), &transit->packed_verdict);
}

int
wishes_hold(struct transit *transit, struct verdict *verdict,
    struct slice reason)
{
	if (verdict->action < VERDICT_HOLD)
		verdict_set(verdict, VERDICT_HOLD, 250, "2.0.0", "%.*s",
		    SLICE_FMT(reason));
	if (verdict->unless_spam < VERDICT_HOLD)
		verdict->unless_spam = VERDICT_HOLD;
	return repack(transit, verdict);
}

/* Asking */

/* All for whom it is allow it, so it is not held and goes into no Junk. */
static int
lift(struct transit *transit, struct verdict *verdict)
{
	for (size_t i = 0; i < transit->env.recipient_count; i++)
		if (!wishes_excuse(transit, verdict,
		    transit->env.recipients[i].account))
			return 0;
	verdict->action = verdict->unless_spam;
	return repack(transit, verdict);
}

/* What was said by whom it is for, in their order.  0 or -errno. */
static int
note(struct transit *transit, struct slice wishes)
{
	TEXT_AUTO noted = TEXT_INIT(SENDERS_ASKED * ONE_BYTES);
	struct unpack u = unpack_of(wishes);
	struct verdict verdict;

	for (size_t i = 0; i < transit->env.recipient_count && !u.bad; i++) {
		enum sender_wish wish = unpack_enum(&u, SENDER_WISHES);

		if (u.bad || wish == SENDER_UNSAID)
			continue;
		pack_u64(&noted, transit->env.recipients[i].account);
		pack_u8(&noted, (uint8_t)wish);
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	if (text_failed(&noted))
		return -ENOMEM;
	if (noted.len == 0)
		return 0;
	if (arena_copy(transit->arena, text_slice(&noted),
	    &transit->wishes) < 0)
		return -ENOMEM;
	return verdict_unpack(transit->packed_verdict, &verdict) < 0 ?
	    -EBADMSG : lift(transit, &verdict);
}

void
conductor_wished(struct conductor *conductor, void *ticket, int status,
    struct slice wishes)
{
	struct transit *transit = ticket;

	if (conductor->closing)
		return;
	if (status == 0)
		status = note(transit, wishes);
	if (status < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
	else
		transit->go_on(transit);
}

void
conductor_has_senders(struct conductor *conductor, bool has)
{
	conductor->has_senders = has;
}

/* The accounts it is for.  0 or -ENOMEM. */
static int
ask(struct transit *transit, const struct verdict *verdict)
{
	struct conductor *conductor = transit->conductor;
	const struct envelope *env = &transit->env;
	uint64_t *accounts = calloc(env->recipient_count, sizeof(*accounts));
	int r;

	if (accounts == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < env->recipient_count; i++)
		accounts[i] = env->recipients[i].account;
	r = conductor->ports.wishes(conductor->ports.arg, transit,
	    slice_str(verdict->author), accounts, env->recipient_count);
	free(accounts);
	return r;
}

void
wishes_ask(struct transit *transit, wishes_fn *go_on)
{
	struct conductor *conductor = transit->conductor;
	struct verdict verdict;

	/* nobody is asked about what the hub says itself */
	if (!conductor->has_senders || transit->env.source == SOURCE_OWN ||
	    transit->env.recipient_count > SENDERS_ASKED ||
	    verdict_unpack(transit->packed_verdict, &verdict) < 0 ||
	    verdict.author[0] == '\0') {
		go_on(transit);
		return;
	}
	transit->go_on = go_on;
	/* the keeper is not there: whoever brought it comes again */
	if (ask(transit, &verdict) < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
}

/* What is held */

int
transit_note_spam(struct transit *transit, uint64_t account)
{
	TEXT_AUTO text = TEXT_INIT(transit->spam.len + 8);

	text_add(&text, transit->spam);
	pack_u64(&text, account);
	return text_failed(&text) ? -ENOMEM : arena_copy(transit->arena,
	    text_slice(&text), &transit->spam);
}

bool
transit_is_spam(const struct transit *transit, uint64_t account)
{
	struct unpack u = unpack_of(transit->spam);

	while (u.rest.len > 0 && !u.bad)
		if (unpack_u64(&u) == account)
			return !u.bad;
	return false;
}
