/*
 * auth.c - names and passwords: LOGIN and AUTHENTICATE (RFC 9051 6.2)
 *
 * All roads end in check(), so a wrong name and a wrong password, said in any
 * of these ways, get the same answer.  A SASL exchange is a chain of functions,
 * each reading one line; whatever goes wrong in it leads back to the commands.
 */
#include <errno.h>
#include <string.h>

#include "gateway/imap/login.h"
#include "gateway/imap/reply.h"
#include "lib/base/sasl.h"

#define LOGIN_FAILURES	3	/* HARDENING 2: in one connection */

static void
refuse(struct imapd_login *login)
{
	imapd_login_say(login,
	    "NO [AUTHENTICATIONFAILED] name or password is wrong");
	imapd_login_log(login, "name or password is wrong");
	login->user_len = 0;
	if (++login->failed_logins < LOGIN_FAILURES)
		return;
	imapd_untagged(login->stream, "BYE too many wrong passwords");
	login->is_over = true;
}

static void
ask_later(struct imapd_login *login)
{
	imapd_login_say(login,
	    "NO [UNAVAILABLE] logins cannot be checked now");
	imapd_login_log(login, "the login could not be checked");
	login->user_len = 0;
}

static void
on_answer(void *arg, enum imapd_who who, uint64_t account)
{
	struct imapd_login *login = arg;

	login->asked = false;
	if (who == IMAPD_WELCOME) {
		imapd_login_log(login, "logged in");
		imapd_login_done(login, account);
		return;
	}
	if (who == IMAPD_WRONG)
		refuse(login);
	else
		ask_later(login);
	stream_hold(login->stream, false);
	/* there may be no input to go on with, only an end */
	stream_tell_drained(login->stream);
}

static void
set_user(struct imapd_login *login, struct slice user)
{
	login->user_len = user.len;
	memcpy(login->user, user.at, user.len);
}

/* Ask whether `user` has this password. */
static void
check(struct imapd_login *login, struct slice user, struct slice password)
{
	login->next = NULL;
	if (user.len == 0 || user.len > IMAPD_NAME_BYTES ||
	    password.len == 0) {
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
imapd_login_login(struct imapd_login *login, struct imapd_parse *parse)
{
	struct slice user, password;

	if (imapd_astring(parse, &user) && imapd_space(parse) &&
	    imapd_astring(parse, &password) && imapd_end(parse))
		check(login, user, password);
}

/*
 * Decode a response; false, after saying why, when it is none.  RFC 9051 6.2.2:
 * a star takes the exchange back, and that is BAD.  It counts as a bad command
 * too, else a client could go on with it for ever.
 */
static bool
response(struct imapd_login *login, struct slice line, char *buffer,
    struct slice *bytes_out)
{
	if (!slice_is_str(line, "*") && sasl_decode(line, buffer,
	    IMAPD_RESPONSE_BYTES, bytes_out) == 0)
		return true;
	login->user_len = 0;
	imapd_login_bad(login, slice_is_str(line, "*") ?
	    "BAD as you like: no login" : "BAD this is not base64");
	return false;
}

static void
plain_response(struct imapd_login *login, struct slice line)
{
	char buffer[IMAPD_RESPONSE_BYTES];
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
login_password(struct imapd_login *login, struct slice line)
{
	char buffer[IMAPD_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	check(login, slice_of(login->user, login->user_len), bytes);
	explicit_bzero(buffer, bytes.len);
}

static void
login_name(struct imapd_login *login, struct slice line)
{
	char buffer[IMAPD_RESPONSE_BYTES];
	struct slice bytes;

	if (!response(login, line, buffer, &bytes))
		return;
	/* a name that is none fails with its password, as any other does */
	if (bytes.len > IMAPD_NAME_BYTES ||
	    slice_find(bytes, '\0') != SIZE_MAX)
		bytes.len = 0;
	if (bytes.len > 0)
		set_user(login, bytes);
	else
		login->user_len = 0;
	login->next = login_password;
	imapd_challenge(login->stream, "UGFzc3dvcmQ6");	/* "Password:" */
}

static const struct mechanism {
	const char	*name;
	void		(*first)(struct imapd_login *, struct slice line);
	const char	*challenge;
} mechanisms[] = {
	{ "PLAIN", plain_response, "" },
	{ "LOGIN", login_name, "VXNlcm5hbWU6" },	/* "Username:" */
};
#define MECHANISMS	(sizeof(mechanisms) / sizeof(*mechanisms))

void
imapd_login_authenticate(struct imapd_login *login, struct imapd_parse *parse)
{
	struct slice name, first = { NULL, 0 };
	bool has_first;

	if (!imapd_atom(parse, &name))
		return;
	has_first = imapd_maybe(parse, ' ');
	if (has_first)
		first = parse->rest;
	else if (!imapd_end(parse))
		return;
	for (size_t i = 0; i < MECHANISMS; i++) {
		if (!slice_is_word(name, mechanisms[i].name))
			continue;
		login->user_len = 0;
		login->next = mechanisms[i].first;
		if (!has_first)
			imapd_challenge(login->stream,
			    mechanisms[i].challenge);
		else	/* RFC 4959 3: "=" is an empty initial response */
			login->next(login, slice_is_str(first, "=") ?
			    slice_of(NULL, 0) : first);
		return;
	}
	imapd_login_say(login, "NO no such mechanism");
}
