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
