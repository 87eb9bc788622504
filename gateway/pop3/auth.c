/*
 * auth.c - names and passwords: USER and PASS (RFC 1939 7), AUTH (RFC 5034)
 *
 * All roads end in check(), so a wrong name and a wrong password, said in any
 * of these ways, get the same answer.  A SASL exchange is a chain of functions,
 * each reading one line; whatever goes wrong in it leads back to the commands.
 */
#include <errno.h>
#include <string.h>

#include "gateway/pop3/login.h"
#include "gateway/pop3/reply.h"
#include "lib/base/sasl.h"

#define LOGIN_FAILURES	3	/* HARDENING 2: in one connection */

static void
refuse(struct pop3_login *login)
{
	pop3_err(login->stream, POP3_AUTH, "name or password is wrong");
	pop3_login_log(login, "name or password is wrong");
	login->user_len = 0;
	login->is_over = ++login->failed_logins >= LOGIN_FAILURES;
}

static void
ask_later(struct pop3_login *login)
{
	pop3_err(login->stream, POP3_TEMP, "logins cannot be checked now");
	pop3_login_log(login, "the login could not be checked");
	login->user_len = 0;
}

static void
on_answer(void *arg, enum pop3_who who, uint64_t account)
{
	struct pop3_login *login = arg;

	login->asked = false;
	if (who == POP3_WELCOME) {
		pop3_login_log(login, "logged in");
		pop3_login_done(login, account);
		return;
	}
	if (who == POP3_STRANGER)
		refuse(login);
	else
		ask_later(login);
	stream_hold(login->stream, false);
	/* there may be no input to go on with, only an end */
	stream_tell_drained(login->stream);
}

static void
set_user(struct pop3_login *login, struct slice user)
{
	login->user_len = user.len;
	memcpy(login->user, user.at, user.len);
}

/* Ask whether `user`, who must fit, has this password. */
static void
check(struct pop3_login *login, struct slice user, struct slice password)
{
	login->next = NULL;
	if (user.len == 0 || user.len > LOGIN_NAME_BYTES || password.len == 0) {
		refuse(login);
		return;
	}
	if (user.at != login->user)
		set_user(login, user);
	login->asked = true;
	stream_hold(login->stream, true);
	if (login->ports.check(login->ports.arg, user, password, login->peer,
	    on_answer, login) == 0)
		return;
	login->asked = false;
	stream_hold(login->stream, false);
	ask_later(login);
}

void
pop3_login_user(struct pop3_login *login, const struct pop3_args *args)
{
	/* a line has no room for more than LOGIN_NAME_BYTES */
	struct slice user = slice_trim(args->text);

	if (user.len == 0) {
		pop3_err(login->stream, NULL, "USER wants a name");
		pop3_login_bad(login);
		return;
	}
	set_user(login, user);
	/* RFC 1939 7: whether there is such a mailbox is not told */
	pop3_ok(login->stream, "and the password?");
}

void
pop3_login_pass(struct pop3_login *login, const struct pop3_args *args)
{
	/* RFC 1939 7: blanks are part of the password */
	check(login, slice_of(login->user, login->user_len), args->text);
}

/*
 * Decode a response; false, after saying why, when it is none.  RFC 5034 4: a
 * star takes the exchange back.  That counts as a bad command too, else a
 * client could go on with it for ever.
 */
static bool
response(struct pop3_login *login, struct slice line, char *buffer,
    struct slice *bytes_out)
{
	if (slice_is_str(line, "*"))
		pop3_err(login->stream, NULL, "as you like: no login");
	else if (sasl_decode(line, buffer, POP3_RESPONSE_BYTES,
	    bytes_out) < 0)
		pop3_err(login->stream, NULL, "this is not base64");
	else
		return true;
	login->user_len = 0;
	pop3_login_bad(login);
	return false;
}

static void
plain_response(struct pop3_login *login, struct slice line)
{
	char buffer[POP3_RESPONSE_BYTES];
	struct slice bytes, authzid, user, password;

	if (!response(login, line, buffer, &bytes))
		return;
	/* RFC 4616 2: to act for somebody else is a right nobody has here */
	if (sasl_plain(bytes, &authzid, &user, &password) < 0 ||
	    (authzid.len > 0 && !slice_is(authzid, user)))
		user = password = slice_of(NULL, 0);
	check(login, user, password);
	explicit_bzero(buffer, bytes.len);
}

static void
login_password(struct pop3_login *login, struct slice line)
{
	char buffer[POP3_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	check(login, slice_of(login->user, login->user_len), bytes);
	explicit_bzero(buffer, bytes.len);
}

static void
login_name(struct pop3_login *login, struct slice line)
{
	char buffer[POP3_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	/* a name that is none fails with its password, as any other does */
	if (bytes.len > LOGIN_NAME_BYTES || slice_find(bytes, '\0') != SIZE_MAX)
		bytes.len = 0;
	if (bytes.len > 0)
		set_user(login, bytes);
	else
		login->user_len = 0;
	login->next = login_password;
	pop3_line(login->stream, "+ UGFzc3dvcmQ6");	/* "Password:" */
}

static const struct mechanism {
	const char	*name;
	void		(*first)(struct pop3_login *, struct slice line);
	const char	*challenge;
} mechanisms[] = {
	{ "PLAIN", plain_response, "+ " },
	{ "LOGIN", login_name, "+ VXNlcm5hbWU6" },	/* "Username:" */
};
#define MECHANISMS	(sizeof(mechanisms) / sizeof(*mechanisms))

static void
list_mechanisms(struct pop3_login *login)
{
	pop3_ok(login->stream, "mechanisms");
	for (size_t i = 0; i < MECHANISMS; i++)
		pop3_line(login->stream, "%s", mechanisms[i].name);
	pop3_dot(login->stream);
}

void
pop3_login_auth(struct pop3_login *login, const struct pop3_args *args)
{
	struct slice rest = args->text, name, first = { NULL, 0 };

	if (!slice_word(&rest, &name)) {
		list_mechanisms(login);
		return;
	}
	for (size_t i = 0; i < MECHANISMS; i++) {
		if (!slice_is_word(name, mechanisms[i].name))
			continue;
		login->user_len = 0;
		login->next = mechanisms[i].first;
		if (!slice_word(&rest, &first))
			pop3_line(login->stream, "%s", mechanisms[i].challenge);
		else	/* RFC 5034 4: "=" is an empty initial response */
			login->next(login, slice_is_str(first, "=") ?
			    slice_of(NULL, 0) : first);
		return;
	}
	pop3_err(login->stream, NULL, "no such mechanism");
}
