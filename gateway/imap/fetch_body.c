/*
 * fetch_body.c - sections of a message: BODY[...], BINARY, PREVIEW
 *
 * A literal says its size before its bytes.  Of a section that is known from
 * the structure; of a decoded one it is counted first, in a walk of its own, so
 * that nothing decoded is ever kept whole.
 */
#include <errno.h>

#include "gateway/imap/fetch.h"
#include "gateway/imap/reply.h"
#include "lib/message/preview.h"

#define LABEL_BYTES	65536	/* a section's name with its fields */
/* A header whose fields are picked out is read this far: HARDENING 2, a block */
#define HEADER_MOST	(1024 * 1024)
#define FIELDS_BYTES	(HEADER_MOST + 1024)	/* those, and line ends */
#define PREVIEW_LOOKS	65536	/* bytes of the message it is made of */
#define PREVIEW_BYTES	1024	/* 200 characters of UTF-8 */

static const struct imapd_item *
item_of(const struct imapd_fetch *fetch)
{
	return &fetch->items.items[fetch->item];
}

/* The bytes cannot be had, and half a response is said: see fetch.c. */
static void
cut(struct imapd_session *session)
{
	session->is_over = true;
}

/* "BODY[1.HEADER.FIELDS (From To)]<0>" and a space. */
static void
make_label(const struct imapd_session *session, const struct imapd_item *item,
    struct text *text)
{
	if (item->name != NULL || item->kind == IMAPD_PREVIEW) {
		text_addf(text, "%s ", item->name != NULL ? item->name :
		    "PREVIEW");
		return;
	}
	text_add_str(text, item->kind == IMAPD_SECTION ? "BODY[" :
	    item->kind == IMAPD_BINARY ? "BINARY[" : "BINARY.SIZE[");
	section_write(text, &item->section);
	for (size_t i = 0; i < item->field_count; i++) {
		text_add_str(text, i == 0 ? " (" : " ");
		imapd_add_astring(text, item->fields[i],
		    imapd_knows_utf8(session));
	}
	text_add_str(text, item->field_count > 0 ? ")]" : "]");
	if (item->is_partial)
		text_addf(text, "<%llu>", (unsigned long long)item->first);
	text_add_byte(text, ' ');
}

/* Does fetch_items.c tell it? */
static bool
needs_bytes(const struct imapd_item *item)
{
	return item->kind == IMAPD_SECTION || item->kind == IMAPD_BINARY ||
	    item->kind == IMAPD_BINARY_SIZE || item->kind == IMAPD_PREVIEW;
}

