/*
 * parse.c - the words of a command: atoms, strings, names
 */
#include "gateway/imap/parse.h"

#include <string.h>

#include "fetch/imap/name.h"
#include "gateway/imap/input.h"

bool
imapd_parse_fault(struct imapd_parse *parse, const char *words)
{
	if (parse->fault == NULL)
		parse->fault = words;
	return false;
}

char
imapd_peek(const struct imapd_parse *parse)
{
	return parse->rest.len > 0 ? parse->rest.at[0] : '\0';
}

bool
imapd_maybe(struct imapd_parse *parse, char byte)
{
	if (parse->rest.len == 0 || parse->rest.at[0] != byte)
		return false;
	parse->rest = slice_after(parse->rest, 1);
	return true;
}

bool
imapd_byte(struct imapd_parse *parse, char byte)
{
	if (imapd_maybe(parse, byte))
		return true;
	switch (byte) {
	case ' ':
		return imapd_parse_fault(parse, "a space is missing");
	case '(':
		return imapd_parse_fault(parse, "\"(\" is missing");
	case ')':
		return imapd_parse_fault(parse, "\")\" is missing");
	default:
		return imapd_parse_fault(parse, "something is missing");
	}
}

bool
imapd_space(struct imapd_parse *parse)
{
	return imapd_byte(parse, ' ');
}

bool
imapd_end(struct imapd_parse *parse)
{
	return parse->rest.len == 0 ||
	    imapd_parse_fault(parse, "there is more than belongs here");
}

/* RFC 9051 9: atom-specials, and bytes above ASCII. */
static bool
is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && c != '(' && c != ')' && c != '{' &&
	    c != '%' && c != '*' && c != '"' && c != '\\' && c != ']';
}

static bool
is_astring_char(char c)
{
	return is_atom_char(c) || c == ']';
}

static bool
is_tag_char(char c)
{
	return is_astring_char(c) && c != '+';
}

static bool
is_pattern_char(char c)
{
	return is_astring_char(c) || c == '%' || c == '*';
}

/* The longest run of such bytes at the front. */
static struct slice
run(struct imapd_parse *parse, bool (*is)(char))
{
	size_t n = 0;
	struct slice taken;

	while (n < parse->rest.len && is(parse->rest.at[n]))
		n++;
	taken = slice_first(parse->rest, n);
	parse->rest = slice_after(parse->rest, n);
	return taken;
}

bool
imapd_word(struct imapd_parse *parse, const char *word)
{
	struct imapd_parse trial = *parse;

	if (!slice_is_word(run(&trial, is_atom_char), word))
		return false;
	*parse = trial;
	return true;
}

bool
imapd_tag(struct imapd_parse *parse, struct slice *tag_out)
{
	struct imapd_parse trial = *parse;
	struct slice tag = run(&trial, is_tag_char);

	if (tag.len == 0 || !imapd_maybe(&trial, ' ')) {
		*tag_out = slice_of(NULL, 0);
		return imapd_parse_fault(parse, "a command begins with a tag");
	}
	parse->rest = trial.rest;
	*tag_out = tag;
	return true;
}

bool
imapd_atom(struct imapd_parse *parse, struct slice *atom_out)
{
	struct slice atom = run(parse, is_atom_char);

	if (atom.len == 0)
		return imapd_parse_fault(parse, "a word is missing");
	*atom_out = atom;
	return true;
}

/* What stands behind the opening quote. */
static bool
quoted(struct imapd_parse *parse, struct slice *string_out)
{
	struct slice rest = parse->rest, string;
	char *copy;
	size_t n = 0, i;

	for (i = 0; i < rest.len && rest.at[i] != '"'; i++) {
		if (rest.at[i] == '\\' && ++i < rest.len &&
		    rest.at[i] != '"' && rest.at[i] != '\\')
			return imapd_parse_fault(parse,
			    "a backslash stands before \\ or \" only");
		if (i < rest.len &&
		    (rest.at[i] == '\r' || rest.at[i] == '\n'))
			break;
		n++;
	}
	if (i >= rest.len || rest.at[i] != '"')
		return imapd_parse_fault(parse, "a quote is not closed");
	string = slice_first(rest, i);
	parse->rest = slice_after(rest, i + 1);
	if (n < i) {
		copy = arena_alloc(parse->arena, n + 1);
		if (copy == NULL)
			return imapd_parse_fault(parse,
			    "[LIMIT] the command is too large");
		n = 0;
		for (i = 0; i < string.len; i++)
			copy[n++] = string.at[string.at[i] == '\\' ? ++i : i];
		string = slice_of(copy, n);
	}
	if (!slice_is_utf8(string))
		return imapd_parse_fault(parse, "a quoted string is UTF-8");
	*string_out = string;
	return true;
}

