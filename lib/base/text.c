/*
 * text.c - a growing run of bytes with a limit
 */
#include "lib/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Make room for `more` bytes and a NUL that does not count; false, and failed,
 * when that cannot be.
 */
static bool
make_room(struct text *text, size_t more)
{
	size_t size = text->size;
	char *at;

	if (text->failed)
		return false;
	if (more > text->limit || text->len > text->limit - more) {
		text->failed = true;
		return false;
	}
	if (text->len + more < size)
		return true;
	if (size < 128)
		size = 128;
	while (size <= text->len + more)
		size *= 2;
	at = realloc(text->at, size);
	if (at == NULL) {
		text->failed = true;
		return false;
	}
	text->at = at;
	text->size = size;
	return true;
}

char *
text_space(struct text *text, size_t n)
{
	char *at;

	if (!make_room(text, n))
		return NULL;
	at = text->at + text->len;
	text->len += n;
	return at;
}

void
text_add(struct text *text, struct slice s)
{
	if (s.len == 0 || !make_room(text, s.len))
		return;
	memcpy(text->at + text->len, s.at, s.len);
	text->len += s.len;
}

void
text_add_str(struct text *text, const char *string)
{
	text_add(text, slice_str(string));
}

void
text_add_byte(struct text *text, char byte)
{
	if (make_room(text, 1))
		text->at[text->len++] = byte;
}

void
text_add_u64(struct text *text, uint64_t n)
{
	char digits[20];
	size_t len = 0;

	do {
		digits[sizeof(digits) - ++len] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	text_add(text, slice_of(digits + sizeof(digits) - len, len));
}

void
text_vaddf(struct text *text, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0) {
		text->failed = true;
		return;
	}
	if (!make_room(text, (size_t)len))
		return;
	(void)vsnprintf(text->at + text->len, (size_t)len + 1, format, args);
	text->len += (size_t)len;
}

void
text_addf(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_vaddf(text, format, args);
	va_end(args);
}

void
text_add_escaped(struct text *text, struct slice s, size_t most)
{
	bool cut = s.len > most;

	s = slice_first(s, most);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c < 0x20 || c > 0x7e || c == '\\' || c == '"')
			text_addf(text, "\\x%02X", c);
		else
			text_add_byte(text, (char)c);
	}
	if (cut)
		text_add_str(text, "...");
}

void
text_add_json(struct text *text, struct slice s)
{
	bool utf8 = slice_is_utf8(s);

	text_add_byte(text, '"');
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c == '"' || c == '\\')
			text_addf(text, "\\%c", c);
		else if (c < 0x20 || c == 0x7f || (c > 0x7f && !utf8))
			text_addf(text, "\\u%04x", c);
		else
			text_add_byte(text, (char)c);
	}
	text_add_byte(text, '"');
}

struct slice
text_slice(const struct text *text)
{
	return slice_of(text->at, text->len);
}

bool
text_failed(const struct text *text)
{
	return text->failed;
}

void
text_consume(struct text *text, size_t n)
{
	if (n >= text->len) {
		text->len = 0;
		return;
	}
	text->len -= n;
	memmove(text->at, text->at + n, text->len);
}

void
text_clear(struct text *text)
{
	text->len = 0;
	text->failed = false;
}

void
text_free(struct text *text)
{
	free(text->at);
	*text = (struct text)TEXT_INIT(text->limit);
}
