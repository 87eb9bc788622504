/*
 * mbox.c - mailboxes in one file
 */
#include "lib/message/mbox.h"

#include <string.h>

#include "lib/message/date.h"
#include "lib/message/header.h"

#define WORDS		12	/* of a "From " line that are looked at */
#define DAY_SECONDS	INT64_C(86400)

static bool
is_from(struct slice line)
{
	return line.len >= 5 && memcmp(line.at, "From ", 5) == 0;
}

/* The date of a "From " line */

static bool
read_number(struct slice s, unsigned max, int *n_out)
{
	uint64_t n;

	if (slice_u64(s, max, &n) < 0)
		return false;
	*n_out = (int)n;
	return true;
}

/* "03:04:05" or "03:04" */
static bool
read_time(struct slice s, int64_t *seconds_out)
{
	struct slice hours, minutes;
	int h, m, sec = 0;

	if (!slice_cut(&s, ':', &hours))
		return false;
	if (!slice_cut(&s, ':', &minutes))
		minutes = s;
	else if (!read_number(s, 60, &sec))
		return false;
	if (!read_number(hours, 23, &h) || !read_number(minutes, 59, &m))
		return false;
	*seconds_out = (h * 60 + m) * 60 + sec;
	return true;
}

/* "+0700" */
static bool
read_zone(struct slice s, int64_t *seconds_out)
{
	int n;

	if (s.len != 5 || (s.at[0] != '+' && s.at[0] != '-') ||
	    !read_number(slice_after(s, 1), 1400, &n) || n % 100 > 59)
		return false;
	*seconds_out = (n / 100 * 60 + n % 100) * 60 * (s.at[0] == '-' ? -1 :
	    1);
	return true;
}

static bool
set_date(struct mbox_message *message, int year, int month, int day,
    int64_t time)
{
	int32_t days;

	if (date_day(year, month, day, &days) < 0)
		return false;
	message->has_date = true;
	message->seconds = days * DAY_SECONDS + time;
	return true;
}

/* "Jan  2 03:04:05 2024", a zone before or behind the year; from word `i` on. */
static bool
asctime_date(const struct slice *words, size_t count, size_t i,
    struct mbox_message *message)
{
	int month = date_month(words[i]), day, year = 0;
	int64_t time, zone = 0;
	bool has_zone = false;

	if (words[i].len != 3 || month == 0 || i + 3 >= count ||
	    !read_number(words[i + 1], 31, &day) ||
	    !read_time(words[i + 2], &time))
		return false;
	for (i += 3; i < count; i++) {
		if (year == 0 && words[i].len == 4 &&
		    read_number(words[i], 9999, &year))
			continue;
		has_zone |= read_zone(words[i], &zone);
	}
	message->has_zone = has_zone;
	return set_date(message, year, month, day, time - zone);
}

/* "2 Jan 2024 03:04:05 +0000" */
static bool
header_date(const struct slice *words, size_t count, size_t i,
    struct mbox_message *message)
{
	int month, day, year;
	int64_t time, zone = 0;

	if (i + 3 >= count || !read_number(words[i], 31, &day) ||
	    !read_number(words[i + 2], 9999, &year) ||
	    !read_time(words[i + 3], &time))
		return false;
	month = date_month(words[i + 1]);
	message->has_zone = i + 4 < count && read_zone(words[i + 4], &zone);
	return month != 0 && set_date(message, year, month, day, time - zone);
}

/* What the line without its end says of the date. */
static void
from_date(struct slice line, struct mbox_message *message)
{
	struct slice words[WORDS], rest = slice_trim(line);
	size_t count = 0;

	while (count < WORDS && slice_word(&rest, &words[count]))
		count++;
	for (size_t i = 1; i < count && !message->has_date; i++)
		if (!asctime_date(words, count, i, message))
			(void)header_date(words, count, i, message);
}

/* Where a message ends */

/* The line that `bytes` begin with, without its end; false: it has none yet. */
static bool
first_line(struct slice bytes, struct slice *line_out)
{
	size_t end = slice_find(slice_first(bytes, MBOX_FROM_MOST), '\n');

	*line_out = slice_first(bytes, end);
	return end != SIZE_MAX;
}

static bool
begins_header(struct slice bytes)
{
	struct header_field field;

	return header_next(&bytes, &field);
}

