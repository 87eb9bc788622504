/*
 * auth.c - names and passwords, and the SASL exchanges that bring them
 *
 * All roads end in check(), so a wrong name and a wrong password, said in
 * any of these ways, get the same answer.  A SASL exchange is a chain of
 * functions, each reading one line; whatever goes wrong in it leads back to the
 * commands.
 */
#include <string.h>

#include "gateway/login/inside.h"
#include "lib/base/sasl.h"

#define LOGIN_FAILURES	3	/* HARDENING 2: in one connection */

void
login_refuse(struct login *login)
{
	login->is_over = ++login->failed_logins >= LOGIN_FAILURES;
	login_say(login, LOGIN_WRONG, "name or password is wrong");
	login_log(login, "name or password is wrong");
	login->user_len = 0;
}

void
login_ask_later(struct login *login)
{
	login_say(login, LOGIN_LATER, "logins cannot be checked now");
	login_log(login, "the login could not be checked");
	login->user_len = 0;
}

void
login_welcome(struct login *login, uint64_t account)
{
	login_log(login, "logged in");
	login->account = account;
}

static void
on_answer(void *arg, enum login_who who, uint64_t account,
    struct slice signature)
{
	struct login *login = arg;

	login->asked = false;
	if (who == LOGIN_STRANGER)
		login_refuse(login);
	else if (who == LOGIN_ASK_LATER)
		login_ask_later(login);
	else if (signature.len > 0)
		login_scram_proved(login, account, signature);
	else
		login_welcome(login, account);
	login_goes_on(login);
}

void
login_user(struct login *login, struct slice user)
{
	login->user_len = user.len;
	if (user.len > 0)
		memcpy(login->user, user.at, user.len);
}

/* Ask the keeper; the stream is held meanwhile. */
static void
check(struct login *login, struct slice secret, struct slice said)
{
	const struct login_try try = {
		.user = slice_of(login->user, login->user_len),
		.password = secret, .said = said, .peer = login->peer
	};

	login->asked = true;
	stream_hold(login->stream, true);
	if (login->ports.check(login->ports.arg, &try, on_answer, login) == 0)
		return;
	login->asked = false;
	stream_hold(login->stream, false);
	login_ask_later(login);
}

void
login_check(struct login *login, struct slice user, struct slice password)
{
	login->next = NULL;
	if (user.len == 0 || user.len > LOGIN_NAME_BYTES || password.len == 0) {
		login_refuse(login);
		return;
	}
	if (user.at != login->user)
		login_user(login, user);
	check(login, password, slice_of(NULL, 0));
}

void
login_check_proof(struct login *login, struct slice proof, struct slice said)
{
	login->next = NULL;
	check(login, proof, said);
}

void
login_challenge(struct login *login, struct slice bytes, login_next_fn *next)
{
	TEXT_AUTO line = TEXT_INIT(LOGIN_RESPONSE_BYTES);

	text_add_str(&line, login->protocol->challenge);
	sasl_encode(&line, bytes);
	text_add_str(&line, "\r\n");
	(void)stream_write(login->stream, text_slice(&line));
	login->next = next;
}

/* That counts as a bad command too, else it could go on for ever. */
void
login_bad_response(struct login *login, const char *words)
{
	login_say(login, LOGIN_BAD, words);
	login->user_len = 0;
	login_bad(login);
}

bool
login_response(struct login *login, struct slice line, char *buffer,
    struct slice *bytes_out)
{
	/* RFC 5034 4, RFC 9051 6.2.2: a star takes the exchange back */
	if (slice_is_str(line, "*"))
		login_bad_response(login, "as you like: no login");
	else if (sasl_decode(line, buffer, LOGIN_RESPONSE_BYTES,
	    bytes_out) < 0)
		login_bad_response(login, "this is not base64");
	else
		return true;
	return false;
}

static void
plain_response(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes, authzid, user, password;

	if (!login_response(login, line, buffer, &bytes))
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

	if (!login_response(login, line, buffer, &bytes))
		return;
	login_check(login, slice_of(login->user, login->user_len), bytes);
	explicit_bzero(buffer, bytes.len);
}

static void
login_name(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes;

	if (!login_response(login, line, buffer, &bytes))
		return;
	/* a name that is none fails with its password, as any other does */
	if (bytes.len > LOGIN_NAME_BYTES || slice_find(bytes, '\0') != SIZE_MAX)
		bytes.len = 0;
	login_user(login, bytes);
	login_challenge(login, slice_str("Password:"), login_password);
}

static const struct mechanism {
	const char	*name;
	const char	*challenge;
	login_next_fn	*first;
} mechanisms[] = {
	/* the first binds to TLS, and is there only inside it */
	{ "SCRAM-SHA-256-PLUS", "", login_scram_plus_first },
	{ "SCRAM-SHA-256", "", login_scram_first },
	{ "PLAIN", "", plain_response },
	{ "LOGIN", "Username:", login_name },
	{ 0 }
};

const char *
login_mechanism(const struct stream *stream, size_t i)
{
	return mechanisms[stream_has_tls(stream) ? i : i + 1].name;
}

void
login_sasl(struct login *login, struct slice name, const struct slice *first)
{
	const struct mechanism *mechanism = mechanisms +
	    !stream_has_tls(login->stream);

	while (mechanism->name != NULL && !slice_is_word(name, mechanism->name))
		mechanism++;
	login->user_len = 0;
	if (mechanism->name == NULL)
		login_say(login, LOGIN_NO, "no such mechanism");
	else if (first == NULL)
		login_challenge(login, slice_str(mechanism->challenge),
		    mechanism->first);
	else	/* RFC 5034 4, RFC 4959 3: "=" is an empty one */
		mechanism->first(login, slice_is_str(*first, "=") ?
		    slice_of(NULL, 0) : *first);
}
