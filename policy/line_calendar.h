/*
 * line_calendar.h - windows of a week, by the clock on the office's wall
 *
 *	mon-fri 07:00-18:00 every 10; daily 01:00-05:00 night
 *
 * Windows stand between semicolons: days, from-to, how many minutes pass between
 * two collections in it (`every`), a name.  Days are daily, mon, mon-fri,
 * sat-mon, or several of them with commas.  A window whose end is not after its
 * beginning ends on the following day; its days are those on which it begins.
 * Nothing at all is "always"; "never" opens by hand only.
 *
 * What the clock shows decides, and nothing else.  So where clocks are put
 * forward, a window that would begin in the hour that is left out begins when
 * that hour would have ended, one that lies within it does not open that day,
 * and one across it is an hour shorter.  Where they are put back, one within
 * the hour that comes twice opens twice, and one across it is an hour longer.
 *
 * Times are of the process's zone: TZ is set and tzset() called before.
 */
#ifndef POSTROOM_POLICY_LINE_CALENDAR_H
#define POSTROOM_POLICY_LINE_CALENDAR_H

#include "lib/base/slice.h"

#define CALENDAR_WINDOWS	32	/* four of a day, and one more; an
					   office has three */
#define CALENDAR_NAME_SIZE	16
#define CALENDAR_EVERY_MOST	1440	/* minutes, as fetch_minutes */
#define CALENDAR_NO_CHANGE	INT64_MAX

struct calendar_window {
	unsigned	days;		/* bit 0: Sunday */
	unsigned	from, to;	/* minutes of the day on which it begins:
					   `to` is above `from` */
	unsigned	every;		/* minutes; 0: not said */
	char		name[CALENDAR_NAME_SIZE];	/* or "" */
};

struct calendar {
	unsigned	count;		/* 0: always open, or never */
	bool		never;
	struct calendar_window windows[CALENDAR_WINDOWS];
};

/*
 * NULL, or what is wrong in static words, and *where_out is the piece of `text`
 * that is.
 */
const char *calendar_read(struct slice text, struct calendar *calendar_out,
	    struct slice *where_out);

/*
 * The first window that is open at that time, of that name (NULL: of any), or
 * NULL.  A calendar that is always open has none.
 */
const struct calendar_window *calendar_window_at(const struct calendar *,
	    int64_t utc_s, const char *name);
/* Open at that time; with a name: a window of that name. */
bool	calendar_is_open(const struct calendar *, int64_t utc_s,
	    const char *name);
/*
 * The first second after `utc_s` at which that is no longer so: it opens, or
 * closes.  CALENDAR_NO_CHANGE: not within the next CALENDAR_DAYS days.
 */
#define CALENDAR_DAYS	15	/* a window may fall out once, with its hour */
int64_t	calendar_next_change(const struct calendar *, int64_t utc_s,
	    const char *name);
/* The number of the month, 202611, to which this time belongs, when months
 * begin on day `first` (1 to 28). */
unsigned calendar_month(int64_t utc_s, unsigned first);
/* The first second of the month after it. */
int64_t	calendar_month_end(int64_t utc_s, unsigned first);

#endif
