/*
 * form.c - the form in which a host can take a message
 *
 * The part tree says where the bodies are.  What comes of it is a list of spans in
 * the order of the message: most are copied, some are encoded, and between them
 * stand a few words of ours.  Nothing is made before it is read.
 */
#include "gateway/relay/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/header.h"
#include "lib/message/mime.h"

#define TREE_BYTES	(8 * 1024 * 1024)	/* of some thousand parts */
#define PIECE_BYTES	(32 * 1024)
/* A text of which more is not ASCII is shorter in base64. */
#define ESCAPES_MOST	3	/* one byte of so many */

/* A form under way. */
struct making {
	struct relay_form	*form;
	struct slice	 message;
	size_t		 at;		/* of it: what is before is in the form */
	bool		 seven;
	bool		 failed;	/* memory is out */
};

/* What bytes are like */

static bool
has_nul(struct slice s)
{
	return slice_find(s, '\0') != SIZE_MAX;
}

static size_t
count_high(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (unsigned char)s.at[i] >> 7;
	return n;
}

static bool
has_high(struct slice s)
{
	uint64_t word;
	size_t i = 0;

	for (; i + sizeof(word) <= s.len; i += sizeof(word)) {
		memcpy(&word, s.at + i, sizeof(word));
		if ((word & 0x8080808080808080u) != 0)
			return true;
	}
	return count_high(slice_after(s, i)) > 0;
}

static bool
is_long(struct slice line)
{
	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	return line.len > FORM_LINE_MOST;
}

static bool
has_long_line(struct slice s)
{
	struct slice line;

	while (slice_cut(&s, '\n', &line))
		if (is_long(line))
			return true;
	return is_long(s);
}

void
relay_form_look(struct slice message, struct relay_form_facts *facts_out)
{
	size_t header = header_bytes(message);

	*facts_out = (struct relay_form_facts){
		.header_8bit = has_high(slice_first(message, header)),
		.body_8bit = has_high(slice_after(message, header)),
		.long_line = has_long_line(message),
		.nul = has_nul(message)
	};
}

/* Spans */

static void
add_span(struct making *making, enum form_how how, struct slice bytes)
{
	struct relay_form *form = making->form;
	struct relay_form_span *spans = form->spans;

	if (bytes.len == 0 || making->failed)
		return;
	if (how == FORM_COPY && form->count > 0 &&
	    spans[form->count - 1].how == FORM_COPY &&
	    spans[form->count - 1].bytes.at +
	    spans[form->count - 1].bytes.len == bytes.at) {
		spans[form->count - 1].bytes.len += bytes.len;
		return;
	}
	if (form->count == form->room) {
		size_t room = form->room == 0 ? 8 : form->room * 2;

		spans = reallocarray(spans, room, sizeof(*spans));
		if (spans == NULL) {
			making->failed = true;
			return;
		}
		form->spans = spans;
		form->room = room;
	}
	spans[form->count++] = (struct relay_form_span){ how, bytes };
}

static void
add_words(struct making *making, const char *words)
{
	add_span(making, FORM_WORDS, slice_str(words));
}

/* The message up to `end`, so. */
static void
add_until(struct making *making, size_t end, enum form_how how)
{
	add_span(making, how, slice_first(slice_after(making->message,
	    making->at), end - making->at));
	making->at = end;
}

static size_t
place_of(const struct making *making, struct slice s)
{
	return (size_t)(s.at - making->message.at);
}

/* Up to where the next part begins: whatever nobody reads, and boundaries. */
static void
add_gap(struct making *making, size_t end)
{
	struct slice rest = slice_first(slice_after(making->message,
	    making->at), end - making->at), line;

	while (making->seven && has_high(rest)) {
		if (!slice_cut(&rest, '\n', &line)) {
			line = rest;
			rest = slice_after(rest, rest.len);
		}
		if (slice_has_prefix(line, "--") || !has_high(line))
			continue;
		add_until(making, place_of(making, line), FORM_COPY);
		add_until(making, place_of(making, rest), FORM_ASK);
	}
	add_until(making, end, FORM_COPY);
}

/* Header fields */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Where the line may be folded: before a blank, with a word on either side. */
static size_t
fold_place(struct slice line)
{
	size_t first = 0;

	while (first < line.len && is_blank(line.at[first]))
		first++;
	for (size_t i = FORM_LINE_MOST; i > first; i--)
		if (is_blank(line.at[i]) && i + 1 < line.len &&
		    !is_blank(line.at[i + 1]) && line.at[i + 1] != '\r')
			return i;
	return 0;
}

