/*
 * dele.c - DELE, RSET and NOOP (RFC 1939 5)
 *
 * A mark lives in this session only; update.c makes it true.
 */
#include "gateway/pop3/reply.h"
#include "gateway/pop3/session.h"

void
pop3_session_dele(struct pop3_session *session, const struct pop3_args *args)
{
	const struct letter *letter;
	size_t n;

	letter = pop3_letter(session, args->number, &n);
	if (letter == NULL)
		return;
	session->deleted[n / 8] |= (unsigned char)(1u << n % 8);
	session->kept--;
	session->kept_bytes -= letter->bytes;
	pop3_ok(session->stream, "letter %u will be deleted by QUIT",
	    (unsigned)args->number);
}

void
pop3_session_rset(struct pop3_session *session, const struct pop3_args *args)
{
	(void)args;
	pop3_unmark_all(session);
	pop3_ok(session->stream, "%zu letters (%llu octets)", session->kept,
	    (unsigned long long)session->kept_bytes);
}

void
pop3_session_noop(struct pop3_session *session, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(session->stream, "nothing done");
}
