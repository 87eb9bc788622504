/*
 * traced_test.c - what the hub wrote on top of a letter is read again
 */
#include "queue/traced.h"

#include <stdio.h>
#include <string.h>

#include "filters/auth/results.h"
#include "queue/stamp.h"
#include "tests/unit/unit.h"

#define HOST	"mx.office.test"

static struct text text = TEXT_INIT(STAMP_MAX_BYTES);

static void
tear_down(void)
{
	text_free(&text);
}

/* How a message came, and what of that is known afterwards. */
static const struct {
	enum envelope_source source;
	bool		 utf8, is_imap;
	const char	*tls, *login, *helo, *peer;
	const char	*helo_read;
} ways[] = {
	{ SOURCE_SMTP, false, false, "", "", "far.test", "192.0.2.1",
	  "far.test" },
	{ SOURCE_SMTP, true, false, "TLSv1.3", "ann", "far.test",
	  "2001:db8::1", "far.test" },
	{ SOURCE_LMTP, false, false, "TLSv1.3", "", "[192.0.2.1]",
	  "192.0.2.1", "[192.0.2.1]" },
	{ SOURCE_LMTP, true, false, "", "ann", "", "192.0.2.1", "" },
	{ SOURCE_FETCH, false, true, "TLSv1.3", "ann", "imap.far.test",
	  "192.0.2.1", "imap.far.test" },
	{ SOURCE_FETCH, false, false, "", "ann", "a(b", "192.0.2.1", "" },
	{ SOURCE_OWN, false, false, "", "", "", "", "" },
};

START_TEST(how_a_message_came_is_read_again)
{
	struct recipient rcpt = { .address = SLICE("ann@office.test") };
	struct envelope env = { .id = { "tenletters" },
		.source = ways[_i].source, .utf8 = ways[_i].utf8,
		.received_at_utc_ms = 1795291200000,
		.sender = SLICE("zoe@far.test"),
		.helo = slice_str(ways[_i].helo),
		.peer = slice_str(ways[_i].peer),
		.tls = slice_str(ways[_i].tls),
		.login = slice_str(ways[_i].login),
		.recipients = &rcpt, .recipient_count = 1 };
	struct verdict verdict;
	struct traced traced;

	verdict_init(&verdict);
	if (ways[_i].is_imap)
		env.fetched.folder = (struct slice)SLICE("INBOX");
	stamp_write(&text, &env, &rcpt, &verdict, HOST, 420);
	ck_assert(traced_read(text_slice(&text), HOST, &traced));
	ck_assert_int_eq(traced.source, ways[_i].source);
	ck_assert(slice_is_str(traced.sender, "zoe@far.test"));
	ck_assert(slice_is_str(traced.recipient, "ann@office.test"));
	ck_assert(slice_is_str(traced.helo, ways[_i].helo_read));
	ck_assert(slice_is_str(traced.peer, ways[_i].peer));
	ck_assert_int_eq(traced.login.len > 0, ways[_i].login[0] != '\0' &&
	    ways[_i].source != SOURCE_FETCH);
	ck_assert(!traced_read(text_slice(&text), "mx.other.test", &traced));
}
END_TEST

static const char *const none[] = {
	"", "Subject: x\r\n", "Return-Path: <>\r\n",
	"Return-Path: <>\r\nDelivered-To: a@b.test\r\n",
	"Return-Path: <>\r\nDelivered-To: a@b.test\r\n"
	"Received: from x (y) by " HOST " (Postroom) with ESMTP\r\n",
	"Return-Path: <>\r\nDelivered-To: a@b.test\r\n"
	"Received: from x ([192.0.2.1]) by " HOST " (Postroom) with HTTP\r\n",
	"Return-Path: <>\r\nDelivered-To: a@b.test\r\n"
	"Received: by " HOST " (Postfix) id 1\r\n",
	"Return-Path: x\r\nDelivered-To: a@b.test\r\n"
	"Received: by " HOST " (Postroom) id 1\r\n",
};

START_TEST(other_lines_are_none_of_ours)
{
	struct traced traced;

	ck_assert(!traced_read(slice_str(none[_i]), HOST, &traced));
}
END_TEST

/* Findings */

/* What row `name` may be. */
static uint32_t
may_be(const uint32_t may[TRACED_ROWS], const char *name)
{
	const struct findings_row *row;

	for (unsigned i = 0; (row = findings_row(i)) != NULL; i++)
		if (strcmp(row->name, name) == 0)
			return may[i];
	ck_abort_msg("no row %s", name);
	return 0;
}

static void
read_lines(const char *lines, uint32_t may[TRACED_ROWS])
{
	traced_findings(slice_str(lines), HOST, may);
}

START_TEST(without_a_line_nothing_is_known_but_that_nothing_bad_was_found)
{
	uint32_t may[TRACED_ROWS];

	read_lines("X-Other: x\r\n", may);
	ck_assert_uint_eq(may_be(may, "spf"), UINT32_MAX);
	ck_assert_uint_eq(may_be(may, "dmarc-policy"), UINT32_MAX);
	ck_assert_uint_eq(may_be(may, "helo"), UINT32_MAX);
	ck_assert_uint_eq(may_be(may, "macro"), UINT32_MAX);
	ck_assert_uint_eq(may_be(may, "scan"), UINT32_C(1) << SCAN_CLEAN |
	    UINT32_C(1) << SCAN_NOT_SCANNED);
}
END_TEST

static const struct {
	const char	*value;
	enum scan_result result;
} scans[] = {
	{ "virus (Win.Test)", SCAN_VIRUS },
	{ "too much (Heuristics.Limits), encrypted", SCAN_TOO_MUCH },
	{ "not scanned (no signatures are configured)", SCAN_NOT_SCANNED },
	{ "encrypted (x (y))", SCAN_ENCRYPTED },
};