/* RFC 5322 2.2.3; one without blanks is cut by whoever sends it. */
static void
fold_field(struct making *making, struct slice field)
{
	struct slice line;
	size_t place;

	while (slice_cut(&field, '\n', &line)) {
		while (is_long(line) && (place = fold_place(line)) > 0) {
			line = slice_after(line, place);
			add_until(making, place_of(making, line), FORM_COPY);
			add_words(making, "\r\n");
		}
	}
}

/* What a part's header says from now on. */
struct claim {
	const char	*encoding;	/* NULL: what it says now */
	bool		 is_letter;	/* it is the message's own header */
	const char	*charset;	/* of a text that says nothing of itself */
};

static void
add_claim(struct making *making, const struct claim *claim, bool is_mime,
    bool has_type)
{
	if (claim->is_letter && !is_mime)
		add_words(making, "MIME-Version: 1.0\r\n");
	if (claim->is_letter && !has_type && claim->charset != NULL) {
		add_words(making, "Content-Type: text/plain; charset=");
		add_words(making, claim->charset);
		add_words(making, "\r\n");
	}
	add_words(making, "Content-Transfer-Encoding: ");
	add_words(making, claim->encoding);
	add_words(making, "\r\n");
}

/* The header of a part up to its empty line. */
static void
add_header(struct making *making, struct slice header,
    const struct claim *claim)
{
	bool is_mime = false, has_type = false;
	struct header_field field;

	(void)header_skip_mbox(&header);
	while (header_next(&header, &field)) {
		is_mime |= slice_is_word(field.name, "MIME-Version");
		has_type |= slice_is_word(field.name, "Content-Type");
		if (claim->encoding == NULL ||
		    !slice_is_word(field.name, "Content-Transfer-Encoding")) {
			fold_field(making, field.whole);
			continue;
		}
		add_until(making, place_of(making, field.whole), FORM_COPY);
		making->at += field.whole.len;
	}
	if (claim->encoding == NULL)
		return;
	add_until(making, place_of(making, header), FORM_COPY);
	/* the last field may be the end of all */
	if (making->at > 0 && making->message.at[making->at - 1] != '\n')
		add_words(making, "\r\n");
	add_claim(making, claim, is_mime, has_type);
}

/* Parts */

/* Its bytes must stand as they are, whatever they are. */
static bool
is_fixed(const struct mime_part *part)
{
	return mime_encoding(part) == MIME_UNKNOWN ||
	    mime_is(part, "multipart", NULL) ||
	    mime_is(part, "message", "rfc822") ||
	    mime_is(part, "message", "partial");
}

/* How a body that cannot stay as it is goes out, and what is said of that. */
static enum form_how
choose(const struct mime_part *part, struct slice body, struct claim *claim)
{
	bool is_text = mime_is(part, "text", NULL) ||
	    mime_is(part, "message", NULL);

	switch (mime_encoding(part)) {
	case MIME_QUOTED_PRINTABLE:
		return FORM_QUOTED_AGAIN;
	case MIME_BASE64:
		return FORM_DROP;
	default:
		break;
	}
	if (is_text && count_high(body) <= body.len / ESCAPES_MOST) {
		claim->encoding = "quoted-printable";
		return FORM_QUOTED;
	}
	claim->encoding = "base64";
	return FORM_BASE64;
}

static bool
claims_more_than_7bit(const struct mime_part *part)
{
	return mime_encoding(part) == MIME_8BIT ||
	    mime_encoding(part) == MIME_BINARY;
}

/* 0, or -ENOTSUP. */
static int
add_part(struct making *making, const struct mime_part *part)
{
	struct slice body = mime_body(part);
	bool is_leaf = mime_child(part) == NULL;
	bool is_high = is_leaf && making->seven && has_high(body);
	bool is_odd = is_leaf && (has_long_line(body) || has_nul(body));
	struct claim claim = { .is_letter = mime_parent(part) == NULL,
	    .charset = !has_high(body) ? NULL :
	    slice_is_utf8(body) ? "utf-8" : "unknown-8bit" };
	enum form_how how = FORM_COPY;

	if (is_high && is_fixed(part))
		return -ENOTSUP;
	if (!is_fixed(part) && (is_high || is_odd))
		how = choose(part, body, &claim);
	else if (making->seven && claims_more_than_7bit(part))
		claim.encoding = "7bit";
	add_gap(making, mime_header_start(part));
	add_header(making, mime_header(part), &claim);
	add_until(making, mime_body_start(part), FORM_COPY);
	if (is_leaf)
		add_until(making, mime_end(part), how);
	return 0;
}

