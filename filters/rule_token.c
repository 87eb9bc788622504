/*
 * rule_token.c - the words of a rule file
 */
#include "filters/rule_token.h"

struct rule_tokens
rule_tokens_of(struct slice bytes)
{
	struct rule_tokens tokens = { bytes, 1 };

	if (slice_has_prefix(bytes, "\xef\xbb\xbf"))
		tokens.rest = slice_after(bytes, 3);
	return tokens;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
ends_word(char c)
{
	return is_blank(c) || c == '\n' || c == ';' || c == '{' || c == '}' ||
	    c == '"';
}

/* Bytes up to the line end, which is not among them. */
static size_t
line_bytes(struct slice s)
{
	size_t lf = slice_find(s, '\n');

	return lf == SIZE_MAX ? s.len : lf;
}

static void
skip_blanks(struct rule_tokens *tokens)
{
	struct slice *rest = &tokens->rest;

	while (rest->len > 0 && is_blank(rest->at[0]))
		*rest = slice_after(*rest, 1);
	if (rest->len > 0 && rest->at[0] == '#')
		*rest = slice_after(*rest, line_bytes(*rest));
}

static struct rule_token
bad(struct rule_tokens *tokens, struct rule_token token, const char *fault)
{
	token.kind = RULE_TOKEN_BAD;
	token.fault = fault;
	tokens->rest = slice_after(tokens->rest, line_bytes(tokens->rest));
	return token;
}

/* Where `end` stands in `line` behind its first byte; a "\" hides one byte. */
static size_t
find_end(struct slice line, char end)
{
	for (size_t i = 1; i < line.len; i++) {
		if (line.at[i] == '\\')
			i++;
		else if (line.at[i] == end)
			return i;
	}
	return SIZE_MAX;
}

/* All of these line ends are one; so are the empty lines between them. */
static struct rule_token
take_line(struct rule_tokens *tokens, struct rule_token token)
{
	while (tokens->rest.len > 0 && tokens->rest.at[0] == '\n') {
		tokens->rest = slice_after(tokens->rest, 1);
		tokens->line++;
		skip_blanks(tokens);
	}
	token.kind = RULE_TOKEN_LINE;
	return token;
}

static struct rule_token
take_quoted(struct rule_tokens *tokens, struct rule_token token)
{
	struct slice line = slice_first(tokens->rest,
	    line_bytes(tokens->rest));
	char quote = line.at[0];
	size_t end = find_end(line, quote), flags = 0;

	if (end == SIZE_MAX)
		return bad(tokens, token, quote == '"' ?
		    "this string does not end on its line" :
		    "this pattern does not end on its line; a slash in it is "
		    "written \\/");
	token.text = slice_after(slice_first(line, end), 1);
	tokens->rest = slice_after(tokens->rest, end + 1);
	token.kind = RULE_TOKEN_STRING;
	if (quote == '"')
		return token;
	token.kind = RULE_TOKEN_PATTERN;
	while (flags < tokens->rest.len && !ends_word(tokens->rest.at[flags]))
		flags++;
	token.flags = slice_first(tokens->rest, flags);
	tokens->rest = slice_after(tokens->rest, flags);
	return token;
}

static struct rule_token
take_word(struct rule_tokens *tokens, struct rule_token token)
{
	struct slice rest = tokens->rest;
	size_t len = 0;

	if (rest.at[0] == '<' || rest.at[0] == '>') {
		len = slice_has_prefix(rest, "<>") ? 2 : 1;
	} else {
		while (len < rest.len && !ends_word(rest.at[len]))
			len++;
	}
	token.kind = RULE_TOKEN_WORD;
	token.text = slice_first(rest, len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)rest.at[i] < 0x20 || rest.at[i] == 0x7f)
			return bad(tokens, token,
			    "there is a control character");
	tokens->rest = slice_after(rest, len);
	return token;
}

struct rule_token
rule_token_take(struct rule_tokens *tokens)
{
	struct rule_token token = { .kind = RULE_TOKEN_END };

	skip_blanks(tokens);
	token.line = tokens->line;
	token.text = slice_first(tokens->rest, 1);
	if (tokens->rest.len == 0)
		return token;
	switch (tokens->rest.at[0]) {
	case '\n':
		return take_line(tokens, token);
	case '"':
	case '/':
		return take_quoted(tokens, token);
	case '{':
		token.kind = RULE_TOKEN_OPEN;
		break;
	case '}':
		token.kind = RULE_TOKEN_CLOSE;
		break;
	case ';':
		token.kind = RULE_TOKEN_SEMICOLON;
		break;
	default:
		return take_word(tokens, token);
	}
	tokens->rest = slice_after(tokens->rest, 1);
	return token;
}

void
rule_string(struct text *text, struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len)
			i++;
		text_add_byte(text, s.at[i]);
	}
}
