/*
 * keeper_groups.c - the keeper's word on who is meant by a recipient
 *
 * What is refused is refused here, at RCPT, while the other side is there to hear
 * of it: a list that is not for this sender, a bounce of what we never sent on.
 */
#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/message/envelope.h"
#include "policy/gateways.h"
#include "policy/groups.h"
#include "policy/keeper.h"
#include "policy/srs.h"
#include "programs/keeper_inside.h"

static void
cannot_read(int r)
{
	log_say("policy.db cannot be read: %s", strerror(-r));
}

/* Is it one of ours that stands for somebody elsewhere?  0 or -errno. */
static int
look_at_bounce(struct keeper *keeper, const struct keeper_rcpt *asked,
    struct keeper_whose *answer)
{
	TEXT_AUTO meant = TEXT_INIT(ADDRESS_SIZE);
	struct slice local = slice_first(asked->address,
	    slice_find_last(asked->address, '@'));
	int r;

	if (!srs_is(local))
		return 0;
	r = srs_reverse(&keeper->seal_key, local, clock_utc_ms(), &meant);
	/* RFC 5321 6.1: what comes back has no sender; nothing else is sent on */
	if (r == 0 && asked->sender.len == 0) {
		answer->whose = WHOSE_OURS;
		answer->account = ACCOUNT_BOUNCE;
	} else if (r == 0 || r == -EBADMSG || r == -ESTALE) {
		answer->whose = WHOSE_FORGED;
		r = 0;
	}
	return r;
}

static int
look_at_list(struct keeper *keeper, const struct keeper_rcpt *asked,
    struct keeper_whose *answer)
{
	struct group list;
	bool may = true;
	int r = policy_group_get(keeper->policy,
	    answer->account & ~ACCOUNT_NOBODYS, &list);

	if (r == 0)
		r = policy_may_post(keeper->policy, &list, asked->account,
		    asked->sender, &may);
	if (r == 0 && !may)
		*answer = (struct keeper_whose){ .whose = WHOSE_CLOSED };
	return r;
}

/*
 * Where people answer what they are told of held mail.  A stranger's mail to it
 * is for the postmaster, as any with such a detail.
 */
static bool
is_reply(const struct keeper_rcpt *asked, enum whose whose)
{
	return asked->account != 0 && whose != WHOSE_FOREIGN &&
	    envelope_is_reply_address(asked->address);
}

int
keeper_answer_rcpt(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	struct keeper_whose answer = { .whose = WHOSE_UNKNOWN };
	struct keeper_rcpt rcpt;
	int r = keeper_rcpt_asked(asked, &rcpt);

	if (r < 0)
		return r;
	r = whose_cache_ask(keeper->whose, keeper->policy, rcpt.address,
	    &answer.whose, &answer.account);
	if (r == 0 && is_reply(&rcpt, answer.whose))
		answer = (struct keeper_whose){ .whose = WHOSE_OURS,
		    .account = ACCOUNT_REPLY };
	else if (r == 0 && (answer.whose == WHOSE_UNKNOWN ||
	    answer.whose == WHOSE_SHARED))
		r = look_at_bounce(keeper, &rcpt, &answer);
	else if (r == 0 && (answer.account & ACCOUNT_LIST) != 0)
		r = look_at_list(keeper, &rcpt, &answer);
	else if (r == 0 && answer.whose == WHOSE_FOREIGN)
		r = policy_gateway_whose(keeper->policy, rcpt.address,
		    &answer.whose, &answer.bytes);
	if (r < 0)
		cannot_read(r);
	else
		keeper_whose_say(body, &answer);
	return 0;
}

int
keeper_answer_expand(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	static struct expand_asked recipients[EXPAND_ASKED];
	struct expand_ask ask;
	int r = expand_ask_unpack(asked, recipients, &ask);

	if (r < 0)
		return r;
	r = policy_expand(keeper->policy, &keeper->seal_key, &ask,
	    clock_utc_ms(), body);
	if (r == -E2BIG)
		log_say("a message would go to more than %d people",
		    EXPAND_MOST);
	else if (r < 0)
		cannot_read(r);
	if (r < 0)
		text_clear(body);
	return 0;
}

int
keeper_is_own(struct keeper *keeper, uint64_t account, struct slice address,
    bool *is_out)
{
	enum whose whose;
	uint64_t number;
	int r = whose_cache_ask(keeper->whose, keeper->policy, address, &whose,
	    &number);

	if (r < 0)
		return r;
	*is_out = whose == WHOSE_OURS && number == account;
	if ((number & ACCOUNT_GROUP) == 0)
		return 0;
	return policy_group_has(keeper->policy, number & ~ACCOUNT_NOBODYS,
	    account, is_out);
}
