/*
 * html.c - the words of an HTML text, as somebody sees them
 *
 * Every search for an end that is not there is made once: what was missed is
 * remembered, so that a text of nothing but beginnings is read in linear time.
 */
#include "filters/html.h"

#include <string.h>

struct reader {
	struct slice	 rest;
	struct text	*text;
	char		 owed;		/* a blank or LF before the next word */
	bool		 no_quotes;	/* a quote never ended: look past */
	bool		 no_tag_end;	/* there is no ">" any more */
	bool		 no_comment_end;
	bool		 no_script_end;
	bool		 no_style_end;
};

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

/* No-break space, and what has no width: written as a reference or not. */
static bool
is_owed_or_nothing(struct reader *r, unsigned long c)
{
	if (c == 0xa0) {
		r->owed = r->owed == 0 ? ' ' : r->owed;
		return true;
	}
	return c == 0xad || (c >= 0x200b && c <= 0x200f) || c == 0x2060 ||
	    c == 0xfeff;
}

static void
pay(struct reader *r)
{
	if (r->owed != 0 && r->text->len > 0)
		text_add_byte(r->text, r->owed);
	r->owed = 0;
}

/* Add one character of Unicode. */
static void
add_code(struct reader *r, unsigned long c)
{
	char s[4];
	size_t n = 0;

	if (c <= 0x20 || (c >= 0x7f && c < 0xa0)) {
		r->owed = r->owed == 0 ? ' ' : r->owed;
		return;
	}
	if (is_owed_or_nothing(r, c))
		return;
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		s[n++] = (char)c;
	} else if (c < 0x800) {
		s[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		s[n++] = (char)(0xe0 | c >> 12);
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		s[n++] = (char)(0xf0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		s[n++] = (char)(0x80 | (c & 0x3f));
	pay(r);
	text_add(r->text, slice_of(s, n));
}

/* Where the tag that begins `r->rest` ends, behind its ">"; 0: nowhere. */
static size_t
tag_end(struct reader *r)
{
	struct slice s = r->rest;
	char quote = 0;
	size_t at;

	for (size_t i = 1; !r->no_quotes && i < s.len; i++) {
		char c = s.at[i];

		if (quote != 0)
			quote = c == quote ? 0 : quote;
		else if (c == '>')
			return i + 1;
		/* a quote begins a value, and nothing else */
		else if ((c == '"' || c == '\'') && s.at[i - 1] == '=')
			quote = c;
	}
	r->no_quotes = true;
	at = r->no_tag_end ? SIZE_MAX : slice_find(s, '>');
	r->no_tag_end = at == SIZE_MAX;
	return at == SIZE_MAX ? 0 : at + 1;
}

static bool
is_block(struct slice name)
{
	static const char *const blocks[] = {
		"address", "article", "aside", "blockquote", "body", "br",
		"caption", "center", "dd", "div", "dl", "dt", "fieldset",
		"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6",
		"head", "header", "hr", "html", "legend", "li", "main", "nav",
		"ol", "option", "p", "pre", "section", "select", "table",
		"tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
	};

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		if (slice_is_word(name, blocks[i]))
			return true;
	return false;
}

/* Bytes up to the next "</name", in any letter case; false if none. */
static bool
find_close(struct slice s, const char *name, size_t *at_out)
{
	size_t at = 0, step;

	while ((step = slice_find(slice_after(s, at), '<')) != SIZE_MAX) {
		struct slice here = slice_after(s, at + step);

		if (here.len > 1 && here.at[1] == '/' &&
		    slice_has_prefix(slice_after(here, 2), name)) {
			*at_out = at + step;
			return true;
		}
		at += step + 1;
	}
	return false;
}

/* Pass over what a script or a style sheet holds, if it ends. */
static void
skip_inside(struct reader *r, const char *name, bool *missed)
{
	size_t at;

	if (*missed)
		return;
	*missed = !find_close(r->rest, name, &at);
	if (!*missed)
		r->rest = slice_after(r->rest, at);
}

static void
read_tag(struct reader *r, size_t end)
{
	struct slice name = slice_after(slice_first(r->rest, end), 1);
	bool closes = name.at[0] == '/';
	size_t len = 0;

	if (closes)
		name = slice_after(name, 1);
	while (len < name.len && (is_letter(name.at[len]) ||
	    (name.at[len] >= '0' && name.at[len] <= '9')))
		len++;
	name = slice_first(name, len);
	r->rest = slice_after(r->rest, end);
	if (is_block(name))
		r->owed = '\n';
	if (closes)
		return;
	if (slice_is_word(name, "script"))
		skip_inside(r, "script", &r->no_script_end);
	else if (slice_is_word(name, "style"))
		skip_inside(r, "style", &r->no_style_end);
}

/* The comment that begins `r->rest`; false if it does not end. */
static bool
skip_comment(struct reader *r)
{
	size_t at;

	if (r->no_comment_end)
		return false;
	at = slice_find_str(slice_after(r->rest, 4), "-->");
	r->no_comment_end = at == SIZE_MAX;
	if (r->no_comment_end)
		return false;
	r->rest = slice_after(r->rest, 4 + at + 3);
	return true;
}

/* At a "<". */
static void
read_angle(struct reader *r)
{
	char next = r->rest.len > 1 ? r->rest.at[1] : '\0';
	size_t end;

	if (slice_has_prefix(r->rest, "<!--") && skip_comment(r))
		return;
	if (is_letter(next) || next == '/' || next == '!' || next == '?') {
		end = tag_end(r);
		if (end > 0) {
			read_tag(r, end);
			return;
		}
	}
	add_code(r, '<');
	r->rest = slice_after(r->rest, 1);
}

static int
digit(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "&#65;" or "&#x41;"; the ";" may be missing, as browsers have it. */
static size_t
read_number(struct slice s, unsigned long *c_out)
{
	unsigned base = s.len > 2 && lower(s.at[2]) == 'x' ? 16 : 10;
	size_t start = base == 16 ? 3 : 2, i = start;
	unsigned long c = 0;

	for (; i < s.len && digit(s.at[i], base) >= 0; i++)
		if (c <= 0x10ffff)
			c = c * base + (unsigned long)digit(s.at[i], base);
	if (i == start)
		return 0;
	*c_out = c == 0 ? 0xfffd : c;
	return i < s.len && s.at[i] == ';' ? i + 1 : i;
}

/* Those that stand for what people type; others stay as they are. */
static size_t
read_name(struct slice s, unsigned long *c_out)
{
	static const struct {
		const char	*name;
		unsigned long	 c;
	} names[] = {
		{ "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
		{ "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", 0xa0 },
		{ "&shy;", 0xad }, { "&zwnj;", 0x200c }, { "&zwj;", 0x200d },
		{ "&period;", '.' }, { "&commat;", '@' }, { "&colon;", ':' },
		{ "&sol;", '/' }, { "&lpar;", '(' }, { "&rpar;", ')' },
		{ "&Tab;", '\t' }, { "&NewLine;", '\n' },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].name);

		if (s.len < len || memcmp(s.at, names[i].name, len) != 0)
			continue;
		*c_out = names[i].c;
		return len;
	}
	return 0;
}

/* At a "&". */
static void
read_reference(struct reader *r)
{
	unsigned long c = '&';
	size_t n = r->rest.len > 1 && r->rest.at[1] == '#' ?
	    read_number(r->rest, &c) : read_name(r->rest, &c);

	add_code(r, c);
	r->rest = slice_after(r->rest, n == 0 ? 1 : n);
}

/* At a byte above ASCII, in valid UTF-8. */
static void
read_character(struct reader *r)
{
	unsigned char lead = (unsigned char)r->rest.at[0];
	size_t n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	unsigned long c = lead & (0xffu >> (n + 1));

	for (size_t i = 1; i < n && i < r->rest.len; i++)
		c = c << 6 | ((unsigned char)r->rest.at[i] & 0x3f);
	add_code(r, c);
	r->rest = slice_after(r->rest, n);
}

/* Words up to the next byte that means something. */
static void
read_plain(struct reader *r)
{
	size_t n = 0;

	while (n < r->rest.len && (unsigned char)r->rest.at[n] > 0x20 &&
	    (unsigned char)r->rest.at[n] < 0x7f && r->rest.at[n] != '<' &&
	    r->rest.at[n] != '&')
		n++;
	pay(r);
	text_add(r->text, slice_first(r->rest, n));
	r->rest = slice_after(r->rest, n);
}

void
html_words(struct text *text, struct slice html)
{
	struct reader r = { .rest = html, .text = text };

	while (r.rest.len > 0 && !text_failed(text)) {
		char c = r.rest.at[0];

		if (c == '<') {
			read_angle(&r);
		} else if (c == '&') {
			read_reference(&r);
		} else if ((unsigned char)c >= 0x80) {
			read_character(&r);
		} else if (is_blank(c) || c < 0x20 || c == 0x7f) {
			r.owed = r.owed == 0 ? ' ' : r.owed;
			r.rest = slice_after(r.rest, 1);
		} else {
			read_plain(&r);
		}
	}
}
