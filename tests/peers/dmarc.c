/*
 * dmarc.c - ask what DMARC finds, for the peer tests
 *
 * usage: dmarc ZONE <QUESTIONS
 *
 * ZONE has one record a line, with tabs: its name, its kind (A, MX, TXT), its
 * text; "NAME LATER" cannot be looked up.  A question is the author's domain,
 * then with tabs SPF's domain and that of a signature: "-" where nothing passed,
 * and a "?" before it where nobody could say.  The answer is one line: the
 * result, a tab, the policy, a tab, where that stands.  Ends with 1 when the
 * file or memory fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/dmarc.h"
#include "tests/peers/read.h"

#define RECORDS_MOST	64

static void
answer(struct dmarc *dmarc, struct slice zone)
{
	static const char *const kinds[DNS_KINDS] = {
		[DNS_A] = "A", [DNS_AAAA] = "AAAA", [DNS_MX] = "MX",
		[DNS_PTR] = "PTR", [DNS_TXT] = "TXT",
	};
	const struct dns_question *asked = dmarc_wants(dmarc);
	struct slice line, name, kind, records[RECORDS_MOST];
	struct dns_answer said = { .found = DNS_NOTHING,
	    .records = records };

	while (slice_cut(&zone, '\n', &line) && said.count < RECORDS_MOST) {
		if (!slice_cut(&line, '\t', &name) ||
		    !slice_is_nocase(name, slice_str(asked->name)) ||
		    !slice_cut(&line, '\t', &kind))
			continue;
		if (slice_is_str(kind, "LATER") && said.count == 0)
			said.found = DNS_LATER;
		if (!slice_is_str(kind, kinds[asked->kind]))
			continue;
		records[said.count++] = line;
		said.found = DNS_FOUND;
	}
	dmarc_answer(dmarc, &said);
}

static bool
add(struct dmarc *dmarc, struct slice domain,
    void (*function)(struct dmarc *, const char *, bool))
{
	char name[DNS_NAME_SIZE];
	bool is_sure = !slice_has_prefix(domain, "?");

	if (slice_is_str(domain, "-"))
		return true;
	if (slice_cstr(slice_after(domain, !is_sure), name, sizeof(name)) < 0)
		return false;
	function(dmarc, name, is_sure);
	return true;
}

static bool
check(struct slice question, struct slice zone)
{
	static const char *const words[] = {
		[DMARC_RESULT_NONE] = "none", [DMARC_RESULT_PASS] = "pass",
		[DMARC_RESULT_FAIL] = "fail",
		[DMARC_RESULT_TEMPERROR] = "temperror",
	};
	char author[DNS_NAME_SIZE];
	struct slice name, spf;
	struct dmarc *dmarc;
	bool fits;

	if (!slice_cut(&question, '\t', &name) ||
	    !slice_cut(&question, '\t', &spf) ||
	    slice_cstr(name, author, sizeof(author)) < 0)
		return false;
	dmarc = dmarc_new(author);
	if (dmarc == NULL)
		return false;
	fits = add(dmarc, spf, dmarc_add_spf) &&
	    add(dmarc, question, dmarc_add_dkim);
	dmarc_begin(dmarc);
	while (dmarc_wants(dmarc) != NULL)
		answer(dmarc, zone);
	(void)printf("%s\t%s\t%s\n", words[dmarc_result(dmarc)],
	    dmarc_policy_word(dmarc_policy(dmarc)),
	    dmarc_policy_domain(dmarc));
	dmarc_free(dmarc);
	return fits;
}

int
main(int argc, char **argv)
{
	TEXT_AUTO zone = TEXT_INIT(FILE_BYTES);
	TEXT_AUTO questions = TEXT_INIT(FILE_BYTES);
	struct slice rest, line;

	if (argc != 2 || !read_file(argv[1], &zone) ||
	    !read_stream(stdin, &questions))
		return 1;
	rest = text_slice(&questions);
	while (slice_cut(&rest, '\n', &line))
		if (!check(line, text_slice(&zone)))
			return 1;
	return 0;
}
