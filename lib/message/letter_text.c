/*
 * letter_text.c - all of a letter that people search, piece by piece
 */
#include "lib/message/letter_text.h"

#include <errno.h>
#include <string.h>

#include "lib/message/addresses.h"
#include "lib/message/find_raw.h"
#include "lib/message/header.h"
#include "lib/message/html.h"
#include "lib/message/mime_param.h"
#include "lib/message/words.h"

/* Of one decoded field: a header of 1 MiB in one field is read this far. */
#define FIELD_MOST	(1024 * 1024)

void
letter_text_begin(struct letter_text *lt, const struct structure *structure,
    struct slice trace, struct slice message, unsigned what)
{
	struct message_bytes bytes = message_bytes_in(message);

	letter_text_begin_bytes(lt, structure, trace, &bytes, what);
}

void
letter_text_begin_bytes(struct letter_text *lt,
    const struct structure *structure, struct slice trace,
    const struct message_bytes *bytes, unsigned what)
{
	const struct letter_text fresh = {
		.structure = structure, .bytes = *bytes, .what = what,
		.header = TEXT_INIT(LETTER_TEXT_HEADER_MOST),
		.piece = TEXT_INIT(FIELD_MOST),
		.html = TEXT_INIT(LETTER_TEXT_HTML_MOST),
	};

	*lt = fresh;
	structure_root(structure, &lt->part);
	if (what & LETTER_TEXT_HEADER) {
		lt->at = LETTER_TEXT_AT_TRACE;
		lt->fields = trace;
	} else {
		lt->at = LETTER_TEXT_AT_BODY;
	}
}

/* None of the words is in these plain bytes. */
static bool
lacks_words(const struct letter_text *lt, struct slice bytes)
{
	for (size_t i = 0; i < lt->word_count; i++)
		if (find_raw_has(bytes, lt->words[i]))
			return false;
	return find_raw_is_plain(bytes);
}

/*
 * Nor in these fields: there are no encoded words, and nothing is quoted that
 * could be a part of one.
 */
static bool
lacks_in_fields(const struct letter_text *lt, struct slice fields)
{
	return lt->words != NULL && lacks_words(lt, fields) &&
	    slice_find_str(fields, "=?") == SIZE_MAX &&
	    slice_find(fields, '\\') == SIZE_MAX;
}

/* See that the header of the part is at hand.  0 or -errno. */
static int
need_header(struct letter_text *lt)
{
	int r;

	if (lt->has_header)
		return 0;
	r = message_bytes_run(&lt->bytes, lt->part.header, lt->part.body,
	    &lt->header, &lt->part_header);
	lt->has_header = r == 0;
	return r;
}

/* It, without a line that is none. */
static struct slice
header_of(const struct letter_text *lt)
{
	struct slice header = lt->part_header;

	(void)header_skip_mbox(&header);
	return header;
}

static bool
is_of_addresses(struct slice name)
{
	return slice_is_word(name, "From") || slice_is_word(name, "To") ||
	    slice_is_word(name, "Cc") || slice_is_word(name, "Bcc");
}

/* Do addresses in it stand in another way than they are meant?  Of what is so
 * that nobody writes (RFC 5322 4.4) not all is seen. */
static bool
has_other_form(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];
		char before = i > 0 ? value.at[i - 1] : '\0';
		char after = i + 1 < value.len ? value.at[i + 1] : '\0';

		if (c == '(' || c == '\\' || (c == '@' && (before == ' ' ||
		    before == '"' || after == ' ')))
			return true;
	}
	return false;
}

static void
add_if_other(struct text *to, struct slice words, struct slice than)
{
	if (words.len == 0 || memmem(than.at, than.len, words.at,
	    words.len) != NULL)
		return;
	text_add_byte(to, ' ');
	text_add(to, words);
}

/*
 * RFC 9051 6.4.4: FROM, TO, CC and BCC look at the envelope.  What of it does
 * not stand so in the field is read behind it.
 */
