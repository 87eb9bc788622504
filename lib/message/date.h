/*
 * date.h - the date and time of a header field (RFC 5322 3.3, 4.3)
 *
 * No time zone data and no locale: the caller brings the office's offset.
 * Years 1970 to 9999 only.
 */
#ifndef POSTROOM_MESSAGE_DATE_H
#define POSTROOM_MESSAGE_DATE_H

#include "lib/base/text.h"

/*
 * Add "Fri, 21 Nov 2025 22:17:00 +0700": the instant `utc_ms`, told in the zone
 * `zone_minutes` east of UTC.  0, or -EINVAL (beyond those years there, or a
 * zone of a day or more).
 */
int	date_write(struct text *, int64_t utc_ms, int zone_minutes);

/*
 * Days from 1 January 1970 to that day, the months from 1 and years from 0 to
 * 9999.  0, or -EINVAL (there is no such day).
 */
int	date_day(int year, int month, int day, int32_t *day_out);
/* The month, from 1, that the first three letters of `word` name; 0: none. */
int	date_month(struct slice word);
/* "Jan" to "Dec"; `month` is 1 to 12. */
struct slice date_month_name(int month);

/*
 * Read a date-time, forgivingly: comments and folding anywhere, no weekday or a
 * wrong one, full names of days and months, years of two and three digits,
 * no seconds, zones with letters.  An unknown or missing zone is read as UTC
 * (RFC 5322 4.3); what follows the zone is not looked at.  0 or -EINVAL.
 */
int	date_parse(struct slice s, int64_t *utc_seconds_out);
/*
 * The same, and how many minutes east of UTC its zone is: a search for a day
 * means the day as it was written (RFC 9051 6.4.4).
 */
int	date_parse_zone(struct slice s, int64_t *utc_seconds_out,
	    int *zone_minutes_out);

#endif
