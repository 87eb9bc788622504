/*
 * dkim_canon.c - the one form of headers and bodies that is signed
 *
 * What may turn out to be the end of the body (line ends, a CR, blanks) is held
 * back as a count or a mark, never as bytes: a body of line ends costs nothing.
 */
#include "filters/auth/dkim_canon.h"

#include <string.h>

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
ends_line(struct slice s)
{
	return s.len > 0 && s.at[s.len - 1] == '\n';
}

static void
simple_field(const struct header_field *field, bool is_last, dkim_sink *sink,
    void *arg)
{
	struct slice whole = field->whole;

	if (is_last) {
		whole.len = (size_t)(field->value.at + field->value.len -
		    whole.at);
	}
	sink(arg, whole);
	if (!is_last && !ends_line(whole))
		sink(arg, slice_str("\r\n"));
}

/* Words are put together here before they go to the sink. */
struct words {
	dkim_sink	*sink;
	void		*arg;
	size_t		 used;
	char		 out[512];
};

static void
words_flush(struct words *words)
{
	words->sink(words->arg, slice_of(words->out, words->used));
	words->used = 0;
}

static void
words_add(struct words *words, char c)
{
	if (words->used == sizeof(words->out))
		words_flush(words);
	words->out[words->used++] = c;
}

/* Bytes of the line end at the start of `s`, or 0. */
static size_t
line_end_len(struct slice s)
{
	if (s.len > 0 && s.at[0] == '\n')
		return 1;
	return s.len > 1 && s.at[0] == '\r' && s.at[1] == '\n' ? 2 : 0;
}

/* RFC 6376 3.4.2: unfolded, each run of blanks one space, none at the ends */
static void
relaxed_value(struct words *words, struct slice value)
{
	bool is_blank = false, is_begun = false;
	size_t n;

	for (; value.len > 0; value = slice_after(value, n)) {
		n = line_end_len(value);
		if (n > 0)
			continue;	/* header.h: a blank follows it */
		n = 1;
		if (is_wsp(value.at[0])) {
			is_blank = true;
			continue;
		}
		if (is_blank && is_begun)
			words_add(words, ' ');
		words_add(words, value.at[0]);
		is_blank = false;
		is_begun = true;
	}
}

static void
relaxed_field(const struct header_field *field, bool is_last, dkim_sink *sink,
    void *arg)
{
	struct words words = { .sink = sink, .arg = arg };

	for (size_t i = 0; i < field->name.len; i++)
		words_add(&words, lower(field->name.at[i]));
	words_add(&words, ':');
	relaxed_value(&words, field->value);
	if (!is_last) {
		words_add(&words, '\r');
		words_add(&words, '\n');
	}
	words_flush(&words);
}

void
dkim_canon_field(enum dkim_canon canon, const struct header_field *field,
    bool is_last, dkim_sink *sink, void *arg)
{
	if (canon == DKIM_RELAXED)
		relaxed_field(field, is_last, sink, arg);
	else
		simple_field(field, is_last, sink, arg);
}

void
dkim_body_begin(struct dkim_body *body, enum dkim_canon canon,
    dkim_sink *sink, void *arg)
{
	memset(body, 0, sizeof(*body));
	body->canon = canon;
	body->sink = sink;
	body->arg = arg;
}

static void
flush(struct dkim_body *body)
{
	if (body->used > 0)
		body->sink(body->arg, slice_of(body->out, body->used));
	body->used = 0;
}

static void
put(struct dkim_body *body, struct slice s)
{
	body->bytes += s.len;
	if (s.len > sizeof(body->out) - body->used)
		flush(body);
	if (s.len > sizeof(body->out)) {
		body->sink(body->arg, s);
		return;
	}
	memcpy(body->out + body->used, s.at, s.len);
	body->used += s.len;
}

/* Something follows what was held back, so it is part of the body. */
static void
put_held(struct dkim_body *body)
{
	for (; body->line_ends > 0; body->line_ends--)
		put(body, slice_of("\r\n", 2));
	if (body->has_blank)
		put(body, slice_of(" ", 1));
	body->has_blank = false;
}

/* The byte behind a CR: true if it made a line end of it. */
static bool
end_line(struct dkim_body *body, char c)
{
	body->has_cr = false;
	if (c != '\n') {
		put_held(body);
		put(body, slice_of("\r", 1));
		return false;
	}
	/* RFC 6376 3.4.4: blanks at the end of a line are not there */
	body->has_blank = false;
	body->line_ends++;
	return true;
}

/* How many bytes of `s` are neither CR nor, where they count less, blanks. */
static size_t
plain_len(const struct dkim_body *body, struct slice s)
{
	size_t n = 0;

	if (body->canon == DKIM_SIMPLE) {
		n = slice_find(s, '\r');
		return n == SIZE_MAX ? s.len : n;
	}
	while (n < s.len && s.at[n] != '\r' && !is_wsp(s.at[n]))
		n++;
	return n;
}

void
dkim_body_add(struct dkim_body *body, struct slice s)
{
	size_t n;

	while (s.len > 0) {
		if (body->has_cr && end_line(body, s.at[0])) {
			s = slice_after(s, 1);
			continue;
		}
		n = plain_len(body, s);
		if (n > 0) {
			put_held(body);
			put(body, slice_first(s, n));
		} else {
			body->has_cr = s.at[0] == '\r';
			body->has_blank |= !body->has_cr;
			n = 1;
		}
		s = slice_after(s, n);
	}
}

void
dkim_body_end(struct dkim_body *body)
{
	if (body->has_cr)
		(void)end_line(body, '\0');
	/*
	 * RFC 6376 3.4.3 and 3.4.4: one line end is there in any case, but
	 * for a relaxed body in which there is nothing else.
	 */
	if (body->canon == DKIM_SIMPLE || body->bytes > 0)
		put(body, slice_of("\r\n", 2));
	flush(body);
}
