/*
 * spf.c - ask whether hosts may send mail, for the peer tests
 *
 * usage: spf ZONE <QUESTIONS
 *
 * ZONE has one record a line: its name, a blank, its kind (A, AAAA, MX, PTR,
 * TXT), a blank, its bytes in hex; the kind of "NAME LATER" is every one that
 * has no record there, and cannot be looked up.  A question is the client's
 * address, the HELO name and the sender with tabs between, and the answer one
 * line: the result, a tab, what the domain says of a FAIL.  Ends with 1 when the
 * file or memory fails.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "filters/auth/spf.h"
#include "tests/peers/read.h"

#define RECORDS_MOST	512
#define RECORD_BYTES	65536
#define NOW		1000000000

static unsigned
digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void
answer(struct spf *spf, struct slice zone)
{
	static const char *const kinds[DNS_KINDS] = {
		[DNS_A] = "A", [DNS_AAAA] = "AAAA", [DNS_MX] = "MX",
		[DNS_PTR] = "PTR", [DNS_TXT] = "TXT",
	};
	static char rooms[RECORDS_MOST][RECORD_BYTES];
	const struct dns_question *asked = spf_wants(spf);
	struct slice line, name, kind, records[RECORDS_MOST];
	struct dns_answer said = { .found = DNS_NOTHING,
	    .records = records };

	while (slice_cut(&zone, '\n', &line)) {
		char *room = rooms[said.count];

		if (!slice_cut(&line, '\t', &name) ||
		    !slice_is_nocase(name, slice_str(asked->name)) ||
		    !slice_cut(&line, '\t', &kind))
			continue;
		if (slice_is_str(kind, "LATER") && said.count == 0)
			said.found = DNS_LATER;
		if (!slice_is_str(kind, kinds[asked->kind]) ||
		    said.count == RECORDS_MOST || line.len / 2 > RECORD_BYTES)
			continue;
		for (size_t i = 0; i < line.len / 2; i++)
			room[i] = (char)(digit(line.at[2 * i]) << 4 |
			    digit(line.at[2 * i + 1]));
		records[said.count++] = slice_of(room, line.len / 2);
		said.found = DNS_FOUND;
	}
	spf_answer(spf, &said);
}

static bool
check(struct slice question, struct slice zone)
{
	struct spf_options options = { .host = slice_str("mx.office.test"),
	    .now_utc = NOW, .explains = true };
	struct spf *spf;

	if (!slice_cut(&question, '\t', &options.address) ||
	    !slice_cut(&question, '\t', &options.helo))
		return false;
	options.sender = question;
	spf = spf_new(&options);
	if (spf == NULL)
		return false;
	while (spf_wants(spf) != NULL)
		answer(spf, zone);
	(void)printf("%s\t%s\n", spf_result_code(spf_result(spf)),
	    spf_explanation(spf));
	spf_free(spf);
	return true;
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
