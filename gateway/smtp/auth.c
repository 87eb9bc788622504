/*
 * auth.c - AUTH: who is it that sends (RFC 4954)
 *
 * The exchange is that of POP3 and IMAP (gateway/login/auth.c) on a stream that
 * is lent to it; here are its words in SMTP, and how the session goes on after
 * each step.  Nothing that is said in it, the name included, outlives a login
 * that fails.
 */
#include <stdlib.h>
#include <string.h>

#include "gateway/login/inside.h"
#include "gateway/smtp/commands.h"

struct smtp_login {
	struct login	 login;
	struct smtp_session *session;
};

static void
say(struct login *login, enum login_answer answer, const char *words)
{
	static const struct {
		int		 code;
		const char	*status;
	} codes[LOGIN_ANSWERS] = {
		[LOGIN_OK] = { 235, "2.7.0" },
		[LOGIN_NO] = { 504, "5.5.4" },
		[LOGIN_BAD] = { 501, "5.5.2" },
		[LOGIN_WRONG] = { 535, "5.7.8" },
		[LOGIN_LATER] = { 454, "4.7.0" },
		[LOGIN_LEAVE] = { 421, "4.7.0" },
		[LOGIN_CLOSE] = { 421, "4.3.2" },
	};
	struct smtp_session *session = ((struct smtp_login *)login)->session;

	/* the session may have had enough before the login has */
	if (session->ending != SMTP_GOES_ON)
		return;
	if (codes[answer].code == 421)
		smtp_reply_end(session, 421, codes[answer].status, words);
	else
		smtp_reply(session, codes[answer].code, codes[answer].status,
		    words);
}

/* Name and password are right. */
static void
welcome(struct smtp_session *session)
{
	const struct login *login = session->login;

	session->account = login->account;
	session->idle_commands = 0;
	smtp_reply(session, 235, "2.7.0", "Logged in");
}

/* What a step of the exchange has come to. */
static void
look(struct smtp_session *session)
{
	const struct login *login = session->login;

	if (login->asked)
		smtp_wait(session);
	else if (login->account != 0)
		welcome(session);
	else if (login->is_over && session->ending == SMTP_GOES_ON)
		session->ending = SMTP_ENDS;
}

/* From the loop: the keeper has answered. */
static void
goes_on(struct login *login)
{
	struct smtp_session *session = ((struct smtp_login *)login)->session;

	smtp_woken(session);
	look(session);
	smtp_go_on(session);
}

static const struct login_protocol smtp_login_protocol = {
	.name = "submission", .challenge = "334 ",
	.bytes = sizeof(struct smtp_login), .say = say, .goes_on = goes_on,
};

static const struct login_protocol atrn_login_protocol = {
	.name = "atrn", .challenge = "334 ",
	.bytes = sizeof(struct smtp_login), .say = say, .goes_on = goes_on,
};

/* One at a time: wrong passwords are counted in it. */
static struct login *
login_of(struct smtp_session *session)
{
	struct smtp_login *made;

	if (session->login != NULL)
		return session->login;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return NULL;
	made->session = session;
	made->login.protocol = session->options.is_atrn ?
	    &atrn_login_protocol : &smtp_login_protocol;
	made->login.stream = session->stream;
	made->login.failed_logins = session->failed_logins;
	made->login.ports = *session->ports->login;
	memcpy(made->login.peer, session->peer, sizeof(made->login.peer) - 1);
	session->login = &made->login;
	return session->login;
}

void
smtp_auth_end(struct smtp_session *session)
{
	session->account = 0;
	if (session->login == NULL)
		return;
	login_drop(session->login);
	session->failed_logins = session->login->failed_logins;
	explicit_bzero(session->login, sizeof(struct smtp_login));
	free(session->login);
	session->login = NULL;
}

struct slice
smtp_user(const struct smtp_session *session)
{
	return session->account == 0 ? slice_of(NULL, 0) :
	    slice_of(session->login->user, session->login->user_len);
}

bool
smtp_is_safe(const struct smtp_session *session)
{
	return session->options.clear_logins || stream_has_tls(session->stream);
}

bool
smtp_auth_goes_on(const struct smtp_session *session)
{
	return session->login != NULL && session->login->next != NULL;
}

/* RFC 4954 4: a response may be longer than a command. */
bool
smtp_auth_read(struct smtp_session *session)
{
	struct slice input = stream_input(session->stream), line;
	struct login *login = session->login;
	char buffer[LOGIN_RESPONSE_BYTES];
	size_t before = input.len;
	enum line_is is;

	is = line_take(&session->lines, &input, sizeof(buffer), &line);
	if (is == LINE_GOOD)
		memcpy(buffer, line.at, line.len);
	smtp_consumed(session, before - input.len);
	if (is == LINE_MORE)
		return false;
	smtp_clock_stop(session);
	smtp_flush(session);
	if (is == LINE_GOOD) {
		login->next(login, slice_of(buffer, line.len));
		explicit_bzero(buffer, line.len);
		look(session);
	} else {
		login->next = NULL;
		smtp_refuse_line(session, is);
	}
	return true;
}

void
smtp_auth(struct smtp_session *session, struct slice args)
{
	struct slice mechanism, first, more;
	bool has_first;
	struct login *login = login_of(session);

	(void)slice_word(&args, &mechanism);
	has_first = slice_word(&args, &first);
	if (login == NULL) {
		smtp_reply(session, 454, "4.7.0", "No room for this now");
	} else if (slice_word(&args, &more)) {
		smtp_reply(session, 501, "5.5.4",
		    "AUTH takes a mechanism and one response");
	} else {
		/* a challenge does not go through the replies gathered so far */
		smtp_flush(session);
		login_sasl(login, mechanism, has_first ? &first : NULL);
		look(session);
	}
}