int
imapd_fetch_prepare(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	TEXT_AUTO text = TEXT_INIT(LABEL_BYTES);

	fetch->fields = (struct text)TEXT_INIT(FIELDS_BYTES);
	fetch->labels = arena_array(session->arena, fetch->items.count,
	    sizeof(*fetch->labels));
	if (fetch->labels == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < fetch->items.count; i++) {
		if (!needs_bytes(&fetch->items.items[i]))
			continue;
		text_clear(&text);
		make_label(session, &fetch->items.items[i], &text);
		if (text_failed(&text) || arena_copy(session->arena,
		    text_slice(&text), &fetch->labels[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}

static void
add_label(struct imapd_fetch *fetch)
{
	text_add_str(&fetch->out, fetch->between);
	text_add(&fetch->out, fetch->labels[fetch->item]);
	fetch->between = " ";
}

/* How many bytes of a literal follow. */
static void
add_literal(struct imapd_fetch *fetch, const char *before, uint64_t bytes)
{
	text_add_str(&fetch->out, before);
	text_add_u64(&fetch->out, bytes);
	text_add_str(&fetch->out, "}\r\n");
}

static void
next_item(struct imapd_fetch *fetch)
{
	fetch->item++;
	fetch->go = imapd_fetch_section;
}

/* The bytes of a section as they stand, a piece a turn. */
static void
go_bytes(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	struct slice piece;

	if (fetch->left == 0) {
		next_item(fetch);
		return;
	}
	if (imapd_letter_piece(&fetch->letter, fetch->at, fetch->left,
	    &piece) < 0 || piece.len == 0) {
		cut(session);
		return;
	}
	fetch->at += piece.len;
	fetch->left -= piece.len;
	text_add(&fetch->out, piece);
}

/* HEADER.FIELDS: picked out of the header at once, whoever made it endless. */
static int
add_fields(struct imapd_fetch *fetch, struct section_range range,
    struct text *fields)
{
	const struct imapd_item *item = item_of(fetch);
	uint64_t trace = fetch->letter.facts.trace_bytes, end = range.at +
	    (range.bytes < HEADER_MOST ? range.bytes : HEADER_MOST);
	TEXT_AUTO header = TEXT_INIT(HEADER_MOST);
	struct slice piece;
	int r = 0;

	while (range.at < end && r == 0) {
		/* the trace is a piece of its own */
		uint64_t to = range.at < trace && end > trace ? trace : end;

		r = imapd_letter_piece(&fetch->letter, range.at,
		    to - range.at, &piece);
		if (r == 0 && piece.len < to - range.at) {
			text_clear(&header);
			r = imapd_letter_add(&fetch->letter, range.at,
			    to - range.at, &header);
			piece = text_slice(&header);
		}
		if (r == 0)
			section_fields(fields, piece, item->fields,
			    item->field_count,
			    item->section.what == SECTION_FIELDS_NOT);
		range.at = to;
	}
	text_add_str(fields, "\r\n");
	return text_failed(fields) ? -ENOBUFS : r;
}

static void
tell_fields(struct imapd_session *session, struct section_range range)
{
	struct imapd_fetch *fetch = session->work;
	const struct imapd_item *item = item_of(fetch);
	struct text *fields = &fetch->fields;
	struct slice told;

	text_clear(fields);
	if (add_fields(fetch, range, fields) < 0) {
		cut(session);
		return;
	}
	told = text_slice(fields);
	if (item->is_partial) {
		told = slice_after(told, item->first < told.len ?
		    (size_t)item->first : told.len);
		told = slice_first(told, item->most < told.len ?
		    (size_t)item->most : told.len);
	}
	add_label(fetch);
	add_literal(fetch, "{", told.len);
	text_add(&fetch->out, told);
	next_item(fetch);
}

/* The section is not there. */
static void
tell_nil(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	add_label(fetch);
	text_add_str(&fetch->out, "NIL");
	next_item(fetch);
}

static void
tell_section(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	const struct imapd_item *item = item_of(fetch);
	struct section_range range;

	if (section_find(&fetch->letter.structure,
	    fetch->letter.facts.trace_bytes, &item->section, &range,
	    NULL) < 0) {
		tell_nil(session);
		return;
	}
	if (item->section.what == SECTION_FIELDS ||
	    item->section.what == SECTION_FIELDS_NOT) {
		tell_fields(session, range);
		return;
	}
	if (item->is_partial)
		range = section_partial(range, item->first, item->most);
	add_label(fetch);
	add_literal(fetch, "{", range.bytes);
	fetch->at = range.at;
	fetch->left = range.bytes;
	fetch->go = go_bytes;
}

/* The next piece of the part, decoded; an empty one at its end. */
static int
decode_piece(struct imapd_fetch *fetch, struct text *decoded)
{
	struct slice piece;
	int r;

	if (fetch->left == 0) {
		decoder_end(&fetch->decoder, decoded);
		return 0;
	}
	r = imapd_letter_piece(&fetch->letter, fetch->at,
	    fetch->left < IMAPD_PIECE ? fetch->left : IMAPD_PIECE, &piece);
	if (r < 0 || piece.len == 0)
		return r < 0 ? r : -EBADMSG;
	fetch->at += piece.len;
	fetch->left -= piece.len;
	decoder_add(&fetch->decoder, piece, decoded);
	return text_failed(decoded) ? -ENOMEM : 0;
}

/* What of a decoded piece is within <first.most>. */
static struct slice
told_piece(struct imapd_fetch *fetch, struct slice piece)
{
	uint64_t at = fetch->decoded, end = fetch->first + fetch->most;

	fetch->decoded += piece.len;
	if (at + piece.len > end)
		piece.len = at < end ? (size_t)(end - at) : 0;
	if (at < fetch->first)
		piece = slice_after(piece, fetch->first - at < piece.len ?
		    (size_t)(fetch->first - at) : piece.len);
	return piece;
}

static void
go_decoded(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	TEXT_AUTO decoded = TEXT_INIT(2 * IMAPD_PIECE);
	bool is_last = fetch->left == 0;

	if (decode_piece(fetch, &decoded) < 0) {
		cut(session);
		return;
	}
	text_add(&fetch->out, told_piece(fetch, text_slice(&decoded)));
	if (is_last)
		next_item(fetch);
}

/* From the start of the part. */
static int
rewind_part(struct imapd_fetch *fetch)
{
	fetch->at = fetch->part.at;
	fetch->left = fetch->part.bytes;
	fetch->decoded = 0;
	return decoder_begin(&fetch->decoder, fetch->decoder.encoding);
}

/* Its size is known: say it, and for BINARY the bytes. */
static void
tell_size(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	const struct imapd_item *item = item_of(fetch);

	add_label(fetch);
	if (item->kind == IMAPD_BINARY_SIZE) {
		text_add_u64(&fetch->out, fetch->decoded);
		next_item(fetch);
		return;
	}
	fetch->first = item->is_partial ? item->first : 0;
	if (fetch->first > fetch->decoded)
		fetch->first = fetch->decoded;
	fetch->most = fetch->decoded - fetch->first;
	if (item->is_partial && item->most < fetch->most)
		fetch->most = item->most;
	/* RFC 3516 4.3: literal8, for it may hold NUL */
	add_literal(fetch, "~{", fetch->most);
	fetch->go = go_decoded;
	if (rewind_part(fetch) < 0)
		cut(session);
}

static void
go_count(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	TEXT_AUTO decoded = TEXT_INIT(2 * IMAPD_PIECE);
	bool is_last = fetch->left == 0;

	if (decode_piece(fetch, &decoded) < 0) {
		cut(session);
		return;
	}
	fetch->decoded += decoded.len;
	if (is_last)
		fetch->go = tell_size;
}

static void
tell_binary(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	const struct imapd_item *item = item_of(fetch);
	struct structure_part part = { .encoding = MIME_BINARY };

	if (section_find(&fetch->letter.structure,
	    fetch->letter.facts.trace_bytes, &item->section, &fetch->part,
	    item->section.count == 0 ? NULL : &part) < 0) {
		tell_nil(session);
		return;
	}
	fetch->decoder.encoding = part.encoding;
	if (rewind_part(fetch) < 0) {
		fetch->failed = "[UNKNOWN-CTE] a part cannot be decoded";
		tell_nil(session);
		return;
	}
	fetch->go = go_count;
}

static void
tell_preview(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	const struct letter_facts *facts = &fetch->letter.facts;
	uint64_t bytes = facts->body_bytes < PREVIEW_LOOKS ?
	    facts->body_bytes : PREVIEW_LOOKS;
	TEXT_AUTO start = TEXT_INIT(PREVIEW_LOOKS);
	TEXT_AUTO words = TEXT_INIT(PREVIEW_BYTES);
	struct slice piece;
	int r;

	r = imapd_letter_piece(&fetch->letter, facts->trace_bytes, bytes,
	    &piece);
	if (r == 0 && piece.len < bytes) {
		r = imapd_letter_add(&fetch->letter, facts->trace_bytes,
		    bytes, &start);
		piece = text_slice(&start);
	}
	if (r == 0)
		r = preview_write(&words, &fetch->letter.structure, piece);
	if (r < 0) {
		cut(session);
		return;
	}
	add_label(fetch);
	imapd_add_string(&fetch->out, text_slice(&words),
	    imapd_knows_utf8(session));
	next_item(fetch);
}

void
imapd_fetch_section(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	if (fetch->item == fetch->items.count) {
		text_add_str(&fetch->out, ")\r\n");
		imapd_fetch_next(session);
		return;
	}
	switch (item_of(fetch)->kind) {
	case IMAPD_SECTION:
		tell_section(session);
		break;
	case IMAPD_BINARY:
	case IMAPD_BINARY_SIZE:
		tell_binary(session);
		break;
	case IMAPD_PREVIEW:
		tell_preview(session);
		break;
	default:
		fetch->item++;		/* it was told before */
		break;
	}
}
