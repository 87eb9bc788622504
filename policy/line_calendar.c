/*
 * line_calendar.c - windows of a week, by the clock on the office's wall
 *
 * Nothing is computed with offsets of zones: the C library says what the clock
 * shows at a second, and a change is looked for by stepping from one possible
 * moment to the next.
 */
#include "policy/line_calendar.h"

#include <string.h>
#include <time.h>

#define DAY_MINUTES	1440u
#define DAY_S		86400
/* Zones are put forward and back at whole quarters of an hour. */
#define STEP_S		900

static const char *const day_names[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat"
};

#define DAYS		7u
#define ALL_DAYS	0x7fu

/* Reading */

static bool
day_read(struct slice s, unsigned *day_out)
{
	for (unsigned i = 0; i < DAYS; i++)
		if (slice_is_word(s, day_names[i])) {
			*day_out = i;
			return true;
		}
	return false;
}

/* "mon", "mon-fri" (also over the end of the week), "daily". */
static bool
range_read(struct slice s, unsigned *days)
{
	unsigned first, last;
	struct slice head;

	if (slice_is_word(s, "daily")) {
		*days |= ALL_DAYS;
		return true;
	}
	if (!slice_cut(&s, '-', &head))
		head = s;
	if (!day_read(head, &first) || !day_read(s, &last))
		return false;
	for (;; first = (first + 1) % DAYS) {
		*days |= 1u << first;
		if (first == last)
			return true;
	}
}

static bool
days_read(struct slice s, unsigned *days_out)
{
	struct slice range;

	*days_out = 0;
	while (slice_cut(&s, ',', &range))
		if (!range_read(range, days_out))
			return false;
	return range_read(s, days_out);
}

/* "07:00"; 24:00 is the end of the day. */
static bool
time_read(struct slice s, unsigned *minutes_out)
{
	uint64_t hour, minute;

	if (s.len != 5 || s.at[2] != ':' ||
	    slice_u64(slice_first(s, 2), 24, &hour) < 0 ||
	    slice_u64(slice_after(s, 3), 59, &minute) < 0 ||
	    (hour == 24 && minute > 0))
		return false;
	*minutes_out = (unsigned)(hour * 60 + minute);
	return true;
}

static const char *
times_read(struct slice s, struct calendar_window *window)
{
	struct slice from;

	if (!slice_cut(&s, '-', &from) || !time_read(from, &window->from) ||
	    !time_read(s, &window->to))
		return "is not a time from-to such as 07:00-18:00";
	if (window->from == DAY_MINUTES)
		return "begins at 24:00: write 00:00 of the next day";
	if (window->from == window->to)
		return "has no length: the whole day is 00:00-24:00";
	if (window->to < window->from)
		window->to += DAY_MINUTES;
	return NULL;
}

static bool
is_name(struct slice s)
{
	unsigned days;

	if (s.len == 0 || s.len >= CALENDAR_NAME_SIZE || days_read(s, &days))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] < 'a' || s.at[i] > 'z') &&
		    (i == 0 || s.at[i] != '-'))
			return false;
	return true;
}

/* What may stand behind the times. */
static const char *
rest_read(struct slice rest, struct calendar_window *window,
    struct slice *where)
{
	struct slice word;
	uint64_t n;

	while (slice_word(&rest, &word)) {
		*where = word;
		if (slice_is_word(word, "every")) {
			if (window->every != 0)
				return "stands there twice";
			if (!slice_word(&rest, &word) || slice_u64(word,
			    CALENDAR_EVERY_MOST, &n) < 0 || n == 0)
				return "wants a number of minutes, 1 to 1440";
			window->every = (unsigned)n;
		} else if (window->name[0] != '\0') {
			return "is a second name";
		} else if (!is_name(word) || slice_cstr(word, window->name,
		    sizeof(window->name)) < 0) {
			return "is no name: small letters, at most 15";
		}
	}
	return NULL;
}

static const char *
window_read(struct slice text, struct calendar_window *window,
    struct slice *where)
{
	struct slice rest = text, word;
	const char *fault;

	*where = text;
	if (!slice_word(&rest, &word))
		return "is a window without days";
	*where = word;
	if (!days_read(word, &window->days))
		return "is no day: daily, mon, mon-fri, sat,sun";
	*where = text;
	if (!slice_word(&rest, &word))
		return "is a window without times";
	*where = word;
	fault = times_read(word, window);
	return fault != NULL ? fault : rest_read(rest, window, where);
}

const char *
calendar_read(struct slice text, struct calendar *calendar_out,
    struct slice *where_out)
{
	struct calendar calendar = { .count = 0 };
	struct slice rest = slice_trim(text), one, where = rest;
	const char *fault = NULL;
	bool more = true;

