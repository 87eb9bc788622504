/*
 * date.c - the date and time of a header field
 *
 * The calendar is the Gregorian one with years that begin in March, so that
 * the leap day is the last of its year and needs no case of its own.
 */
#include "lib/message/date.h"

#include <errno.h>
#include <string.h>

#define DAY_SECONDS	86400
#define LAST_YEAR	9999
#define DAY_MINUTES	(24 * 60)

static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char day_names[] = "SunMonTueWedThuFriSat";	/* 0: Sunday */

struct day {
	int	year;
	int	month;		/* 1 to 12 */
	int	day;		/* 1 to 31 */
};

/* Days from 1 January 1970 to this one. */
static int64_t
day_number(struct day d)
{
	int64_t year = d.month > 2 ? d.year : d.year - 1;
	int64_t month = d.month > 2 ? d.month - 3 : d.month + 9;

	/* 719468 days lie between 1 March of year 0 and 1970 */
	return year * 365 + year / 4 - year / 100 + year / 400 +
	    (month * 153 + 2) / 5 + d.day - 1 - 719468;
}

/* The day that is `number` days (not negative) after 1 January 1970. */
static struct day
day_of(int64_t number)
{
	int64_t from = number + 719468;
	int64_t century = (from * 4 + 3) / 146097;
	int64_t in_century = from - century * 146097 / 4;
	int64_t year = (in_century * 4 + 3) / 1461;
	int64_t in_year = in_century - year * 1461 / 4;
	int64_t month = (in_year * 5 + 2) / 153;
	struct day d;

	d.day = (int)(in_year - (month * 153 + 2) / 5 + 1);
	d.month = (int)(month < 10 ? month + 3 : month - 9);
	d.year = (int)(century * 100 + year + (d.month <= 2));
	return d;
}

