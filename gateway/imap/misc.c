/*
 * misc.c - CAPABILITY, NOOP, CHECK, LOGOUT, ID, ENABLE, COMPRESS, NAMESPACE,
 * IDLE
 */
#include <inttypes.h>

#include "gateway/imap/carry.h"
#include "gateway/imap/relay.h"
#include "gateway/imap/reply.h"

void
imapd_add_abilities(const struct imapd_session *session, struct text *words)
{
	imapd_add_capabilities(words, true);
	text_addf(words, " APPENDLIMIT=%" PRIu64, session->message_bytes);
	if (!session->is_packed)
		text_add_str(words, " COMPRESS=DEFLATE");
}

void
imapd_capability(struct imapd_session *session, struct imapd_parse *parse)
{
	TEXT_AUTO words = TEXT_INIT(1024);

	(void)parse;
	imapd_add_abilities(session, &words);
	imapd_untagged(session->stream, "CAPABILITY%.*s",
	    SLICE_FMT(text_slice(&words)));
	imapd_finish(session, "OK that is all");
}

void
imapd_noop(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	imapd_finish(session, "OK nothing done");
}

void
imapd_logout(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	imapd_untagged(session->stream, "BYE goodbye");
	imapd_tagged(session->stream, slice_str(session->tag), "OK goodbye");
	session->is_over = true;
}

void
imapd_id(struct imapd_session *session, struct imapd_parse *parse)
{
	if (!imapd_id_read(parse))
		return;
	imapd_untagged(session->stream, "ID (\"name\" \"Postroom\")");
	imapd_finish(session, "OK and who are you?");
}

void
imapd_condstore(struct imapd_session *session)
{
	if (session->condstore)
		return;
	session->condstore = true;
	if (session->selected != NULL)
		imapd_untagged(session->stream,
		    "OK [HIGHESTMODSEQ %llu] of this mailbox",
		    (unsigned long long)selected_modseq(session->selected));
}

/* RFC 9051 6.3.1: what is not known is passed over. */
void
imapd_enable(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice word;
	bool rev2 = session->rev2, condstore = session->condstore;
	bool qresync = session->qresync, utf8 = session->utf8;

	do {
		if (!imapd_atom(parse, &word))
			return;
		rev2 |= slice_is_word(word, "IMAP4rev2");
		condstore |= slice_is_word(word, "CONDSTORE");
		qresync |= slice_is_word(word, "QRESYNC");
		utf8 |= slice_is_word(word, "UTF8=ACCEPT");
	} while (imapd_maybe(parse, ' '));
	if (!imapd_end(parse))
		return;
	/* whoever was asked before knows less of us */
	imapd_visits_end(session, false);
	if (session->away != NULL) {
		session->rev2 = rev2;
		session->utf8 = utf8;
		session->qresync = qresync;
		session->condstore = condstore || qresync;
		imapd_relay_away(session);
		return;
	}
	imapd_untagged(session->stream, "ENABLED%s%s%s%s",
	    rev2 && !session->rev2 ? " IMAP4rev2" : "",
	    condstore && !session->condstore ? " CONDSTORE" : "",
	    qresync && !session->qresync ? " QRESYNC" : "",
	    utf8 && !session->utf8 ? " UTF8=ACCEPT" : "");
	session->rev2 = rev2;
	session->qresync = qresync;
	session->utf8 = utf8;
	/* RFC 7162 3.2.3: the one makes the other known */
	if (condstore || qresync)
		imapd_condstore(session);
	imapd_finish(session, "OK as far as it is known");
}

/*
 * RFC 4978 3: compressed from behind our OK on, both ways.  The door does it
 * (bridge.h): the last byte of the OK is marked.
 */
void
imapd_compress(struct imapd_session *session, struct imapd_parse *parse)
{
	struct slice name;

	if (!imapd_atom(parse, &name) || !imapd_end(parse))
		return;
	if (!slice_is_word(name, "DEFLATE")) {
		imapd_bad(session, "only DEFLATE is known");
	} else if (session->is_packed) {
		imapd_finish(session, "NO [COMPRESSIONACTIVE] it is "
		    "compressed already");
	} else if (stream_input(session->stream).len > 0) {
		imapd_bad(session, "bytes came behind COMPRESS");
	} else {
		imapd_finish(session, "OK compressed from here on");
		session->is_packed = true;
		session->marks = true;
	}
}

/* RFC 2342: one's own, those of others, and those of nobody (relay.h). */
void
imapd_namespace(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	imapd_untagged(session->stream, "NAMESPACE ((\"\" \"/\")) "
	    "((\"" IMAPD_USERS "/\" \"/\")) ((\"" IMAPD_PUBLIC "/\" \"/\"))");
	imapd_finish(session, "OK that is all");
}

/* RFC 9051 6.3.13: news is told as it comes, until a line says DONE. */
static bool
idle_line(struct imapd_session *session)
{
	switch (imapd_input_line(&session->input, session->stream)) {
	case IMAPD_GOT_NOTHING:
		return false;
	case IMAPD_GOT_COMMAND:
		if (slice_is_word(text_slice(&session->input.command),
		    "DONE")) {
			imapd_finish(session, "OK that was a rest");
			return true;
		}
		break;
	default:
		break;
	}
	session->take = NULL;
	imapd_bad(session, "IDLE ends with DONE");
	return true;
}

void
imapd_idle_on(struct imapd_session *session)
{
	session->take = idle_line;
	/* what happened up to now is news as well */
	timer_set(session->turn, 0);
	imapd_rest_later(session);
}

void
imapd_idle(struct imapd_session *session, struct imapd_parse *parse)
{
	(void)parse;
	imapd_input_next(&session->input);
	imapd_challenge(session->stream, "idling");
	imapd_idle_on(session);
}