	if (slice_is_word(rest, "never"))
		calendar.never = true;
	else if (rest.len > 0 && !slice_is_word(rest, "always"))
		while (more && fault == NULL) {
			more = slice_cut(&rest, ';', &one);
			if (!more)
				one = rest;
			one = slice_trim(one);
			if (one.len == 0 && !more && calendar.count > 0)
				break;	/* a semicolon at the end */
			where = one;
			fault = calendar.count == CALENDAR_WINDOWS ?
			    "is one window too many: 32 at most" :
			    window_read(one,
			    &calendar.windows[calendar.count++], &where);
		}
	if (fault != NULL)
		*where_out = where;
	else
		*calendar_out = calendar;
	return fault;
}

/* Looking at the clock */

/* Is it open at minute `minute` of day `day` of the week? */
static bool
window_covers(const struct calendar_window *window, unsigned day,
    unsigned minute)
{
	unsigned before = (day + DAYS - 1) % DAYS;

	if ((window->days & 1u << day) != 0 && minute >= window->from &&
	    minute < window->to)
		return true;
	/* what began the day before */
	minute += DAY_MINUTES;
	return (window->days & 1u << before) != 0 && minute >= window->from &&
	    minute < window->to;
}

static struct tm
clock_at(int64_t utc_s)
{
	time_t t = (time_t)utc_s;
	struct tm tm = { .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };

	/* what has no year that fits is Thursday, 1 January 1970 */
	(void)localtime_r(&t, &tm);
	return tm;
}

const struct calendar_window *
calendar_window_at(const struct calendar *calendar, int64_t utc_s,
    const char *name)
{
	struct tm tm = clock_at(utc_s);
	unsigned day = (unsigned)tm.tm_wday;
	unsigned minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);

	for (unsigned i = 0; i < calendar->count; i++) {
		const struct calendar_window *window = &calendar->windows[i];

		if (window_covers(window, day, minute) && (name == NULL ||
		    strcmp(window->name, name) == 0))
			return window;
	}
	return NULL;
}

bool
calendar_is_open(const struct calendar *calendar, int64_t utc_s,
    const char *name)
{
	if (calendar->count == 0)
		return !calendar->never && name == NULL;
	return calendar_window_at(calendar, utc_s, name) != NULL;
}

/* Minutes until the clock shows the next beginning or end of any window. */
static unsigned
next_edge(const struct calendar *calendar, unsigned minute)
{
	unsigned least = DAY_MINUTES - minute;

	for (unsigned i = 0; i < calendar->count; i++) {
		const struct calendar_window *window = &calendar->windows[i];
		const unsigned edges[] = {
			window->from, window->to % DAY_MINUTES
		};

		for (unsigned e = 0; e < 2; e++)
			if (edges[e] > minute && edges[e] - minute < least)
				least = edges[e] - minute;
	}
	return least;
}

/* The next second at which something can change. */
static int64_t
step(const struct calendar *calendar, int64_t utc_s)
{
	struct tm tm = clock_at(utc_s);
	unsigned minute = (unsigned)(tm.tm_hour * 60 + tm.tm_min);
	int64_t edge = utc_s - tm.tm_sec +
	    60 * (int64_t)next_edge(calendar, minute);
	int64_t quarter = utc_s - utc_s % STEP_S + STEP_S;

	return edge < quarter ? edge : quarter;
}

int64_t
calendar_next_change(const struct calendar *calendar, int64_t utc_s,
    const char *name)
{
	bool is_open = calendar_is_open(calendar, utc_s, name);
	int64_t end = utc_s + (int64_t)CALENDAR_DAYS * DAY_S;

	if (calendar->count == 0)
		return CALENDAR_NO_CHANGE;
	for (int64_t at = utc_s; at < end; ) {
		at = step(calendar, at);
		if (calendar_is_open(calendar, at, name) != is_open)
			return at;
	}
	return CALENDAR_NO_CHANGE;
}

/* Months */

unsigned
calendar_month(int64_t utc_s, unsigned first)
{
	struct tm tm = clock_at(utc_s);
	unsigned months = (unsigned)((tm.tm_year + 1900) * 12 + tm.tm_mon);

	if ((unsigned)tm.tm_mday < first)
		months--;
	return months / 12 * 100 + months % 12 + 1;
}

int64_t
calendar_month_end(int64_t utc_s, unsigned first)
{
	unsigned month = calendar_month(utc_s, first);
	struct tm day = {
		.tm_year = (int)(month / 100) - 1900,
		.tm_mon = (int)(month % 100),	/* the one after it */
		.tm_mday = (int)first
	};
	/*
	 * not mktime(): it looks at the zone's file again, which a confined
	 * process cannot, and goes on in UTC
	 */
	int64_t utc = timegm(&day), at = utc;

	for (unsigned i = 0; i < 2; i++)
		at = utc - clock_at(at).tm_gmtoff;
	/* where clocks are put forward at midnight, the day begins at one */
	if (clock_at(at).tm_mday != (int)first)
		at += 3600;
	return at;
}
