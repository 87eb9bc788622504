/*
 * fetch_items.c - what FETCH tells of a message without its bytes
 */
#include "gateway/imap/fetch.h"
#include "gateway/imap/reply.h"

void
imapd_add_email_id(struct text *text, const struct letter_facts *facts)
{
	char id[MESSAGE_ID_CHARS + 1];

	message_id_write(&facts->id, id);
	text_addf(text, "M%s-%x", id, (unsigned)facts->action);
}

static void
add_modseq(struct text *text, const struct selected_letter *letter)
{
	text_add_str(text, "MODSEQ (");
	text_add_u64(text, letter->modseq);
	text_add_byte(text, ')');
}

static void
add_item(struct imapd_session *session, struct text *text,
    enum imapd_item_kind kind, const struct selected_letter *letter,
    const struct letter_facts *facts, const struct structure *structure)
{
	switch (kind) {
	case IMAPD_FLAGS:
		text_add_str(text, "FLAGS ");
		imapd_add_flags(session, text, letter);
		break;
	case IMAPD_UID:
		text_add_str(text, "UID ");
		text_add_u64(text, letter->uid);
		break;
	case IMAPD_INTERNALDATE:
		text_add_str(text, "INTERNALDATE ");
		imapd_add_date_time(text, facts->received_at_utc_ms);
		break;
	case IMAPD_SAVEDATE:
		text_add_str(text, "SAVEDATE ");
		if (facts->saved_at_utc_ms == 0)
			text_add_str(text, "NIL");
		else
			imapd_add_date_time(text, facts->saved_at_utc_ms);
		break;
	case IMAPD_SIZE:
		text_add_str(text, "RFC822.SIZE ");
		text_add_u64(text, facts->bytes);
		break;
	case IMAPD_MODSEQ:
		add_modseq(text, letter);
		break;
	case IMAPD_EMAILID:
		text_add_str(text, "EMAILID (");
		imapd_add_email_id(text, facts);
		text_add_byte(text, ')');
		break;
	case IMAPD_THREADID:	/* RFC 8474 5.2: not computed */
		text_add_str(text, "THREADID NIL");
		break;
	case IMAPD_ENVELOPE:
		text_add_str(text, "ENVELOPE ");
		structure_envelope(text, structure);
		break;
	case IMAPD_BODY:
	case IMAPD_BODYSTRUCTURE:
		text_add_str(text, kind == IMAPD_BODY ? "BODY " :
		    "BODYSTRUCTURE ");
		structure_body(text, structure, kind == IMAPD_BODYSTRUCTURE);
		break;
	case IMAPD_PREVIEW:	/* these need bytes: fetch_body.c */
	case IMAPD_SECTION:
	case IMAPD_BINARY:
	case IMAPD_BINARY_SIZE:
		break;
	}
}

/* RFC 9051 6.4.9; RFC 7162 3.2.4: and with flags that have changed. */
static bool
says_uid(const struct imapd_session *session, bool is_newly_seen)
{
	return imapd_is_uid(session) || (session->qresync && is_newly_seen);
}

void
imapd_fetch_items(struct imapd_session *session, size_t n,
    const struct letter_facts *facts, const struct structure *structure)
{
	struct imapd_fetch *fetch = session->work;
	struct text *text = &fetch->out;
	const struct selected_letter *letter =
	    selected_at(session->selected, n);
	bool is_newly_seen = imapd_fetch_is_newly_seen(fetch);
	size_t before;

	text_add_str(text, "* ");
	text_add_u64(text, n + 1);
	text_add_str(text, " FETCH (");
	fetch->between = "";
	if (says_uid(session, is_newly_seen) &&
	    !imapd_items_have(&fetch->items, IMAPD_UID)) {
		text_add_str(text, "UID ");
		text_add_u64(text, letter->uid);
		fetch->between = " ";
	}
	if (is_newly_seen && !imapd_items_have(&fetch->items, IMAPD_FLAGS)) {
		text_addf(text, "%sFLAGS ", fetch->between);
		imapd_add_flags(session, text, letter);
		fetch->between = " ";
	}
	/* RFC 7162 3.1: with flags, whatever has them told */
	if ((fetch->wants_modseq || (is_newly_seen && session->condstore)) &&
	    !imapd_items_have(&fetch->items, IMAPD_MODSEQ)) {
		text_add_str(text, fetch->between);
		add_modseq(text, letter);
		fetch->between = " ";
	}
	for (size_t i = 0; i < fetch->items.count; i++) {
		before = text->len;
		text_add_str(text, fetch->between);
		add_item(session, text, fetch->items.items[i].kind, letter,
		    facts, structure);
		if (text->len > before + 1)
			fetch->between = " ";
		else
			text->len = before;
	}
}
