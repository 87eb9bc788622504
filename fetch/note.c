/*
 * note.c - what is kept here of a message that is not downloaded
 *
 * From, Date and Subject are the message's own as they stand, so that a list of
 * mail shows it as what it is; the subject has words before it that say what it
 * is not.  Nobody's program answers it (RFC 3834).
 */
#include "fetch/note.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/base/amounts.h"
#include "lib/message/date.h"
#include "lib/message/envelope.h"
#include "lib/message/header.h"
#include "lib/message/words.h"

#define FIELD_MOST	900	/* bytes; RFC 5322 2.1.1: 998 of a line */
#define VALUE_MOST	512

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

static void
add_body(struct text *text, const struct note_of *of)
{
	TEXT_AUTO rule = TEXT_INIT(BEFORE_TEXT_MOST);
	char bytes[AMOUNT_SIZE];

	before_rule_write(&rule, of->rule);
	amount_bytes(of->language, of->bytes, bytes);
	if (of->is_placed)
		text_say(text, of->language, NOTE_PLACED, SLICE_FMT(of->to),
		    SLICE_FMT(of->label));
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
}

static bool
has_8bit(struct slice s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= (unsigned char)s.at[i];
	return (any & 0x80) != 0;
}

int
note_new(const struct note_of *of, struct note **note_out)
{
	struct note *note = calloc(1, sizeof(*note));
	struct text *text;

	if (note == NULL)
		return -ENOMEM;
	note->bytes = (struct text)TEXT_INIT(NOTE_MOST);
	note->mark = of->is_placed ? FETCHED_PLACE : FETCHED_NOTE;
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
	text_add_str(text, "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n");
	add_body(text, of);
	if (text_failed(text)) {
		note_free(note);
		return -ENOMEM;
	}
	*note_out = note;
	return 0;
}

void
note_free(struct note *note)
{
	if (note == NULL)
		return;
	text_free(&note->bytes);
	free(note);
}
