/*
 * name.c - names of folders on the wire (RFC 3501 5.1.3)
 */
#include "fetch/imap/name.h"

#include <errno.h>

static int
base64_value(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+,";
	size_t at = c == '\0' ? SIZE_MAX :
	    slice_find(slice_of(digits, 64), c);

	return at == SIZE_MAX ? -1 : (int)at;
}

static void
add_utf8(struct text *text, uint32_t c)
{
	if (c < 0x800) {
		text_add_byte(text, (char)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		text_add_byte(text, (char)(0xe0 | c >> 12));
		text_add_byte(text, (char)(0x80 | (c >> 6 & 0x3f)));
	} else {
		text_add_byte(text, (char)(0xf0 | c >> 18));
		text_add_byte(text, (char)(0x80 | (c >> 12 & 0x3f)));
		text_add_byte(text, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	text_add_byte(text, (char)(0x80 | (c & 0x3f)));
}

/* A unit of UTF-16; `*high` is the first half of a pair, or 0. */
static int
add_unit(struct text *text, uint32_t unit, uint32_t *high)
{
	bool is_low = unit >= 0xdc00 && unit <= 0xdfff;

	if (is_low != (*high != 0))
		return -EBADMSG;
	if (is_low) {
		add_utf8(text, 0x10000 + ((*high - 0xd800) << 10) +
		    (unit - 0xdc00));
		*high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
	} else if (unit < 0xa0) {
		/* ASCII stands for itself; C1 controls stand for nothing */
		return -EBADMSG;
	} else {
		add_utf8(text, unit);
	}
	return 0;
}

/* What stands between "&" and "-". */
static int
add_coded(struct text *text, struct slice coded)
{
	uint32_t bits = 0, high = 0;
	unsigned n = 0;
	int value, r = 0;

	for (size_t i = 0; i < coded.len && r == 0; i++) {
		value = base64_value(coded.at[i]);
		if (value < 0)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)value;
		n += 6;
		if (n < 16)
			continue;
		n -= 16;
		r = add_unit(text, bits >> n & 0xffff, &high);
		bits &= (1u << n) - 1;
	}
	return r < 0 || high != 0 || bits != 0 || n >= 6 ? -EBADMSG : 0;
}

static bool
has_control(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f)
			return true;
	return false;
}

int
imap_name_decode(struct slice name, struct text *utf8)
{
	struct slice coded, plain;
	bool was_coded = false;
	size_t at;

	if (has_control(name) || !slice_is_utf8(name))
		return -EBADMSG;
	while (name.len > 0) {
		at = slice_find(name, '&');
		plain = slice_first(name, at);
		text_add(utf8, plain);
		if (at == SIZE_MAX)
			break;
		/* RFC 3501 5.1.3: one code goes on, it is not begun again */
		if (was_coded && plain.len == 0 && at + 1 < name.len &&
		    name.at[at + 1] != '-')
			return -EBADMSG;
		name = slice_after(name, at + 1);
		if (!slice_cut(&name, '-', &coded))
			return -EBADMSG;
		was_coded = coded.len > 0;
		if (!was_coded)
			text_add_byte(utf8, '&');
		else if (add_coded(utf8, coded) < 0)
			return -EBADMSG;
	}
	return text_failed(utf8) ? -EBADMSG : 0;
}

int
imap_quote(struct slice s, struct text *text)
{
	text_add_byte(text, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\r' || s.at[i] == '\n' || s.at[i] == '\0')
			return -EINVAL;
		if (s.at[i] == '"' || s.at[i] == '\\')
			text_add_byte(text, '\\');
		text_add_byte(text, s.at[i]);
	}
	text_add_byte(text, '"');
	return 0;
}

static void
add_level(struct slice level, struct text *text)
{
	bool is_dots;

	level = slice_trim(level);
	if (level.len == 0)
		return;
	is_dots = slice_is_str(level, ".") || slice_is_str(level, "..");
	if (text->len > 0)
		text_add_byte(text, '/');
	for (size_t i = 0; i < level.len; i++)
		text_add_byte(text, is_dots || level.at[i] == '/' ? '_' :
		    level.at[i]);
}

void
imap_name_local(struct slice utf8, char delimiter, size_t most,
    struct text *text)
{
	struct slice level;
	/* RFC 3501 9: QUOTED-CHAR; another byte would cut characters in two */
	bool has_levels = delimiter >= 0x20 && delimiter < 0x7f;

	while (has_levels && slice_cut(&utf8, delimiter, &level))
		add_level(level, text);
	add_level(utf8, text);
	if (text->len > most)
		text_clear(text);
}
