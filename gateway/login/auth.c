/*
 * auth.c - names and passwords, and the SASL exchanges that bring them
 *
 * All roads end in login_check(), so a wrong name and a wrong password, said in
 * any of these ways, get the same answer.  A SASL exchange is a chain of
 * functions, each reading one line; whatever goes wrong in it leads back to the
 * commands.
 */
#include <string.h>

#include "gateway/login/inside.h"
#include "lib/base/sasl.h"

#define LOGIN_FAILURES	3	/* HARDENING 2: in one connection */

static void
refuse(struct login *login)
{
	login->is_over = ++login->failed_logins >= LOGIN_FAILURES;
	login_say(login, LOGIN_WRONG, "name or password is wrong");
	login_log(login, "name or password is wrong");
	login->user_len = 0;
}

static void
ask_later(struct login *login)
{
	login_say(login, LOGIN_LATER, "logins cannot be checked now");
	login_log(login, "the login could not be checked");
	login->user_len = 0;
}

static void
on_answer(void *arg, enum login_who who, uint64_t account)
{
	struct login *login = arg;

	login->asked = false;
	if (who == LOGIN_WELCOME) {
		login_log(login, "logged in");
		login_done(login, account);
		return;
	}
	if (who == LOGIN_STRANGER)
		refuse(login);
	else
		ask_later(login);
	stream_hold(login->stream, false);
	/* there may be no input to go on with, only an end */
	stream_tell_drained(login->stream);
}

void
login_user(struct login *login, struct slice user)
{
	login->user_len = user.len;
	if (user.len > 0)
		memcpy(login->user, user.at, user.len);
}

void
login_check(struct login *login, struct slice user, struct slice password)
{
	login->next = NULL;
	if (user.len == 0 || user.len > LOGIN_NAME_BYTES || password.len == 0) {
		refuse(login);
		return;
	}
	if (user.at != login->user)
		login_user(login, user);
	login->asked = true;
	stream_hold(login->stream, true);
	if (login->ports.check(login->ports.arg, user, password, login->peer,
	    on_answer, login) == 0)
		return;
	login->asked = false;
	stream_hold(login->stream, false);
	ask_later(login);
}

/* "+ base64", and the next line is the answer to it. */
static void
challenge(struct login *login, const char *base64, login_next_fn *next)
{
	(void)stream_write(login->stream, slice_str("+ "));
	(void)stream_write(login->stream, slice_str(base64));
	(void)stream_write(login->stream, slice_str("\r\n"));
	login->next = next;
}

/*
 * Decode a response; false, after saying why, when it is none.  A star takes
 * the exchange back (RFC 5034 4, RFC 9051 6.2.2).  That counts as a bad command
 * too, else a client could go on with it for ever.
 */
static bool
response(struct login *login, struct slice line, char *buffer,
    struct slice *bytes_out)
{
	bool is_star = slice_is_str(line, "*");

	if (!is_star && sasl_decode(line, buffer, LOGIN_RESPONSE_BYTES,
	    bytes_out) == 0)
		return true;
	login_say(login, LOGIN_BAD, is_star ? "as you like: no login" :
	    "this is not base64");
	login->user_len = 0;
	login_bad(login);
	return false;
}

static void
plain_response(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes, authzid, user, password;

	if (!response(login, line, buffer, &bytes))
		return;
	/* RFC 4616 2: to act for somebody else is a right nobody has here */
	if (sasl_plain(bytes, &authzid, &user, &password) < 0 ||
	    (authzid.len > 0 && !slice_is(authzid, user)))
		user = password = slice_of(NULL, 0);
	login_check(login, user, password);
	explicit_bzero(buffer, bytes.len);
}

static void
login_password(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	login_check(login, slice_of(login->user, login->user_len), bytes);
	explicit_bzero(buffer, bytes.len);
}

static void
login_name(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	/* a name that is none fails with its password, as any other does */
	if (bytes.len > LOGIN_NAME_BYTES || slice_find(bytes, '\0') != SIZE_MAX)
		bytes.len = 0;
	login_user(login, bytes);
	challenge(login, "UGFzc3dvcmQ6", login_password);	/* "Password:" */
}

static const struct mechanism {
	const char	*name;
	const char	*challenge;
	login_next_fn	*first;
} mechanisms[] = {
	{ "PLAIN", "", plain_response },
	{ "LOGIN", "VXNlcm5hbWU6", login_name },	/* "Username:" */
};
#define MECHANISMS	(sizeof(mechanisms) / sizeof(*mechanisms))

const char *
login_mechanism(size_t i)
{
	return i < MECHANISMS ? mechanisms[i].name : NULL;
}

void
login_sasl(struct login *login, struct slice name, const struct slice *first)
{
	const struct mechanism *mechanism = mechanisms;

	while (!slice_is_word(name, mechanism->name))
		if (++mechanism == mechanisms + MECHANISMS) {
			login_say(login, LOGIN_NO, "no such mechanism");
			return;
		}
	login->user_len = 0;
	if (first == NULL)
		challenge(login, mechanism->challenge, mechanism->first);
	else	/* RFC 5034 4, RFC 4959 3: "=" is an empty one */
		mechanism->first(login, slice_is_str(*first, "=") ?
		    slice_of(NULL, 0) : *first);
}
