/*
 * login.c - an IMAP conversation, up to where folders can be selected
 *
 * libcurl brings it up: TLS, the greeting, CAPABILITY; and CRAM-MD5, if that is
 * what is wanted.  Any other login is said here.  What the server can is what it
 * said last: after TLS, and again after the login (RFC 9051 6.1.1, HARDENING
 * F48).  A password that was refused is not tried again.
 */
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "fetch/imap/name.h"
#include "fetch/imap/session.h"
#include "fetch/opening.h"
#include "fetch/pop3_reply.h"
#include "lib/message/envelope.h"

/* What was asked, in their order. */
#define ASKED_CAPABILITY	0x1u
#define ASKED_ID		0x2u
#define ASKED_COMPRESS		0x4u

#define PLAIN_BYTES	(FETCH_USER_SIZE + FETCH_SECRET_SIZE + 2)
#define CODED_BYTES	((PLAIN_BYTES + 2) / 3 * 4 + 1)

static const struct {
	const char	*word;
	unsigned	 bit;
} capabilities[] = {
	{ "UIDPLUS",		IMAP_CAN_UIDPLUS },
	{ "IDLE",		IMAP_CAN_IDLE },
	{ "COMPRESS=DEFLATE",	IMAP_CAN_COMPRESS },
	{ "SPECIAL-USE",	IMAP_CAN_SPECIAL_USE },
	{ "LIST-EXTENDED",	IMAP_CAN_LIST_EXTENDED },
	{ "ID",			IMAP_CAN_ID },
	{ "SASL-IR",		IMAP_CAN_SASL_IR },
	{ "LOGINDISABLED",	IMAP_NO_LOGIN },
	{ "AUTH=PLAIN",		IMAP_CAN_PLAIN },
	{ "AUTH=LOGIN",		IMAP_CAN_LOGIN },
	{ "AUTH=CRAM-MD5",	IMAP_CAN_CRAM_MD5 },
	{ "AUTH=XOAUTH2",	IMAP_CAN_XOAUTH2 },
	{ "AUTH=OAUTHBEARER",	IMAP_CAN_OAUTHBEARER },
	/* RFC 9051 has these in itself */
	{ "IMAP4rev2",		IMAP_CAN_UIDPLUS | IMAP_CAN_IDLE |
				IMAP_CAN_SPECIAL_USE |
				IMAP_CAN_LIST_EXTENDED | IMAP_CAN_SASL_IR },
};

void
imap_can_read(struct imap_session *session, struct slice words)
{
	struct slice word;

	session->can = 0;
	session->is_known = true;
	while (slice_word(&words, &word))
		for (size_t i = 0;
		    i < sizeof(capabilities) / sizeof(*capabilities); i++)
			if (slice_is_word(word, capabilities[i].word))
				session->can |= capabilities[i].bit;
}

/* The words of a data response are values: put them together again. */
static void
can_read_values(struct imap_session *session, const struct imap_reply *reply)
{
	TEXT_AUTO words = TEXT_INIT(IMAP_REPLY_KEPT);

	for (uint32_t i = 0; i < reply->count; i++) {
		text_add(&words, reply->values[i].text);
		text_add_byte(&words, ' ');
	}
	if (!text_failed(&words))
		imap_can_read(session, text_slice(&words));
}

/* Refusals: RFC 9051 7.1, RFC 5530. */

static const struct {
	const char	*code;
	enum fetch_end	 end;
} codes[] = {
	{ "[AUTHENTICATIONFAILED",	FETCH_END_REFUSED },
	{ "[AUTHORIZATIONFAILED",	FETCH_END_REFUSED },
	{ "[EXPIRED",			FETCH_END_REFUSED },
	{ "[CONTACTADMIN",		FETCH_END_REFUSED },
	{ "[PRIVACYREQUIRED",		FETCH_END_REFUSED },
	{ "[UNAVAILABLE",		FETCH_END_BUSY },
	{ "[INUSE",			FETCH_END_BUSY },
	{ "[LIMIT",			FETCH_END_BUSY },
	{ "[SERVERBUG",			FETCH_END_BUSY },
};

enum fetch_end
imap_refusal(struct slice words, bool at_login)
{
	struct slice word, rest = words = slice_trim(words);

	/* libcurl tells the whole line: "A002 NO ..." or "* BYE ..." */
	if (slice_word(&rest, &word) && slice_word(&rest, &word) &&
	    (slice_is_word(word, "NO") || slice_is_word(word, "BAD") ||
	    slice_is_word(word, "BYE")))
		words = slice_trim(rest);
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (slice_has_prefix(words, codes[i].code))
			return codes[i].end;
	return pop3_refusal(words, at_login);
}

