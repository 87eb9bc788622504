/*
 * zone.h - the office's time zone: for dates in mail, and for people
 *
 * The C library reads its tables when they are first asked for, which a
 * confined role cannot do: zone_open() reads them before.
 */
#ifndef POSTROOM_BASE_ZONE_H
#define POSTROOM_BASE_ZONE_H

#include "lib/base/text.h"

/* Take the zone `name`; "" is that of the system.  0 or -ENOMEM. */
int	zone_open(const char *name);
/* Minutes east of UTC at that moment; 0 when it cannot be said. */
int	zone_minutes(int64_t utc_ms);
/* Add "2026-11-22 12:31", the moment as the office's clock shows it. */
void	zone_write(struct text *, int64_t utc_ms);

#endif