static int
add_parts(struct making *making)
{
	struct mime_limits limits = mime_default_limits;
	ARENA_AUTO arena = arena_new(TREE_BYTES);
	const struct mime_part *part;
	enum mime_limit limit;
	int r;

	limits.cuts = true;
	if (arena == NULL)
		return -ENOMEM;
	r = mime_parse(arena, making->message, &limits, &part, &limit);
	if (r < 0 && making->seven)
		return -ENOTSUP;	/* nobody can say what it is made of */
	for (; r == 0 && part != NULL; part = mime_after(part)) {
		r = add_part(making, part);
		if (r < 0)
			return r;
	}
	return 0;
}

int
relay_form_make(struct slice trace, struct slice message,
    const struct relay_form_facts *facts, bool seven, struct relay_form *form_out)
{
	struct relay_form form = { .count = 0 };
	struct making making = { .form = &form, .message = message,
	    .seven = seven && facts->body_8bit };
	int r = 0;

	add_span(&making, FORM_WORDS, trace);
	if (making.seven || facts->long_line || facts->nul)
		r = add_parts(&making);
	if (r == 0)
		add_gap(&making, message.len);
	if (r == 0 && making.failed)
		r = -ENOMEM;
	if (r < 0)
		relay_form_free(&form);
	else
		*form_out = form;
	return r;
}

void
relay_form_free(struct relay_form *form)
{
	free(form->spans);
	*form = (struct relay_form){ .count = 0 };
}

/* Reading */

static bool
is_plain(char c)
{
	return c != '\0' && (c & 0x80) == 0;
}

static void
add_asked(struct slice s, struct text *out)
{
	for (size_t i = 0; i < s.len; i++)
		text_add_byte(out, is_plain(s.at[i]) ? s.at[i] : '?');
}

static void
add_dropped(struct slice s, struct text *out)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_plain(s.at[i]))
			text_add_byte(out, s.at[i]);
}

/* What `piece` becomes, the last of its span or not. */
static void
change(struct relay_form_reader *reader, enum form_how how, struct slice piece,
    bool is_last, struct text *room)
{
	static const enum encoder_how hows[] = {
		[FORM_QUOTED] = ENCODE_QUOTED,
		[FORM_QUOTED_AGAIN] = ENCODE_QUOTED_AGAIN,
		[FORM_BASE64] = ENCODE_BASE64,
	};

	if (how == FORM_ASK) {
		add_asked(piece, room);
		return;
	}
	if (how == FORM_DROP) {
		add_dropped(piece, room);
		return;
	}
	if (reader->at == 0)
		reader->encoder = encoder_of(hows[how]);
	encoder_add(&reader->encoder, piece, room);
	if (is_last)
		encoder_end(&reader->encoder, room);
}

bool
relay_form_read(struct relay_form_reader *reader, const struct relay_form *form,
    struct text *room, struct slice *piece_out)
{
	const struct relay_form_span *span;
	struct slice piece;
	bool is_last;

	if (reader->span == form->count)
		return false;
	span = &form->spans[reader->span];
	piece = slice_first(slice_after(span->bytes, reader->at),
	    PIECE_BYTES);
	is_last = reader->at + piece.len == span->bytes.len;
	text_clear(room);
	if (span->how != FORM_WORDS && span->how != FORM_COPY)
		change(reader, span->how, piece, is_last, room);
	*piece_out = span->how == FORM_WORDS || span->how == FORM_COPY ?
	    piece : text_slice(room);
	reader->at += piece.len;
	if (is_last) {
		reader->at = 0;
		reader->span++;
	}
	return true;
}

uint64_t
relay_form_bytes(const struct relay_form *form)
{
	TEXT_AUTO room = TEXT_INIT(FORM_ROOM_BYTES);
	struct relay_form_reader reader = { .span = 0 };
	struct slice piece;
	uint64_t bytes = 0;

	while (relay_form_read(&reader, form, &room, &piece))
		bytes += piece.len;
	return bytes;
}