void
imap_refuse(struct collect *collect, const struct imap_reply *reply,
    bool at_login)
{
	TEXT_AUTO words = TEXT_INIT(FETCH_WORDS_MOST);

	imap_reply_quote(reply, &words);
	collect_end(collect, imap_refusal(text_slice(&words), at_login), true,
	    text_slice(&words));
}

/* After the login */

static void	settle(struct collect *);

static void
on_settled(void *arg, uint32_t about, const struct imap_reply *reply)
{
	(void)about;
	(void)reply;	/* what it refuses is not needed */
	settle(arg);
}

static bool
on_capability(void *arg, uint32_t about, const struct imap_reply *reply,
    const struct mended *mended)
{
	struct collect *collect = arg;

	(void)about;
	(void)mended;
	can_read_values(collect->conversation->imap, reply);
	return true;
}

static void
on_compress(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;

	(void)about;
	if (reply->says == IMAP_OK &&
	    imap_compress(collect->conversation->imap->imap) < 0)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	else
		settle(collect);
}

static const struct imap_command
command_capability = { .verb = "CAPABILITY", .hears = "CAPABILITY",
    .data = on_capability, .done = on_settled },
/*
 * RFC 2971 3.3: some providers let nobody in who does not say who they are; what
 * they answer is nothing to us, and not waited for
 */
command_id = { .verb = "ID" },
/* RFC 4978 3: nothing may be said before it is answered */
command_compress = { .verb = "COMPRESS DEFLATE", .is_alone = true,
    .done = on_compress };

/* What is still to be said before the first folder. */
static void
settle(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;

	if (!conversation_is_open(collect))
		return;
	if (!session->is_known && (session->asked & ASKED_CAPABILITY) == 0) {
		session->asked |= ASKED_CAPABILITY;
		imap_say(session->imap, &command_capability, 0);
		return;
	}
	if ((session->can & IMAP_CAN_ID) != 0 &&
	    (session->asked & ASKED_ID) == 0) {
		session->asked |= ASKED_ID;
		imap_say_words(session->imap, &command_id, 0,
		    slice_str("(\"name\" \"Postroom\")"));
	}
	if (collect->task == FETCH_WATCH) {
		imap_watch(collect);	/* and says too little to compress */
	} else if ((session->can & IMAP_CAN_COMPRESS) != 0 &&
	    (session->asked & ASKED_COMPRESS) == 0) {
		session->asked |= ASKED_COMPRESS;
		imap_say(session->imap, &command_compress, 0);
	} else {
		imap_folders(collect);
	}
}

/* Ours: LOGIN, or AUTHENTICATE PLAIN (RFC 4616) */

static void
on_login(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	(void)about;
	if (reply->says != IMAP_OK) {
		imap_refuse(collect, reply, true);
		return;
	}
	/* what was said before the login counts no more */
	if (slice_is_word(reply->code, "CAPABILITY"))
		imap_can_read(session, reply->arguments);
	settle(collect);
}

/* RFC 9051 7.1: it may come untagged, right before the OK. */
static bool
on_login_data(void *arg, uint32_t about, const struct imap_reply *reply,
    const struct mended *mended)
{
	return on_capability(arg, about, reply, mended);
}

/* "\0user\0password" in base64.  False: it is too long. */
static bool
plain_word(const struct collect *collect, char coded_out[CODED_BYTES])
{
	size_t user = strlen(collect->account.user);
	size_t password = strlen(collect->password);
	unsigned char plain[PLAIN_BYTES] = { 0 };

	if (user + password + 2 > sizeof(plain))
		return false;
	memcpy(plain + 1, collect->account.user, user);
	memcpy(plain + user + 2, collect->password, password);
	(void)EVP_EncodeBlock((unsigned char *)coded_out, plain,
	    (int)(user + password + 2));
	explicit_bzero(plain, sizeof(plain));
	return true;
}

static void
on_login_more(void *arg, struct slice words)
{
	struct collect *collect = arg;
	char coded[CODED_BYTES];

	(void)words;	/* HARDENING F49: PLAIN has no challenge */
	if (plain_word(collect, coded))
		imap_more(collect->conversation->imap->imap,
		    slice_str(coded));
	explicit_bzero(coded, sizeof(coded));
}