static void
add_envelope(struct text *to, struct slice value)
{
	TEXT_AUTO words = TEXT_INIT(2 * FIELD_MOST);
	struct address_list list;
	struct address address;

	addresses_begin(&list, value);
	while (addresses_next(&list, &address)) {
		if (address.kind != ADDRESS_MAILBOX)
			continue;
		text_clear(&words);
		if (slice_find(address.name, '\\') != SIZE_MAX)
			address_name(&words, &address);
		add_if_other(to, text_slice(&words), address.whole);
		text_clear(&words);
		words_convert(&words, slice_of(NULL, 0), address.local);
		text_add_byte(&words, '@');
		words_convert(&words, slice_of(NULL, 0), address.domain);
		add_if_other(to, text_slice(&words), address.whole);
	}
	/* what there is no memory for is less than was to be read */
	to->failed = to->failed || text_failed(&words);
}

/* Fields of which none is wanted are passed over, all of them. */
static void
pass_fields(struct letter_text *lt)
{
	struct slice rest = lt->fields;
	struct header_field field;

	if (!lacks_in_fields(lt, rest))
		return;
	while (header_next(&rest, &field))
		if (is_of_addresses(field.name) && has_other_form(field.value))
			return;
	lt->fields = slice_of(NULL, 0);
}

void
letter_text_seek(struct letter_text *lt, const struct slice *words,
    size_t word_count)
{
	lt->words = words;
	lt->word_count = word_count;
	if (lt->at == LETTER_TEXT_AT_TRACE)
		pass_fields(lt);
}

/* One more field, "Name: value"; false: there is none. */
static bool
next_field(struct letter_text *lt)
{
	struct header_field field;

	if (!header_next(&lt->fields, &field))
		return false;
	text_add(&lt->piece, field.name);
	text_add_str(&lt->piece, ": ");
	words_decode(&lt->piece, field.value);
	if (is_of_addresses(field.name) && has_other_form(field.value))
		add_envelope(&lt->piece, field.value);
	return true;
}

/* Add a parameter of the part's field `name`, on a line. */
static void
add_name(struct letter_text *lt, const char *name, const char *key)
{
	struct slice type, subtype;
	struct header_field field;

	if (!header_find(header_of(lt), name, &field) ||
	    !mime_type_cut(&field.value, &type, &subtype))
		return;
	if (mime_param(field.value, key, mime_default_limits.params,
	    &lt->piece) == 0)
		text_add_byte(&lt->piece, '\n');
}

static void
add_names(struct letter_text *lt)
{
	struct header_field field;

	add_name(lt, "Content-Disposition", "filename");
	add_name(lt, "Content-Type", "name");
	if (header_find(header_of(lt), "Content-Description", &field))
		words_decode(&lt->piece, field.value);
}

/* What is in the piece; -ENOMEM if more should be and its limit is not why. */
static int
give_piece(struct letter_text *lt, struct slice *piece_out)
{
	if (text_failed(&lt->piece) && lt->piece.len < FIELD_MOST / 2)
		return -ENOMEM;
	*piece_out = text_slice(&lt->piece);
	return 1;
}

/* Keep as much of the HTML as its words are read of. */
static void
keep_html(struct letter_text *lt, struct slice piece)
{
	size_t room = LETTER_TEXT_HTML_MOST - lt->html.len;

	if (lt->is_html)
		text_add(&lt->html, slice_first(piece, room));
}

/* A CR that ends no line: no name is read with it in it. */
static bool
has_bare_cr(struct slice s)
{
	size_t at;

	for (; (at = slice_find(s, '\r')) != SIZE_MAX;
	    s = slice_after(s, at + 2))
		if (at + 1 == s.len || s.at[at + 1] != '\n')
			return true;
	return false;
}

/* A part of a message has names in its header that nobody wants. */
static bool
may_pass_names(const struct letter_text *lt)
{
	/* RFC 2231: in pieces, and with bytes as digits */
	return lacks_in_fields(lt, lt->part_header) &&
	    slice_find(lt->part_header, '*') == SIZE_MAX &&
	    !has_bare_cr(lt->part_header);
}

/*
 * The text of the part is not wanted as it is written; of HTML the words may be
 * all the same.
 */
