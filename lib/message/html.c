/*
 * html.c - the words of an HTML text, as somebody sees them
 *
 * Every search for an end that is not there is made once: what was missed is
 * remembered, so that a text of nothing but beginnings is read in linear time.
 */
#include "lib/message/html.h"

#include <string.h>

#include "lib/message/html_reference.h"

/* Elements whose inside is no markup (HTML 13.2.6.2); what becomes of it. */
static const struct raw {
	const char	*name;
	bool		 is_shown;
} raws[] = {
	{ "script", false }, { "style", false },
	{ "title", true }, { "textarea", true }, { "xmp", true },
	{ "iframe", true }, { "noembed", true }, { "noframes", true },
};

#define RAW_COUNT	(sizeof(raws) / sizeof(raws[0]))

struct reader {
	struct slice	 rest;
	struct text	*text;
	html_tag_fn	*tag;		/* or NULL */
	void		*arg;
	const char	*markup_from;	/* a "<" before it is a "<"; or NULL */
	char		 owed;		/* a blank or LF before the next word */
	unsigned	 foreign;	/* <svg> and <math> not closed yet */
	bool		 is_doubtful;
	bool		 no_quotes;	/* a quote never ended: look past */
	bool		 no_tag_end;	/* there is no ">" any more */
	bool		 no_comment_end;
	bool		 no_raw_end[RAW_COUNT];
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

/* Unicode: Default_Ignorable_Code_Point; nothing is shown for them. */
static bool
is_ignorable(unsigned long c)
{
	static const struct {
		unsigned long	first, last;
	} ranges[] = {
		{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f },
		{ 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f },
		{ 0x3164, 0x3164 }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 },
		{ 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0xe0fff },
	};