static const struct imap_command
command_login = { .verb = "LOGIN", .is_alone = true,
    .hears = "CAPABILITY", .data = on_login_data, .done = on_login },
command_plain = { .verb = "AUTHENTICATE PLAIN", .is_alone = true,
    .hears = "CAPABILITY", .data = on_login_data, .more = on_login_more,
    .done = on_login },
command_plain_at_once = { .verb = "AUTHENTICATE PLAIN", .is_alone = true,
    .hears = "CAPABILITY", .data = on_login_data, .done = on_login };

static void
say_plain(struct collect *collect)
{
	struct imap_session *session = collect->conversation->imap;
	char coded[CODED_BYTES];

	if ((session->can & IMAP_CAN_SASL_IR) == 0)
		imap_say(session->imap, &command_plain, 0);
	else if (plain_word(collect, coded))
		imap_say_words(session->imap, &command_plain_at_once, 0,
		    slice_str(coded));
	explicit_bzero(coded, sizeof(coded));
}

/* RFC 9051 6.2.3; a quoted string is ASCII (RFC 3501 9). */
static void
say_login(struct collect *collect)
{
	TEXT_AUTO words = TEXT_INIT(IMAP_LINE_BYTES);

	(void)imap_quote(slice_str(collect->account.user), &words);
	text_add_byte(&words, ' ');
	(void)imap_quote(slice_str(collect->password), &words);
	imap_say_words(collect->conversation->imap->imap, &command_login, 0,
	    text_slice(&words));
	if (words.at != NULL)
		explicit_bzero(words.at, words.size);
}

/* Which way: libcurl's, or NONE and one of ours. */
enum way { WAY_PLAIN, WAY_LOGIN, WAY_CRAM_MD5, WAY_NONE };

static enum way
way_wanted(const struct collect *collect)
{
	unsigned can = collect->conversation->imap->can;
	bool may_login = (can & IMAP_NO_LOGIN) == 0 &&
	    slice_is_printable_ascii(slice_str(collect->account.user)) &&
	    slice_is_printable_ascii(slice_str(collect->password));

	switch (collect->account.mechanism) {
	case FETCH_PLAIN:
		return (can & IMAP_CAN_PLAIN) != 0 ? WAY_PLAIN : WAY_NONE;
	case FETCH_LOGIN:
		return may_login ? WAY_LOGIN : WAY_NONE;
	case FETCH_AUTO:
		break;
	default:
		return WAY_NONE;
	}
	/* in clear rather what does not show the password */
	if (collect->account.tls == FETCH_TLS_NONE &&
	    (can & IMAP_CAN_CRAM_MD5) != 0)
		return WAY_CRAM_MD5;
	if ((can & IMAP_CAN_PLAIN) != 0)
		return WAY_PLAIN;
	if (may_login)
		return WAY_LOGIN;
	return (can & IMAP_CAN_CRAM_MD5) != 0 ? WAY_CRAM_MD5 : WAY_NONE;
}

/* The conversation */

static void
on_turn(void *arg)
{
	conversation_turn(arg);
	imap_remove_flush(arg);
}

static void
on_untagged(void *arg, const struct imap_reply *reply)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;

	uint64_t n;

	imap_watch_heard(collect, reply);
	if (reply->says != IMAP_OK)
		return;
	if (slice_is_word(reply->code, "CAPABILITY"))
		imap_can_read(session, reply->arguments);
	/* RFC 9051 6.3.2: of the folder that is being selected */
	if (slice_is_word(reply->code, "UIDVALIDITY") &&
	    !session->is_selected &&
	    slice_u64(reply->arguments, UINT32_MAX, &n) == 0)
		session->uidvalidity = (uint32_t)n;
	if (slice_is_word(reply->code, "UIDNEXT") && !session->is_selected &&
	    slice_u64(reply->arguments, UINT32_MAX, &n) == 0)
		session->uid_next = (uint32_t)n;
	/* RFC 4315 2: its UIDs say nothing the next time */
	if (slice_is_word(reply->code, "UIDNOTSTICKY"))
		session->is_fickle = true;
}

static void
on_broken(void *arg, enum fetch_end end, bool server_said, struct slice words)
{
	if (end == FETCH_END_CLOSED &&
	    imap_refusal(words, false) == FETCH_END_BUSY)
		end = FETCH_END_BUSY;
	collect_end(arg, end, server_said, words);
}

