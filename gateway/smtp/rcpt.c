/*
 * rcpt.c - RCPT: who shall have the message (RFC 5321 4.1.1.3)
 *
 * The keeper knows whose an address is; here it is only asked, in canonical
 * form.  A client that asks for many nobody knows is slowed down and then shown
 * the door (HARDENING A12).  An address of another domain is taken from people
 * who have logged in, from trusted networks, from devices to whom they may send,
 * and from nobody else (A11).
 */
#include <errno.h>

#include "gateway/smtp/commands.h"
#include "gateway/smtp/paths.h"
#include "lib/message/params.h"
#include "lib/message/path.h"
#include "policy/devices.h"

#define OFFERS		(OFFER_UTF8 | OFFER_DSN)

static void
take(struct smtp_session *session)
{
	switch (tx_add(session->tx, &session->asked.rcpt)) {
	case 0:
		smtp_reply(session, 250, "2.1.5", "Recipient taken");
		break;
	case -EDQUOT:
		smtp_reply(session, 452, "4.5.3", "Too many recipients");
		break;
	default:
		smtp_reply(session, 452, "4.5.3",
		    "Too many recipients: send them the message again");
		break;
	}
}

/* RFC 5321 4.5.1: who has trouble with us must be able to say so. */
static bool
is_postmaster(struct slice address)
{
	return slice_is_word(slice_first(address,
	    slice_find_last(address, '@')), "postmaster");
}

/* RFC 6647 2.4: the sender is to bring it again. */
static void
put_off(struct smtp_session *session, bool is_new)
{
	if (is_new)
		smtp_log_about(session, "greylisted mail to",
		    session->asked.rcpt.address);
	session->tx->put_off++;
	smtp_reply(session, 451, "4.7.1",
	    "Greylisted: bring this again in some minutes");
}

bool
smtp_all_put_off(struct smtp_session *session)
{
	const struct tx *tx = session->tx;

	if (tx == NULL || tx->env.recipient_count > 0 || tx->put_off == 0)
		return false;
	tx_end(&session->tx);
	smtp_reply(session, 451, "4.7.1",
	    "Nobody has it yet: bring it again in some minutes");
	return true;
}

/* From the loop: may it come now? */
static void
on_grey(void *arg, enum smtp_grey grey)
{
	struct smtp_session *session = arg;

	smtp_woken(session);
	if (grey == SMTP_COMES)
		take(session);
	else
		put_off(session, grey == SMTP_NEW);
	smtp_go_on(session);
}

/* The recipient is ours; has the sender's mail come before? */
static void
take_if_known(struct smtp_session *session)
{
	const struct smtp_ports *ports = session->ports;
	const struct tx *tx = session->tx;
	struct slice recipient = session->asked.rcpt.address;

	if (tx->put_off >= tx->room)
		smtp_reply(session, 452, "4.5.3", "Too many recipients");
	else if (ports->grey == NULL || is_postmaster(recipient) ||
	    ports->grey(ports->arg, tx->env.sender, recipient, on_grey,
	    session) < 0)
		take(session);
	else
		smtp_wait(session);
}

/*
 * The local part says where to send it on to, as it did when hosts relayed for
 * one another.  Nobody here has the name, so relaying is what was asked for.
 */
static bool
has_route(struct slice address)
{
	struct slice local = slice_first(address,
	    slice_find_last(address, '@'));

	return slice_find(local, '%') != SIZE_MAX ||
	    slice_find(local, '!') != SIZE_MAX ||
	    slice_find(local, '@') != SIZE_MAX;
}

/*
 * A domain that DNS may know.  An address of a host, in brackets or bare, and a
 * name of one lead to machines of our own network and to nobody's mail.
 */
static bool
has_public_domain(struct slice address)
{
	struct slice domain = slice_after(address,
	    slice_find_last(address, '@') + 1);
	size_t dot = slice_find_last(domain, '.');
	uint64_t number;

	return dot != SIZE_MAX && domain.at[0] != '[' &&
	    slice_u64(slice_after(domain, dot + 1), UINT64_MAX, &number) < 0;
}

