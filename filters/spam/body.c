/*
 * body.c - the text of a message as people read it, and how it is built
 */
#include "filters/spam/body.h"

#include <errno.h>

#include "lib/message/charset.h"
#include "lib/message/decode.h"
#include "lib/message/html.h"
#include "lib/message/html_tag.h"

/* Bytes of one link that are kept: what identifies it stands in front. */
#define TARGET_MOST	200
/* UTF-8 of what one body decodes to: a byte becomes at most three. */
#define TEXT_GROWTH	3

struct body {
	spam_tag_fn	*fn;
	void		*arg;
	struct text	*to;
	size_t		 text_left;	/* bytes still to be added */
	size_t		 body_left;	/* bytes still to be decoded */
	bool		 owes_blank;
};

static bool
is_blank(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f;
}

static bool
is_target(struct slice name)
{
	return slice_is_word(name, "href") || slice_is_word(name, "src") ||
	    slice_is_word(name, "action") || slice_is_word(name, "background");
}

/* Where it leads is part of what it says. */
static bool
on_tag(void *arg, struct slice name, struct slice tag, struct text *words)
{
	const struct body *body = arg;
	struct slice rest = html_attributes(tag);
	struct html_attribute attribute;

	body->fn(body->arg, name);
	while (html_attribute_next(&rest, &attribute)) {
		if (!is_target(attribute.name))
			continue;
		text_add_byte(words, ' ');
		text_add(words, slice_first(attribute.value, TARGET_MOST));
	}
	return true;
}

/* Add it with its runs of blanks as one, as far as there is room. */
static void
add_collapsed(struct body *body, struct slice s)
{
	size_t at = 0, n;

	while (at < s.len && body->text_left > 1) {
		if (is_blank(s.at[at])) {
			body->owes_blank = true;
			at++;
			continue;
		}
		for (n = 1; at + n < s.len && !is_blank(s.at[at + n]); n++)
			;
		if (body->owes_blank) {
			text_add_byte(body->to, ' ');
			body->text_left--;
		}
		body->owes_blank = false;
		n = n < body->text_left ? n : body->text_left;
		text_add(body->to, slice_of(s.at + at, n));
		body->text_left -= n;
		at += n;
	}
}

/* The first bytes of a body, decoded. */
static void
decode(struct body *body, const struct mime_part *part, size_t most,
    struct text *decoded)
{
	struct slice bytes = slice_first(mime_body(part),
	    most < body->body_left ? most : body->body_left);
	struct decoder decoder;

	body->body_left -= bytes.len;
	if (decoder_begin(&decoder, mime_encoding(part)) < 0) {
		text_add(decoded, bytes);
		return;
	}
	decoder_add(&decoder, bytes, decoded);
	decoder_end(&decoder, decoded);
}

static int
read_text(struct body *body, const struct mime_part *part)
{
	bool is_html = mime_is(part, "text", "html");
	/* of a plain text more is not kept, however it is encoded */
	size_t most = is_html ? SPAM_BODY_MOST : 4 * SPAM_TEXT_MOST;
	TEXT_AUTO charset = TEXT_INIT(64);
	TEXT_AUTO decoded = TEXT_INIT(SPAM_BODY_MOST + DECODER_KEPT);
	TEXT_AUTO text = TEXT_INIT(SPAM_BODY_MOST * TEXT_GROWTH);
	TEXT_AUTO words = TEXT_INIT(SPAM_BODY_MOST * TEXT_GROWTH);

	decode(body, part, most, &decoded);
	if (mime_type_param(part, "charset", &charset) == -ENOMEM)
		return -ENOMEM;
	charset_lines(&text, text_slice(&charset), 0, text_slice(&decoded));
	body->owes_blank = true;
	if (is_html) {
		(void)html_read(&words, text_slice(&text), on_tag, body);
		add_collapsed(body, text_slice(&words));
	} else {
		add_collapsed(body, text_slice(&text));
	}
	return 0;
}

int
spam_body_read(const struct mime_part *root, spam_tag_fn *fn, void *arg,
    struct text *to)
{
	struct body body = {
		.fn = fn, .arg = arg, .to = to,
		.text_left = SPAM_TEXT_MOST, .body_left = SPAM_BODY_MOST,
	};
	const struct mime_part *part;
	int r;

	for (part = root; part != NULL; part = mime_after(part)) {
		if (mime_child(part) != NULL || !mime_is(part, "text", NULL))
			continue;
		if (body.text_left <= 1 || body.body_left == 0)
			break;
		r = read_text(&body, part);
		if (r < 0)
			return r;
	}
	return text_failed(to) ? -ENOMEM : 0;
}
