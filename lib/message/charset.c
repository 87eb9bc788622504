/*
 * charset.c - the text of a body as lines of UTF-8, whatever it is written in
 *
 * Line by line, because line ends must stay and words.h makes them blanks.
 */
#include "lib/message/charset.h"

#include <string.h>

#include "lib/message/words.h"

/* The two orders of bytes in UTF-16, and some of its characters in each. */
static const struct {
	const char	*name;		/* words.h knows it by */
	const char	*mark;		/* RFC 2781 3.2: it tells the order */
	const char	*cr, *lf;
} utf16[] = {
	{ "utf-16be", "\xfe\xff", "\0\r", "\0\n" },
	{ "utf-16le", "\xff\xfe", "\r\0", "\n\0" },
};

/* RFC 2152: ASCII to look at, and any text underneath */
static bool
is_utf7(struct slice charset)
{
	return slice_is_word(charset, "utf-7") ||
	    slice_is_word(charset, "unicode-1-1-utf-7");
}

bool
charset_is_wide(struct slice charset)
{
	return slice_is_word(charset, "utf-16") ||
	    slice_is_word(charset, "utf-16be") ||
	    slice_is_word(charset, "utf-16le") ||
	    slice_is_word(charset, "ucs-2") ||
	    slice_is_word(charset, "iso-10646-ucs-2") ||
	    slice_is_word(charset, "unicode");
}

bool
charset_is_read(struct slice charset)
{
	if (charset_is_wide(charset))
		return words_has(slice_str(utf16[0].name)) &&
		    words_has(slice_str(utf16[1].name));
	return words_reads(charset);
}

/*
 * Without a mark RFC 2781 and browsers differ about the order of UTF-16, and
 * what has no zero byte may be shown as the plain text it is; many programs
 * know nothing of UTF-7.
 */
unsigned
charset_ways(struct slice charset, struct slice bytes)
{
	if (charset_is_wide(charset))
		return slice_find(bytes, '\0') == SIZE_MAX ? 3 : 2;
	return is_utf7(charset) ? 2 : 1;
}

/* The character of two bytes at `at`. */
static bool
is_at(struct slice bytes, size_t at, const char *character)
{
	return bytes.len >= at + 2 &&
	    memcmp(bytes.at + at, character, 2) == 0;
}

static void
add_utf16(struct text *text, unsigned order, struct slice bytes)
{
	const struct slice charset = slice_str(utf16[order].name);
	size_t start = is_at(bytes, 0, utf16[order].mark) ? 2 : 0;

	for (size_t at = start; at < bytes.len && !text_failed(text);
	    at += 2) {
		size_t end = at;

		if (!is_at(bytes, at, utf16[order].lf))
			continue;
		if (end > start && is_at(bytes, end - 2, utf16[order].cr))
			end -= 2;
		words_convert(text, charset, slice_after(slice_first(bytes,
		    end), start));
		text_add_byte(text, '\n');
		start = at + 2;
	}
	words_convert(text, charset, slice_after(bytes, start));
}

/* Add as much of a line as there is room for. */
static void
add_ascii(struct text *text, struct slice line)
{
	size_t room = text->limit - text->len;

	text_add(text, slice_first(line, room));
	text->failed = text->failed || line.len > room;
}

/*
 * No charset that comes here has an LF inside a character, and those with
 * states begin each line in their first.
 */
static void
add_lines(struct text *text, struct slice charset, struct slice bytes)
{
	const bool is_plain = !is_utf7(charset);
	struct slice line;
	bool more;

	do {
		more = slice_cut(&bytes, '\n', &line);
		if (!more)
			line = bytes;
		if (line.len > 0 && line.at[line.len - 1] == '\r')
			line.len--;
		if (is_plain && slice_is_printable_ascii(line))
			add_ascii(text, line);
		else
			words_convert(text, charset, line);
		if (more)
			text_add_byte(text, '\n');
	} while (more && !text_failed(text));
}

void
charset_lines(struct text *text, struct slice charset, unsigned way,
    struct slice bytes)
{
	if (charset_is_wide(charset) && way < 2)
		add_utf16(text, way, bytes);
	else
		add_lines(text, way == 0 ? charset : slice_of(NULL, 0),
		    bytes);
}