/* There is a way to other domains for whoever sends this. */
static bool
has_way(const struct smtp_session *session)
{
	return session->options.leaves || session->tx->leaves;
}

/* A device sends to nobody elsewhere but who is listed with it. */
static bool
is_listed(const struct smtp_session *session)
{
	TEXT_AUTO normal = TEXT_INIT(ADDRESS_ROOM);
	struct path path;

	if (session->account != 0 ||
	    session->options.trust != TRUST_DEVICE)
		return true;
	return address_parse(session->asked.rcpt.address, true, &path) == 0 &&
	    address_normal(&normal, path.local, path.domain) == 0 &&
	    device_may_send_to(session->options.trusted_to,
	    text_slice(&normal));
}

/*
 * Nobody here has it, and who asks may send to those who do.  What a shared
 * domain is asked to lead elsewhere is not the provider's to refuse.
 */
static bool
may_leave(const struct smtp_session *session)
{
	const struct rcpt_asked *asked = &session->asked;

	return smtp_is_sender(session) && has_way(session) &&
	    (asked->whose == SMTP_FOREIGN || (asked->whose == SMTP_SHARED &&
	    !has_route(asked->rcpt.address))) &&
	    has_public_domain(asked->rcpt.address) && is_listed(session);
}

/* To people it is said what is missing. */
static void
refuse_foreign(struct smtp_session *session)
{
	if (!smtp_is_sender(session))
		smtp_reply(session, 550, "5.7.1",
		    "Relaying denied: this is not our domain");
	else if (!is_listed(session))
		smtp_reply(session, 550, "5.7.1",
		    "This device may not send to other domains but as listed");
	else if (!has_way(session))
		smtp_reply(session, 550, "5.7.1", "No mail leaves for other "
		    "domains: this hub has not been told by which host");
	else
		smtp_reply(session, 550, "5.1.2",
		    "Nothing is sent to a domain like this");
}

/*
 * Its host may take less than we do, and the client may have said how much; and it
 * may trust us so far that it would send on what we let by.
 */
static void
take_for_gateway(struct smtp_session *session)
{
	uint64_t most = session->asked.bytes_most;

	if (session->account == 0 && has_route(session->asked.rcpt.address))
		smtp_reply(session, 550, "5.7.1",
		    "Relaying denied: this address leads elsewhere");
	else if (most != 0 && session->tx->announced > most)
		smtp_reply(session, 552, "5.3.4",
		    "Larger than this domain takes");
	else
		take_if_known(session);
}

void
smtp_rcpt_answer(struct smtp_session *session)
{
	const struct rcpt_asked *asked = &session->asked;

	if (may_leave(session)) {
		take(session);
		return;
	}
	switch (asked->whose) {
	case SMTP_OURS:
		take_if_known(session);
		return;
	case SMTP_GATEWAY:
		take_for_gateway(session);
		return;
	case SMTP_UNKNOWN:
	case SMTP_SHARED:
		if (!has_route(asked->rcpt.address)) {
			smtp_reply(session, 550, "5.1.1",
			    "Nobody here has this address");
		} else {
			smtp_reply(session, 550, "5.7.1",
			    "Relaying denied: this is not our domain");
		}
		break;
	case SMTP_FOREIGN:
		refuse_foreign(session);
		break;
	case SMTP_CLOSED:
		smtp_reply(session, 550, "5.7.1",
		    "Not everybody may write to this list");
		break;
	case SMTP_FORGED:
		smtp_reply(session, 550, "5.7.1",
		    "No sender has this address, or not any more");
		break;
	case SMTP_ASK_LATER:
		smtp_reply(session, 451, "4.3.0",
		    "This cannot be said now; try again later");
		return;
	}
	smtp_log_about(session, asked->whose == SMTP_FOREIGN ?
	    "refused to relay to" : "refused unknown recipient",
	    asked->rcpt.address);
}

