/*
 * hops.c - has this message been round too often?
 */
#include "filters/hops.h"

#include "lib/message/header.h"

void
hops_judge(struct slice message, unsigned most, struct verdict *verdict_out)
{
	size_t hops = header_count(slice_first(message, HOPS_HEADER_BYTES),
	    "Received");

	verdict_init(verdict_out);
	if (hops > most)
		verdict_set(verdict_out, VERDICT_REFUSE, 554, "5.4.6",
		    "too many hops (%zu)", hops);
}
