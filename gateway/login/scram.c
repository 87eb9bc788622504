/*
 * scram.c - a login by SCRAM-SHA-256 (RFC 5802, RFC 7677), bound to TLS or not
 *
 * The client proves that it knows the password and is shown that we do, and
 * neither the password nor a key of it comes through here: the keeper tells the
 * salt, and later whether the proof is right.  Bound to the connection (-PLUS)
 * it cannot be passed on by somebody in between.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "gateway/login/inside.h"
#include "lib/base/sasl.h"
#include "lib/base/scram.h"
#include "lib/base/text.h"

#define OUR_NONCE_BYTES	18	/* of random; 24 as base64 */
#define SCRAM_BYTES	4096	/* all messages, with names and nonces */
#define BINDING_BYTES	1024	/* a header with its name, and a digest */

struct login_scram {
	struct text	 said;		/* the messages, as RFC 5802 3 joins
					   them: AuthMessage */
	struct text	 binding;	/* what "c=" must be */
	struct text	 nonce;		/* the client's and ours */
	uint64_t	 account;	/* proved to be theirs */
};

void
login_scram_end(struct login *login)
{
	struct login_scram *scram = login->scram;

	if (scram == NULL)
		return;
	text_free(&scram->said);
	text_free(&scram->binding);
	text_free(&scram->nonce);
	free(scram);
	login->scram = NULL;
}

/* A new exchange, in the place of any before it; NULL: no memory. */
static struct login_scram *
scram_new(struct login *login)
{
	struct login_scram *scram = calloc(1, sizeof(*scram));

	login_scram_end(login);
	if (scram == NULL)
		return NULL;
	scram->said.limit = SCRAM_BYTES;
	scram->binding.limit = 2 * BINDING_BYTES;
	scram->nonce.limit = 2 * SCRAM_NONCE_BYTES;
	login->scram = scram;
	return scram;
}

/*
 * RFC 5802 6: what "c=" must be, the header and what binds to the connection.
 * False: the client binds to nothing that we know, or was made to believe that
 * we cannot bind.
 */
static bool
set_binding(struct login *login, const struct scram_first *first,
    enum scram_binding wanted)
{
	unsigned char bytes[TLS_BINDING_BYTES];
	TEXT_AUTO all = TEXT_INIT(BINDING_BYTES);
	size_t len = 0;

	if (first->binding != wanted && (wanted == SCRAM_BINDS ||
	    first->binding == SCRAM_BINDS || stream_has_tls(login->stream)))
		return false;
	if (wanted == SCRAM_BINDS && stream_tls_binding(login->stream,
	    first->binding_type, bytes, &len) < 0)
		return false;
	text_add(&all, first->header);
	text_add(&all, slice_of(bytes, len));
	sasl_encode(&login->scram->binding, text_slice(&all));
	return !text_failed(&all);
}

/* Whose login it is; false: nobody's, or somebody's for somebody else. */
static bool
set_user(struct login *login, const struct scram_first *first)
{
	char buffer[LOGIN_NAME_BYTES], other[LOGIN_NAME_BYTES];
	struct slice user, authzid;

	if (scram_name(first->user, buffer, sizeof(buffer), &user) < 0 ||
	    scram_name(first->authzid, other, sizeof(other), &authzid) < 0 ||
	    user.len == 0 || (authzid.len > 0 && !slice_is(authzid, user)))
		return false;
	login_user(login, user);
	return true;
}

static void	last(struct login *, struct slice line);

