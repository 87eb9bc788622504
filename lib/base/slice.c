/*
 * slice.c - borrowed bytes: comparing, cutting, reading numbers
 *
 * Nothing here allocates, and nothing reads past the length it was given.
 */
#include "lib/base/slice.h"

#include <errno.h>
#include <string.h>

#include "lib/base/digits.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
same_nocase(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

struct slice
slice_str(const char *string)
{
	return slice_of(string, string == NULL ? 0 : strlen(string));
}

bool
slice_is(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool
slice_is_nocase(struct slice a, struct slice b)
{
	return a.len == b.len && same_nocase(a.at, b.at, a.len);
}

bool
slice_is_str(struct slice s, const char *string)
{
	return slice_is(s, slice_str(string));
}

bool
slice_is_word(struct slice s, const char *word)
{
	size_t n = 0;

	if (word == NULL)
		return s.len == 0;
	/* most differ in the first letter: no length is asked for */
	while (n < s.len && word[n] != '\0' && lower(s.at[n]) == lower(word[n]))
		n++;
	return n == s.len && word[n] == '\0';
}

bool
slice_has_prefix(struct slice s, const char *part)
{
	size_t len = strlen(part);

	return s.len >= len && same_nocase(s.at, part, len);
}

bool
slice_has_suffix(struct slice s, const char *part)
{
	size_t len = strlen(part);

	return s.len >= len &&
	    same_nocase(slice_after(s, s.len - len).at, part, len);
}

int
slice_order(struct slice a, struct slice b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int r = len == 0 ? 0 : memcmp(a.at, b.at, len);

	if (r != 0)
		return r;
	return a.len < b.len ? -1 : a.len > b.len;
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

size_t
slice_find(struct slice s, char byte)
{
	const char *at = s.len == 0 ? NULL : memchr(s.at, byte, s.len);

	return at == NULL ? SIZE_MAX : (size_t)(at - s.at);
}

size_t
slice_find_last(struct slice s, char byte)
{
	const char *at = s.len == 0 ? NULL : memrchr(s.at, byte, s.len);

	return at == NULL ? SIZE_MAX : (size_t)(at - s.at);
}

size_t
slice_find_str(struct slice s, const char *part)
{
	const char *at;

	if (s.len == 0)
		return *part == '\0' ? 0 : SIZE_MAX;
	at = memmem(s.at, s.len, part, strlen(part));
	return at == NULL ? SIZE_MAX : (size_t)(at - s.at);
}

bool
slice_cut(struct slice *rest, char byte, struct slice *head_out)
{
	size_t at = slice_find(*rest, byte);

	if (at == SIZE_MAX)
		return false;
	*head_out = slice_first(*rest, at);
	*rest = slice_after(*rest, at + 1);
	return true;
}

bool
slice_word(struct slice *rest, struct slice *word_out)
{
	struct slice s = *rest;
	size_t end;

	while (s.len > 0 && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = slice_after(s, 1);
	if (s.len == 0)
		return false;
	for (end = 0; end < s.len; end++)
		if (s.at[end] == ' ' || s.at[end] == '\t')
			break;
	*word_out = slice_first(s, end);
	*rest = slice_after(s, end);
	return true;
}

int
slice_u64(struct slice s, uint64_t max, uint64_t *n_out)
{
	uint64_t n = 0;
	bool over = false;

	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return -EINVAL;
		over = over || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n);
	}
	if (over || n > max)
		return -ERANGE;
	*n_out = n;
	return 0;
}

int
slice_hex(struct slice s)
{
	int high, low;

	if (s.len < 2)
		return -1;
	high = hex_digit(s.at[0]);
	low = hex_digit(s.at[1]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int
slice_hex_upper(struct slice s)
{
	for (size_t i = 0; i < 2 && i < s.len; i++)
		if (s.at[i] >= 'a')
			return -1;
	return slice_hex(s);
}

int
slice_cstr(struct slice s, char *buffer, size_t size)
{
	if (s.len >= size)
		return -E2BIG;
	if (slice_find(s, '\0') != SIZE_MAX)
		return -EINVAL;
	if (s.len > 0)
		memcpy(buffer, s.at, s.len);
	buffer[s.len] = '\0';
	return 0;
}

bool
slice_is_secret(struct slice a, struct slice b)
{
	unsigned char differ = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		differ |= (unsigned char)(a.at[i] ^ b.at[i]);
	return differ == 0;
}

/* Bytes of the UTF-8 character that begins `s`, or 0 if none is valid. */
static size_t
utf8_len(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.at;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		len = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		len = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s.len < len)
		return 0;
	/* RFC 3629 4: the second byte rules out overlong and surrogates */
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return len;
}

bool
slice_is_utf8(struct slice s)
{
	while (s.len > 0) {
		size_t len = utf8_len(s);

		if (len == 0)
			return false;
		s = slice_after(s, len);
	}
	return true;
}

bool
slice_is_printable_ascii(struct slice s)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t word, other = 0;
	size_t i = 0;

	/* eight at a time: what is carried on comes of one that is none */
	for (; s.len - i >= sizeof(word); i += sizeof(word)) {
		memcpy(&word, s.at + i, sizeof(word));
		other |= word | ((word - ones * 0x20) & ~word) | (word + ones);
	}
	if ((other & ones << 7) != 0)
		return false;
	for (; i < s.len; i++)
		if ((signed char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}
