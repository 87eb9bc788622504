/*
 * list_status.c - how mailboxes of other accounts are, in a LIST (RFC 5819)
 *
 * Each is asked for by a STATUS of its own, behind whose answer the LIST goes
 * on.  Who refuses it is passed over, and when one cannot be reached nobody is
 * asked any more, so that a LIST waits for one of them at most; it ends with OK
 * all the same (RFC 5819 2).
 */
#include "gateway/imap/list_status.h"

#include <errno.h>

#include "gateway/imap/parse_list.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"
#include "gateway/imap/visit.h"

#define COMMAND_BYTES	4096	/* a name in modified UTF-7, and the items */

static void
go_on(struct imapd_session *session)
{
	const struct imapd_list_status *ask = session->work;

	session->more = ask->after;
}

/* Where the selected mailbox was, we are lost, too. */
static void
lost(struct imapd_session *session)
{
	struct imapd_list_status *ask = session->work;
	bool was_away = ask->visit == session->away;

	imapd_visit_end(ask->visit);
	ask->is_silent = true;
	go_on(session);
	if (was_away) {
		imapd_untagged(session->stream, "BYE the mailbox cannot be "
		    "reached any more");
		session->is_over = true;
	}
}

/* "* STATUS ..." and news of the selected mailbox are passed on. */
static void
answered(struct imapd_session *session)
{
	struct imapd_list_status *ask = session->work;
	struct slice line;
	bool is_last;

	if (!imapd_visit_line(ask->visit, &line)) {
		if (ask->visit->is_lost)
			lost(session);
		else
			imapd_visit_wait(session);
		return;
	}
	is_last = slice_has_prefix(line, "x ");
	if (!is_last)
		(void)stream_write(session->stream, line);
	stream_consume(ask->visit->stream, line.len);
	if (is_last)
		go_on(session);
}

static void
on_there(struct imapd_session *session, struct imapd_visit *visit, int error)
{
	struct imapd_list_status *ask = session->work;
	TEXT_AUTO command = TEXT_INIT(COMMAND_BYTES);

	if (visit == NULL) {
		ask->is_silent = error != -ENOENT;
		go_on(session);
		return;
	}
	ask->visit = visit;
	text_add_str(&command, "x STATUS ");
	imapd_add_mailbox(&command, ask->name, imapd_knows_utf8(session));
	text_add_str(&command, " (");
	imapd_status_add(&command, ask->items);
	text_add_str(&command, ")\r\n");
	/* what it cannot take it tells as STREAM_FAILED */
	if (text_failed(&command))
		visit->is_lost = true;
	else
		(void)stream_write(visit->stream, text_slice(&command));
	session->more = answered;
}

void
imapd_list_status(struct imapd_session *session, struct slice name)
{
	struct imapd_list_status *ask = session->work;
	struct slice prefix;
	int r;

	if (!imapd_is_elsewhere(session, name, &prefix))
		return;
	if (!slice_is(prefix, ask->prefix)) {
		ask->prefix = prefix;
		ask->accounts++;
	}
	if (ask->is_silent || ask->accounts > IMAPD_LIST_ACCOUNTS)
		return;
	ask->name = name;
	imapd_visits_room(session, 1);
	r = imapd_visit(session, prefix, on_there);
	if (r < 0)
		on_there(session, NULL, r);
}
