/*
 * dkim_tags.c - lists of tag=value, as signatures and key records are written
 *
 * Nothing is allocated; each byte is looked at a fixed number of times.
 */
#include "filters/auth/dkim_tags.h"

#include <errno.h>
#include <string.h>

#include "lib/base/digits.h"

static bool
is_wsp(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_alnumpunc(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '_';
}

/* RFC 6376 3.2: valchar; UTF-8 is checked by whoever has the whole */
static bool
is_valchar(char c)
{
	return (unsigned char)c > 0x20 && c != ';' && c != 0x7f;
}

/* Bytes of the FWS that `s` begins with; a line end counts before a blank. */
static size_t
fws_len(struct slice s)
{
	size_t n = 0, end;

	for (;;) {
		while (n < s.len && is_wsp(s.at[n]))
			n++;
		end = n;
		if (end < s.len && s.at[end] == '\r')
			end++;
		if (end + 1 >= s.len || s.at[end] != '\n' ||
		    !is_wsp(s.at[end + 1]))
			return n;
		n = end + 1;
	}
}

static struct slice
skip_fws(struct slice s)
{
	return slice_after(s, fws_len(s));
}

static size_t
name_len(struct slice s)
{
	size_t n = 0;

	if (s.len == 0 || !is_alpha(s.at[0]))
		return 0;
	while (n < s.len && is_alnumpunc(s.at[n]))
		n++;
	return n;
}

/*
 * What may stand behind the "=": *value_out is it, without the blanks at its
 * ends; `*rest` then begins with what ended it.
 */
static void
cut_value(struct slice *rest, struct slice *value_out)
{
	struct slice s = skip_fws(*rest), value = slice_of(s.at, 0);
	size_t n = 0;

	while (n < s.len && is_valchar(s.at[n])) {
		while (n < s.len && is_valchar(s.at[n]))
			n++;
		value.len = n;
		n += fws_len(slice_after(s, n));
	}
	*value_out = value;
	*rest = slice_after(s, n);
}

static int
cut_tag(struct slice *rest, struct dkim_tag *tag_out)
{
	struct slice s = skip_fws(*rest), whole;
	size_t len = name_len(s);

	tag_out->name = slice_first(s, len);
	s = skip_fws(slice_after(s, len));
	if (len == 0 || s.len == 0 || s.at[0] != '=')
		return -EINVAL;
	whole = s = slice_after(s, 1);
	cut_value(&s, &tag_out->value);
	if (s.len > 0 && s.at[0] != ';')
		return -EINVAL;
	if (!slice_is_utf8(tag_out->value))
		return -EINVAL;
	tag_out->whole = slice_first(whole, whole.len - s.len);
	*rest = s;
	return 0;
}

static const struct dkim_tag *
find(const struct dkim_tags *tags, struct slice name)
{
	for (unsigned i = 0; i < tags->count; i++)
		if (slice_is(tags->tag[i].name, name))
			return &tags->tag[i];
	return NULL;
}

int
dkim_tags_read(struct slice list, struct dkim_tags *tags_out)
{
	struct dkim_tag tag;

	tags_out->count = 0;
	do {
		if (cut_tag(&list, &tag) < 0 ||
		    find(tags_out, tag.name) != NULL)
			return -EINVAL;
		if (tags_out->count == DKIM_TAGS)
			return -E2BIG;
		tags_out->tag[tags_out->count++] = tag;
		/* the list may end in a ";", and then in folding */
		list = skip_fws(slice_after(list, 1));
	} while (list.len > 0);
	return 0;
}

const struct dkim_tag *
dkim_tags_find(const struct dkim_tags *tags, const char *name)
{
	return find(tags, slice_str(name));
}

bool
dkim_list_next(struct slice *rest, struct slice *one_out)
{
	if (rest->at == NULL)
		return false;
	if (!slice_cut(rest, ':', one_out)) {
		*one_out = *rest;
		*rest = slice_of(NULL, 0);
	}
	*one_out = slice_trim(*one_out);
	return true;
}

bool
dkim_list_has(struct slice list, const char *word)
{
	struct slice one;

	while (dkim_list_next(&list, &one))
		if (slice_is_word(one, word))
			return true;
	return false;
}

/* The end of base64: at most two "=", as many as the digits leave open. */
static bool
is_padding(struct slice s, size_t digits)
{
	size_t open = (4 - digits % 4) % 4, count = 0;

	for (; s.len > 0; s = skip_fws(slice_after(s, 1))) {
		if (s.at[0] != '=')
			return false;
		count++;
	}
	return digits > 0 && open < 3 && (count == 0 || count == open);
}

int
dkim_base64(struct slice s, unsigned char *bytes_out, size_t size,
    size_t *len_out)
{
	uint32_t bits = 0;
	size_t digits = 0, len = 0;

	for (s = skip_fws(s); s.len > 0; s = skip_fws(slice_after(s, 1))) {
		int six = base64_digit(s.at[0]);

		if (six < 0)
			break;
		bits = bits << 6 | (uint32_t)six;
		if (digits++ % 4 == 0)
			continue;	/* not a byte yet */
		if (len == size)
			return -E2BIG;
		bytes_out[len++] = (unsigned char)
		    (bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	if (!is_padding(s, digits))
		return -EINVAL;
	*len_out = len;
	return 0;
}

/* The byte that `*rest` begins with, plain or as "=" and two digits, or -1. */
static int
unquote_one(struct slice *rest)
{
	int c = (unsigned char)rest->at[0];

	*rest = slice_after(*rest, 1);
	if (c != '=')
		return c;
	/* RFC 6376 2.11: the letters of hex-octet are upper case */
	c = slice_hex_upper(*rest);
	if (c >= 0)
		*rest = slice_after(*rest, 2);
	return c;
}

int
dkim_unquote(struct slice s, char *text_out, size_t size)
{
	size_t len = 0;

	for (s = skip_fws(s); s.len > 0; s = skip_fws(s)) {
		int c = unquote_one(&s);

		if (c < 0x20 || c == 0x7f)
			return -EINVAL;
		if (len + 1 >= size)
			return -E2BIG;
		text_out[len++] = (char)c;
	}
	text_out[len] = '\0';
	return slice_is_utf8(slice_of(text_out, len)) ? 0 : -EINVAL;
}
