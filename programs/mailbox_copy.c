/*
 * mailbox_copy.c - the copy of the index, once a day, when nothing changes
 *
 * A step is some milliseconds; between two of them whatever else has come is
 * done first.  A copy that fails is tried again in an hour: the one before
 * is there still.
 */
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "lib/base/log.h"
#include "programs/mailbox_inside.h"
#include "store/copies.h"

#define LOOK_MS		10000	/* between two looks whether it is at rest */
#define WAIT_MS		100	/* while deliveries come */
#define PAUSE_MS	10	/* between two steps */
#define AGAIN_MS	3600000	/* after one that failed */

static void
say_failed(int r)
{
	if (r == -EUCLEAN)
		log_say("the index of this mailbox is damaged, no copy of it is "
		    "made; \"postroom check --repair\" mends it");
	else
		log_say("no copy of the index is made: %s", strerror(-r));
}

static void
on_copy_time(void *arg)
{
	struct mailbox *mailbox = arg;
	int r;

	/* with an uncommitted delivery there is nothing to copy from */
	if (mailbox->open_count > 0) {
		timer_set(mailbox->copy_timer, WAIT_MS);
		return;
	}
	if (!account_wants_copy(mailbox->account, clock_utc_ms())) {
		timer_set(mailbox->copy_timer, LOOK_MS);
		return;
	}
	r = account_copy(mailbox->account);
	mailbox_broken(r);
	if (r < 0)
		say_failed(r);
	if (r == 0)
		(void)malloc_trim(0);
	timer_set(mailbox->copy_timer, r > 0 ? PAUSE_MS :
	    r < 0 ? AGAIN_MS : LOOK_MS);
}

int
mailbox_copy_begin(struct mailbox *mailbox)
{
	mailbox->copy_timer = timer_new(mailbox->process->loop, on_copy_time,
	    mailbox);
	if (mailbox->copy_timer == NULL)
		return -ENOMEM;
	timer_set(mailbox->copy_timer, LOOK_MS);
	return 0;
}
