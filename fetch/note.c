/*
 * note.c - what is kept here of a message that is not downloaded
 *
 * From, Date and Subject are the message's own as they stand, so that a list of
 * mail shows it as what it is; the subject has words before it that say what it
 * is not.  Nobody's program answers it (RFC 3834).
 */
#include "fetch/note.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/amounts.h"
#include "lib/message/date.h"
#include "lib/message/envelope.h"
#include "lib/message/header.h"
#include "lib/message/mime_param.h"
#include "lib/message/words.h"
#include "queue/service.h"

#define FIELD_MOST	900	/* bytes; RFC 5322 2.1.1: 998 of a line */
#define VALUE_MOST	512
#define NOTE_ID_SIZE	(2 * NOTE_CODE_BYTES + 1)
#define PARAMS_MOST	64	/* of a field, looked at for a name */
#define BOUNDARY_BYTES	16	/* of the digest of a header */

/* Bytes of a field on one line; what is no UTF-8 is marked. */
static void
add_raw(struct text *text, struct slice value)
{
	TEXT_AUTO line = TEXT_INIT(64 * 1024);
	struct slice kept;
	bool is_text;

	header_unfold(&line, value);
	kept = slice_first(text_slice(&line), FIELD_MOST);
	/* a cut may fall into a character */
	for (unsigned i = 0; i < 3 && kept.len == FIELD_MOST - i &&
	    !slice_is_utf8(kept); i++)
		kept = slice_first(kept, kept.len - 1);
	is_text = slice_is_utf8(kept);
	for (size_t i = 0; i < kept.len; i++) {
		unsigned char c = (unsigned char)kept.at[i];

		/* RFC 5322 2.2.3: lines are folded at tabs, too */
		if (c == '\t')
			c = ' ';
		text_add_byte(text, c < 0x20 || c == 0x7f ||
		    (c > 0x7f && !is_text) ? '?' : (char)c);
	}
}

/* A field of the message, after these words; else what stands for it. */
static void
add_field(struct text *text, struct slice header, const char *name,
    const char *words, struct slice otherwise)
{
	struct header_field field;
	bool found = header_find(header, name, &field);

	text_addf(text, "%s: %s", name, words);
	add_raw(text, found ? field.value : otherwise);
	text_add_str(text, "\r\n");
}

static void
add_date(struct text *text, const struct note_of *of)
{
	struct header_field field;
	int64_t utc_s;

	text_add_str(text, "Date: ");
	if (header_find(of->header, "Date", &field) &&
	    date_parse(field.value, &utc_s) == 0)
		(void)date_write(text, utc_s * 1000, 0);
	else
		(void)date_write(text, of->now_utc_ms, 0);
	text_add_str(text, "\r\n");
}

/* A line of the body: its name, and a field as people read it. */
static void
add_line(struct text *text, enum language language, enum sentence name,
    struct slice header, const char *field_name)
{
	TEXT_AUTO value = TEXT_INIT(VALUE_MOST);
	struct header_field field;

	if (header_find(header, field_name, &field))
		words_decode(&value, field.value);
	text_addf(text, "%s: ", say(language, name));
	text_add(text, text_slice(&value));
	text_add_str(text, "\r\n");
}

/* What it is called by: equal headers share it. */
static void
write_id(const unsigned char *header_digest, char id[NOTE_ID_SIZE])
{
	for (size_t i = 0; i < NOTE_CODE_BYTES; i++)
		(void)snprintf(id + 2 * i, 3, "%02x", header_digest[i]);
}

static void
add_body(struct text *text, const struct note_of *of)
{
	TEXT_AUTO rule = TEXT_INIT(BEFORE_TEXT_MOST);
	char bytes[AMOUNT_SIZE], id[NOTE_ID_SIZE];

	write_id(of->header_digest, id);
	before_rule_write(&rule, of->rule);
	amount_bytes(of->language, of->bytes, bytes);
	if (of->is_placed)
		text_say(text, of->language, NOTE_PLACED, id);
	else
		text_say(text, of->language, NOTE_DELETED);
	text_add_str(text, "\r\n\r\n");
	add_line(text, of->language, SAY_COLUMN_SENDER, of->header, "From");
	add_line(text, of->language, SAY_COLUMN_TO, of->header, "To");
	add_line(text, of->language, SAY_COLUMN_SUBJECT, of->header,
	    "Subject");
	add_line(text, of->language, SAY_NOTE_DATE, of->header, "Date");
	text_addf(text, "%s: %s\r\n", say(of->language, SAY_NOTE_SIZE),
	    of->bytes == 0 ? "?" : bytes);
	text_addf(text, "%s: ", say(of->language, SAY_NOTE_RULE));
	text_add(text, text_slice(&rule));
	text_add_str(text, "\r\n");
	if (of->is_placed)
		text_addf(text, "%s: %s\r\n",
		    say(of->language, SAY_COLUMN_ID), id);
}

static bool
has_8bit(struct slice s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.at[i];
	return (any & 0x80) != 0;
}