/* What the client says to the salt: its proof. */
static void
final(struct login *login, struct slice line)
{
	struct login_scram *scram = login->scram;
	char buffer[LOGIN_RESPONSE_BYTES], bytes[SCRAM_KEY_BYTES];
	struct scram_final said;
	struct slice message, proof;

	if (!login_response(login, line, buffer, &message))
		return;
	if (scram_final_read(message, &said) < 0 ||
	    sasl_decode(said.proof, bytes, sizeof(bytes), &proof) < 0 ||
	    proof.len != SCRAM_KEY_BYTES ||
	    !slice_is(said.nonce, text_slice(&scram->nonce))) {
		login_bad_response(login, "this is no SCRAM message");
		return;
	}
	if (!slice_is(said.binding, text_slice(&scram->binding))) {
		login_bad_response(login, "this binds to another connection");
		return;
	}
	text_add_byte(&scram->said, ',');
	text_add(&scram->said, said.unproved);
	if (text_failed(&scram->said))
		login_bad_response(login, "so much cannot be proved");
	else
		login_check_proof(login, proof, text_slice(&scram->said));
}

static void
on_salt(void *arg, uint32_t rounds, struct slice salt)
{
	struct login *login = arg;
	TEXT_AUTO first = TEXT_INIT(SCRAM_BYTES);

	login->asked = false;
	if (rounds == 0) {
		login_ask_later(login);
		login_goes_on(login);
		return;
	}
	text_addf(&first, "r=%.*s,s=",
	    SLICE_FMT(text_slice(&login->scram->nonce)));
	sasl_encode(&first, salt);
	text_addf(&first, ",i=%u", rounds);
	text_add_byte(&login->scram->said, ',');
	text_add(&login->scram->said, text_slice(&first));
	login_challenge(login, text_slice(&first), final);
	login_goes_on(login);
}

/* Ask what to begin with. */
static void
ask_salt(struct login *login)
{
	login->next = NULL;
	login->asked = true;
	stream_hold(login->stream, true);
	if (login->ports.salt(login->ports.arg, slice_of(login->user,
	    login->user_len), on_salt, login) == 0)
		return;
	login->asked = false;
	stream_hold(login->stream, false);
	login_ask_later(login);
}

static void
begin(struct login *login, struct slice line, enum scram_binding wanted)
{
	char buffer[LOGIN_RESPONSE_BYTES], ours[OUR_NONCE_BYTES];
	struct login_scram *scram;
	struct scram_first first;
	struct slice message;

	if (!login_response(login, line, buffer, &message))
		return;
	if (scram_first_read(message, &first) < 0) {
		login_bad_response(login, "this is no SCRAM message");
		return;
	}
	login->next = NULL;
	scram = scram_new(login);
	if (scram == NULL || getrandom(ours, sizeof(ours), 0) !=
	    (ssize_t)sizeof(ours)) {
		login_ask_later(login);
		return;
	}
	text_add(&scram->said, first.bare);
	text_add(&scram->nonce, first.nonce);
	sasl_encode(&scram->nonce, slice_of(ours, sizeof(ours)));
	if (!set_user(login, &first) || text_failed(&scram->said))
		login_refuse(login);
	else if (!set_binding(login, &first, wanted))
		login_bad_response(login, "this does not bind as it could");
	else
		ask_salt(login);
}

void
login_scram_first(struct login *login, struct slice line)
{
	begin(login, line, SCRAM_CANNOT_BIND);
}

void
login_scram_plus_first(struct login *login, struct slice line)
{
	begin(login, line, SCRAM_BINDS);
}

void
login_scram_proved(struct login *login, uint64_t account,
    struct slice signature)
{
	TEXT_AUTO words = TEXT_INIT(SCRAM_BYTES);

	login->scram->account = account;
	text_add_str(&words, "v=");
	sasl_encode(&words, signature);
	login_challenge(login, text_slice(&words), last);
}

/* RFC 5802 5: the client has looked at our proof, and says nothing more. */
static void
last(struct login *login, struct slice line)
{
	char buffer[LOGIN_RESPONSE_BYTES];
	struct slice bytes;

	if (!login_response(login, line, buffer, &bytes))
		return;
	login->next = NULL;
	if (bytes.len > 0)
		login_bad_response(login, "there is nothing more to say");
	else
		login_welcome(login, login->scram->account);
}
