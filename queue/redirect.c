/*
 * redirect.c - a message that the postmaster's rules send to somebody else
 *
 * Between the verdict and the receipt: the keeper says whose the address is.
 * With an account here, that is the one recipient, and the record in the
 * journal knows no other; the trail keeps those it was for.  With none it is
 * held: a rule that is wrong loses nothing.
 */
#include <errno.h>
#include <string.h>

#include "queue/collected.h"
#include "queue/expanding.h"
#include "queue/wishes.h"

#define NOBODY	"which is no account here"
#define LATER	"it could not be looked up where it goes, try again later"

/* The trail keeps whom it was for; a search for them finds it. */
static void
tell_redirected(const struct transit *transit, const char *address)
{
	const struct envelope *env = &transit->env;
	TEXT_AUTO to = TEXT_INIT(TRAIL_FIELD_BYTES * 2);
	TEXT_AUTO detail = TEXT_INIT(VERDICT_ADDRESS_MAX + 32);
	struct trail_step step = {
		.at_utc_ms = clock_utc_ms(), .id = env->id,
		.word = TRAIL_JUDGED
	};

	for (size_t i = 0; i < env->recipient_count &&
	    to.len < TRAIL_FIELD_BYTES; i++) {
		if (i > 0)
			text_add_str(&to, ", ");
		text_add(&to, env->recipients[i].address);
	}
	text_addf(&detail, "redirected to %s", address);
	step.to = text_slice(&to);
	step.detail = text_slice(&detail);
	trail_add(transit->conductor->trail, &step);
}

/* It is for that account alone.  0 or -errno. */
static int
take_over(struct transit *transit, const char *address, uint64_t account)
{
	struct recipient *rcpt = arena_array(transit->arena, 1, sizeof(*rcpt));
	int r;

	if (rcpt == NULL)
		return -ENOMEM;
	*rcpt = (struct recipient){ .account = account };
	r = arena_copy(transit->arena, slice_str(address), &rcpt->address);
	if (r < 0)
		return r;
	tell_redirected(transit, address);
	transit->env.recipients = rcpt;
	transit->env.recipient_count = 1;
	return arrive_repack(transit);
}

/*
 * The copies of a domain's message that go to one account by a rule are one
 * letter; what is held goes to nobody yet.
 */
static int
leave_out_copy(struct transit *transit, const struct verdict *verdict)
{
	return verdict_is_held(verdict) ? 0 : collected_redirected(transit);
}

/* It waits for a person, unless it does already.  0 or -ENOMEM. */
static int
hold(struct transit *transit, struct verdict *verdict)
{
	TEXT_AUTO reason = TEXT_INIT(VERDICT_REASON_MAX +
	    VERDICT_ADDRESS_MAX + 64);

	/* the reason that it has may name the rule */
	if (strstr(verdict->reason, verdict->redirect) != NULL)
		text_addf(&reason, "%s, " NOBODY, verdict->reason);
	else
		text_addf(&reason, "redirected to %s, " NOBODY,
		    verdict->redirect);
	return text_failed(&reason) ? -ENOMEM : wishes_hold(transit, verdict,
	    text_slice(&reason));
}

void
redirect_begin(struct transit *transit, const struct verdict *verdict)
{
	struct conductor *conductor = transit->conductor;

	/* the keeper is not there: whoever brought it comes again */
	if (conductor->ports.whose(conductor->ports.arg, transit,
	    slice_str(verdict->redirect)) < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
}

void
conductor_whose(struct conductor *conductor, void *ticket, int status,
    uint64_t account)
{
	struct transit *transit = ticket;
	struct verdict verdict;

	if (conductor->closing)
		return;
	if (status == 0)
		status = verdict_unpack(transit->packed_verdict, &verdict);
	if (status == 0)
		status = account == 0 ? hold(transit, &verdict) :
		    take_over(transit, verdict.redirect, account);
	if (status == 0 && account != 0)
		status = leave_out_copy(transit, &verdict);
	if (status == -EEXIST)
		arrive_drop(transit);
	else if (status < 0)
		arrive_put_off(transit, 451, "4.3.0", LATER);
	else
		expanding_ask(transit, arrive_go_on);
}