/* What a header alone says of attachments: that all of it is one. */
static void
add_header_name(struct text *names, struct slice header)
{
	static const struct {
		const char	*field, *param;
	} places[] = {
		{ "Content-Disposition", "filename" },
		{ "Content-Type", "name" },
	};
	struct slice type, subtype, rest;
	struct header_field found;

	for (size_t i = 0; names->len == 0 &&
	    i < sizeof(places) / sizeof(*places); i++) {
		if (!header_find(header, places[i].field, &found))
			continue;
		rest = found.value;
		if (mime_type_cut(&rest, &type, &subtype))
			(void)mime_param(rest, places[i].param, PARAMS_MOST,
			    names);
	}
	for (size_t i = 0; i < names->len; i++)
		if ((unsigned char)names->at[i] < 0x20 ||
		    names->at[i] == 0x7f)
			names->at[i] = '?';
}

int
note_new(const struct note_of *of, struct note **note_out)
{
	struct note *note = calloc(1, sizeof(*note));
	struct text *text;

	if (note == NULL)
		return -ENOMEM;
	note->bytes = (struct text)TEXT_INIT(NOTE_MOST + 2 * NOTE_TEXT_MOST);
	note->words = (struct text)TEXT_INIT(NOTE_MOST);
	note->names = (struct text)TEXT_INIT(SHAPE_NAMES_BYTES);
	note->text = (struct text)TEXT_INIT(NOTE_TEXT_MOST);
	note->mark = of->is_placed ? FETCHED_PLACE : FETCHED_NOTE;
	note->language = of->language;
	memcpy(note->header_digest, of->header_digest, DIGEST_BYTES);
	text = &note->bytes;
	add_field(text, of->header, "From", "", of->to);
	text_add_str(text, "To: ");
	text_add(text, of->to);
	text_add_str(text, "\r\n");
	add_field(text, of->header, "Subject", say(of->language,
	    of->is_placed ? SAY_NOTE_SUBJECT_PLACED : SAY_NOTE_SUBJECT),
	    slice_of(NULL, 0));
	add_date(text, of);
	note->utf8 = has_8bit(text_slice(text));
	add_header_name(&note->names, of->header);
	add_body(&note->words, of);
	if (text_failed(text) || text_failed(&note->words)) {
		note_free(note);
		return -ENOMEM;
	}
	*note_out = note;
	return 0;
}

void
note_shape(struct note *note, const struct shape *shape)
{
	text_clear(&note->names);
	text_add(&note->names, text_slice(&shape->names));
	note->shape = shape->text;
}

const char *
note_section(const struct note *note)
{
	return note->shape.section[0] != '\0' && note->shape.bytes > 0 &&
	    note->shape.bytes <= NOTE_TEXT_MOST ? note->shape.section : NULL;
}

void
note_add(struct note *note, struct slice s)
{
	text_add(&note->text, s);
}

/* Between two parts: what stands in neither. */
static bool
make_boundary(const struct note *note, struct text *boundary)
{
	text_add_str(boundary, "note-");
	for (size_t i = 0; i < BOUNDARY_BYTES; i++)
		text_addf(boundary, "%02x", note->header_digest[i]);
	text_add_byte(boundary, '\0');
	return !text_failed(boundary) &&
	    slice_find_str(text_slice(&note->text), boundary->at) ==
	    SIZE_MAX && slice_find_str(text_slice(&note->words),
	    boundary->at) == SIZE_MAX;
}

static void
add_words(struct note *note)
{
	text_add_str(&note->bytes,
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n");
	text_add(&note->bytes, text_slice(&note->words));
}

/* Its text, as it was sent: that needs no knowledge of its charset. */
static void
add_parts(struct note *note, const char *boundary)
{
	const struct shape_text *shape = &note->shape;

	text_addf(&note->bytes, "Content-Type: multipart/mixed; "
	    "boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
	add_words(note);
	text_addf(&note->bytes, "\r\n--%s\r\nContent-Type: text/%s",
	    boundary, shape->is_html ? "html" : "plain");
	if (shape->charset[0] != '\0')
		text_addf(&note->bytes, "; charset=\"%s\"", shape->charset);
	text_addf(&note->bytes, "\r\nContent-Transfer-Encoding: %s\r\n"
	    "Content-Disposition: inline\r\n\r\n", shape->encoding);
	text_add(&note->bytes, text_slice(&note->text));
	text_addf(&note->bytes, "\r\n--%s--\r\n", boundary);
}

int
note_end(struct note *note, bool has_text)
{
	TEXT_AUTO boundary = TEXT_INIT(80);

	has_text = has_text && note->text.len > 0 &&
	    !text_failed(&note->text);
	if (note->names.len > 0) {
		text_addf(&note->words, "%s: ",
		    say(note->language, SAY_NOTE_ATTACHED));
		text_add(&note->words, text_slice(&note->names));
		text_add_str(&note->words, "\r\n");
	}
	if (has_text)
		text_addf(&note->words, "\r\n%s\r\n",
		    say(note->language, SAY_NOTE_TEXT));
	text_add_str(&note->bytes, "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n");
	if (has_text && make_boundary(note, &boundary))
		add_parts(note, boundary.at);
	else
		add_words(note);
	return text_failed(&note->bytes) || text_failed(&note->words) ?
	    -ENOMEM : 0;
}

void
note_free(struct note *note)
{
	if (note == NULL)
		return;
	text_free(&note->bytes);
	text_free(&note->words);
	text_free(&note->names);
	text_free(&note->text);
	free(note);
}
