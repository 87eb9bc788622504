/*
 * encode.c - a content transfer encoding done, piece by piece
 */
#include "lib/message/encode.h"

#include <string.h>

#include "lib/base/sasl.h"

#define QUOTED_MOST	75	/* and a "=" at the end */
/* Of a line that was somebody else's: it is left alone while it may stand. */
#define AGAIN_MOST	900

struct encoder
encoder_of(enum encoder_how how)
{
	return (struct encoder){ .how = how };
}

static void
put(struct encoder *encoder, struct slice s, struct text *out)
{
	if (encoder->column + s.len > QUOTED_MOST) {
		text_add_str(out, "=\r\n");
		encoder->column = 0;
	}
	text_add(out, s);
	encoder->column += s.len;
}

static void
put_escape(struct encoder *encoder, char c, struct text *out)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char byte = (unsigned char)c;
	const char escape[3] = { '=', digits[byte >> 4], digits[byte & 15] };

	put(encoder, slice_of(escape, sizeof(escape)), out);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What was held back, now that `next` is known; true: that was the LF of it. */
static bool
put_held(struct encoder *encoder, int next, struct text *out)
{
	char held = encoder->kept[0];

	if (encoder->kept_bytes == 0)
		return false;
	encoder->kept_bytes = 0;
	if (held == '\r' && next == '\n') {
		text_add_str(out, "\r\n");
		encoder->column = 0;
		return true;
	}
	/* RFC 2045 6.7 (3): no blank ends a line */
	if (held == '\r' || next == '\r' || next < 0)
		put_escape(encoder, held, out);
	else
		put(encoder, slice_of(&held, 1), out);
	return false;
}

static void
add_quoted(struct encoder *encoder, struct slice s, struct text *out)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (put_held(encoder, (unsigned char)c, out))
			continue;
		if (c == '\r' || is_blank(c))
			encoder->kept[encoder->kept_bytes++] = c;
		else if (c > ' ' && c <= '~' && c != '=')
			put(encoder, slice_of(&s.at[i], 1), out);
		else
			put_escape(encoder, c, out);
	}
}

/* Before this byte a line may end softly. */
static bool
may_break(const struct encoder *encoder, char c)
{
	return encoder->in_escape == 0 && c != '\r' && c != '\n';
}

static void
add_quoted_again(struct encoder *encoder, struct slice s, struct text *out)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (encoder->column >= AGAIN_MOST && may_break(encoder, c)) {
			text_add_str(out, "=\r\n");
			encoder->column = 0;
		}
		if ((c & 0x80) != 0 || c == '\0') {
			text_addf(out, "=%02X", (unsigned char)c);
			encoder->column += 3;
			encoder->in_escape = 0;
			continue;
		}
		text_add_byte(out, c);
		encoder->column = c == '\n' ? 0 : encoder->column + 1;
		if (c == '=')
			encoder->in_escape = 2;
		else if (encoder->in_escape > 0)
			encoder->in_escape--;
	}
}

static void
put_line(struct encoder *encoder, struct text *out)
{
	if (encoder->has_line)
		text_add_str(out, "\r\n");
	encoder->has_line = true;
	sasl_encode(out, slice_of(encoder->kept, encoder->kept_bytes));
	encoder->kept_bytes = 0;
}

static void
add_base64(struct encoder *encoder, struct slice s, struct text *out)
{
	while (s.len > 0) {
		size_t n = ENCODER_KEPT - encoder->kept_bytes;

		if (n > s.len)
			n = s.len;
		memcpy(encoder->kept + encoder->kept_bytes, s.at, n);
		encoder->kept_bytes += n;
		s = slice_after(s, n);
		if (encoder->kept_bytes == ENCODER_KEPT)
			put_line(encoder, out);
	}
}

void
encoder_add(struct encoder *encoder, struct slice bytes, struct text *out)
{
	if (encoder->how == ENCODE_QUOTED)
		add_quoted(encoder, bytes, out);
	else if (encoder->how == ENCODE_QUOTED_AGAIN)
		add_quoted_again(encoder, bytes, out);
	else
		add_base64(encoder, bytes, out);
}

void
encoder_end(struct encoder *encoder, struct text *out)
{
	if (encoder->how == ENCODE_QUOTED)
		(void)put_held(encoder, -1, out);
	else if (encoder->how == ENCODE_BASE64 && encoder->kept_bytes > 0)
		put_line(encoder, out);
}
