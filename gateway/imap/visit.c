/*
 * visit.c - connections to sessions in the processes of other accounts
 */
#include "gateway/imap/visit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "policy/shares.h"

#define VISIT_INPUT	(64 * 1024)
#define VISIT_OUTPUT	(4 * 1024 * 1024)	/* a command and its literals */

/* Visits */

void
imapd_visit_end(struct imapd_visit *visit)
{
	struct imapd_session *session = visit->session;

	for (size_t i = 0; i < IMAPD_VISITS; i++)
		if (session->visits[i] == visit)
			session->visits[i] = NULL;
	if (session->away == visit)
		session->away = NULL;
	stream_free(visit->stream);
	free(visit);
}

void
imapd_visits_end(struct imapd_session *session, bool all)
{
	for (size_t i = 0; i < IMAPD_VISITS; i++)
		if (session->visits[i] != NULL &&
		    (all || session->visits[i] != session->away))
			imapd_visit_end(session->visits[i]);
}

void
imapd_visits_room(struct imapd_session *session, size_t count)
{
	size_t room = 0;

	for (size_t i = 0; i < IMAPD_VISITS; i++) {
		struct imapd_visit *visit = session->visits[i];

		if (visit != NULL && visit->is_lost && visit != session->away)
			imapd_visit_end(visit);
		room += session->visits[i] == NULL;
	}
	if (room < count)
		imapd_visits_end(session, false);
}

void
imapd_visit_wait(struct imapd_session *session)
{
	session->asked = session->visiting = true;
}

bool
imapd_visit_line(const struct imapd_visit *visit, struct slice *line_out)
{
	struct slice here = stream_input(visit->stream);
	size_t end = slice_find(here, '\n');

	if (end == SIZE_MAX)
		return false;
	*line_out = slice_first(here, end + 1);
	return true;
}

void
imapd_leave_away(struct imapd_session *session)
{
	if (session->away != NULL)
		imapd_visit_end(session->away);
}

bool
imapd_is_away_at(const struct imapd_session *session, struct slice prefix)
{
	return session->away != NULL &&
	    slice_is_str(prefix, session->away->prefix);
}

static struct imapd_visit *
find_visit(const struct imapd_session *session, struct slice prefix)
{
	for (size_t i = 0; i < IMAPD_VISITS; i++)
		if (session->visits[i] != NULL &&
		    !session->visits[i]->is_lost &&
		    slice_is_str(prefix, session->visits[i]->prefix))
			return session->visits[i];
	return NULL;
}

static void
on_visit(void *arg, enum stream_event event)
{
	struct imapd_visit *visit = arg;
	struct imapd_session *session = visit->session;

	switch (event) {
	case STREAM_INPUT:
	case STREAM_DRAINED:
		break;
	default:
		visit->is_lost = true;
		break;
	}
	if (session->visiting) {
		session->visiting = false;
		imapd_go(session);
	} else if (visit->is_lost && visit == session->away) {
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
		session->is_over = true;
		timer_set(session->turn, 0);
	}
}

static struct imapd_visit *
visit_new(struct imapd_session *session, int fd, struct slice prefix)
{
	struct imapd_visit *visit = calloc(1, sizeof(*visit));
	size_t at = 0;

	while (at < IMAPD_VISITS && session->visits[at] != NULL)
		at++;
	if (visit != NULL && at < IMAPD_VISITS)
		visit->stream = stream_new(session->loop, fd, VISIT_INPUT,
		    VISIT_OUTPUT, on_visit, visit);
	if (visit == NULL || visit->stream == NULL) {
		(void)close(fd);
		free(visit);
		return NULL;
	}
	visit->session = session;
	(void)snprintf(visit->prefix, sizeof(visit->prefix), "%.*s",
	    SLICE_FMT(prefix));
	session->visits[at] = visit;
	return visit;
}

/* The way there */

struct imapd_way {
	struct slice	 prefix;
	imapd_ready_fn	*ready;
	struct imapd_visit *visit;	/* its greeting is waited for */
};

/* Nothing is done but to wait. */
static void
waiting(struct imapd_session *session)
{
	session->asked = true;
}

