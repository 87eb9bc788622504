/*
 * keeper_grey.c - the keeper's word on who is to come again later
 *
 * All doors ask here, so that whoever comes to another one is known there.
 */
#include "programs/keeper_grey.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "policy/keeper.h"

#define SAVE_MS		60000	/* after the first that is new */

/* A disk that is full costs what is remembered of strangers, no more. */
static void
save(void *arg)
{
	const struct keeper *keeper = arg;
	int r = greylist_save(keeper->greylist, keeper->process->folder_fd);

	if (r < 0)
		log_say("who is greylisted cannot be saved: %s",
		    strerror(-r));
}

int
keeper_grey_open(struct keeper *keeper)
{
	int r = greylist_load(keeper->greylist, keeper->process->folder_fd);

	if (r < 0)
		log_say("who was greylisted is forgotten: the file %s %s",
		    GREYLIST_FILE, r == -EBADMSG ? "is damaged" :
		    strerror(-r));
	keeper->greylist_timer = timer_new(keeper->process->loop, save,
	    keeper);
	return keeper->greylist_timer == NULL ? -ENOMEM : 0;
}

void
keeper_grey_close(struct keeper *keeper)
{
	if (keeper->greylist_timer != NULL &&
	    timer_is_set(keeper->greylist_timer))
		save(keeper);
}

int
keeper_grey_answer(struct keeper *keeper, struct slice asked,
    struct text *body)
{
	const int64_t wait_ms = INT64_C(1000) *
	    keeper->process->config.greylist_seconds;
	struct keeper_grey grey;
	enum grey said;
	int r = keeper_grey_asked(asked, &grey);

	if (r < 0)
		return r;
	said = greylist_ask(keeper->greylist, grey.net, grey.sender,
	    grey.recipient, wait_ms, clock_utc_ms());
	if (said != GREY_WAITS && !timer_is_set(keeper->greylist_timer))
		timer_set(keeper->greylist_timer, SAVE_MS);
	pack_u8(body, (uint8_t)said);
	return 0;
}
