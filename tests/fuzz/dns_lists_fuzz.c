/*
 * dns_lists_fuzz.c - lists are read or pointed at, and what they answer has a
 * meaning
 *
 * The input is what is configured; behind a NUL stands an answer.
 */
#include <assert.h>
#include <string.h>

#include "filters/listed.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define RECORDS	8

static void
check_list(const struct dns_list *list, const struct dns_answer *answer)
{
	struct dns_question question;
	uint32_t address = 0;
	enum listed_result result = dns_list_says(list, answer, &address);

	assert(dns_list_is_name(slice_str(list->name)));
	assert(list->zone[0] != '\0' && list->bits < 256);
	assert(!list->allows || (list->action == VERDICT_ACCEPT &&
	    !list->is_domains));
	assert(dns_list_asks(list, slice_str("2001:db8::1"), &question));
	assert(strlen(question.name) == 64 + strlen(list->zone));
	assert(result < LISTED_RESULTS && result != LISTED_UNASKED);
	/* whatever is configured */
	if (result == LISTED_YES)
		assert(address >> 24 == 127 && address >> 8 != 0x7fffff &&
		    address != 0x7f000001);
}

static void
check_found(const struct dns_lists *lists, const struct dns_answer *answer)
{
	const struct envelope env = { .source = SOURCE_SMTP,
	    .peer = SLICE("192.0.2.9") };
	struct listed_found found;
	struct listed *listed;
	struct verdict verdict;

	struct links links = { .count = 1, .domain = { "d.example" } };

	assert(listed_new(lists, "", &env, &links, &listed) == 0);
	if (listed == NULL)
		return;
	for (unsigned i = 0; i < LISTED_PARTS; i++)
		if (listed_wants(listed, i) != NULL)
			listed_answer(listed, i, answer);
	assert(listed_is_decided(listed));
	listed_end(listed, &found);
	listed_free(listed);
	listed_judge(&found, &verdict);
	assert(verdict.line_count == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct slice text = slice_of(bytes, len), rest = text, where;
	struct slice records[RECORDS];
	struct dns_answer answer = { .found = DNS_FOUND, .records = records };
	struct dns_lists lists;

	if (!slice_cut(&rest, '\0', &text))
		rest.len = 0;
	while (rest.len > 0 && answer.count < RECORDS) {
		records[answer.count++] = slice_first(rest, 4);
		rest = slice_after(rest, 4);
	}
	if (dns_lists_read(text, &lists, &where) != NULL) {
		assert(where.len == 0 || (where.at >= text.at &&
		    where.at + where.len <= text.at + text.len));
		return 0;
	}
	assert(lists.count <= DNS_LISTS_MOST);
	for (unsigned i = 0; i < lists.count; i++)
		check_list(&lists.list[i], &answer);
	check_found(&lists, &answer);
	return 0;
}
