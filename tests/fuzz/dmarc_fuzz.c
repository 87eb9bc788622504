/*
 * dmarc_fuzz.c - whatever domains publish, a check ends, within its limits
 *
 * The input is a row of answers with a NUL byte between them, the first of them
 * the author's domain and one that vouches; a question that finds none is not
 * answered in time.
 */
#include <assert.h>
#include <string.h>

#include "filters/auth/dmarc.h"
#include "lib/base/host.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool
next_part(struct slice *rest, struct slice *part_out)
{
	if (rest->len == 0)
		return false;
	if (!slice_cut(rest, '\0', part_out)) {
		*part_out = *rest;
		*rest = slice_after(*rest, rest->len);
	}
	return true;
}

static void
answer(struct dmarc *dmarc, struct slice *rest)
{
	struct slice part;
	struct dns_answer said = { .found = DNS_NOTHING, .records = &part };

	if (!next_part(rest, &part)) {
		dmarc_give_up(dmarc);
		assert(dmarc_wants(dmarc) == NULL);
		return;
	}
	if (part.len > 0) {
		said.found = DNS_FOUND;
		said.count = 1;
	}
	dmarc_answer(dmarc, &said);
}

static void
check(const struct dmarc *dmarc)
{
	bool has_policy = dmarc_policy(dmarc) != DMARC_UNSAID;

	assert(has_policy == (dmarc_policy_domain(dmarc)[0] != '\0'));
	if (dmarc_result(dmarc) == DMARC_RESULT_NONE)
		assert(!has_policy);
	if (dmarc_result(dmarc) == DMARC_RESULT_PASS ||
	    dmarc_result(dmarc) == DMARC_RESULT_FAIL)
		assert(has_policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char author[DNS_NAME_SIZE], domain[DNS_NAME_SIZE];
	struct slice rest = slice_of(data, size), one, two;
	struct dmarc *dmarc;
	unsigned asked = 0;

	if (!next_part(&rest, &one) || !next_part(&rest, &two) ||
	    !host_is_name(one) || one.at[one.len - 1] == '.' ||
	    slice_cstr(one, author, sizeof(author)) < 0 ||
	    slice_cstr(two, domain, sizeof(domain)) < 0)
		return 0;
	dmarc = dmarc_new(author);
	assert(dmarc != NULL);
	dmarc_add_dkim(dmarc, domain, size % 2 == 0);
	dmarc_begin(dmarc);
	while (dmarc_wants(dmarc) != NULL) {
		assert(++asked <= DMARC_QUESTIONS);
		assert(strlen(dmarc_wants(dmarc)->name) <= DNS_NAME_MOST);
		answer(dmarc, &rest);
	}
	check(dmarc);
	dmarc_free(dmarc);
	return 0;
}
