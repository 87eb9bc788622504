/*
 * atrn.c - ATRN: the roles are reversed, and the client's mail comes on this
 * connection (RFC 2645)
 *
 * Whether there is any, and for whom, the queue says; then the relay speaks to
 * the client, which knows nothing of what was said here before.  A client that
 * has said something before it could know that is cut: it would be taken for the
 * words of a server (HARDENING A20).
 */
#include <errno.h>

#include "gateway/smtp/atrn.h"
#include "gateway/smtp/commands.h"

int
atrn_read(struct slice args, struct atrn_names *names)
{
	struct slice name;

	names->count = 0;
	while (args.len > 0) {
		if (!slice_cut(&args, ',', &name)) {
			name = args;
			args = slice_after(args, args.len);
		} else if (args.len == 0) {
			return -EINVAL;
		}
		name = slice_trim(name);
		if (names->count == ATRN_NAMES_MOST ||
		    gateway_name(name, names->at[names->count]) < 0)
			return -EINVAL;
		names->count++;
	}
	return 0;
}

static bool
may_reverse(struct smtp_session *session)
{
	if (stream_input(session->stream).len == 0)
		return true;
	smtp_log(session, "ended: something was sent behind ATRN");
	smtp_reply_end(session, 554, "5.5.0",
	    "Wait for the reply before you go on; goodbye");
	return false;
}

/* From the loop: the queue's answer, in the codes of RFC 2645 7. */
static void
on_atrn(void *arg, const struct smtp_answer *answer)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	if (answer->code == 450)
		smtp_log(session, "refused ATRN: %s", answer->words);
	if (answer->code != 250) {
		smtp_reply(session, answer->code, answer->status,
		    answer->words);
		smtp_go_on(session);
	} else if (!may_reverse(session)) {
		smtp_go_on(session);
	} else {
		smtp_reply(session, 250, "2.0.0", answer->words);
		smtp_reverse(session);
	}
}

void
smtp_atrn(struct smtp_session *session, struct slice args)
{
	const struct smtp_ports *ports = session->ports;
	struct atrn_names names;
	struct atrn_asked asked = { .account = session->account,
	    .peer = slice_str(session->peer),
	    .tls = slice_str(stream_tls_words(session->stream)) };

	if (ports->atrn == NULL || ports->reverse == NULL) {
		smtp_reply(session, 502, "5.5.1", "ATRN is not served here");
		return;
	}
	if (atrn_read(args, &names) < 0) {
		smtp_reply(session, 501, "5.5.4",
		    "ATRN takes domains, with commas between");
		return;
	}
	asked.count = names.count;
	for (size_t i = 0; i < names.count; i++)
		asked.names[i] = slice_str(names.at[i]);
	if (ports->atrn(ports->arg, &asked, on_atrn, session) == 0)
		smtp_wait(session);
	else
		smtp_reply(session, 451, "4.3.0",
		    "Unable to process ATRN request now");
}
