/*
 * html_reference.c - what "&" and the letters behind it stand for in HTML
 *
 * Whoever writes hostile mail writes with them what is not to be found: no
 * reference that is read here takes fewer bytes than its character.
 */
#include "lib/message/html_reference.h"

#include <string.h>

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
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

/* Those that stand for what people type or for nothing; others stay. */
static const struct {
	const char	*name;
	unsigned long	 c;
} names[] = {
	/* these first ones need no ";" behind them */
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
	{ "AMP", '&' }, { "LT", '<' }, { "GT", '>' }, { "QUOT", '"' },
	{ "nbsp", 0xa0 }, { "shy", 0xad },
	{ "apos;", '\'' }, { "NonBreakingSpace;", 0xa0 },
	{ "Tab;", '\t' }, { "NewLine;", '\n' }, { "excl;", '!' },
	{ "num;", '#' }, { "dollar;", '$' }, { "percnt;", '%' },
	{ "lpar;", '(' }, { "rpar;", ')' }, { "ast;", '*' },
	{ "midast;", '*' }, { "plus;", '+' }, { "comma;", ',' },
	{ "period;", '.' }, { "sol;", '/' }, { "colon;", ':' },
	{ "semi;", ';' }, { "equals;", '=' }, { "quest;", '?' },
	{ "commat;", '@' }, { "lsqb;", '[' }, { "lbrack;", '[' },
	{ "bsol;", '\\' }, { "rsqb;", ']' }, { "rbrack;", ']' },
	{ "Hat;", '^' }, { "lowbar;", '_' }, { "UnderBar;", '_' },
	{ "grave;", '`' }, { "DiacriticalGrave;", '`' }, { "lcub;", '{' },
	{ "lbrace;", '{' }, { "verbar;", '|' }, { "vert;", '|' },
	{ "VerticalLine;", '|' }, { "rcub;", '}' }, { "rbrace;", '}' },
	/* no width */
	{ "zwnj;", 0x200c }, { "zwj;", 0x200d }, { "lrm;", 0x200e },
	{ "rlm;", 0x200f }, { "ZeroWidthSpace;", 0x200b },
	{ "NegativeThinSpace;", 0x200b }, { "NegativeMediumSpace;", 0x200b },
	{ "NegativeThickSpace;", 0x200b },
	{ "NegativeVeryThinSpace;", 0x200b }, { "NoBreak;", 0x2060 },
	{ "af;", 0x2061 }, { "ApplyFunction;", 0x2061 }, { "it;", 0x2062 },
	{ "InvisibleTimes;", 0x2062 }, { "ic;", 0x2063 },
	{ "InvisibleComma;", 0x2063 },
};

static size_t
read_name(struct slice s, unsigned long *c_out)
{
	/* a text may be nothing but "&": what cannot be is soon seen */
	if (s.len < 2 || lower(s.at[1]) < 'a' || lower(s.at[1]) > 'z')
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len;

		if (names[i].name[0] != s.at[1])
			continue;
		len = strlen(names[i].name) + 1;
		if (s.len < len ||
		    memcmp(s.at + 1, names[i].name, len - 1) != 0)
			continue;
		*c_out = names[i].c;
		return s.len > len && s.at[len] == ';' &&
		    s.at[len - 1] != ';' ? len + 1 : len;
	}
	return 0;
}

size_t
html_reference(struct slice s, unsigned long *c_out)
{
	return s.len > 1 && s.at[1] == '#' ? read_number(s, c_out) :
	    read_name(s, c_out);
}

void
html_add_code(struct text *text, unsigned long c)
{
	char s[4];
	size_t n = 0;

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
	text_add(text, slice_of(s, n));
}

void
html_value(struct text *text, struct slice value)
{
	size_t at;

	while ((at = slice_find(value, '&')) != SIZE_MAX) {
		unsigned long c = '&';
		size_t n;

		text_add(text, slice_first(value, at));
		value = slice_after(value, at);
		n = html_reference(value, &c);
		html_add_code(text, c);
		value = slice_after(value, n == 0 ? 1 : n);
	}
	text_add(text, value);
}
