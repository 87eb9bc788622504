/*
 * fate.c - every sender learns what became of every message that left
 */
#include "queue/fate.h"

#include <errno.h>

#include "queue/outbound_inside.h"

int
fate_fail(struct conductor *conductor, struct rows_outbound *rows,
    size_t count)
{
	int64_t now = clock_utc_ms();
	int r;

	for (size_t i = 0; i < count; i++)
		if (out_is_trying(conductor->outbound, &rows[i]))
			return -EBUSY;
	for (size_t i = 0; i < count; i++) {
		rows[i].state = OUTBOUND_FAILED;
		rows[i].next_try_utc_ms = now;
	}
	r = rows_outbound_tried(conductor->rows, rows, count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		out_tell(conductor, &rows[i], slice_of(NULL, 0));
	return 0;
}