	if (c < ranges[0].first)
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* No-break space, and what has no width: written as a reference or not. */
static bool
is_owed_or_nothing(struct reader *r, unsigned long c)
{
	if (c == 0xa0) {
		r->owed = r->owed == 0 ? ' ' : r->owed;
		return true;
	}
	return is_ignorable(c);
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
	if (c <= 0x20 || (c >= 0x7f && c < 0xa0)) {
		r->owed = r->owed == 0 ? ' ' : r->owed;
		return;
	}
	if (is_owed_or_nothing(r, c))
		return;
	pay(r);
	html_add_code(r->text, c);
}

/* Where in a tag we are (HTML 13.2.5.8 to 39). */
enum spot {
	IN_TAG_NAME, BEFORE_NAME, IN_NAME, BEHIND_NAME, BEFORE_VALUE,
	IN_VALUE
};

/* What `c`, which is no ">" and no quote that counts, makes of a spot. */
static enum spot
spot_after(enum spot spot, char c)
{
	switch (spot) {
	case IN_TAG_NAME:
		return is_blank(c) || c == '/' ? BEFORE_NAME : spot;
	case BEFORE_NAME:
		return is_blank(c) || c == '/' ? spot : IN_NAME;
	case IN_NAME:
	case BEHIND_NAME:
		if (c == '/')
			return BEFORE_NAME;
		if (c == '=')
			return BEFORE_VALUE;
		return is_blank(c) ? BEHIND_NAME : IN_NAME;
	case BEFORE_VALUE:
		return is_blank(c) ? spot : IN_VALUE;
	case IN_VALUE:
		return is_blank(c) ? BEFORE_NAME : spot;
	}
	return spot;
}

/* Where the tag that begins `r->rest` ends, behind its ">"; 0: nowhere. */
static size_t
tag_end(struct reader *r)
{
	struct slice s = r->rest;
	enum spot spot = IN_TAG_NAME;
	size_t at;

	for (size_t i = 1; !r->no_quotes && i < s.len; i++) {
		char c = s.at[i];

		if (c == '>') {
			return i + 1;
		} else if (spot == BEFORE_VALUE && (c == '"' || c == '\'')) {
			/* a quote begins a value, and nothing else */
			at = slice_find(slice_after(s, i + 1), c);
			if (at == SIZE_MAX)
				break;
			i += at + 1;
			spot = BEFORE_NAME;
		} else if (i > 1 || c != '/') {
			spot = spot_after(spot, c);
		}
	}
	r->no_quotes = true;
	at = r->no_tag_end ? SIZE_MAX : slice_find(s, '>');
	r->no_tag_end = at == SIZE_MAX;
	return at == SIZE_MAX ? 0 : at + 1;
}

/* "<!", "<?" and "</" with no name behind it end at the next ">", always. */
static bool
skip_bogus(struct reader *r)
{
	size_t at = r->no_tag_end ? SIZE_MAX : slice_find(r->rest, '>');

	r->no_tag_end = at == SIZE_MAX;
	if (at == SIZE_MAX)
		return false;
	r->rest = slice_after(r->rest, at + 1);
	return true;
}

/* Tags are many, and most differ in the first letter. */
static bool
is_named(struct slice tag, const char *name)
{
	return tag.len > 0 && lower(tag.at[0]) == name[0] &&
	    slice_is_word(tag, name);
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
		if (is_named(name, blocks[i]))
			return true;
	return false;
}

/* The name that `s` begins with ends there, or goes on. */
static bool
ends_name(struct slice s)
{
	return s.len == 0 || is_blank(s.at[0]) || s.at[0] == '/' ||
	    s.at[0] == '>';
}

/* Bytes up to the next "</name", in any letter case; false if none. */
static bool
find_close(struct slice s, const char *name, size_t *at_out)
{
	size_t at = 0, step;

	while ((step = slice_find(slice_after(s, at), '<')) != SIZE_MAX) {
		struct slice here = slice_after(s, at + step);

		if (here.len > 1 && here.at[1] == '/' &&
		    slice_has_prefix(slice_after(here, 2), name) &&
		    ends_name(slice_after(here, 2 + strlen(name)))) {
			*at_out = at + step;
			return true;
		}
		at += step + 1;
	}
	return false;
}

/*
 * Behind the tag of an element whose inside is no markup: pass over it, or
 * have it read as text, if it ends.  In a drawing it is markup all the same,
 * and where a drawing ends only a browser knows; a title is there not shown.
 */
static void
enter_raw(struct reader *r, struct slice name)
{
	size_t i = 0, at;

	while (i < RAW_COUNT && !is_named(name, raws[i].name))
		i++;
	if (i == RAW_COUNT)
		return;
	r->is_doubtful = r->is_doubtful ||
	    (r->foreign > 0 && !slice_is_word(name, "title"));
	if (r->no_raw_end[i])
		return;
	r->no_raw_end[i] = !find_close(r->rest, raws[i].name, &at);
	if (r->no_raw_end[i])
		return;
	if (raws[i].is_shown)
		r->markup_from = r->rest.at + at;
	else
		r->rest = slice_after(r->rest, at);
}

/* What is added of a tag is a word of its own. */
static bool
tell_tag(struct reader *r, struct slice name, struct slice tag)
{
	size_t before = r->text->len;
	bool goes_on = r->tag(r->arg, name, tag, r->text);

	if (r->text->len > before && r->owed == 0)
		r->owed = ' ';
	return goes_on;
}

static void
read_tag(struct reader *r, size_t end)
{
	struct slice name = slice_after(slice_first(r->rest, end), 1);
	bool closes = name.at[0] == '/';
	size_t len = 0;

	if (closes)
		name = slice_after(name, 1);
	while (len < name.len && !ends_name(slice_after(name, len)))
		len++;
	name = slice_first(name, len);
	if (!closes && r->tag != NULL &&
	    !tell_tag(r, name, slice_first(r->rest, end)))
		end = r->rest.len;
	r->rest = slice_after(r->rest, end);
	if (is_block(name))
		r->owed = '\n';
	if (is_named(name, "svg") || is_named(name, "math")) {
		if (!closes)
			r->foreign++;
		else if (r->foreign > 0)
			r->foreign--;
	}
	if (!closes)
		enter_raw(r, name);
}

/*
 * The comment that begins `r->rest`; false if it does not end.  HTML 13.2.5.43
 * to 51: besides "-->" these end it: "<!-->", "<!--->", "--!>".
 */
static bool
skip_comment(struct reader *r)
{
	struct slice s = slice_after(r->rest, 4);
	size_t at = 0, step;

	if (r->no_comment_end)
		return false;
	if (slice_has_prefix(s, ">") || slice_has_prefix(s, "->")) {
		r->rest = slice_after(s, s.at[0] == '>' ? 1 : 2);
		return true;
	}
	while ((step = slice_find(slice_after(s, at), '>')) != SIZE_MAX) {
		struct slice before = slice_first(s, at + step);

		at += step + 1;
		if (slice_has_suffix(before, "--") ||
		    slice_has_suffix(before, "--!")) {
			r->rest = slice_after(s, at);
			return true;
		}
	}
	r->no_comment_end = true;
	return false;
}

/* What begins at the "<" goes; false: it is no markup. */
static bool
skip_markup(struct reader *r)
{
	char next = r->rest.len > 1 ? r->rest.at[1] : '\0';
	char third = r->rest.len > 2 ? r->rest.at[2] : '\0';
	size_t end;

	if (r->rest.at < r->markup_from)
		return false;
	if (slice_has_prefix(r->rest, "<!--") && skip_comment(r))
		return true;
	if (next == '!' || next == '?' || (next == '/' && !is_letter(third)))
		return skip_bogus(r);
	if (!is_letter(next) && next != '/')
		return false;
	end = tag_end(r);
	if (end > 0)
		read_tag(r, end);
	return end > 0;
}

/* At a "<". */
static void
read_angle(struct reader *r)
{
	if (skip_markup(r))
		return;
	add_code(r, '<');
	r->rest = slice_after(r->rest, 1);
}

/* At a "&". */
static void
read_reference(struct reader *r)
{
	unsigned long c = '&';
	size_t n = html_reference(r->rest, &c);

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

bool
html_words(struct text *text, struct slice html)
{
	return html_read(text, html, NULL, NULL);
}

bool
html_read(struct text *text, struct slice html, html_tag_fn *fn, void *arg)
{
	struct reader r = {
		.rest = html, .text = text, .tag = fn, .arg = arg,
	};

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
	return !r.is_doubtful;
}