/* A literal; what it says of itself was proved as it was gathered. */
static bool
literal(struct imapd_parse *parse, struct slice *string_out)
{
	struct imapd_literal is;
	size_t end = slice_find_str(parse->rest, "\r\n");

	if (end == SIZE_MAX || imapd_literal_read(slice_first(parse->rest,
	    end), &is) < 0 || is.marked_at != 0 ||
	    is.bytes > parse->rest.len - end - 2)
		return imapd_parse_fault(parse, "this is no literal");
	*string_out = slice_of(parse->rest.at + end + 2, (size_t)is.bytes);
	parse->rest = slice_after(parse->rest, end + 2 + (size_t)is.bytes);
	return true;
}

bool
imapd_string(struct imapd_parse *parse, struct slice *string_out)
{
	if (imapd_maybe(parse, '"'))
		return quoted(parse, string_out);
	if (imapd_peek(parse) == '{')
		return literal(parse, string_out);
	return imapd_parse_fault(parse, "a string is missing");
}

bool
imapd_astring(struct imapd_parse *parse, struct slice *string_out)
{
	struct slice atom;

	if (imapd_peek(parse) == '"' || imapd_peek(parse) == '{')
		return imapd_string(parse, string_out);
	atom = run(parse, is_astring_char);
	if (atom.len == 0)
		return imapd_parse_fault(parse, "a string is missing");
	*string_out = atom;
	return true;
}

bool
imapd_nstring(struct imapd_parse *parse, struct slice *string_out,
    bool *is_nil_out)
{
	if (imapd_word(parse, "NIL")) {
		*is_nil_out = true;
		*string_out = slice_of(NULL, 0);
		return true;
	}
	*is_nil_out = false;
	return imapd_string(parse, string_out);
}

bool
imapd_nstring8(struct imapd_parse *parse, struct slice *string_out,
    bool *is_nil_out)
{
	if (imapd_peek(parse) != '~')
		return imapd_nstring(parse, string_out, is_nil_out);
	*is_nil_out = false;
	return literal(parse, string_out);
}

bool
imapd_number(struct imapd_parse *parse, uint64_t max, uint64_t *n_out)
{
	size_t n = 0;

	while (n < parse->rest.len && parse->rest.at[n] >= '0' &&
	    parse->rest.at[n] <= '9')
		n++;
	if (slice_u64(slice_first(parse->rest, n), max, n_out) < 0)
		return imapd_parse_fault(parse, n == 0 ?
		    "a number is missing" : "a number is too large");
	parse->rest = slice_after(parse->rest, n);
	return true;
}

/* `raw` as UTF-8 in the arena; empty when it can be no name. */
static bool
decode_name(struct imapd_parse *parse, struct slice raw,
    struct slice *name_out)
{
	TEXT_AUTO utf8 = TEXT_INIT(8192);
	struct slice name = { NULL, 0 };

	if (parse->utf8)
		text_add(&utf8, slice_is_utf8(raw) ? raw : name);
	else if (imap_name_decode(raw, &utf8) < 0)
		text_clear(&utf8);
	if (!text_failed(&utf8))
		name = text_slice(&utf8);
	if (slice_is_word(name, "INBOX"))
		name = slice_str("INBOX");
	if (arena_copy(parse->arena, name, name_out) < 0)
		return imapd_parse_fault(parse,
		    "[LIMIT] the command is too large");
	return true;
}

bool
imapd_mailbox(struct imapd_parse *parse, struct slice *name_out)
{
	struct slice raw;

	return imapd_astring(parse, &raw) && decode_name(parse, raw, name_out);
}

bool
imapd_pattern(struct imapd_parse *parse, struct slice *pattern_out)
{
	struct slice raw;

	if (imapd_peek(parse) == '"' || imapd_peek(parse) == '{') {
		if (!imapd_string(parse, &raw))
			return false;
	} else {
		raw = run(parse, is_pattern_char);
		if (raw.len == 0)
			return imapd_parse_fault(parse,
			    "a mailbox name is missing");
	}
	return decode_name(parse, raw, pattern_out);
}
