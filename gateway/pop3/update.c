/*
 * update.c - QUIT and the UPDATE state (RFC 1939 6)
 *
 * +OK is a receipt: it is said after the one commit that deletes all marked
 * letters.  When that fails nothing is deleted, and the client hears so.
 */
#include <errno.h>
#include <stdlib.h>

#include "gateway/pop3/reply.h"
#include "gateway/pop3/session.h"

/* Delete for good what is marked, `count` letters.  0 or -errno. */
static int
expunge(struct pop3_session *session, size_t count)
{
	size_t *numbers = calloc(count, sizeof(*numbers)), filled = 0;
	int r;

	if (numbers == NULL)
		return -ENOMEM;
	for (size_t n = 0; n < session->count; n++)
		if (pop3_is_deleted(session, n))
			numbers[filled++] = n;
	r = account_expunge(session->account, session->view, numbers, filled);
	for (size_t i = 0; r == 0 && i < filled; i++)
		session->ports.step(session->ports.arg,
		    view_letter(session->view, numbers[i])->uidl, "deleted");
	free(numbers);
	return r;
}

void
pop3_session_quit(struct pop3_session *session, const struct pop3_args *args)
{
	size_t count = session->count - session->kept;

	(void)args;
	session->is_over = true;
	if (count > 0 && expunge(session, count) < 0)
		pop3_err(session->stream, POP3_TEMP,
		    "the letters could not be deleted; all are still there");
	else
		pop3_ok(session->stream, "%s: %zu letters deleted, goodbye",
		    session->hostname, count);
}