/*
 * One more that nobody knows: how many the client has asked for, here or, not
 * too long ago, on other connections.
 */
static unsigned
count_unknown(struct smtp_session *session)
{
	unsigned all = session->ports->unknown_rcpt(session->ports->arg);

	session->unknown++;
	return all > session->unknown ? all : session->unknown;
}

/* From the loop: the keeper's word on the recipient. */
static void
on_whose(void *arg, enum smtp_whose whose, uint64_t number)
{
	struct smtp_session *session = arg;
	const struct smtp_limits *limits = session->limits;
	unsigned unknown = 0;
	bool is_refused;

	smtp_woken(session);
	session->asked.whose = whose;
	session->asked.rcpt.account = whose == SMTP_OURS ? number : 0;
	session->asked.bytes_most = whose == SMTP_GATEWAY ? number : 0;
	/* an address that is made up is one that nobody has */
	is_refused = whose != SMTP_OURS && whose != SMTP_GATEWAY &&
	    whose != SMTP_ASK_LATER && whose != SMTP_CLOSED &&
	    !may_leave(session);
	/*
	 * Our provider guesses no names, it tells those that it was told.
	 * People err without a wait, but not for ever.
	 */
	if (is_refused && !session->options.is_upstream &&
	    !smtp_is_sender(session))
		unknown = count_unknown(session);
	if (is_refused && smtp_is_sender(session) &&
	    smtp_refused_enough(session)) {
		smtp_go_on(session);
		return;
	}
	if (unknown > limits->unknown_most) {
		smtp_log(session, "ended: %u unknown recipients", unknown);
		smtp_reply_end(session, 421, "4.7.0",
		    "Too many unknown recipients; goodbye");
	} else if (unknown > limits->unknown_quick)
		smtp_pause(session, limits->unknown_wait_ms);
	else
		smtp_rcpt_answer(session);
	smtp_go_on(session);
}

/* Keep what the reply will need; false: refused with a reply. */
static bool
remember(struct smtp_session *session, const struct path *path,
    const struct rcpt_params *params)
{
	struct rcpt_asked *asked = &session->asked;

	*asked = (struct rcpt_asked){
	    .rcpt = { .notify = params->notify, .orcpt = params->orcpt }
	};
	if (arena_copy(session->tx->arena, path->address,
	    &asked->rcpt.address) == 0)
		return true;
	smtp_reply(session, 452, "4.5.3", "Too many recipients");
	return false;
}

static void
ask(struct smtp_session *session, const struct path *path)
{
	const struct smtp_ports *ports = session->ports;
	TEXT_AUTO address = TEXT_INIT(ADDRESS_ROOM);
	int r = 0;

	/* RFC 5321 4.5.1: <Postmaster>, who is here whatever the domain */
	if (path->domain.len == 0)
		text_add_str(&address, "postmaster");
	else
		r = address_normal(&address, path->local, path->domain);
	if (r < 0) {
		smtp_reply(session, 501, "5.1.3", "This is no address");
		return;
	}
	session->asked.rcpt.account = ports->known == NULL ? 0 :
	    ports->known(ports->arg, text_slice(&address));
	if (session->asked.rcpt.account != 0) {
		session->asked.whose = SMTP_OURS;
		smtp_rcpt_answer(session);
	} else if (ports->whose(ports->arg, text_slice(&address),
	    &session->tx->env, on_whose, session) == 0)
		smtp_wait(session);
	else
		smtp_reply(session, 451, "4.3.0",
		    "This cannot be said now; try again later");
}

void
smtp_rcpt(struct smtp_session *session, struct slice args)
{
	struct rcpt_params params;
	struct path path;
	const char *why;
	int r;

	if (!smtp_path(session, "TO:", &args, PATH_FORWARD,
	    session->tx->env.utf8, &path))
		return;
	r = params_rcpt(args, OFFERS, session->tx->arena, &params, &why);
	if (r < 0)
		smtp_reply_params(session, r, why);
	else if (remember(session, &path, &params))
		ask(session, &path);
}
