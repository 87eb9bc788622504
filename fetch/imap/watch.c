/*
 * watch.c - a conversation that waits for new mail in INBOX (RFC 2177)
 *
 * It takes nothing: that something is new is told (events.news), and a
 * collection looks at what it is.  It begins from a mark, which an earlier
 * collection left; what came in between is told at once.
 *
 * IDLE is begun anew long before a server may end it for inactivity (29 minutes,
 * RFC 2177 3), for routers forget a connection sooner.  Where IDLE is not
 * offered NOOP asks.
 */
#include <stdlib.h>

#include "fetch/collect_inside.h"
#include "fetch/imap/session.h"

#define IDLE_MS		(15u * 60 * 1000)
#define NOOP_MS		(3u * 60 * 1000)

struct imap_watch {
	struct timer	*timer;		/* of IDLE, or to the next NOOP */
	bool		 is_idle;	/* the server has said so */
};

static void	rest(struct collect *);

static void
tell_news(struct collect *collect)
{
	if (collect->events.news != NULL)
		collect->events.news(collect->events.arg);
}

static uint64_t
wait_ms(const struct collect *collect, uint64_t usual_ms)
{
	return collect->limits.idle_ms != 0 ? collect->limits.idle_ms :
	    usual_ms;
}

void
imap_watch_heard(struct collect *collect, const struct imap_reply *reply)
{
	struct imap_session *session = collect->conversation->imap;

	if (session->watch == NULL || reply->says != IMAP_DATA ||
	    !reply->has_number)
		return;
	if (slice_is_word(reply->name, "EXPUNGE")) {
		session->exists -= session->exists > 0;
	} else if (slice_is_word(reply->name, "EXISTS")) {
		if (session->is_selected && reply->number > session->exists)
			tell_news(collect);
		session->exists = reply->number;
	}
}

static void
on_idling(void *arg, struct slice words)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	(void)words;
	session->watch->is_idle = true;
	imap_idle(session->imap, true);
	timer_set(session->watch->timer, wait_ms(collect, IDLE_MS));
}

static void
on_rested(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	(void)about;
	session->watch->is_idle = false;
	imap_idle(session->imap, false);
	timer_stop(session->watch->timer);
	if (reply->says == IMAP_OK)
		rest(collect);
	else
		imap_refuse(collect, reply, false);
}

static void
on_asked(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;

	(void)about;
	if (reply->says == IMAP_OK)
		rest(collect);
	else
		imap_refuse(collect, reply, false);
}

static const struct imap_command
command_idle = { .verb = "IDLE", .is_alone = true, .more = on_idling,
    .done = on_rested },
command_noop = { .verb = "NOOP", .done = on_asked };

/* Wait for what comes. */
static void
rest(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;

	if (!conversation_is_open(collect))
		return;
	if ((session->can & IMAP_CAN_IDLE) != 0)
		imap_say(session->imap, &command_idle, 0);
	else
		timer_set(session->watch->timer, wait_ms(collect, NOOP_MS));
}

static void
on_time(void *arg)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	if (!conversation_is_open(collect))
		return;
	if (session->watch->is_idle) {
		imap_idle(session->imap, false);
		imap_more(session->imap, slice_str("DONE"));
	} else {
		imap_say(session->imap, &command_noop, 0);
	}
}

/* Selecting */

uint64_t
imap_mark(const struct imap_session *session)
{
	uint64_t mark = (uint64_t)session->uidvalidity << 32 |
	    session->uid_next;

	return mark == 0 ? 1 : mark;
}

static void
on_examined(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	(void)about;
	if (!conversation_is_open(collect))
		return;
	if (reply->says != IMAP_OK) {
		imap_refuse(collect, reply, false);
		return;
	}
	session->is_selected = true;
	if (imap_mark(session) != collect->limits.mark)
		tell_news(collect);
	rest(collect);
}

static const struct imap_command command_examine = {
	.verb = "EXAMINE INBOX", .done = on_examined
};

void
imap_watch(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;

	/* it logs in once: who waits for days holds no password */
	password_wipe(collect);
	session->watch = calloc(1, sizeof(*session->watch));
	if (session->watch != NULL)
		session->watch->timer = timer_new(collect->loop, on_time,
		    collect);
	if (session->watch == NULL || session->watch->timer == NULL)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	else
		imap_say(session->imap, &command_examine, 0);
}

void
imap_watch_free(struct imap_watch *watch)
{
	if (watch != NULL)
		timer_free(watch->timer);
	free(watch);
}
