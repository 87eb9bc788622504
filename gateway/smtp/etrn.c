/*
 * etrn.c - ETRN: a host asks for the mail of its domain (RFC 1985)
 *
 * Here the argument is read; whether the client may ask, and what there is, the
 * queue says.  Mail never comes on this connection.
 */
#include "gateway/smtp/etrn.h"

#include <errno.h>

#include "gateway/smtp/commands.h"

int
etrn_read(struct slice args, enum etrn_kind *kind_out,
    char name_out[GATEWAY_NAME_SIZE])
{
	enum etrn_kind kind = slice_has_prefix(args, "@") ? ETRN_BELOW :
	    slice_has_prefix(args, "#") ? ETRN_QUEUE : ETRN_ONE;
	int r;

	if (kind != ETRN_ONE)
		args = slice_after(args, 1);
	if (!host_is_name(args))
		return -EINVAL;
	r = gateway_name(args, name_out);
	/* of other queues than those of domains there are none */
	if (r < 0 && kind == ETRN_QUEUE)
		r = slice_cstr(args, name_out, GATEWAY_NAME_SIZE);
	if (r < 0)
		return -EINVAL;
	*kind_out = kind;
	return 0;
}

/* From the loop: the queue's answer, in the codes of RFC 1985 5.2. */
static void
on_etrn(void *arg, const struct smtp_answer *answer)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	if (answer->code == 459)
		smtp_log(session, "refused ETRN: %s", answer->words);
	/* 451 of a queue that is not there is none of those codes */
	smtp_reply(session, answer->code == 451 ? 458 : answer->code,
	    answer->status, answer->words);
	smtp_go_on(session);
}

void
smtp_etrn(struct smtp_session *session, struct slice args)
{
	const struct smtp_ports *ports = session->ports;
	char name[GATEWAY_NAME_SIZE];
	struct etrn_asked asked = { .account = session->account,
	    .peer = slice_str(session->peer) };

	if (!session->options.offers_etrn || ports->etrn == NULL) {
		smtp_reply(session, 500, "5.5.1", "Unknown command");
		return;
	}
	if (etrn_read(args, &asked.kind, name) < 0) {
		smtp_reply(session, 501, "5.5.4",
		    "ETRN needs a domain, @domain or #queue");
		return;
	}
	asked.name = slice_str(name);
	if (ports->etrn(ports->arg, &asked, on_etrn, session) == 0)
		smtp_wait(session);
	else
		smtp_reply(session, 458, "4.3.0",
		    "Unable to queue messages now, try again later");
}
