/*
 * words.c - header values as people read them: UTF-8
 *
 * An encoded word is taken apart by looking from each "=?" no further than the
 * third "?" behind it, so a value full of beginnings is still read in linear
 * time.  UTF-8, ASCII and Latin-1 need no iconv.
 */
#include "lib/message/words.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "lib/base/digits.h"
#include "lib/message/header.h"

#define NOT_OPEN	((iconv_t)-1)
#define REPLACEMENT	"\xef\xbf\xbd"	/* U+FFFD */

/* How mail calls a charset, and what iconv opens for it. */
static const struct charset {
	const char	*name;
	const char	*opens;
} charsets[] = {
	{ "iso-8859-2", "ISO-8859-2" },
	{ "iso8859-2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-9", "ISO-8859-9" },
	{ "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-11", "ISO-8859-11" },
	{ "tis-620", "ISO-8859-11" },
	{ "windows-874", "ISO-8859-11" },
	{ "iso-8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" },
	{ "iso8859-15", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "windows-1250", "CP1250" },
	{ "cp1250", "CP1250" },
	{ "windows-1251", "CP1251" },
	{ "cp1251", "CP1251" },
	{ "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" },
	{ "windows-1255", "CP1255" },
	{ "windows-1256", "CP1256" },
	{ "windows-1257", "CP1257" },
	{ "windows-1258", "CP1258" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	/* each of these holds the one before it, and mail names them loosely */
	{ "gb2312", "GB18030" },
	{ "gb_2312-80", "GB18030" },
	{ "gbk", "GB18030" },
	{ "cp936", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "big5", "BIG5" },
	{ "euc-jp", "EUC-JP" },
	{ "iso-2022-jp", "ISO-2022-JP" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "windows-31j", "CP932" },
	{ "euc-kr", "UHC" },
	{ "ks_c_5601-1987", "UHC" },
	{ "cp949", "UHC" },
	{ "utf-7", "UTF-7" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "utf-16be", "UTF-16BE" },
	{ "utf-16le", "UTF-16LE" },
};

#define CHARSET_COUNT	(sizeof(charsets) / sizeof(charsets[0]))

/*
 * Names of UTF-8, ASCII and Latin-1, which need no iconv, and the names that
 * say "ASCII and something more" (RFC 1428): all that is ASCII in them is.
 */
static const char *const plain_charsets[] = {
	"utf-8", "utf8", "unicode-1-1-utf-8",
	"us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us",
	"iso-8859-1", "iso8859-1", "iso_8859-1", "iso-8859-1-i", "latin1",
	"latin-1", "windows-1252", "cp1252",
	"unknown-8bit", "x-unknown", "unknown",
};

/* Row for row; a row that opens what the row before opens shares it. */
static iconv_t	open_charsets[CHARSET_COUNT];
static bool	is_open;

static bool
is_shared(size_t row)
{
	return row > 0 &&
	    strcmp(charsets[row].opens, charsets[row - 1].opens) == 0;
}

int
words_open(void)
{
	if (is_open)
		return 0;
	for (size_t i = 0; i < CHARSET_COUNT; i++)
		open_charsets[i] = NOT_OPEN;
	is_open = true;
	for (size_t i = 0; i < CHARSET_COUNT; i++) {
		open_charsets[i] = is_shared(i) ? open_charsets[i - 1] :
		    iconv_open("UTF-8", charsets[i].opens);
		/* one that this system lacks is read as Latin-1 */
		if (open_charsets[i] == NOT_OPEN && errno != EINVAL) {
			int error = errno;

			words_close();
			return error == EMFILE ? -EMFILE : -ENOMEM;
		}
	}
	return 0;
}

void
words_close(void)
{
	if (!is_open)
		return;
	for (size_t i = 0; i < CHARSET_COUNT; i++)
		if (!is_shared(i) && open_charsets[i] != NOT_OPEN)
			(void)iconv_close(open_charsets[i]);
	is_open = false;
}

void
words_add_names(struct text *text)
{
	for (size_t i = 0; is_open && i < CHARSET_COUNT; i++)
		if (!is_shared(i) && open_charsets[i] != NOT_OPEN)
			text_addf(text, " %s", charsets[i].opens);
}

/* Bytes of the UTF-8 character that begins `s`, or 0 if none does. */
static size_t
utf8_bytes(struct slice s)
{
	unsigned char c = (unsigned char)s.at[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	return s.len >= n && slice_is_utf8(slice_first(s, n)) ? n : 0;
}

/* C0, DEL, and the second set that Unicode has at U+0080 to U+009F. */
static bool
is_control(struct slice character)
{
	unsigned char c = (unsigned char)character.at[0];

	return c < 0x20 || c == 0x7f || (c == 0xc2 &&
	    (unsigned char)character.at[1] < 0xa0);
}

/* Add the printable ASCII that begins `*s`, as far as there is room. */
static void
add_ascii(struct text *text, struct slice *s)
{
	size_t n = 0, room = text->limit - text->len;

	while (n < s->len && s->at[n] >= 0x20 && s->at[n] < 0x7f)
		n++;
	text_add(text, slice_first(*s, n < room ? n : room));
	text->failed = text->failed || n > room;
	*s = slice_after(*s, n);
}

/* Add bytes that ought to be UTF-8. */
static void
add_utf8(struct text *text, struct slice s)
{
	for (add_ascii(text, &s); s.len > 0 && !text_failed(text);
	    add_ascii(text, &s)) {
		size_t n = utf8_bytes(s);

		if (n == 0)
			text_add_str(text, REPLACEMENT);
		else if (is_control(slice_first(s, n)))
			text_add_byte(text, ' ');
		else
			text_add(text, slice_first(s, n));
		s = slice_after(s, n == 0 ? 1 : n);
	}
}

/* Add a character below U+10000. */
static void
add_character(struct text *text, unsigned c)
{
	char s[3];
	size_t n = 0;

	if (c < 0x80) {
		s[n++] = (char)c;
	} else if (c < 0x800) {
		s[n++] = (char)(0xc0 | c >> 6);
		s[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		s[n++] = (char)(0xe0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		s[n++] = (char)(0x80 | (c & 0x3f));
	}
	add_utf8(text, slice_of(s, n));
}

/* Add Latin-1 with the letters that windows-1252 has in place of C1. */
static void
add_latin1(struct text *text, struct slice s)
{
	static const uint16_t from_0x80[32] = {
		0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
		0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
		0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
		0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178,
	};

	/* most of it is ASCII */
	for (add_ascii(text, &s); s.len > 0 && !text_failed(text);
	    add_ascii(text, &s)) {
		unsigned char c = (unsigned char)s.at[0];

		add_character(text, c >= 0x80 && c < 0xa0 ?
		    from_0x80[c - 0x80] : c);
		s = slice_after(s, 1);
	}
}

/* Add bytes through iconv, starting in the charset's first state. */
static void
add_iconv(struct text *text, iconv_t from, struct slice s)
{
	char *in = (char *)(uintptr_t)s.at;	/* iconv's want of const */
	size_t left = s.len;

	(void)iconv(from, NULL, NULL, NULL, NULL);
	while (left > 0 && !text_failed(text)) {
		char buffer[512], *out = buffer;
		size_t room = sizeof(buffer);
		size_t r = iconv(from, &in, &left, &out, &room);
		int error = r == (size_t)-1 ? errno : 0;

		add_utf8(text, slice_of(buffer, sizeof(buffer) - room));
		if (error == 0 || error == E2BIG)
			continue;
		text_add_str(text, REPLACEMENT);
		if (error != EILSEQ)
			return;		/* it ends within a character */
		in++;
		left--;
	}
}

static iconv_t
charset_find(struct slice charset)
{
	if (is_open)
		for (size_t i = 0; i < CHARSET_COUNT; i++)
			if (slice_is_word(charset, charsets[i].name))
				return open_charsets[i];
	return NOT_OPEN;
}

bool
words_has(struct slice charset)
{
	return charset_find(charset) != NOT_OPEN;
}

bool
words_reads(struct slice charset)
{
	if (charset.len == 0 || words_has(charset))
		return true;
	for (size_t i = 0; i < sizeof(plain_charsets) /
	    sizeof(plain_charsets[0]); i++)
		if (slice_is_word(charset, plain_charsets[i]))
			return true;
	return false;
}

void
words_convert(struct text *text, struct slice charset, struct slice bytes)
{
	bool plain = charset.len == 0 || slice_is_word(charset, "us-ascii");
	iconv_t from;

	if (slice_is_word(charset, "utf-8") || slice_is_word(charset, "utf8") ||
	    (plain && slice_is_utf8(bytes))) {
		add_utf8(text, bytes);
		return;
	}
	from = charset_find(charset);
	if (from == NOT_OPEN)
		add_latin1(text, bytes);
	else
		add_iconv(text, from, bytes);
}

/* RFC 2047 4.1, forgiving: what is no digit is passed over */
static void
decode_b(struct text *raw, struct slice s)
{
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < s.len && s.at[i] != '='; i++) {
		int digit = base64_digit(s.at[i]);

		if (digit < 0)
			continue;
		bits = bits << 6 | (unsigned)digit;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		text_add_byte(raw, (char)(bits >> held & 0xff));
	}
}

/* RFC 2047 4.2; a "=" that begins no byte stands for itself */
static void
decode_q(struct text *raw, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		int byte = s.at[i] != '=' ? -1 :
		    slice_hex(slice_after(s, i + 1));

		if (byte >= 0) {
			text_add_byte(raw, (char)byte);
			i += 2;
		} else {
			text_add_byte(raw, s.at[i] == '_' ? ' ' : s.at[i]);
		}
	}
}

struct word {
	struct slice	charset;	/* without RFC 2231's language */
	bool		base64;
	struct slice	encoded;
	size_t		bytes;		/* all of it, "=?" to "?=" */
};

/* "=?" charset [ "*" language ] "?" encoding "?" encoded-text "?=" */
static bool
word_read(struct slice s, struct word *word_out)
{
	struct slice rest = slice_after(s, 2), charset, encoding, encoded;

	if (!slice_has_prefix(s, "=?") || !slice_cut(&rest, '?', &charset) ||
	    !slice_cut(&rest, '?', &encoding) ||
	    !slice_cut(&rest, '?', &encoded) ||
	    rest.len == 0 || rest.at[0] != '=')
		return false;
	if (charset.len == 0 || (!slice_is_word(encoding, "B") &&
	    !slice_is_word(encoding, "Q")))
		return false;
	word_out->charset = slice_first(charset, slice_find(charset, '*'));
	word_out->base64 = slice_is_word(encoding, "B");
	word_out->encoded = encoded;
	word_out->bytes = s.len - rest.len + 1;
	return true;
}

/* Blanks only: what is dropped between two encoded words. */
static bool
is_blank(struct slice s)
{
	return slice_trim(s).len == 0;
}

/* Add what was gathered of `charset` and begin anew. */
static void
flush(struct text *text, struct slice charset, struct text *raw)
{
	words_convert(text, charset, text_slice(raw));
	text_clear(raw);
}

static void
decode_line(struct text *text, struct slice line)
{
	const struct slice plain = slice_of(NULL, 0);
	struct slice charset = plain, between = slice_first(line, 0);
	bool utf8 = slice_is_utf8(line);
	TEXT_AUTO raw = TEXT_INIT(line.len);
	struct word word;
	size_t at = 0, skip;

	/* `between` is what stands since the last encoded word, up to `at` */
	while (at < line.len && !text_failed(text)) {
		if (!word_read(slice_after(line, at), &word)) {
			skip = slice_find_str(slice_after(line, at + 1), "=?");
			skip = skip == SIZE_MAX ? line.len - at : skip + 1;
			between.len += skip;
			at += skip;
			continue;
		}
		if (charset.len == 0 || !is_blank(between) ||
		    !slice_is_nocase(charset, word.charset))
			flush(text, charset, &raw);
		if (charset.len == 0 || !is_blank(between))
			words_convert(text, slice_str(utf8 ? "utf-8" : ""),
			    between);
		charset = word.charset;
		(word.base64 ? decode_b : decode_q)(&raw, word.encoded);
		at += word.bytes;
		between = slice_of(line.at + at, 0);
	}
	flush(text, charset, &raw);
	words_convert(text, slice_str(utf8 ? "utf-8" : ""), between);
}

void
words_decode(struct text *text, struct slice value)
{
	TEXT_AUTO line = TEXT_INIT(value.len);

	header_unfold(&line, value);
	if (text_failed(&line))
		text->failed = true;	/* memory was out */
	else
		decode_line(text, text_slice(&line));
}

/* Digits stand behind the pad, where some readers go on and others end. */
static bool
goes_on(const struct word *word)
{
	struct slice s = slice_after(word->encoded,
	    slice_find(word->encoded, '='));

	for (size_t i = 0; word->base64 && i < s.len; i++)
		if (base64_digit(s.at[i]) >= 0)
			return true;
	return false;
}

bool
words_read_all(struct slice line)
{
	struct word word;
	size_t at;

	/* a word that is none may hold the beginning of one that is */
	while ((at = slice_find_str(line, "=?")) != SIZE_MAX) {
		line = slice_after(line, at);
		if (word_read(line, &word)) {
			if (!words_reads(word.charset) || goes_on(&word))
				return false;
			line = slice_after(line, word.bytes);
		} else {
			line = slice_after(line, 2);
		}
	}
	return true;
}
