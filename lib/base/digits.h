/*
 * digits.h - the digits of hexadecimal and of base64 (RFC 4648 8 and 4)
 *
 * How strict a text of them is read, what stands between them and how it ends
 * is another matter at each place; what a digit is worth is the same at all.
 */
#ifndef POSTROOM_BASE_DIGITS_H
#define POSTROOM_BASE_DIGITS_H

/* By byte: its value, or -1. */
extern const signed char base64_digits[256];

/* The six bits that `c` stands for, or -1. */
static inline int
base64_digit(char c)
{
	return base64_digits[(unsigned char)c];
}

/* The four bits that `c` stands for, in either letter case, or -1. */
static inline int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
