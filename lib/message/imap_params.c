/*
 * imap_params.c - parameters of Content-Type and its like, as IMAP tells them
 *
 * A value that RFC 2231 had cut into pieces is put together (its section 6 asks
 * servers to); charset, language and percent signs stay for the mail program.
 */
#include "lib/message/imap_envelope.h"

#include <string.h>

#include "lib/message/header.h"
#include "lib/message/imap_string.h"
#include "lib/message/mime_param.h"

#define PARAMS_MOST	64	/* as mime_default_limits.params */
#define VALUE_MOST	4096	/* bytes; file systems take names of 255 */

struct piece {
	struct mime_param	param;
	struct slice		base;	/* the name without "*0*" */
	uint64_t		number;
	bool			is_piece;	/* name*N or name*N* */
	bool			extended;	/* ends with "*" */
	bool			is_told;
};

struct pieces {
	struct piece	of[PARAMS_MOST];
	size_t		count;
};

/* RFC 2231 3 and 4: name*0, name*0*; what is not quite that is a name. */
static void
read_piece(struct piece *piece)
{
	struct slice name = piece->param.attribute, rest = name, base;

	piece->base = name;
	if (!slice_cut(&rest, '*', &base) || base.len == 0 || rest.len == 0)
		return;
	piece->extended = rest.at[rest.len - 1] == '*';
	if (slice_u64(slice_first(rest, rest.len - piece->extended),
	    PARAMS_MOST - 1, &piece->number) < 0)
		return;
	piece->is_piece = true;
	piece->base = base;
}

static void
read_pieces(struct slice rest, struct pieces *pieces)
{
	struct piece piece;

	pieces->count = 0;
	while (pieces->count < PARAMS_MOST) {
		memset(&piece, 0, sizeof(piece));
		if (!mime_param_next(&rest, &piece.param))
			return;
		/* no name, or no "=" behind it */
		if (piece.param.attribute.len == 0 ||
		    (piece.param.value.len == 0 && !piece.param.quoted))
			continue;
		read_piece(&piece);
		pieces->of[pieces->count++] = piece;
	}
}

/* Piece `number` of the parameter called `base`, or NULL. */
static struct piece *
find_piece(struct pieces *pieces, struct slice base, uint64_t number)
{
	for (size_t i = 0; i < pieces->count; i++)
		if (pieces->of[i].is_piece && !pieces->of[i].is_told &&
		    pieces->of[i].number == number &&
		    slice_is_nocase(pieces->of[i].base, base))
			return &pieces->of[i];
	return NULL;
}

/* Add a value; in one with percent signs those that mean themselves, too. */
static void
add_value(struct text *value, const struct piece *piece, bool escape)
{
	TEXT_AUTO plain = TEXT_INIT(VALUE_MOST);
	struct slice s;

	mime_param_value(&plain, &piece->param);
	s = text_slice(&plain);	/* what fitted, if it is too long */
	for (size_t i = 0; i < s.len; i++)
		if (escape && s.at[i] == '%')
			text_add_str(value, "%25");
		else
			text_add_byte(value, s.at[i]);
}

/* Put the pieces from number 0 on together. */
static void
join(struct pieces *pieces, struct slice base, struct text *name,
    struct text *value)
{
	bool extended = false;
	struct piece *piece;

	for (uint64_t n = 0; (piece = find_piece(pieces, base, n)) != NULL;
	    n++)
		extended = extended || piece->extended;
	text_add(name, base);
	if (extended)
		text_add_byte(name, '*');
	piece = find_piece(pieces, base, 0);
	/* RFC 2231 4: no charset and no language, but their places */
	if (extended && !piece->extended)
		text_add_str(value, "''");
	for (uint64_t n = 0; (piece = find_piece(pieces, base, n)) != NULL;
	    n++) {
		add_value(value, piece, extended && !piece->extended);
		piece->is_told = true;
	}
}

static void
add_param(struct text *text, struct slice name, struct slice value)
{
	imap_string(text, slice_first(name, VALUE_MOST));
	text_add_byte(text, ' ');
	imap_string(text, slice_first(value, VALUE_MOST));
}

/* Add parameter `i`, or all of which it is a piece. */
static void
add_one(struct text *text, struct pieces *pieces, size_t i)
{
	struct piece *piece = &pieces->of[i];
	TEXT_AUTO name = TEXT_INIT(piece->param.attribute.len + 1);
	TEXT_AUTO value = TEXT_INIT(PARAMS_MOST * 3 * VALUE_MOST);

	if (piece->is_piece && find_piece(pieces, piece->base, 0) != NULL) {
		join(pieces, piece->base, &name, &value);
	} else {
		text_add(&name, piece->param.attribute);
		add_value(&value, piece, false);
		piece->is_told = true;
	}
	if (text_failed(&name) || text_failed(&value))
		text->failed = true;
	add_param(text, text_slice(&name), text_slice(&value));
}

void
imap_params(struct text *text, struct slice rest, bool is_text)
{
	const struct slice charset = SLICE("charset");
	struct pieces pieces;
	bool has_charset = false;
	size_t begin = text->len;

	read_pieces(rest, &pieces);
	for (size_t i = 0; i < pieces.count; i++) {
		if (pieces.of[i].is_told)
			continue;
		text_add_byte(text, text->len == begin ? '(' : ' ');
		add_one(text, &pieces, i);
		has_charset = has_charset ||
		    slice_is_nocase(pieces.of[i].base, charset);
	}
	/* RFC 2045 5.2 */
	if (is_text && !has_charset) {
		text_add_byte(text, text->len == begin ? '(' : ' ');
		add_param(text, charset, slice_str("us-ascii"));
	}
	text_add_str(text, text->len == begin ? "NIL" : ")");
}

void
imap_disposition(struct text *text, const struct imap_fields *fields)
{
	struct slice rest = fields->value[IMAP_DISPOSITION], word, subtype;

	if (!fields->has[IMAP_DISPOSITION] ||
	    !mime_type_cut(&rest, &word, &subtype)) {
		text_add_str(text, "NIL");
		return;
	}
	text_add_byte(text, '(');
	imap_string(text, slice_first(word, VALUE_MOST));
	text_add_byte(text, ' ');
	imap_params(text, rest, false);
	text_add_byte(text, ')');
}

/* Cut the next language tag off: what stands before a comma or a blank. */
static bool
tag_cut(struct slice *rest, struct slice *tag_out)
{
	size_t begin = 0, end;

	while (begin < rest->len && strchr(" \t\r\n,", rest->at[begin]) != NULL)
		begin++;
	for (end = begin; end < rest->len &&
	    strchr(" \t\r\n,", rest->at[end]) == NULL; end++)
		;
	*tag_out = slice_after(slice_first(*rest, end), begin);
	*rest = slice_after(*rest, end);
	return tag_out->len > 0;
}

void
imap_language(struct text *text, const struct imap_fields *fields)
{
	struct slice rest = fields->value[IMAP_LANGUAGE], tag;
	size_t begin = text->len;

	rest = slice_first(rest, VALUE_MOST);
	while (tag_cut(&rest, &tag)) {
		text_add_byte(text, text->len == begin ? '(' : ' ');
		imap_string(text, tag);
	}
	text_add_str(text, text->len == begin ? "NIL" : ")");
}
