/*
 * hello.c - EHLO, HELO and LHLO: who the client says it is, what we can do
 *
 * The name is taken as it is given and proves nothing; it goes into the
 * Received field and the log, so it may hold only what a name can.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/smtp/commands.h"

/*
 * A domain or an address literal (RFC 5321 4.1.1.1), and the underscore that
 * so many machines have in their names.
 */
static bool
is_name(struct slice name)
{
	const char *others = ".-_:[]";

	for (size_t i = 0; i < name.len; i++) {
		char c = name.at[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && strchr(others, c) == NULL)
			return false;
	}
	return name.len > 0 && name.len <= SMTP_HELO_BYTES;
}

/* RFC 4954 3: the mechanisms there are. */
static void
add_auth(struct smtp_session *session)
{
	TEXT_AUTO words = TEXT_INIT(256);
	const char *name;

	text_add_str(&words, "AUTH");
	for (size_t i = 0; (name = login_mechanism(session->stream, i)) !=
	    NULL; i++)
		text_addf(&words, " %s", name);
	text_add_byte(&words, '\0');
	if (!text_failed(&words))
		smtp_reply_more(session, 250, NULL, words.at);
}

/* Remember the name; RFC 5321 4.1.4: what was begun before is forgotten. */
static bool
hello(struct smtp_session *session, struct slice name)
{
	if (!is_name(name)) {
		smtp_reply(session, 501, "5.5.4",
		    "Your name must be a domain or an address literal");
		return false;
	}
	tx_end(&session->tx);
	memcpy(session->helo, name.at, name.len);
	session->helo_len = name.len;
	return true;
}

void
smtp_hello_ehlo(struct smtp_session *session, struct slice args)
{
	char size[32];

	if (!hello(session, args))
		return;
	smtp_reply_more(session, 250, NULL, session->options.hostname);
	smtp_reply_more(session, 250, NULL, "PIPELINING");
	(void)snprintf(size, sizeof(size), "SIZE %llu",
	    (unsigned long long)session->options.message_bytes);
	smtp_reply_more(session, 250, NULL, size);
	if (smtp_offers_starttls(session))
		smtp_reply_more(session, 250, NULL, "STARTTLS");
	if (session->options.is_submission && session->account == 0 &&
	    smtp_is_safe(session))
		add_auth(session);
	if (session->options.is_atrn) {
		/* RFC 2645 5.4: nothing else is taken here */
		smtp_reply_more(session, 250, NULL, "ATRN");
		smtp_reply(session, 250, NULL, "ENHANCEDSTATUSCODES");
		return;
	}
	if (session->options.offers_etrn && !session->options.lmtp)
		smtp_reply_more(session, 250, NULL, "ETRN");
	smtp_reply_more(session, 250, NULL, "8BITMIME");
	smtp_reply_more(session, 250, NULL, "SMTPUTF8");
	/* a stranger is told of no fate: his address may be anybody's; nor is a
	 * program, of whose mail only the postmaster hears */
	if (session->options.is_submission && (session->account != 0 ||
	    session->options.trust != TRUST_NETWORK))
		smtp_reply_more(session, 250, NULL, "DSN");
	smtp_reply_more(session, 250, NULL, "CHUNKING");
	smtp_reply(session, 250, NULL, "ENHANCEDSTATUSCODES");
}

void
smtp_hello_helo(struct smtp_session *session, struct slice args)
{
	if (hello(session, args))
		smtp_reply(session, 250, NULL, session->options.hostname);
}