static bool
may_pass_body(struct letter_text *lt)
{
	struct slice body;

	if (lt->words == NULL || lt->is_open || lt->bytes.read != NULL ||
	    !part_text_has(&lt->part) ||
	    message_bytes_run(&lt->bytes, lt->part.body, lt->part.end, NULL,
	    &body) < 0 || !lacks_words(lt, body) ||
	    !part_text_is_as_it_stands(&lt->part, lt->part_header))
		return false;
	lt->is_html = structure_is(&lt->part, "text", "html");
	text_clear(&lt->html);
	keep_html(lt, body);
	return true;
}

/* The next piece of the text of the part; 0 when there is no more. */
static int
next_body(struct letter_text *lt, struct slice *piece_out, bool *fresh_out)
{
	int r;

	*fresh_out = !lt->is_open;
	if (!lt->is_open) {
		part_text_begin_bytes(&lt->text, &lt->part, lt->part_header,
		    &lt->bytes);
		lt->is_open = true;
		lt->is_html = structure_is(&lt->part, "text", "html");
		text_clear(&lt->html);
	}
	r = part_text_next(&lt->text, piece_out);
	if (r == 1)
		keep_html(lt, *piece_out);
	if (r != 0)
		return r;
	part_text_end(&lt->text);
	lt->is_open = false;
	return 0;
}

/* Go to the part behind this one. */
static void
next_part(struct letter_text *lt)
{
	bool was_message = lt->part.kind == STRUCTURE_MESSAGE;

	lt->has_header = false;
	if (!structure_next(&lt->part)) {
		lt->at = LETTER_TEXT_AT_END;
	} else if (was_message) {
		lt->at = LETTER_TEXT_AT_HEADER;
	} else {
		lt->at = LETTER_TEXT_AT_NAMES;
	}
}

/* The fields are told: of the letter, or of a message in it. */
static void
after_fields(struct letter_text *lt)
{
	if (lt->at == LETTER_TEXT_AT_TRACE) {
		lt->at = LETTER_TEXT_AT_HEADER;
	} else {
		lt->at = lt->what & LETTER_TEXT_BODY ? LETTER_TEXT_AT_BODY :
		    LETTER_TEXT_AT_END;
	}
}

/* One thing at the place we are; 0: there is no more, go on. */
static int
step(struct letter_text *lt, struct slice *piece_out, bool *fresh_out)
{
	*fresh_out = true;
	if (lt->at != LETTER_TEXT_AT_TRACE) {
		int r = need_header(lt);

		if (r < 0)
			return r;
	}
	switch (lt->at) {
	case LETTER_TEXT_AT_HEADER:
		lt->fields = header_of(lt);
		lt->at = LETTER_TEXT_AT_FIELDS;
		pass_fields(lt);
		return 0;
	case LETTER_TEXT_AT_TRACE:
	case LETTER_TEXT_AT_FIELDS:
		if (next_field(lt))
			return give_piece(lt, piece_out);
		after_fields(lt);
		return 0;
	case LETTER_TEXT_AT_NAMES:
		lt->at = LETTER_TEXT_AT_BODY;
		if (may_pass_names(lt))
			return 0;
		add_names(lt);
		return give_piece(lt, piece_out);
	case LETTER_TEXT_AT_BODY:
		if (may_pass_body(lt)) {
			lt->at = LETTER_TEXT_AT_WORDS;
			return 0;
		}
		if (part_text_has(&lt->part)) {
			int r = next_body(lt, piece_out, fresh_out);

			if (r != 0)
				return r;
			lt->at = LETTER_TEXT_AT_WORDS;
			return 0;
		}
		next_part(lt);
		return 0;
	case LETTER_TEXT_AT_WORDS:
		next_part(lt);
		if (!lt->is_html)
			return 0;
		(void)html_words(&lt->piece, text_slice(&lt->html));
		return give_piece(lt, piece_out);
	default:
		return 0;
	}
}

int
letter_text_next(struct letter_text *lt, struct slice *piece_out,
    bool *fresh_out)
{
	int r = 0;

	text_clear(&lt->piece);
	while (r == 0 && lt->at != LETTER_TEXT_AT_END)
		r = step(lt, piece_out, fresh_out);
	return r;
}

void
letter_text_end(struct letter_text *lt)
{
	if (lt->is_open)
		part_text_end(&lt->text);
	lt->is_open = false;
	text_free(&lt->header);
	text_free(&lt->piece);
	text_free(&lt->html);
}
