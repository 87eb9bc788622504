/*
 * judge_dns.c - what the resolver has answered, as the judge's filters take it
 */
#include "programs/judge_dns.h"

#include "lib/base/log.h"
#include "lib/base/names.h"
#include "lib/base/pack.h"

void
judge_dns_read(struct slice body, struct slice *records, size_t most,
    struct dns_answer *answer_out)
{
	static const enum dns_found founds[NAMES_FOUND_COUNT] = {
		[NAMES_FOUND] = DNS_FOUND, [NAMES_NONE] = DNS_NOTHING,
		[NAMES_LATER] = DNS_LATER,
	};
	struct unpack u = unpack_of(body);
	struct dns_answer answer = { .records = records };
	uint32_t count;

	answer.found = founds[unpack_enum(&u, NAMES_FOUND_COUNT)];
	answer.is_secure = unpack_bool(&u);
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count && !u.bad; i++) {
		struct slice record = unpack_slice(&u);

		if (answer.count < most)
			records[answer.count++] = record;
	}
	if (!unpack_is_done(&u)) {
		log_say("the resolver's answer makes no sense");
		answer = (struct dns_answer){ .found = DNS_LATER };
	}
	*answer_out = answer;
}
