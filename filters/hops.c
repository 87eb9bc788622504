/*
 * hops.c - has this message been round too often?
 */
#include "filters/hops.h"

#include "lib/message/header.h"

void
hops_judge(struct slice message, enum envelope_source source, unsigned most,
    struct verdict *verdict_out)
{
	size_t hops = header_count(slice_first(message, HOPS_HEADER_BYTES),
	    "Received");

	verdict_init(verdict_out);
	if (hops <= most)
		return;
	if (envelope_is_taken_on(source))
		verdict_set(verdict_out, VERDICT_HOLD, 250, "2.0.0",
		    "too many hops (%zu)", hops);
	else
		verdict_set(verdict_out, VERDICT_REFUSE, 554, "5.4.6",
		    "too many hops (%zu)", hops);
}
