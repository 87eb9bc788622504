/*
 * parse_values.c - the values of a command: sets, flags, dates
 */
#include <stdlib.h>
#include <time.h>

#include "gateway/imap/parse.h"
#include "lib/base/zone.h"
#include "lib/message/date.h"
#include "store/selected.h"

#define KEYWORDS_A_COMMAND	200	/* HARDENING 2: of a mailbox */
#define KEYWORD_BYTES		64	/* HARDENING 2: of one keyword */

static bool
too_large(struct imapd_parse *parse)
{
	return imapd_parse_fault(parse, "[LIMIT] the command is too large");
}

static bool
set_number(struct imapd_parse *parse, uint32_t *n_out)
{
	uint64_t n;

	if (imapd_maybe(parse, '*')) {
		*n_out = 0;
		return true;
	}
	if (!imapd_number(parse, UINT32_MAX, &n))
		return false;
	if (n == 0)
		return imapd_parse_fault(parse, "no message has number 0");
	*n_out = (uint32_t)n;
	return true;
}

/* How many ranges a set can have at most: what is in it between commas. */
static size_t
count_ranges(struct slice rest)
{
	size_t count = 1;

	for (size_t i = 0; i < rest.len && rest.at[i] != ' '; i++)
		if (rest.at[i] == ',')
			count++;
	return count;
}

bool
imapd_set(struct imapd_parse *parse, struct imapd_set *set_out)
{
	struct imapd_set set = { 0 };
	struct imapd_range *range;

	if (imapd_maybe(parse, '$')) {
		set.is_saved = true;
		*set_out = set;
		return true;
	}
	set.ranges = arena_array(parse->arena, count_ranges(parse->rest),
	    sizeof(*set.ranges));
	if (set.ranges == NULL)
		return too_large(parse);
	do {
		range = &set.ranges[set.count++];
		if (!set_number(parse, &range->low))
			return false;
		range->high = range->low;
		if (imapd_maybe(parse, ':') &&
		    !set_number(parse, &range->high))
			return false;
	} while (imapd_maybe(parse, ','));
	*set_out = set;
	return true;
}

static int
order(const void *a, const void *b)
{
	const struct imapd_range *left = a, *right = b;

	return left->low < right->low ? -1 : left->low > right->low;
}

void
imapd_set_ranges(struct imapd_set *set, uint32_t star)
{
	struct imapd_range *ranges = set->ranges, one;
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		one = ranges[i];
		if (one.low == 0)
			one.low = star;
		if (one.high == 0)
			one.high = star;
		/* RFC 9051 9: the order of the two does not count */
		ranges[i].low = one.low < one.high ? one.low : one.high;
		ranges[i].high = one.low < one.high ? one.high : one.low;
	}
	if (set->count > 1)
		qsort(ranges, set->count, sizeof(*ranges), order);
	for (size_t i = 0; i < set->count; i++) {
		if (kept > 0 && ranges[i].low <= ranges[kept - 1].high) {
			if (ranges[i].high > ranges[kept - 1].high)
				ranges[kept - 1].high = ranges[i].high;
		} else {
			ranges[kept++] = ranges[i];
		}
	}
	set->count = kept;
}

bool
imapd_set_has(const struct imapd_set *set, uint32_t n)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ranges[middle].high < n)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->count && set->ranges[low].low <= n;
}

static const struct {
	const char	*word;
	uint8_t		 bit;
} system_flags[] = {
	{ "Seen",	LETTER_SEEN },
	{ "Answered",	LETTER_ANSWERED },
	{ "Flagged",	LETTER_FLAGGED },
	{ "Draft",	LETTER_DRAFT },
	{ "Deleted",	LETTER_DELETED },
};

/* What stands behind a backslash. */
static bool
system_flag(struct imapd_parse *parse, struct imapd_flags *flags)
{
	struct slice word;

	if (!imapd_atom(parse, &word))
		return false;
	for (size_t i = 0; i < sizeof(system_flags) / sizeof(*system_flags);
	    i++) {
		if (slice_is_word(word, system_flags[i].word)) {
			flags->bits |= system_flags[i].bit;
			return true;
		}
	}
	/* RFC 9051 2.3.2: \Recent is the server's, others are not known */
	return imapd_parse_fault(parse, "no such flag can be set");
}

static bool
one_flag(struct imapd_parse *parse, struct imapd_flags *flags)
{
	struct slice word;

	if (imapd_maybe(parse, '\\'))
		return system_flag(parse, flags);
	if (!imapd_atom(parse, &word))
		return false;
	if (word.len > KEYWORD_BYTES)
		return imapd_parse_fault(parse, "[LIMIT] a keyword has at "
		    "most 64 characters");
	for (size_t i = 0; i < flags->count; i++)
		if (slice_is_nocase(flags->keywords[i], word))
			return true;
	if (flags->count == KEYWORDS_A_COMMAND)
		return imapd_parse_fault(parse, "[LIMIT] too many keywords");
	if (flags->keywords == NULL)
		flags->keywords = arena_array(parse->arena,
		    KEYWORDS_A_COMMAND, sizeof(*flags->keywords));
	if (flags->keywords == NULL)
		return too_large(parse);
	flags->keywords[flags->count++] = word;
	return true;
}

