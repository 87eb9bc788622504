/*
 * outbound_plan.c - when a message that no host has taken is tried again
 */
#include "queue/outbound_plan.h"

#define SECOND_MS	UINT64_C(1000)
#define DAY_MS		UINT64_C(86400000)

uint64_t
outbound_wait_ms(const struct outbound_plan *plan, uint64_t age_ms,
    uint32_t tries)
{
	if (tries <= 1)
		return plan->first_seconds * SECOND_MS;
	if (age_ms < plan->slow_after_seconds * SECOND_MS)
		return plan->retry_seconds * SECOND_MS;
	return plan->slow_seconds * SECOND_MS;
}

bool
outbound_is_over(const struct outbound_plan *plan, uint64_t age_ms,
    uint32_t tries)
{
	return age_ms >= plan->days * DAY_MS && tries >= plan->least_tries;
}
