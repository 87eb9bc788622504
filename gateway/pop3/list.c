/*
 * list.c - STAT, LIST and UIDL (RFC 1939 5 and 7)
 *
 * Sizes are those of RETR with its dots undone, to the byte.
 */
#include "gateway/pop3/reply.h"
#include "gateway/pop3/session.h"

#define LIST_PIECE	512	/* rows made at a time, some 20 KiB */

static void
row(struct pop3_session *session, size_t n, bool is_uidl, const char *status)
{
	const struct letter *letter = view_letter(session->view, n);

	if (is_uidl)
		pop3_line(session->stream, "%s%zu %s", status, n + 1,
		    letter->uidl);
	else
		pop3_line(session->stream, "%s%zu %llu", status, n + 1,
		    (unsigned long long)letter->bytes);
}

static void
more_rows(struct pop3_session *session)
{
	struct listing *listing = &session->listing;

	for (size_t i = 0; i < LIST_PIECE; i++) {
		if (listing->next == session->count) {
			pop3_dot(session->stream);
			session->more = NULL;
			return;
		}
		if (!pop3_is_deleted(session, listing->next))
			row(session, listing->next, listing->is_uidl, "");
		listing->next++;
	}
}

static void
list(struct pop3_session *session, const struct pop3_args *args, bool is_uidl)
{
	size_t n;

	if (args->has_number) {
		if (pop3_letter(session, args->number, &n) != NULL)
			row(session, n, is_uidl, "+OK ");
		return;
	}
	pop3_ok(session->stream, "%zu letters (%llu octets)", session->kept,
	    (unsigned long long)session->kept_bytes);
	session->listing = (struct listing){ .is_uidl = is_uidl };
	session->more = more_rows;
}

void
pop3_session_list(struct pop3_session *session, const struct pop3_args *args)
{
	list(session, args, false);
}

void
pop3_session_uidl(struct pop3_session *session, const struct pop3_args *args)
{
	list(session, args, true);
}

void
pop3_session_stat(struct pop3_session *session, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(session->stream, "%zu %llu", session->kept,
	    (unsigned long long)session->kept_bytes);
}
