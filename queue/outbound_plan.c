/*
 * outbound_plan.c - when a message that no host has taken is tried again
 */
#include "queue/outbound_plan.h"

#define SECOND_MS	UINT64_C(1000)
#define DAY_MS		UINT64_C(86400000)

/* How much of `domain` that name says; 0: it says nothing of it. */
static size_t
fits(struct slice name, struct slice domain)
{
	if (name.len > 0 && name.at[0] == '.')
		return domain.len > name.len && slice_is_nocase(name,
		    slice_after(domain, domain.len - name.len)) ?
		    name.len : 0;
	return slice_is_nocase(name, domain) ? SIZE_MAX : 0;
}

const struct outbound_plan *
outbound_plan_for(const struct outbound_plan *usual,
    const struct outbound_domain *list, size_t count, struct slice domain)
{
	const struct outbound_plan *plan = usual;
	size_t best = 0;

	for (size_t i = 0; i < count; i++) {
		size_t fit = fits(slice_str(list[i].name), domain);

		if (fit > best) {
			best = fit;
			plan = &list[i].plan;
		}
	}
	return plan;
}

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
