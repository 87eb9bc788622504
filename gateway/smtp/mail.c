/*
 * mail.c - MAIL: a transaction begins (RFC 5321 4.1.1.2)
 *
 * Space for the message is granted now, so that it is put off here and not
 * half-way through (RFC 1870).
 */
#include <errno.h>

#include "gateway/smtp/commands.h"
#include "gateway/smtp/paths.h"
#include "lib/message/params.h"
#include "lib/message/path.h"
#include "store/account.h"

/* DSN is offered to people only; its parameters are understood of anybody. */
#define OFFERS		(OFFER_UTF8 | OFFER_DSN)
/* RFC 4954 5: whoever offers AUTH takes the parameter too */
#define OFFERS_PEOPLE	(OFFERS | OFFER_AUTH)
#define ADDRESS_SHOWN	120u	/* a reply has two of them */

static enum envelope_source
source(const struct smtp_session *session)
{
	if (session->options.is_upstream)
		return SOURCE_UPSTREAM;
	return session->options.lmtp ? SOURCE_LMTP : SOURCE_SMTP;
}

static const char *
tls_words(const struct smtp_session *session)
{
	const char *outer = session->options.outer_tls_words;

	return outer != NULL && !stream_has_tls(session->stream) ? outer :
	    stream_tls_words(session->stream);
}

/* What the session knows before the client has named a sender. */
static struct envelope
known(const struct smtp_session *session)
{
	const struct smtp_options *options = &session->options;
	bool by_login = session->account != 0;

	return (struct envelope){
	    .source = source(session),
	    .received_at_utc_ms = clock_utc_ms(),
	    .helo = smtp_helo(session),
	    .peer = slice_str(session->peer),
	    .login = by_login ? smtp_user(session) :
	    slice_str(options->trusted),
	    .sender_account = by_login ? session->account :
	    options->trusted_account,
	    .trust = by_login ? TRUST_NOBODY : options->trust,
	    .tls = slice_str(tls_words(session))
	};
}

/* Put path and parameters into the transaction; false: refused with a reply. */
static bool
fill_in(struct smtp_session *session, const struct path *path,
    const struct mail_params *params)
{
	struct tx *tx = session->tx;
	struct envelope *env = &tx->env;

	if (params->has_size &&
	    params->size > session->options.message_bytes) {
		smtp_reply(session, 552, "5.3.4",
		    "The message is larger than this hub takes");
		return false;
	}
	if (!params->utf8 && !slice_is_printable_ascii(path->address)) {
		smtp_reply(session, 553, "5.6.7",
		    "This sender needs SMTPUTF8");
		return false;
	}
	tx->announced = params->has_size ? params->size : 0;
	env->body = params->body;
	env->utf8 = params->utf8;
	env->ret = params->ret;
	env->envid = params->envid;
	if (arena_copy(tx->arena, path->address, &env->sender) < 0 ||
	    tx_begun(tx) < 0) {
		smtp_reply(session, 452, "4.3.1", "No room for this now");
		return false;
	}
	return true;
}

/* There is space for the message, or not. */
static void
tell_reserved(struct smtp_session *session)
{
	const struct smtp_answer *fault = body_fault(session->tx->body);

	if (fault == NULL) {
		session->tx->moved_ms = clock_ms();
		smtp_reply(session, 250, "2.1.0", "Sender taken");
	} else {
		smtp_reply_answer(session, fault);
		tx_end(&session->tx);
	}
}

/* From the loop. */
static void
on_reserved(void *arg)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	tell_reserved(session);
	smtp_go_on(session);
}

static void
reserve(struct smtp_session *session)
{
	struct tx *tx = session->tx;

	/* RFC 1870 6.1: no size, or 0, says nothing of the size */
	body_reserve(tx->body, tx->announced > 0 ? tx->announced : BIG_BYTES);
	if (!smtp_wait_body(session, on_reserved))
		tell_reserved(session);
}

bool
smtp_refused_enough(struct smtp_session *session)
{
	if (++session->refused <= session->limits->people_refused)
		return false;
	smtp_log(session, "ended: %u addresses were refused",
	    session->refused);
	smtp_reply_end(session, 421, "4.7.0",
	    "Too many addresses were refused; goodbye");
	return true;
}

