/*
 * html_tag.c - what stands in one HTML tag: its attributes (HTML 13.2.5.32)
 *
 * As a browser reads it: a slash is a blank, a value without quotes ends at a
 * blank, a quote that does not end takes all that is left.
 */
#include "lib/message/html_tag.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static size_t
blanks(struct slice s, bool slashes)
{
	size_t n = 0;

	while (n < s.len && (is_blank(s.at[n]) || (slashes && s.at[n] == '/')))
		n++;
	return n;
}

struct slice
html_attributes(struct slice tag)
{
	size_t n = 0;

	if (tag.len > 0 && tag.at[tag.len - 1] == '>')
		tag.len--;
	while (n < tag.len && !is_blank(tag.at[n]) && (n < 2 ||
	    tag.at[n] != '/'))
		n++;
	return slice_after(tag, n);
}

/* The value that `s` begins with; how many bytes it takes, quotes included. */
static size_t
value_of(struct slice s, struct slice *value_out)
{
	size_t n = 0;

	if (s.len > 0 && (s.at[0] == '"' || s.at[0] == '\'')) {
		n = slice_find(slice_after(s, 1), s.at[0]);
		*value_out = slice_first(slice_after(s, 1), n);
		return n == SIZE_MAX ? s.len : n + 2;
	}
	while (n < s.len && !is_blank(s.at[n]))
		n++;
	*value_out = slice_first(s, n);
	return n;
}

bool
html_attribute_next(struct slice *rest, struct html_attribute *attribute_out)
{
	struct slice s = slice_after(*rest, blanks(*rest, true)), behind;
	size_t n = 1;

	if (s.len == 0)
		return false;
	/* a "=" in the first place is part of the name */
	while (n < s.len && !is_blank(s.at[n]) && s.at[n] != '/' &&
	    s.at[n] != '=')
		n++;
	*attribute_out = (struct html_attribute){
		.name = slice_first(s, n), .value = slice_of(NULL, 0),
	};
	s = slice_after(s, n);
	behind = slice_after(s, blanks(s, false));
	if (behind.len > 0 && behind.at[0] == '=') {
		s = slice_after(behind, 1);
		s = slice_after(s, blanks(s, false));
		s = slice_after(s, value_of(s, &attribute_out->value));
	}
	*rest = s;
	return true;
}
