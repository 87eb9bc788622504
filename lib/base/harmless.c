/*
 * harmless.c - what a stranger has written, where it can do nothing
 */
#include "lib/base/harmless.h"

#include <utf8proc.h>

/* Moves, hides or reorders what stands around it (Unicode TR 36). */
static bool
is_active(utf8proc_int32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') ||
	    (c >= 0x7f && c < 0xa0) || c == 0x061c ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	    (c >= 0xe0000 && c <= 0xe007f);
}

void
harmless_add(struct text *text, struct slice s)
{
	while (s.len > 0) {
		utf8proc_int32_t point = 0;
		utf8proc_ssize_t n = utf8proc_iterate(
		    (const utf8proc_uint8_t *)s.at, (utf8proc_ssize_t)s.len,
		    &point);

		if (slice_has_prefix(s, "\r\n"))
			n = 1;		/* a line's end is a line feed here */
		else if (n <= 0 || is_active(point))
			text_add_byte(text, '?');
		else
			text_add(text, slice_first(s, (size_t)n));
		s = slice_after(s, n > 0 ? (size_t)n : 1);
	}
}
