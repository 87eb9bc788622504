/*
 * login.c - the AUTHORIZATION state of POP3 (RFC 1939 4): its commands and words
 */
#include "gateway/login/inside.h"
#include "gateway/pop3/commands.h"
#include "gateway/pop3/pop3.h"
#include "gateway/pop3/reply.h"

#include <string.h>

struct pop3_login {
	struct login	 login;
	struct line_reader reader;
};

static void
greet(struct login *login)
{
	/* no <timestamp>: APOP would need passwords that can be read */
	pop3_ok(login->stream, "%s Postroom POP3 ready", login->hostname);
}

static void
say(struct login *login, enum login_answer answer, const char *words)
{
	static const char *const codes[LOGIN_ANSWERS] = {
		[LOGIN_WRONG] = POP3_AUTH,
		[LOGIN_LATER] = POP3_TEMP,
		[LOGIN_CLOSE] = POP3_TEMP,
	};

	if (answer == LOGIN_OK)
		pop3_ok(login->stream, "%s", words);
	else
		pop3_err(login->stream, codes[answer], "%s", words);
}

static bool
is_foreign(const struct login *login, struct slice input)
{
	const struct pop3_login *pop3 = (const struct pop3_login *)login;
	char first = input.at[0] | 0x20;

	return !pop3->reader.skips &&
	    (first < 'a' || first > 'z' || login_is_request(input));
}

static void
read_line(struct login *login, struct slice line)
{
	const struct pop3_command *command;
	struct pop3_args args;

	if (login->next != NULL) {
		login->next(login, line);
		return;
	}
	command = pop3_command_read(login->stream, line, POP3_AUTHORIZATION,
	    login_facts(login) | (login->user_len > 0 ? NEEDS_NAME : 0),
	    &args);
	if (command == NULL)
		login_bad(login);
	else
		command->handler.login(login, &args);
}

static bool
take(struct login *login)
{
	struct pop3_login *pop3 = (struct pop3_login *)login;
	size_t max = login->next == NULL ? POP3_COMMAND_BYTES :
	    LOGIN_RESPONSE_BYTES;
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice line;

	switch (pop3_line_take(login->stream, &pop3->reader, max, buffer,
	    &line)) {
	case POP3_GOT_NOTHING:
		return false;
	case POP3_GOT_BAD:
		login_bad(login);
		break;
	case POP3_GOT_LINE:
		read_line(login, line);
		explicit_bzero(buffer, line.len);	/* a password? */
		break;
	}
	return true;
}

void
pop3_login_capa(struct login *login, const struct pop3_args *args)
{
	unsigned are = login_facts(login);

	(void)args;
	pop3_ok(login->stream, "what this server can do");
	pop3_capabilities(login->stream, (are & LOGIN_IS_SAFE) != 0);
	if ((are & LOGIN_HAS_TLS) && (are & LOGIN_IS_CLEAR))
		pop3_line(login->stream, "STLS");
	pop3_dot(login->stream);
}

void
pop3_login_stls(struct login *login, const struct pop3_args *args)
{
	(void)args;
	login_start_tls(login);
}

/*
 * RFC 6856 2.1: the client can read UTF-8 in header fields.  Letters are given
 * as they are stored to everyone, so there is nothing to remember: clients
 * that never say UTF8 have met such mail for twenty years.
 */
void
pop3_login_utf8(struct login *login, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(login->stream, "UTF-8 it is");
}

void
pop3_login_user(struct login *login, const struct pop3_args *args)
{
	/* a line has no room for more than LOGIN_NAME_BYTES */
	struct slice user = slice_trim(args->text);

	if (user.len == 0) {
		pop3_err(login->stream, NULL, "USER wants a name");
		login_bad(login);
		return;
	}
	login_user(login, user);
	/* RFC 1939 7: whether there is such a mailbox is not told */
	pop3_ok(login->stream, "and the password?");
}

void
pop3_login_pass(struct login *login, const struct pop3_args *args)
{
	/* RFC 1939 7: blanks are part of the password */
	login_check(login, slice_of(login->user, login->user_len), args->text);
}

void
pop3_login_auth(struct login *login, const struct pop3_args *args)
{
	struct slice rest = args->text, name, first;
	const char *mechanism;

	if (slice_word(&rest, &name)) {
		login_sasl(login, name, slice_word(&rest, &first) ? &first :
		    NULL);
		return;
	}
	/* RFC 5034 4 names CAPA for this, and clients know this one too */
	pop3_ok(login->stream, "mechanisms");
	for (size_t i = 0; (mechanism = login_mechanism(login->stream, i)) !=
	    NULL; i++)
		pop3_line(login->stream, "%s", mechanism);
	pop3_dot(login->stream);
}

void
pop3_login_quit(struct login *login, const struct pop3_args *args)
{
	(void)args;
	pop3_ok(login->stream, "goodbye");
	login->is_over = true;
}

const struct login_protocol pop3_protocol = {
	.name = "pop3", .server = "this is a POP3 server",
	.tls_command = "STLS", .challenge = "+ ", .bytes = sizeof(struct pop3_login),
	.greet = greet, .is_foreign = is_foreign, .take = take, .say = say,
};