/* Is the "From " line at `at` one that separates?  1, 0; -1: more is needed. */
static int
separates(struct slice bytes, size_t at, bool is_last)
{
	struct slice here = slice_after(bytes, at), line, next;
	struct mbox_message message = { 0 };
	bool after_empty = at >= 2 && (bytes.at[at - 2] == '\n' ||
	    (at >= 3 && bytes.at[at - 2] == '\r' && bytes.at[at - 3] == '\n'));
	bool before_field;

	if (!first_line(here, &line))
		return is_last || here.len >= MBOX_FROM_MOST ? 0 : -1;
	next = slice_after(here, line.len + 1);
	if (!is_last && next.len < MBOX_FROM_MOST)
		return -1;
	from_date(line, &message);
	if (message.has_date && after_empty)
		return 1;
	before_field = begins_header(slice_first(next, MBOX_FROM_MOST));
	if (message.has_date)
		return before_field;
	return after_empty && before_field && slice_trim(line).len == 4;
}

bool
mbox_begins(struct slice bytes)
{
	struct mbox_message message = { 0 };
	struct slice line;

	if (!is_from(bytes) || !first_line(bytes, &line))
		return false;
	from_date(line, &message);
	return message.has_date ||
	    begins_header(slice_after(bytes, line.len + 1));
}

bool
mbox_end(struct slice bytes, bool is_last, size_t *scanned, size_t *end_out)
{
	size_t at = *scanned;

	for (;;) {
		const char *hit = at < bytes.len ? memmem(bytes.at + at,
		    bytes.len - at, "\nFrom ", 6) : NULL;
		int r;

		if (hit == NULL)
			break;
		at = (size_t)(hit - bytes.at);
		r = separates(bytes, at + 1, is_last);
		if (r > 0) {
			*end_out = at + 1;
			return true;
		}
		if (r < 0) {
			*scanned = at;
			return false;
		}
		at++;
	}
	/* a part of "\nFrom " may stand last */
	*scanned = bytes.len > at + 5 ? bytes.len - 5 : at;
	*end_out = bytes.len;
	return is_last;
}

/* What was noted in the header */

struct reading {
	struct mbox_message	*message;
	struct text		*keywords;
	unsigned		 taken;		/* bit n: the n-th of notes[] */
	bool			 is_behind;	/* Thunderbird's fields */
	bool			 is_delivered;
};

static void
add_keywords(struct reading *reading, struct slice words)
{
	bool is_between = true;

	for (size_t i = 0; i < words.len; i++) {
		char c = words.at[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			is_between = true;
			continue;
		}
		if (is_between && reading->keywords->len > 0)
			text_add_byte(reading->keywords, ' ');
		is_between = false;
		text_add_byte(reading->keywords, c);
	}
}

static void
read_status(struct reading *reading, struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == 'R')
			reading->message->marks |= MARK_SEEN;
}