START_TEST(what_the_scanner_found_stands_in_its_line)
{
	uint32_t may[TRACED_ROWS];
	char line[256];

	(void)snprintf(line, sizeof(line), "X-Postroom-Virus: %s\r\n"
	    "X-Postroom-Macros: found\r\n", scans[_i].value);
	read_lines(line, may);
	ck_assert_uint_eq(may_be(may, "scan"),
	    UINT32_C(1) << scans[_i].result);
	ck_assert_uint_eq(may_be(may, "macro"),
	    UINT32_C(1) << PACKED_MACROS);
}
END_TEST

START_TEST(another_hosts_line_says_nothing)
{
	uint32_t may[TRACED_ROWS];

	read_lines(VERDICT_RESULTS ": mx.evil.test; spf=pass; dmarc=pass\r\n"
	    VERDICT_RESULTS ": " HOST "; spf=pass; dmarc=pass\r\n", may);
	ck_assert_uint_eq(may_be(may, "spf"), UINT32_MAX);
	ck_assert_uint_eq(may_be(may, "dmarc"), UINT32_MAX);
}
END_TEST

/* A name that takes so many bytes; with a blank it is quoted. */
static void
fill_name(char name[DNS_NAME_SIZE], unsigned bytes, bool is_odd)
{
	memset(name, 'a', bytes);
	name[bytes] = '\0';
	if (is_odd && bytes > 2)
		name[1] = ';', name[2] = ' ';
}

/* Something of every sort, by a number. */
static struct origin_found
make_found(unsigned n)
{
	struct origin_found found = { .is_wanted = true,
		.is_from_outside = n % 5 != 0,
		.spf = (enum origin_result)(n % ORIGIN_RESULTS),
		.helo = (enum origin_result)(n / 3 % ORIGIN_RESULTS),
		.iprev = (enum origin_result)(n / 5 % ORIGIN_RESULTS),
		.dkim = ORIGIN_NONE,
		.signature_count = n / 7 % (ORIGIN_SIGNATURES + 1) };
	unsigned most = n % 4 == 0 ? DNS_NAME_SIZE - 1 : 12;

	if (found.is_from_outside) {
		found.dmarc = (enum origin_result)(n / 11 % ORIGIN_RESULTS);
		found.policy = (enum dmarc_policy)(n / 13 % DMARC_POLICIES);
		found.arc = (enum origin_result)(n / 17 % ORIGIN_RESULTS);
		fill_name(found.author, n / 2 % (most + 1), n % 3 == 0);
		fill_name(found.sealer, n / 19 % (most + 1), false);
	}
	if (n % 6 == 0)
		found.spf = found.helo = found.iprev = ORIGIN_NONE;
	else
		(void)snprintf(found.client, sizeof(found.client),
		    "192.0.2.1");
	fill_name(found.spf_domain, n / 23 % (most + 1), n % 9 == 0);
	fill_name(found.helo_domain, n / 29 % (most + 1), false);
	for (unsigned i = 0; i < found.signature_count; i++) {
		found.signatures[i].result = n % 2 == 0 && i == 0 ?
		    ORIGIN_PASS : ORIGIN_FAIL;
		fill_name(found.signatures[i].domain, n % (most + 1), false);
	}
	if (found.signature_count > 0)
		found.dkim = found.signatures[0].result;
	return found;
}

/* However long the names are, what was found is never denied. */
START_TEST(what_a_line_of_results_says_is_what_was_found)
{
	unsigned exact = 0, all = 0;

	for (unsigned n = 0; n < 20000; n++) {
		struct findings findings = { .origin = make_found(n) };
		const struct findings_row *row;
		uint32_t may[TRACED_ROWS];
		struct verdict verdict;

		results_judge(&findings.origin, HOST, &verdict);
		ck_assert_uint_eq(verdict.line_count, 1);
		text_clear(&text);
		text_addf(&text, "%s: %s\r\n", verdict.lines[0].name,
		    verdict.lines[0].value);
		traced_findings(text_slice(&text), HOST, may);
		for (unsigned i = 0; (row = findings_row(i)) != NULL; i++) {
			uint32_t bit = UINT32_C(1) << row->value(&findings);

			if (strcmp(row->name, "scan") == 0 ||
			    strcmp(row->name, "macro") == 0 ||
			    strcmp(row->name, "helo") == 0)
				continue;
			ck_assert_msg((may[i] & bit) != 0, "%u: %s in %s", n,
			    row->name, verdict.lines[0].value);
			exact += may[i] == bit;
			all++;
		}
	}
	/* nearly all are short enough to be known for sure */
	ck_assert_uint_gt(exact, all / 10 * 8);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("traced");
	TCase *tcase = tcase_create("traced");

	tcase_add_checked_fixture(tcase, NULL, tear_down);
	tcase_add_loop_test(tcase, how_a_message_came_is_read_again, 0,
	    sizeof(ways) / sizeof(ways[0]));
	tcase_add_loop_test(tcase, other_lines_are_none_of_ours, 0,
	    sizeof(none) / sizeof(none[0]));
	tcase_add_test(tcase,
	    without_a_line_nothing_is_known_but_that_nothing_bad_was_found);
	tcase_add_loop_test(tcase, what_the_scanner_found_stands_in_its_line,
	    0, sizeof(scans) / sizeof(scans[0]));
	tcase_add_test(tcase, another_hosts_line_says_nothing);
	tcase_add_test(tcase, what_a_line_of_results_says_is_what_was_found);
	suite_add_tcase(suite, tcase);
	return suite;
}