int
date_write(struct text *text, int64_t utc_ms, int zone_minutes)
{
	int zone = zone_minutes < 0 ? -zone_minutes : zone_minutes;
	int64_t seconds, days;
	struct day d;
	int time;

	if (utc_ms < -(int64_t)DAY_SECONDS * 1000 ||
	    utc_ms > (int64_t)LAST_YEAR * 366 * DAY_SECONDS * 1000 ||
	    zone_minutes <= -DAY_MINUTES || zone_minutes >= DAY_MINUTES)
		return -EINVAL;
	/* rounds down before 1970 too */
	seconds = (utc_ms + DAY_SECONDS * 1000) / 1000 - DAY_SECONDS +
	    zone_minutes * 60;
	if (seconds < 0)
		return -EINVAL;
	days = seconds / DAY_SECONDS;
	time = (int)(seconds % DAY_SECONDS);
	d = day_of(days);
	if (d.year > LAST_YEAR)
		return -EINVAL;
	/* 1 January 1970 was a Thursday */
	text_addf(text, "%.3s, %d %.3s %04d %02d:%02d:%02d %c%02d%02d",
	    day_names + (days + 4) % 7 * 3, d.day,
	    month_names + (d.month - 1) * 3, d.year,
	    time / 3600, time / 60 % 60, time % 60,
	    zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
	return 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Skip blanks, line ends and comments, which nest (RFC 5322 3.2.2). */
static void
skip_comments(struct slice *s)
{
	size_t depth = 0, i;

	for (i = 0; i < s->len; i++) {
		char c = s->at[i];

		if (c == '(')
			depth++;
		else if (c == ')' && depth > 0)
			depth--;
		else if (c == '\\' && depth > 0)
			i++;
		else if (depth == 0 && c != ' ' && c != '\t' && c != '\r' &&
		    c != '\n')
			break;
	}
	*s = slice_after(*s, i);
}

/* Cut off the letters that come next; empty when none do. */
static struct slice
take_letters(struct slice *s)
{
	struct slice word;
	size_t n = 0;

	skip_comments(s);
	while (n < s->len && is_letter(s->at[n]))
		n++;
	word = slice_first(*s, n);
	*s = slice_after(*s, n);
	return word;
}

/* Cut off a number of at most `most` digits; how many there were, or 0. */
static size_t
take_number(struct slice *s, size_t most, int *n_out)
{
	size_t n = 0;
	int number = 0;

	skip_comments(s);
	while (n < s->len && n <= most && is_digit(s->at[n])) {
		if (n < most)
			number = number * 10 + (s->at[n] - '0');
		n++;
	}
	if (n == 0 || n > most)
		return 0;
	*s = slice_after(*s, n);
	*n_out = number;
	return n;
}

static bool
take_byte(struct slice *s, char byte)
{
	skip_comments(s);
	if (s->len == 0 || s->at[0] != byte)
		return false;
	*s = slice_after(*s, 1);
	return true;
}

/* Which of the three-letter `names` begins `word`, from 0; or -1. */
static int
name_find(const char *names, struct slice word)
{
	int n = (int)(strlen(names) / 3);

	if (word.len < 3)
		return -1;
	for (int i = 0; i < n; i++)
		if (slice_is_nocase(slice_first(word, 3),
		    slice_of(names + i * 3, 3)))
			return i;
	return -1;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int year, int month)
{
	static const int days[] =
	    { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

int
date_month(struct slice word)
{
	return name_find(month_names, word) + 1;
}

struct slice
date_month_name(int month)
{
	return slice_of(month_names + (month - 1) * 3, 3);
}

int
date_day(int year, int month, int day, int32_t *day_out)
{
	if (year < 0 || year > LAST_YEAR || month < 1 || month > 12 ||
	    day < 1 || day > month_days(year, month))
		return -EINVAL;
	*day_out = (int32_t)day_number((struct day){ year, month, day });
	return 0;
}

/* [ day-name "," ] day month year, with "-" between them as some write it */
static bool
take_day(struct slice *s, struct day *d)
{
	struct slice word = take_letters(s);
	size_t digits;

	if (word.len > 0 && name_find(day_names, word) < 0)
		return false;
	(void)take_byte(s, ',');
	if (take_number(s, 2, &d->day) == 0)
		return false;
	(void)take_byte(s, '-');
	d->month = date_month(take_letters(s));
	(void)take_byte(s, '-');
	digits = take_number(s, 4, &d->year);
	if (d->month == 0 || digits < 2)
		return false;
	/* RFC 5322 4.3: two digits are 1950 to 2049, three count from 1900 */
	if (digits == 2)
		d->year += d->year < 50 ? 2000 : 1900;
	else if (digits == 3)
		d->year += 1900;
	return d->year >= 1970 && d->day >= 1 &&
	    d->day <= month_days(d->year, d->month);
}

/* hour ":" minute [ ":" second ], as seconds; 60 is a leap second */
static bool
take_time(struct slice *s, int *seconds_out)
{
	int hour, minute, second = 0;

	if (take_number(s, 2, &hour) == 0 || !take_byte(s, ':') ||
	    take_number(s, 2, &minute) == 0)
		return false;
	if (take_byte(s, ':') && take_number(s, 2, &second) == 0)
		return false;
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*seconds_out = hour * 3600 + minute * 60 + second;
	return true;
}

/* "+" or "-" and hhmm (or hh:mm), as minutes east of UTC */
static bool
take_offset(struct slice *s, int sign, int *minutes_out)
{
	int hour, minute;
	size_t digits = take_number(s, 4, &hour);

	if (digits == 4) {
		minute = hour % 100;
		hour /= 100;
	} else if (digits != 2 || !take_byte(s, ':') ||
	    take_number(s, 2, &minute) != 2) {
		return false;
	}
	if (minute > 59 || hour > 23)
		return false;
	*minutes_out = sign * (hour * 60 + minute);
	return true;
}

/* zone, or one of the names of RFC 5322 4.3; others are UTC */
static bool
take_zone(struct slice *s, int *minutes_out)
{
	static const struct {
		const char	*name;
		int		 hours;
	} zones[] = {
		{ "EST", -5 }, { "EDT", -4 }, { "CST", -6 }, { "CDT", -5 },
		{ "MST", -7 }, { "MDT", -6 }, { "PST", -8 }, { "PDT", -7 },
	};
	struct slice word;

	if (take_byte(s, '+'))
		return take_offset(s, 1, minutes_out);
	if (take_byte(s, '-'))
		return take_offset(s, -1, minutes_out);
	word = take_letters(s);
	*minutes_out = 0;
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
		if (slice_is_word(word, zones[i].name))
			*minutes_out = zones[i].hours * 60;
	return true;
}

int
date_parse_zone(struct slice s, int64_t *utc_seconds_out,
    int *zone_minutes_out)
{
	int time = 0, zone = 0;
	struct day d = { 0 };
	int64_t seconds;

	if (!take_day(&s, &d) || !take_time(&s, &time) ||
	    !take_zone(&s, &zone))
		return -EINVAL;
	seconds = day_number(d) * DAY_SECONDS + time - zone * 60;
	/* the zone can carry it out of those years */
	if (seconds < 0 || seconds >= day_number((struct day)
	    { LAST_YEAR + 1, 1, 1 }) * DAY_SECONDS)
		return -EINVAL;
	*utc_seconds_out = seconds;
	*zone_minutes_out = zone;
	return 0;
}

int
date_parse(struct slice s, int64_t *utc_seconds_out)
{
	int zone;

	return date_parse_zone(s, utc_seconds_out, &zone);
}
