/*
 * spf_fuzz.c - whatever a domain publishes, a check ends, within its limits
 *
 * The input is a row of answers with a NUL byte between them, the first of them
 * sender and HELO name; a question that finds none is not answered in time.
 */
#include <assert.h>
#include <string.h>

#include "filters/auth/spf.h"

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
check_name(const char *name)
{
	size_t len = strlen(name), label = 0;

	assert(len > 0 && len <= DNS_NAME_MOST);
	for (size_t i = 0; i < len; i++) {
		assert(name[i] >= ' ' && name[i] <= '~');
		label = name[i] == '.' ? 0 : label + 1;
		assert(label <= DNS_LABEL_MOST && (label > 0 || i + 1 < len));
	}
}

static void
answer(struct spf *spf, const struct dns_question *question,
    struct slice *rest)
{
	static const char addresses[] = "\xc0\x00\x02\x01" "abcdefghijkl";
	struct slice part;
	struct dns_answer said = { .found = DNS_NOTHING, .records = &part };

	if (!next_part(rest, &part)) {
		spf_give_up(spf);
		assert(spf_wants(spf) == NULL);
		return;
	}
	if (question->kind == DNS_A || question->kind == DNS_AAAA)
		part = slice_of(addresses, question->kind == DNS_A ? 4 : 16);
	if (part.len > 0) {
		said.found = DNS_FOUND;
		said.count = 1;
	}
	spf_answer(spf, &said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of(data, size), sender, helo;
	struct spf_options options = {
		.address = slice_str("192.0.2.4"),
		.host = slice_str("hub.test"), .now_utc = 1,
		.explains = true,
	};
	const struct dns_question *question;
	struct spf *spf;
	unsigned asked = 0;

	if (!next_part(&rest, &sender) || !next_part(&rest, &helo))
		return 0;
	options.sender = sender;
	options.helo = helo;
	spf = spf_new(&options);
	assert(spf != NULL);
	while ((question = spf_wants(spf)) != NULL) {
		assert(++asked <= SPF_QUESTIONS);
		check_name(question->name);
		answer(spf, question, &rest);
	}
	assert(spf_result(spf) < SPF_RESULT_COUNT);
	assert(slice_is_printable_ascii(slice_str(spf_explanation(spf))));
	assert(spf_result(spf) != SPF_NONE || spf_problem(spf)[0] == '\0');
	spf_free(spf);
	return 0;
}