static void
greeted(struct imapd_session *session)
{
	struct imapd_way *way = session->way;
	struct slice line;

	if (imapd_visit_line(way->visit, &line)) {
		stream_consume(way->visit->stream, line.len);
		way->ready(session, way->visit, 0);
	} else if (way->visit->is_lost) {
		way->ready(session, NULL, -EAGAIN);
	} else {
		imapd_visit_wait(session);
	}
}

static void
on_there(void *arg, int fd)
{
	struct imapd_session *session = arg;
	struct imapd_way *way = session->way;

	if (fd >= 0)
		way->visit = visit_new(session, fd, way->prefix);
	if (way->visit != NULL)
		session->more = greeted;
	else
		way->ready(session, NULL, fd >= 0 ? -ENOMEM : -EAGAIN);
	imapd_go(session);
}

static int
set_out(struct imapd_session *session, uint64_t owner)
{
	struct imapd_visitor visitor = {
		.account = session->owner, .prefix = session->way->prefix,
		.enabled = (session->rev2 ? IMAPD_ENABLED_REV2 : 0) |
		    (session->condstore ? IMAPD_ENABLED_CONDSTORE : 0) |
		    (session->qresync ? IMAPD_ENABLED_QRESYNC : 0) |
		    (session->utf8 ? IMAPD_ENABLED_UTF8 : 0),
	};

	session->more = waiting;
	return session->ports.office.visit(session->ports.arg, owner,
	    &visitor, on_there, session);
}

void
imapd_add_prefix(struct text *text, const struct share *share)
{
	text_addf(text, "%s/%.*s", share->is_public ? IMAPD_PUBLIC :
	    IMAPD_USERS, SLICE_FMT(share->address));
}

/* The account whose mailboxes begin so; 0: it shares nothing with us. */
static uint64_t
find_owner(struct slice shares, struct slice wanted)
{
	struct unpack u = unpack_of(shares);
	struct share share;

	while (u.rest.len > 0 && share_unpack(&u, &share) == 0) {
		TEXT_AUTO prefix = TEXT_INIT(IMAPD_PREFIX_SIZE);

		imapd_add_prefix(&prefix, &share);
		if (!text_failed(&prefix) &&
		    slice_is(text_slice(&prefix), wanted))
			return share.owner;
	}
	return 0;
}

static void
on_shares(void *arg, int status, struct slice shares)
{
	struct imapd_session *session = arg;
	uint64_t owner = status < 0 ? 0 :
	    find_owner(shares, session->way->prefix);
	int r = status < 0 ? -EAGAIN : owner == 0 ? -ENOENT :
	    set_out(session, owner);

	if (r == 0)
		return;
	session->way->ready(session, NULL, r == -ENOENT ? r : -EAGAIN);
	imapd_go(session);
}

/* Ask whether the account at the prefix's second level shares anything. */
static int
ask_owner(struct imapd_session *session)
{
	struct slice address = session->way->prefix, space;

	if (!slice_cut(&address, '/', &space) || address.len == 0)
		return -ENOENT;		/* nobody's */
	return session->ports.office.shares(session->ports.arg, address,
	    on_shares, session);
}

int
imapd_visit(struct imapd_session *session, struct slice prefix,
    imapd_ready_fn *ready)
{
	struct imapd_visit *visit = find_visit(session, prefix);
	int r;

	if (visit != NULL) {
		ready(session, visit, 0);
		return 0;
	}
	if (session->ports.office.visit == NULL ||
	    prefix.len >= IMAPD_PREFIX_SIZE)
		return -ENOENT;
	session->way = arena_alloc(session->arena, sizeof(*session->way));
	if (session->way == NULL ||
	    arena_copy(session->arena, prefix, &session->way->prefix) < 0)
		return -ENOMEM;
	session->way->ready = ready;
	session->more = waiting;
	if (slice_is_str(prefix, IMAPD_OURSELVES))
		r = set_out(session, session->owner);
	else
		r = ask_owner(session);
	return r == -ENOENT ? r : r < 0 ? -EAGAIN : 0;
}
