/*
 * mime_param.c - fields with parameters: Content-Type, Content-Disposition
 *
 * One walk over the value finds the pieces of the parameter asked for; they
 * keep their places in a small table by number, and are joined behind it.
 */
#include "lib/message/mime_param.h"

#include <errno.h>
#include <string.h>

#include "lib/message/words.h"

/* Where one value, or one piece of it, stands. */
struct piece {
	struct slice	value;
	bool		quoted;
	bool		extended;	/* RFC 2231: with %XX */
	bool		is_there;
};

/* What was found of one parameter: in full, extended, and in pieces. */
struct found {
	struct piece	whole;
	struct piece	extended;
	struct piece	pieces[MIME_PARAM_PIECES];
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* RFC 2045 5.1, but bytes above ASCII may stand in a careless file name */
static bool
is_token_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 0x20 && u != 0x7f && strchr("()<>@,;:\\\"/[]?=", u) == NULL;
}

/* Values are often unquoted where they should not be; only these end one. */
static bool
is_loose_char(char c)
{
	return c != ';' && c != '"' && !is_space(c);
}

static void
skip_comments(struct slice *s)
{
	size_t depth = 0, i;

	for (i = 0; i < s->len; i++) {
		char c = s->at[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			i++;
		else if (depth == 0 && !is_space(c))
			break;
	}
	*s = slice_after(*s, i);
}

/* Cut off the bytes for which `is` holds. */
static struct slice
take_while(struct slice *s, bool (*is)(char))
{
	struct slice word;
	size_t n = 0;

	while (n < s->len && is(s->at[n]))
		n++;
	word = slice_first(*s, n);
	*s = slice_after(*s, n);
	return word;
}

static bool
take_byte(struct slice *s, char byte)
{
	skip_comments(s);
	if (s->len == 0 || s->at[0] != byte)
		return false;
	*s = slice_after(*s, 1);
	return true;
}

/* The inside of the quoted string whose first quote is gone. */
static struct slice
take_quoted(struct slice *s)
{
	struct slice inside;
	size_t n = 0;

	while (n < s->len && s->at[n] != '"')
		n += s->at[n] == '\\' ? 2 : 1;
	if (n > s->len)
		n = s->len;	/* it ends in a backslash */
	inside = slice_first(*s, n);
	*s = slice_after(*s, n + 1);
	return inside;
}

bool
mime_type_cut(struct slice *rest, struct slice *type_out,
    struct slice *subtype_out)
{
	struct slice s = *rest, type, subtype = { 0 };

	skip_comments(&s);
	type = take_while(&s, is_token_char);
	if (type.len == 0)
		return false;
	if (take_byte(&s, '/')) {
		skip_comments(&s);
		subtype = take_while(&s, is_token_char);
		if (subtype.len == 0)
			return false;
	}
	*type_out = type;
	*subtype_out = subtype;
	*rest = s;
	return true;
}

/* Skip to behind the next ";" that is not in a comment or in quotes. */
static bool
skip_to_param(struct slice *s)
{
	while (s->len > 0) {
		if (take_byte(s, ';'))
			return true;
		if (take_byte(s, '"'))
			(void)take_quoted(s);
		else
			*s = slice_after(*s, 1);
	}
	return false;
}

/* Those without a "=" come with an empty value. */
bool
mime_param_next(struct slice *rest, struct mime_param *param_out)
{
	struct mime_param param = { 0 };

	if (!skip_to_param(rest))
		return false;
	skip_comments(rest);
	param.attribute = take_while(rest, is_token_char);
	if (take_byte(rest, '=')) {
		param.quoted = take_byte(rest, '"');
		param.value = param.quoted ? take_quoted(rest) :
		    take_while(rest, is_loose_char);
	}
	*param_out = param;
	return true;
}

/* Where a parameter of this attribute belongs, or NULL. */
static struct piece *
place_of(struct found *found, struct slice attribute, const char *name,
    bool *extended_out)
{
	struct slice rest = slice_after(attribute, strlen(name));
	uint64_t number;

	*extended_out = false;
	if (!slice_has_prefix(attribute, name))
		return NULL;
	if (rest.len == 0)
		return &found->whole;
	if (rest.at[0] != '*')
		return NULL;
	/* RFC 2231 3 and 4: name*, name*0, name*0* */
	*extended_out = rest.at[rest.len - 1] == '*';
	if (rest.len == 1)
		return &found->extended;
	rest = slice_of(rest.at + 1, rest.len - 1 - *extended_out);
	if (slice_u64(rest, MIME_PARAM_PIECES - 1, &number) < 0)
		return NULL;
	return &found->pieces[number];
}

static int
find(struct slice rest, const char *name, unsigned most, struct found *found)
{
	struct mime_param param;
	unsigned count = 0;

	while (mime_param_next(&rest, &param)) {
		bool extended;
		struct piece *place = place_of(found, param.attribute, name,
		    &extended);

		if (++count > most)
			return -E2BIG;
		/* of two with one name the first counts */
		if (place == NULL || place->is_there)
			continue;
		*place = (struct piece){ param.value, param.quoted, extended,
		    true };
	}
	return 0;
}

/* Add a piece: without folding, quoted pairs and percent signs. */
static void
piece_add(struct text *text, const struct piece *piece)
{
	struct slice s = piece->value;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		int byte = -1;

		if (c == '\r' || c == '\n')
			continue;
		if (piece->quoted && c == '\\' && i + 1 < s.len)
			c = s.at[++i];
		if (piece->extended && c == '%')
			byte = slice_hex(slice_after(s, i + 1));
		if (byte >= 0) {
			c = (char)byte;
			i += 2;
		}
		text_add_byte(text, c);
	}
}

void
mime_param_value(struct text *text, const struct mime_param *param)
{
	const struct piece piece = {
		.value = param->value, .quoted = param->quoted,
	};

	piece_add(text, &piece);
}

/* RFC 2231 4: the first piece begins charset'language' */
static struct slice
charset_cut(struct piece *piece)
{
	struct slice rest = piece->value, charset, language;

	if (!piece->extended || !slice_cut(&rest, '\'', &charset) ||
	    !slice_cut(&rest, '\'', &language))
		return slice_of(NULL, 0);
	piece->value = rest;
	return charset;
}

int
mime_param_raw(struct slice rest, const char *name, unsigned most,
    struct text *text, struct slice *charset_out)
{
	struct found found = { 0 };
	struct piece *first;
	int r = find(rest, name, most, &found);

	if (r < 0)
		return r;
	/* who writes two forms writes the poorer one for old readers */
	first = found.extended.is_there ? &found.extended :
	    found.pieces[0].is_there ? &found.pieces[0] : &found.whole;
	if (!first->is_there)
		return -ENOENT;
	*charset_out = charset_cut(first);
	piece_add(text, first);
	if (first != &found.pieces[0])
		return 0;
	for (size_t i = 1; i < MIME_PARAM_PIECES; i++) {
		if (!found.pieces[i].is_there)
			break;
		piece_add(text, &found.pieces[i]);
	}
	return 0;
}

int
mime_param(struct slice rest, const char *name, unsigned most,
    struct text *text)
{
	TEXT_AUTO raw = TEXT_INIT(rest.len);
	struct slice charset;
	int r = mime_param_raw(rest, name, most, &raw, &charset);

	if (r < 0)
		return r;
	if (text_failed(&raw))
		return -ENOMEM;
	if (charset.len > 0)
		words_convert(text, charset, text_slice(&raw));
	else
		words_decode(text, text_slice(&raw));
	return 0;
}