static void
read_x_status(struct reading *reading, struct slice value)
{
	static const struct {
		char		letter;
		unsigned	mark;
	} letters[] = {
		{ 'A', MARK_ANSWERED }, { 'F', MARK_FLAGGED },
		{ 'T', MARK_DRAFT },	{ 'D', MARK_DELETED },
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (slice_find(value, letters[i].letter) != SIZE_MAX)
			reading->message->marks |= letters[i].mark;
}

/* Four digits: nsMsgMessageFlags of Thunderbird. */
static void
read_mozilla(struct reading *reading, struct slice value)
{
	int high, low;

	value = slice_trim(value);
	high = slice_hex(value);
	low = slice_hex(slice_after(value, 2));
	if (high < 0 || low < 0)
		return;
	if ((low & 0x01) != 0)
		reading->message->marks |= MARK_SEEN;
	if ((low & 0x02) != 0)
		reading->message->marks |= MARK_ANSWERED;
	if ((low & 0x04) != 0)
		reading->message->marks |= MARK_FLAGGED;
	if ((low & 0x08) != 0)
		reading->message->is_gone = true;
	if ((high & 0x10) != 0)
		add_keywords(reading, slice_str("$Forwarded"));
}

/* The first message of Dovecot's and c-client's files is none. */
static void
read_imap(struct reading *reading, struct slice value)
{
	(void)value;
	reading->message->is_internal = true;
}

static void
read_nothing(struct reading *reading, struct slice value)
{
	(void)reading;
	(void)value;
}

enum { STATUS, X_STATUS, X_KEYWORDS, X_UID, X_IMAP, X_IMAPBASE,
    X_MOZILLA_STATUS, X_MOZILLA_STATUS2, X_MOZILLA_KEYS, NOTES };

static const struct {
	const char	*name;
	void		(*read)(struct reading *, struct slice value);
} notes[NOTES] = {
	[STATUS]	    = { "Status",		read_status },
	[X_STATUS]	    = { "X-Status",		read_x_status },
	[X_KEYWORDS]	    = { "X-Keywords",		add_keywords },
	[X_UID]		    = { "X-UID",		read_nothing },
	[X_IMAP]	    = { "X-IMAP",		read_imap },
	[X_IMAPBASE]	    = { "X-IMAPbase",		read_nothing },
	[X_MOZILLA_STATUS]  = { "X-Mozilla-Status",	read_mozilla },
	[X_MOZILLA_STATUS2] = { "X-Mozilla-Status2",	read_nothing },
	[X_MOZILLA_KEYS]    = { "X-Mozilla-Keys",	add_keywords },
};

/* Which note a field of this name would be; NOTES: none. */
static unsigned
note_of(struct slice name)
{
	unsigned i = 0;

	while (i < NOTES && !slice_is_word(name, notes[i].name))
		i++;
	return i;
}

static bool
has_taken(const struct reading *reading, unsigned note)
{
	return (reading->taken >> note & 1) != 0;
}

/* Has a mail program written it, and not the sender? */
static bool
is_believed(const struct reading *reading, unsigned note)
{
	if (has_taken(reading, note))
		return false;
	if (note >= X_MOZILLA_STATUS)
		return !reading->is_behind;
	if (note == X_IMAP)
		return !reading->is_delivered && !has_taken(reading, STATUS);
	return note > X_KEYWORDS || !has_taken(reading, X_MOZILLA_STATUS);
}

/* Is the field a note?  It is read then. */
static bool
take_note(struct reading *reading, const struct header_field *field)
{
	static const char *const delivered[] = { "Return-Path", "Received",
	    "Delivered-To" };
	unsigned note = note_of(field->name);

	if (note < NOTES && is_believed(reading, note)) {
		reading->taken |= 1u << note;
		notes[note].read(reading, field->value);
		reading->is_behind |= note < X_MOZILLA_STATUS;
		return true;
	}
	for (size_t i = 0; i < sizeof(delivered) / sizeof(delivered[0]); i++)
		reading->is_delivered |= slice_is_word(field->name,
		    delivered[i]);
	reading->is_behind |= !slice_is_word(field->name, "X-Account-Key") &&
	    !slice_is_word(field->name, "X-UIDL");
	return false;
}

/* Is a ">" to be taken from the line? */
static bool
is_quoted(struct slice line, enum mbox_quoting quoting)
{
	size_t marks = 0;

	while (marks < line.len && line.at[marks] == '>')
		marks++;
	if (marks == 0 || !is_from(slice_after(line, marks)))
		return false;
	return quoting == MBOX_RD || (quoting == MBOX_O && marks == 1);
}

/* The text of the message, and the empty line behind it not. */
static void
add_body(struct text *message, struct slice body, enum mbox_quoting quoting)
{
	struct slice line;

	if (slice_has_suffix(body, "\r\n\r\n"))
		body.len -= 2;
	else if (slice_has_suffix(body, "\n\n"))
		body.len--;
	while (body.len > 0) {
		size_t end = slice_find(body, '\n');

		line = slice_first(body, end == SIZE_MAX ? SIZE_MAX : end + 1);
		body = slice_after(body, line.len);
		text_add(message, slice_after(line, is_quoted(line, quoting)));
	}
}

void
mbox_read(struct slice bytes, enum mbox_quoting quoting,
    struct mbox_message *message_out, struct text *message,
    struct text *keywords)
{
	struct reading reading = { .message = message_out,
	    .keywords = keywords };
	struct header_field field;
	struct slice line;

	*message_out = (struct mbox_message){ 0 };
	if (is_from(bytes)) {
		(void)first_line(bytes, &line);
		from_date(line, message_out);
		bytes = slice_after(bytes, line.len + 1);
	}
	while (header_next(&bytes, &field))
		if (!take_note(&reading, &field))
			text_add(message, field.whole);
	add_body(message, bytes, quoting);
}
