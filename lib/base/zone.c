/*
 * zone.c - the office's time zone
 */
#include "lib/base/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

int
zone_open(const char *name)
{
	/*
	 * Without TZ the C library opens the system's file again for each
	 * strftime() and mktime(), and where it cannot, goes on in UTC.
	 */
	if (setenv("TZ", name[0] != '\0' ? name : ":/etc/localtime",
	    name[0] != '\0') < 0)
		return -ENOMEM;
	tzset();
	return 0;
}

int
zone_minutes(int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm local;

	if (localtime_r(&seconds, &local) == NULL)
		return 0;
	return (int)(local.tm_gmtoff / 60);
}

void
zone_write(struct text *text, int64_t utc_ms)
{
	time_t seconds = (time_t)(utc_ms / 1000);
	struct tm local;
	char words[40];

	if (localtime_r(&seconds, &local) == NULL ||
	    strftime(words, sizeof(words), "%Y-%m-%d %H:%M", &local) == 0)
		text->failed = true;
	else
		text_add_str(text, words);
}
