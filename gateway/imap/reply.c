/*
 * reply.c - the one way an IMAP response is said
 */
#include "gateway/imap/reply.h"

#include <stdarg.h>

#define REPLY_BYTES	8192	/* no status line is longer */
#define QUOTED_MOST	1024	/* what old clients read as a quoted string */

static void	say(struct stream *, struct slice first, const char *format,
		    va_list) __attribute__((format(printf, 3, 0)));

static void
say(struct stream *stream, struct slice first, const char *format,
    va_list args)
{
	TEXT_AUTO line = TEXT_INIT(REPLY_BYTES);

	text_add(&line, first);
	text_add_byte(&line, ' ');
	text_vaddf(&line, format, args);
	text_add_str(&line, "\r\n");
	/* what the stream cannot take it tells as STREAM_FAILED */
	if (!text_failed(&line))
		(void)stream_write(stream, text_slice(&line));
}

void
imapd_untagged(struct stream *stream, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stream, slice_str("*"), format, args);
	va_end(args);
}

void
imapd_untagged_coded(struct stream *stream, struct slice code,
    const char *words)
{
	(void)stream_write(stream, slice_str("* OK ["));
	(void)stream_write(stream, code);
	(void)stream_write(stream, slice_str("] "));
	(void)stream_write(stream, slice_str(words));
	(void)stream_write(stream, slice_str("\r\n"));
}

void
imapd_tagged(struct stream *stream, struct slice tag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(stream, tag.len > 0 ? tag : slice_str("*"), format, args);
	va_end(args);
}

void
imapd_challenge(struct stream *stream, const char *words)
{
	(void)stream_write(stream, slice_str("+ "));
	(void)stream_write(stream, slice_str(words));
	(void)stream_write(stream, slice_str("\r\n"));
}

void
imapd_go_on(struct stream *stream)
{
	imapd_challenge(stream, "go on");
}

/* Can a quoted string hold it (RFC 9051 9, QUOTED-CHAR)? */
static bool
can_quote(struct slice s, bool utf8)
{
	bool is_ascii = true;

	if (s.len > QUOTED_MOST)
		return false;
	if (slice_is_printable_ascii(s))
		return true;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c == '\0' || c == '\r' || c == '\n')
			return false;
		if (c >= 0x80)
			is_ascii = false;
	}
	return is_ascii || (utf8 && slice_is_utf8(s));
}

static void
add_quoted(struct text *text, struct slice s)
{
	size_t from = 0;

	text_add_byte(text, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] != '"' && s.at[i] != '\\')
			continue;
		text_add(text, slice_of(s.at + from, i - from));
		text_add_byte(text, '\\');
		from = i;
	}
	text_add(text, slice_after(s, from));
	text_add_byte(text, '"');
}

void
imapd_add_string(struct text *text, struct slice s, bool utf8)
{
	if (can_quote(s, utf8)) {
		add_quoted(text, s);
		return;
	}
	text_addf(text, "{%zu}\r\n", s.len);
	text_add(text, s);
}

static bool
is_atom(struct slice s)
{
	static const char specials[] = "(){ %*\"\\]";

	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] <= ' ' || s.at[i] > '~' ||
		    slice_find(slice_str(specials), s.at[i]) != SIZE_MAX)
			return false;
	/* NIL would be no string */
	return s.len > 0 && !slice_is_word(s, "NIL");
}

void
imapd_add_astring(struct text *text, struct slice s, bool utf8)
{
	if (is_atom(s))
		text_add(text, s);
	else
		imapd_add_string(text, s, utf8);
}

/* Cut a code point off the valid UTF-8 `*rest`. */
static uint32_t
take_point(struct slice *rest)
{
	unsigned char first = (unsigned char)rest->at[0];
	size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	uint32_t point = first & (0x3fu >> more);

	for (size_t i = 1; i <= more && i < rest->len; i++)
		point = point << 6 | ((unsigned char)rest->at[i] & 0x3fu);
	*rest = slice_after(*rest, more + 1);
	return point;
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "abcdefghijklmnopqrstuvwxyz0123456789+,";

/* A run of bits on its way out as base64 digits. */
struct digits {
	struct text	*text;
	uint32_t	 bits;
	unsigned	 held;
};

static void
add_unit(struct digits *digits, uint32_t unit)
{
	digits->bits = digits->bits << 16 | unit;
	digits->held += 16;
	while (digits->held >= 6) {
		digits->held -= 6;
		text_add_byte(digits->text,
		    alphabet[digits->bits >> digits->held & 0x3f]);
	}
	digits->bits &= (1u << digits->held) - 1;
}

static void
end_digits(struct digits *digits)
{
	if (digits->held > 0)
		text_add_byte(digits->text, alphabet[digits->bits <<
		    (6 - digits->held) & 0x3f]);
	text_add_byte(digits->text, '-');
}

/* Add the code for the bytes above ASCII that `*rest` begins with. */
static void
add_code(struct text *text, struct slice *rest)
{
	struct digits digits = { .text = text };

	text_add_byte(text, '&');
	while (rest->len > 0 && (unsigned char)rest->at[0] >= 0x80) {
		uint32_t point = take_point(rest);

		if (point >= 0x10000) {
			add_unit(&digits, 0xd800 + ((point - 0x10000) >> 10));
			point = 0xdc00 + ((point - 0x10000) & 0x3ff);
		}
		add_unit(&digits, point);
	}
	end_digits(&digits);
}

/* Add a name in modified UTF-7 (RFC 3501 5.1.3), without quotes. */
static void
encode_name(struct text *text, struct slice utf8)
{
	while (utf8.len > 0) {
		if ((unsigned char)utf8.at[0] >= 0x80) {
			add_code(text, &utf8);
			continue;
		}
		text_add_byte(text, utf8.at[0]);
		if (utf8.at[0] == '&')
			text_add_byte(text, '-');
		utf8 = slice_after(utf8, 1);
	}
}

void
imapd_add_mailbox(struct text *text, struct slice name, bool utf8)
{
	TEXT_AUTO coded = TEXT_INIT(4096);

	if (utf8) {
		imapd_add_astring(text, name, true);
		return;
	}
	encode_name(&coded, name);
	imapd_add_astring(text, text_slice(&coded), false);
}
