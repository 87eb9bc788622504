/*
 * decode.c - a content transfer encoding undone, piece by piece
 *
 * Base64 has nothing to hold back but bits.  In quoted-printable a run of blanks
 * is held until it is known whether a line ends behind it, and a "=" until what
 * it begins is whole; what is held longer than any line may be (RFC 2045 6.7:
 * 76) is given out as it stands.
 */
#include "lib/message/decode.h"

#include <errno.h>
#include <string.h>

#include "lib/base/digits.h"

int
decoder_begin(struct decoder *d, enum mime_encoding encoding)
{
	memset(d, 0, sizeof(*d));
	d->encoding = encoding;
	return encoding == MIME_UNKNOWN ? -ENOTSUP : 0;
}

static void
add_base64(struct decoder *d, struct slice s, struct text *text)
{
	char *to = text_space(text, s.len);
	size_t n = 0;

	if (to == NULL)
		return;
	for (size_t i = 0; i < s.len; i++) {
		int digit = base64_digit(s.at[i]);

		if (digit < 0) {
			if (s.at[i] == '=')
				d->have = 0;
			continue;
		}
		d->bits = (d->bits << 6 | (unsigned)digit) & 0xffff;
		d->have += 6;
		if (d->have >= 8) {
			d->have -= 8;
			to[n++] = (char)(d->bits >> d->have & 0xff);
		}
	}
	text->len -= s.len - n;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
give_kept(struct decoder *d, struct text *text)
{
	text_add(text, slice_of(d->kept, d->kept_bytes));
	d->kept_bytes = 0;
}

static void
keep(struct decoder *d, char c, struct text *text)
{
	if (d->kept_bytes == sizeof(d->kept))
		give_kept(d, text);
	d->kept[d->kept_bytes++] = c;
}

/*
 * A byte behind a "=" that is kept, with what followed it.  True: it belongs to
 * that; false: the "=" began nothing, and all but this byte was given out.
 */
static bool
take_escape(struct decoder *d, char c, struct text *text)
{
	char last = d->kept[d->kept_bytes - 1];
	int high, low;

	if (c == '\n') {		/* soft line break */
		d->kept_bytes = 0;
		return true;
	}
	if (d->kept_bytes == 2 && hex_digit(last) >= 0) {
		high = hex_digit(last);
		low = hex_digit(c);
		if (low >= 0) {
			d->kept_bytes = 0;
			text_add_byte(text, (char)(high << 4 | low));
			return true;
		}
	} else if (last != '\r' && d->kept_bytes < sizeof(d->kept) &&
	    (c == '\r' || is_blank(c) ||
	    (d->kept_bytes == 1 && hex_digit(c) >= 0))) {
		keep(d, c, text);
		return true;
	}
	give_kept(d, text);
	return false;
}

/* A byte behind blanks that are kept, or behind nothing. */
static void
take_byte(struct decoder *d, char c, struct text *text)
{
	if (is_blank(c)) {
		/* no CR yet, else the blanks were inside the line */
		if (d->kept_bytes > 0 && d->kept[d->kept_bytes - 1] == '\r')
			give_kept(d, text);
		keep(d, c, text);
	} else if (c == '\r' && d->kept_bytes > 0 &&
	    d->kept[d->kept_bytes - 1] != '\r') {
		keep(d, c, text);
	} else if (c == '\n' && d->kept_bytes > 0) {
		if (d->kept[d->kept_bytes - 1] == '\r')
			text_add_byte(text, '\r');
		d->kept_bytes = 0;
		text_add_byte(text, '\n');
	} else {
		give_kept(d, text);
		if (c == '=')
			keep(d, c, text);
		else
			text_add_byte(text, c);
	}
}

/* The end of the bytes from `i` on that stand for themselves: of blanks it is not
 * known yet where a line ends. */
static size_t
ordinary(struct slice s, size_t i)
{
	size_t end = i;

	while (end < s.len && s.at[end] != '=' && s.at[end] != '\r' &&
	    s.at[end] != '\n')
		end++;
	while (end > i && is_blank(s.at[end - 1]))
		end--;
	return end;
}

static void
add_quoted_printable(struct decoder *d, struct slice s, struct text *text)
{
	for (size_t i = 0; i < s.len && !text_failed(text); i++) {
		size_t run = i;

		if (d->kept_bytes == 0)
			run = ordinary(s, i);
		text_add(text, slice_after(slice_first(s, run), i));
		i = run;
		if (i < s.len && (d->kept_bytes == 0 || d->kept[0] != '=' ||
		    !take_escape(d, s.at[i], text)))
			take_byte(d, s.at[i], text);
	}
}

void
decoder_add(struct decoder *d, struct slice bytes, struct text *text)
{
	if (d->encoding == MIME_BASE64)
		add_base64(d, bytes, text);
	else if (d->encoding == MIME_QUOTED_PRINTABLE)
		add_quoted_printable(d, bytes, text);
	else
		text_add(text, bytes);
}

void
decoder_end(struct decoder *d, struct text *text)
{
	/* a soft line break that ends the body, or blanks that end it */
	if (d->kept_bytes > 0 && (is_blank(d->kept[0]) ||
	    (d->kept[0] == '=' && (d->kept_bytes == 1 ||
	    hex_digit(d->kept[1]) < 0))))
		d->kept_bytes = 0;
	give_kept(d, text);
}

int
decode_bytes(enum mime_encoding encoding, struct slice body,
    uint64_t *bytes_out)
{
	const size_t step = 64 * 1024;
	TEXT_AUTO piece = TEXT_INIT(step + DECODER_KEPT);
	struct decoder d;
	uint64_t n = 0;
	int r = decoder_begin(&d, encoding);

	if (r < 0)
		return r;
	if (encoding <= MIME_BINARY) {
		*bytes_out = body.len;
		return 0;
	}
	for (; body.len > 0; body = slice_after(body, step)) {
		text_clear(&piece);
		decoder_add(&d, slice_first(body, step), &piece);
		n += piece.len;
	}
	text_clear(&piece);
	decoder_end(&d, &piece);
	*bytes_out = n + piece.len;
	return text_failed(&piece) ? -ENOMEM : 0;
}
