/*
 * shape_set.c - the characters that one place of a shape may have
 */
#include "filters/shape_set.h"

#include <string.h>

static bool
has(const struct shape_set *set, unsigned c)
{
	return (set->ascii[c / 64] >> c % 64 & 1) != 0;
}

void
shape_set_add(struct shape_set *set, unsigned c)
{
	set->ascii[c / 64] |= (uint64_t)1 << c % 64;
}

void
shape_set_add_range(struct shape_set *set, unsigned from, unsigned to)
{
	for (; from <= to && from < 128; from++)
		shape_set_add(set, from);
}

void
shape_set_add_all(struct shape_set *set, const struct shape_set *other)
{
	set->ascii[0] |= other->ascii[0];
	set->ascii[1] |= other->ascii[1];
	set->others = set->others || other->others;
}

void
shape_set_turn(struct shape_set *set)
{
	set->ascii[0] = ~set->ascii[0];
	set->ascii[1] = ~set->ascii[1];
	set->others = true;
}

/* Case does not count; U+017F and U+212A are an s and a k, and these those. */
void
shape_set_fold(struct shape_set *set)
{
	for (unsigned c = 'a'; c <= 'z'; c++)
		if (has(set, c) || has(set, c & ~0x20u)) {
			shape_set_add(set, c);
			shape_set_add(set, c & ~0x20u);
		}
	if (has(set, 's') || has(set, 'k'))
		set->others = true;
}

bool
shape_set_has(const struct shape_set *set, unsigned char first)
{
	return first < 0x80 ? has(set, first) : set->others;
}

/* In a hundred thousand characters of mail, roughly; case does not count. */
double
shape_set_share(const struct shape_set *set)
{
	static const unsigned letters[26] = {
		6500, 1200, 2600, 3200, 9500, 1600, 1500, 3600, 5800, 200,
		800, 3500, 2300, 5800, 6200, 1800, 150, 5200, 5400, 7200,
		2300, 900, 1300, 300, 1300, 200,
	};
	static const char marks[] = ".,-=/<>:\"";
	unsigned share = set->others ? 3000 : 0;

	for (unsigned c = 0; c < 128; c++) {
		bool is_upper = c >= 'A' && c <= 'Z';

		if (!has(set, c) || is_upper)
			continue;
		if (c >= 'a' && c <= 'z')
			share += letters[c - 'a'];
		else if (c == ' ')
			share += 14000;
		else if (c == '\n')
			share += 2000;
		else if (c >= '0' && c <= '9')
			share += 500;
		else if (c > ' ')
			share += strchr(marks, (char)c) != NULL ? 600 : 150;
		else
			share += 5;
	}
	return share / 1e5;
}

bool
shape_set_of_class(char c, struct shape_set *set_out)
{
	struct shape_set set = { .others = true };

	switch (c | 0x20) {
	case 'd':
		shape_set_add_range(&set, '0', '9');
		break;
	case 'w':
		shape_set_add_range(&set, '0', '9');
		shape_set_add_range(&set, 'a', 'z');
		shape_set_add_range(&set, 'A', 'Z');
		shape_set_add(&set, '_');
		break;
	case 's':
		shape_set_add_range(&set, '\t', '\r');
		shape_set_add(&set, ' ');
		break;
	case 'h':
		shape_set_add(&set, '\t');
		shape_set_add(&set, ' ');
		break;
	case 'v':
		shape_set_add_range(&set, '\n', '\r');
		break;
	default:
		return false;
	}
	if (c < 'a')
		shape_set_turn(&set);
	*set_out = set;
	return true;
}

bool
shape_set_is_word(const struct shape_set *set)
{
	struct shape_set word = { .others = false };

	shape_set_add_range(&word, '0', '9');
	shape_set_add_range(&word, 'a', 'z');
	shape_set_add_range(&word, 'A', 'Z');
	shape_set_add(&word, '_');
	return (set->ascii[0] & ~word.ascii[0]) == 0 &&
	    (set->ascii[1] & ~word.ascii[1]) == 0;
}

const struct shape_set shape_set_no_word = {
	.ascii = { 0xfc00ffffffffffffu, 0xf800000178000001u }, .others = true
};