static const struct opening opening_imap;

static int
converse(struct collect *collect)
{
	const struct imap_options options = {
		.silence_ms = collect->limits.silence_ms,
		.least_bytes_per_second =
		    collect->limits.least_bytes_per_second,
		.bill = collect->bill
	};
	const struct imap_events events = {
		.arg = collect, .turn = on_turn, .untagged = on_untagged,
		.broken = on_broken
	};
	struct imap_session *session = collect->conversation->imap;

	opening_note(collect);
	session->imap = imap_new(collect->loop, collect->conversation->talk,
	    &options, &events);
	if (session->imap == NULL)
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
	return session->imap == NULL ? -ENOMEM : 0;
}

static void
on_opened(void *arg)
{
	struct collect *collect = arg;
	struct conversation *conversation = collect->conversation;
	bool is_in = conversation->login != TALK_LOGIN_NONE;
	enum way way = is_in ? WAY_NONE : way_wanted(collect);

	/* HARDENING F08: whose mailbox that is nobody knows */
	if (conversation->imap->is_preauth) {
		collect_break(collect, FETCH_END_NONSENSE,
		    "it lets us in before we have said who we are");
	} else if (way == WAY_CRAM_MD5) {
		conversation->imap->can = 0;
		opening_again(collect, &opening_imap, TALK_LOGIN_CRAM_MD5);
	} else if (way == WAY_NONE && !is_in) {
		collect_break(collect, FETCH_END_MECHANISM,
		    "it offers no way of logging in that is known here");
	} else if (converse(collect) == 0) {
		conversation->imap->is_known = false;
		if (is_in)
			settle(collect);
		else if (way == WAY_PLAIN)
			say_plain(collect);
		else
			say_login(collect);
	}
}

/* While it is opened: what it can, as it says that last. */
static void
on_line(void *arg, struct slice line)
{
	struct collect *collect = arg;
	struct imap_session *session = collect->conversation->imap;
	struct slice word;
	size_t at;

	if (slice_has_prefix(line, "* PREAUTH"))
		session->is_preauth = true;
	if (slice_has_prefix(line, "* CAPABILITY ")) {
		imap_can_read(session, slice_after(line, 13));
		return;
	}
	/* a greeting or an OK may carry it: then libcurl may not ask */
	if (!slice_word(&line, &word) || !slice_word(&line, &word) ||
	    !slice_is_word(word, "OK"))
		return;
	line = slice_trim(line);
	at = slice_find(line, ']');
	if (slice_has_prefix(line, "[CAPABILITY ") && at != SIZE_MAX)
		imap_can_read(session, slice_after(slice_first(line, at),
		    12));
}

static void
on_readable(void *arg)
{
	struct collect *collect = arg;

	if (collect->conversation->imap->imap != NULL)
		imap_readable(collect->conversation->imap->imap);
}

static bool
is_no(struct slice words)
{
	struct slice word;

	return slice_word(&words, &word) && slice_word(&words, &word) &&
	    (slice_is_word(word, "NO") || slice_is_word(word, "BAD") ||
	    slice_is_word(word, "BYE"));
}

static const struct opening opening_imap = {
	.scheme = "imap", .line = on_line, .opened = on_opened,
	.readable = on_readable, .refusal = imap_refusal, .is_no = is_no
};

int
imap_begin(struct collect *collect)
{
	/* libcurl's; what is not here is NONE, and said by us */
	static const enum talk_login logins[FETCH_MECHANISM_COUNT] = {
		[FETCH_CRAM_MD5] = TALK_LOGIN_CRAM_MD5,
		[FETCH_XOAUTH2] = TALK_LOGIN_XOAUTH2,
		[FETCH_OAUTHBEARER] = TALK_LOGIN_OAUTHBEARER,
	};
	struct conversation *conversation = collect->conversation;

	conversation->imap = calloc(1, sizeof(*conversation->imap));
	if (conversation->imap == NULL)
		return -ENOMEM;
	conversation->imap->keywords =
	    (struct text)TEXT_INIT(FETCHED_KEYWORDS_MOST);
	conversation->imap->arena = arena_new(IMAP_FOLDERS_BYTES);
	if (conversation->imap->arena == NULL)
		return -ENOMEM;
	conversation->login = logins[collect->account.mechanism];
	return opening_begin(collect, &opening_imap);
}