bool
imapd_flags(struct imapd_parse *parse, bool must_have,
    struct imapd_flags *flags_out)
{
	struct imapd_flags flags = { 0 };
	bool has_list = imapd_maybe(parse, '(');

	if (must_have && !has_list)
		return imapd_byte(parse, '(');
	if (!has_list || imapd_peek(parse) != ')') {
		do {
			if (!one_flag(parse, &flags))
				return false;
		} while (imapd_maybe(parse, ' '));
	}
	if (has_list && !imapd_byte(parse, ')'))
		return false;
	*flags_out = flags;
	return true;
}

#define ID_FIELDS	30	/* RFC 2971 3.3 */

bool
imapd_id_read(struct imapd_parse *parse)
{
	struct slice name, value;
	bool is_nil;
	unsigned count = 0;

	if (imapd_word(parse, "NIL"))
		return imapd_end(parse);
	if (!imapd_byte(parse, '('))
		return false;
	while (imapd_peek(parse) != ')') {
		if (count++ == ID_FIELDS)
			return imapd_parse_fault(parse, "[LIMIT] too much");
		if (!imapd_string(parse, &name) || !imapd_space(parse) ||
		    !imapd_nstring(parse, &value, &is_nil))
			return false;
		if (!imapd_maybe(parse, ' '))
			break;
	}
	return imapd_byte(parse, ')') && imapd_end(parse);
}

/* day "-" month "-" year. */
static bool
date_text(struct imapd_parse *parse, int32_t *day_out)
{
	uint64_t day, year;
	int month;

	if (!imapd_number(parse, 31, &day) || !imapd_byte(parse, '-'))
		return false;
	month = date_month(slice_first(parse->rest, 3));
	parse->rest = slice_after(parse->rest, 3);
	if (month == 0)
		return imapd_parse_fault(parse, "no such month");
	if (!imapd_byte(parse, '-') || !imapd_number(parse, 9999, &year))
		return false;
	return date_day((int)year, month, (int)day, day_out) == 0 ||
	    imapd_parse_fault(parse, "no such day");
}

bool
imapd_date(struct imapd_parse *parse, int32_t *day_out)
{
	bool is_quoted = imapd_maybe(parse, '"');

	return date_text(parse, day_out) &&
	    (!is_quoted || imapd_byte(parse, '"'));
}

/* Two digits, exactly. */
static bool
two_digits(struct imapd_parse *parse, uint64_t max, int64_t *n_out)
{
	uint64_t n;

	if (slice_u64(slice_first(parse->rest, 2), max, &n) < 0 ||
	    parse->rest.len < 2)
		return imapd_parse_fault(parse, "no such time of day");
	parse->rest = slice_after(parse->rest, 2);
	*n_out = (int64_t)n;
	return true;
}

bool
imapd_date_time(struct imapd_parse *parse, int64_t *utc_ms_out)
{
	int64_t hour, minute, second, zone_hour, zone_minute, zone, seconds;
	int32_t day;
	bool is_west;

	if (!imapd_byte(parse, '"'))
		return false;
	(void)imapd_maybe(parse, ' ');	/* a day of one digit */
	if (!date_text(parse, &day) || !imapd_space(parse) ||
	    !two_digits(parse, 23, &hour) || !imapd_byte(parse, ':') ||
	    !two_digits(parse, 59, &minute) || !imapd_byte(parse, ':') ||
	    !two_digits(parse, 60, &second) || !imapd_space(parse))
		return false;
	is_west = imapd_maybe(parse, '-');
	if (!is_west && !imapd_byte(parse, '+'))
		return false;
	if (!two_digits(parse, 23, &zone_hour) ||
	    !two_digits(parse, 59, &zone_minute) || !imapd_byte(parse, '"'))
		return false;
	zone = (zone_hour * 60 + zone_minute) * 60;
	seconds = (int64_t)day * 86400 + hour * 3600 + minute * 60 + second;
	*utc_ms_out = (is_west ? seconds + zone : seconds - zone) * 1000;
	return true;
}

void
imapd_add_date_time(struct text *text, int64_t utc_ms)
{
	int east = zone_minutes(utc_ms), minutes = abs(east);
	time_t seconds = (time_t)(utc_ms / 1000) + east * 60;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 ||
	    tm.tm_year > 9999 - 1900) {
		text_add_str(text, "\" 1-Jan-1970 00:00:00 +0000\"");
		return;
	}
	text_addf(text, "\"%2d-%.*s-%04d %02d:%02d:%02d %c%02d%02d\"",
	    tm.tm_mday, SLICE_FMT(date_month_name(tm.tm_mon + 1)),
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    east < 0 ? '-' : '+', minutes / 60, minutes % 60);
}
