/*
 * commands.c - what a client may say, and when
 *
 * The table, and the one place that holds a client to it.
 */
#include "gateway/smtp/commands.h"

#include <string.h>

#define AUTH_NEEDS (NEEDS_STRANGER | NEEDS_SAFE | NEEDS_LAST)

const struct smtp_command smtp_commands[] = {
{ "EHLO",     PROFILE_ALL & ~PROFILE_LMTP, SMTP_ANY,              NEEDS_LAST | IS_IDLE,     ARGS_REQUIRED, smtp_hello_ehlo, "5321 4.1.1.1" },
{ "HELO",     PROFILE_ALL & ~PROFILE_LMTP, SMTP_ANY,              NEEDS_LAST | IS_IDLE,     ARGS_REQUIRED, smtp_hello_helo, "5321 4.1.1.1" },
{ "LHLO",     PROFILE_LMTP,  SMTP_ANY,              NEEDS_LAST | IS_IDLE,     ARGS_REQUIRED, smtp_hello_ehlo, "2033 4.1" },
{ "STARTTLS", PROFILE_ALL,   SMTP_READY,            NEEDS_PLAIN | NEEDS_LAST, ARGS_NONE,     smtp_starttls,   "3207 4" },
{ "AUTH",     PROFILE_SUBMISSION | PROFILE_ATRN, SMTP_READY,  AUTH_NEEDS,               ARGS_REQUIRED, smtp_auth,       "4954 4" },
{ "MAIL",     PROFILE_MAIL,  SMTP_READY,            NEEDS_LOGIN,              ARGS_REQUIRED, smtp_mail,       "5321 4.1.1.2" },
{ "RCPT",     PROFILE_MAIL,  SMTP_MAIL | SMTP_RCPT, NEEDS_NOTHING,            ARGS_REQUIRED, smtp_rcpt,       "5321 4.1.1.3" },
{ "DATA",     PROFILE_MAIL,  SMTP_RCPT,             NEEDS_LAST,               ARGS_NONE,     smtp_data,       "5321 4.1.1.4" },
/* in any order: a chunk that is refused must be read all the same */
{ "BDAT",     PROFILE_MAIL,  SMTP_ANY,              NEEDS_NOTHING,            ARGS_REQUIRED, smtp_bdat,       "3030 2" },
{ "ETRN",     PROFILE_ESMTP, SMTP_READY,            NEEDS_LOGIN | IS_IDLE,    ARGS_REQUIRED, smtp_etrn,       "1985 5" },
{ "ATRN",     PROFILE_ATRN,  SMTP_READY,            NEEDS_LOGIN | NEEDS_LAST, ARGS_ANY,      smtp_atrn,       "2645 5.2.1" },
{ "RSET",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_NONE,     smtp_rset,       "5321 4.1.1.5" },
{ "VRFY",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_REQUIRED, smtp_vrfy,       "5321 4.1.1.6" },
{ "EXPN",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_ANY,      smtp_not_here,   "5321 4.1.1.7" },
{ "HELP",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_ANY,      smtp_help,       "5321 4.1.1.8" },
{ "NOOP",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_ANY,      smtp_noop,       "5321 4.1.1.9" },
{ "QUIT",     PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_NONE,     smtp_quit,       "5321 4.1.1.10" },
{ "VERB",     PROFILE_ALL,   SMTP_ANY,              IS_IDLE,                  ARGS_ANY,      smtp_not_here,   "1700" },
/* the words of other protocols: a browser was sent here (HARDENING A06) */
{ "CONNECT",  PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.6" },
{ "DELETE",   PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.5" },
{ "GET",      PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.1" },
{ "HEAD",     PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.2" },
{ "OPTIONS",  PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.7" },
{ "POST",     PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.3" },
{ "PUT",      PROFILE_ALL,   SMTP_ANY,              NEEDS_NOTHING,            ARGS_ANY,      smtp_stranger,   "9110 9.3.4" },
{ 0 }
};

unsigned
smtp_profile(const struct smtp_session *session)
{
	if (session->options.is_atrn)
		return PROFILE_ATRN;
	if (session->options.is_submission)
		return PROFILE_SUBMISSION;
	return session->options.lmtp ? PROFILE_LMTP : PROFILE_SMTP;
}

bool
smtp_is_stranger(const struct smtp_session *session)
{
	return session->options.is_submission && !smtp_is_sender(session);
}

bool
smtp_is_sender(const struct smtp_session *session)
{
	return session->account != 0 ||
	    session->options.trust != TRUST_NOBODY;
}

static const struct smtp_command *
command_find(const struct smtp_session *session, struct slice name)
{
	const struct smtp_command *row;

	for (row = smtp_commands; row->name != NULL; row++)
		if ((row->profiles & smtp_profile(session)) != 0 &&
		    slice_is_word(name, row->name))
			return row;
	return NULL;
}

/* The command came too early or too late. */
static void
refuse_order(struct smtp_session *session)
{
	const char *words = "Send RCPT first";

	switch (smtp_state(session)) {
	case SMTP_GREETED:
		words = session->options.lmtp ? "Send LHLO first" :
		    "Send EHLO or HELO first";
		break;
	case SMTP_READY:
		words = "Send MAIL first";
		break;
	case SMTP_RCPT:
		words = "A transaction is open already";
		break;
	case SMTP_CHUNKS:
		words = "The message has begun: send BDAT or RSET";
		break;
	}
	smtp_reply(session, 503, "5.5.1", words);
}

/*
 * RFC 2920 3.1: these end a group.  What comes behind was not written for the
 * reply that it will get, and may not be the client's own words (A05, A20).
 */
static void
refuse_pipelining(struct smtp_session *session, const char *name)
{
	smtp_log(session, "ended: something was sent behind %s", name);
	smtp_reply_end(session, 554, "5.5.0",
	    "Wait for the reply before you go on; goodbye");
}

static bool
args_fit(enum smtp_args shape, struct slice args)
{
	return shape == ARGS_ANY || (args.len > 0) == (shape == ARGS_REQUIRED);
}

/* What the row needs besides its state; false: refused with a reply. */
static bool
needs_are_met(struct smtp_session *session, const struct smtp_command *row)
{
	if ((row->needs & NEEDS_PLAIN) != 0 &&
	    stream_has_tls(session->stream))
		smtp_reply(session, 503, "5.5.1", "TLS has begun already");
	else if ((row->needs & NEEDS_LAST) != 0 &&
	    stream_input(session->stream).len > 0)
		refuse_pipelining(session, row->name);
	else if ((row->needs & NEEDS_STRANGER) != 0 && session->account != 0)
		/* RFC 4954 4: once a session */
		smtp_reply(session, 503, "5.5.1", "You have logged in already");
	else if ((row->needs & NEEDS_SAFE) != 0 && !smtp_is_safe(session))
		smtp_reply(session, 538, "5.7.11",
		    "No password is taken in clear: send STARTTLS first");
	else if ((row->needs & NEEDS_LOGIN) != 0 && smtp_is_stranger(session))
		smtp_reply(session, 530, "5.7.0", smtp_is_safe(session) ?
		    "Log in first" : "Send STARTTLS and log in first");
	else
		return true;
	return false;
}

static void
run_row(struct smtp_session *session, const struct smtp_command *row,
    struct slice args)
{
	const struct smtp_limits *limits = session->limits;

	if ((row->needs & IS_IDLE) != 0 &&
	    ++session->idle_commands > limits->idle_commands) {
		smtp_log(session, "ended: no mail in %u commands",
		    limits->idle_commands);
		smtp_reply_end(session, 421, "4.7.0",
		    "Too many commands without mail; goodbye");
	} else if ((row->states & smtp_state(session)) == 0) {
		if (row->handler != smtp_data ||
		    !smtp_all_put_off(session))
			refuse_order(session);
	} else if (!args_fit(row->args, args))
		smtp_replyf(session, 501, "5.5.4", "%s %s", row->name,
		    row->args == ARGS_NONE ? "takes no argument" :
		    "needs an argument");
	else if (needs_are_met(session, row))
		row->handler(session, args);
}

static bool
has_control(struct slice line)
{
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.at[i] < 0x20 && line.at[i] != '\t') ||
		    line.at[i] == 0x7f)
			return true;
	return false;
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

void
smtp_dispatch(struct smtp_session *session, struct slice line)
{
	const struct smtp_command *row;
	struct slice args = slice_trim(line), name;

	if (has_control(args)) {
		smtp_reply(session, 500, "5.5.2",
		    "Control character in a command");
		return;
	}
	/* RFC 5321 4.1.1: blanks at the end are nothing */
	if (!slice_word(&args, &name)) {
		smtp_reply(session, 500, "5.5.2", "An empty line");
		return;
	}
	if (!is_letter(line.at[0])) {
		smtp_stranger(session, args);
		return;
	}
	row = command_find(session, name);
	if (row == NULL)
		smtp_reply(session, 500, "5.5.1", "Unknown command");
	else
		run_row(session, row, slice_trim(args));
}

void
smtp_commands_show(struct text *text)
{
	static const struct {
		unsigned	 bit;
		const char	*name;
	} states[] = {
		{ SMTP_GREETED, "greeted" }, { SMTP_READY, "ready" },
		{ SMTP_MAIL, "mail" }, { SMTP_RCPT, "rcpt" },
		{ SMTP_CHUNKS, "chunks" },
	};
	const struct smtp_command *row;
	const char *comma;

	for (row = smtp_commands; row->name != NULL; row++) {
		text_addf(text, "%-8s  ", row->name);
		comma = "";
		for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
			if ((row->states & states[i].bit) == 0)
				continue;
			text_addf(text, "%s%s", comma, states[i].name);
			comma = ",";
		}
		text_addf(text, "  RFC %s\n", row->rfc);
	}
}