/* Not as that address: said so that its owner finds out what to change. */
static void
refuse_sender(struct smtp_session *session, struct slice login)
{
	TEXT_AUTO sender = TEXT_INIT(2048), user = TEXT_INIT(2048);

	text_add_escaped(&sender, session->tx->env.sender, ADDRESS_SHOWN);
	text_add_escaped(&user, login, ADDRESS_SHOWN);
	smtp_log(session, "refused sender \"%.*s\" of %.*s",
	    SLICE_FMT(text_slice(&sender)), SLICE_FMT(text_slice(&user)));
	if (session->account == 0)
		smtp_reply(session, 550, "5.7.1",
		    "Mail of a trusted network has a sender of our domains");
	else if (!smtp_refused_enough(session))
		smtp_replyf(session, 550, "5.7.1",
		    "%.*s is no address of %.*s, who has logged in",
		    SLICE_FMT(text_slice(&sender)),
		    SLICE_FMT(text_slice(&user)));
	tx_end(&session->tx);
}

/* From the loop: the keeper's word on who sends. */
static void
on_sender(void *arg, enum smtp_sends sends, struct slice login)
{
	struct smtp_session *session = arg;
	struct tx *tx = session->tx;

	smtp_woken(session);
	if (sends == SMTP_SENDS_LATER) {
		smtp_reply(session, 451, "4.3.0",
		    "This cannot be said now; try again later");
		tx_end(&session->tx);
	} else if (sends == SMTP_LOGGED_OUT) {
		smtp_log(session, "ended: the account or its password is gone");
		smtp_reply_end(session, 421, "4.7.0",
		    "Your login does not hold any more; goodbye");
	} else if (sends == SMTP_SENDS_NOT) {
		refuse_sender(session, login);
	} else if ((session->account != 0 && arena_copy(tx->arena, login,
	    &tx->env.login) < 0) || tx_begun(tx) < 0) {
		smtp_reply(session, 452, "4.3.1", "No room for this now");
		tx_end(&session->tx);
	} else {
		tx->leaves = sends == SMTP_SENDS_BY_OWN;
		reserve(session);
	}
	smtp_go_on(session);
}

/*
 * RFC 6409 6.1: who has logged in sends in their own name; who is known by the
 * address, in one of the office's.
 */
static void
ask_sender(struct smtp_session *session, const struct path *path)
{
	const struct smtp_ports *ports = session->ports;
	TEXT_AUTO address = TEXT_INIT(ADDRESS_ROOM);

	if (path->address.len > 0 && address_normal(&address, path->local,
	    path->domain) < 0)
		smtp_reply(session, 501, "5.1.7", "This is no address");
	else if (ports->sender(ports->arg, session->account,
	    text_slice(&address), on_sender, session) < 0)
		smtp_reply(session, 451, "4.3.0",
		    "This cannot be said now; try again later");
	else {
		smtp_wait(session);
		return;
	}
	tx_end(&session->tx);
}

/*
 * A device knows nothing of the office's addresses: whatever it says, it is whom
 * the postmaster has named, who hears what becomes of the message.
 */
static void
force_sender(struct smtp_session *session)
{
	struct tx *tx = session->tx;

	tx->env.sender = slice_str(session->options.trusted);
	if (tx_begun(tx) == 0) {
		reserve(session);
		return;
	}
	smtp_reply(session, 452, "4.3.1", "No room for this now");
	tx_end(&session->tx);
}

static bool
tx_open(struct smtp_session *session)
{
	const struct envelope env = known(session);

	session->tx = tx_new(&env, session->options.recipients);
	if (session->tx != NULL)
		session->tx->body = body_new(session->loop, session->ports,
		    session->options.message_bytes,
		    session->limits->grow_bytes);
	if (session->tx != NULL && session->tx->body != NULL)
		return true;
	tx_end(&session->tx);
	smtp_reply(session, 452, "4.3.1", "No room for this now");
	return false;
}

void
smtp_mail(struct smtp_session *session, struct slice args)
{
	struct mail_params params;
	struct path path;
	const char *why;
	int r;

	if (!smtp_path(session, "FROM:", &args, PATH_REVERSE, true, &path))
		return;
	if (session->ports->may_send != NULL &&
	    !session->ports->may_send(session->ports->arg)) {
		smtp_reply(session, 451, "4.7.1", "Too many messages came "
		    "from your network; try again later");
		return;
	}
	if (!tx_open(session))
		return;
	r = params_mail(args, session->options.is_submission ? OFFERS_PEOPLE :
	    OFFERS, session->tx->arena, &params, &why);
	if (r < 0)
		smtp_reply_params(session, r, why);
	if (r < 0 || !fill_in(session, &path, &params))
		tx_end(&session->tx);
	else if (session->account != 0 ||
	    session->options.trust == TRUST_NETWORK)
		ask_sender(session, &path);
	else if (session->options.trust == TRUST_DEVICE)
		force_sender(session);
	else
		reserve(session);
}
