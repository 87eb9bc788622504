/*
 * tls_report_test.c - what is counted of TLS, and how it is told (RFC 8460 4, 5)
 */
#include "gateway/relay/tls_report.h"

#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <openssl/x509.h>
#include <zlib.h>

#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))
#define DAY		INT64_C(86400)
#define TODAY		19000	/* 2022-01-08 */

static char bytes[TLS_COUNTS_BYTES];
static struct tls_counts *counts;

static void
set_up(void)
{
	memset(bytes, 0, sizeof(bytes));
	counts = tls_counts_in(bytes);
}

static void
add(int64_t period, const char *domain, enum tls_policy policy,
    const char *host, enum tls_result result)
{
	tls_counts_add(counts, &(struct tls_session){ .period = period,
	    .domain = slice_str(domain), .policy = policy,
	    .text = slice_str(policy == TLS_POLICY_STS ? "version: STSv1\n"
	    "mode: enforce\nmx: *.far.test\nmax_age: 86400\n" : ""),
	    .host = slice_str(host), .result = result });
}

/* How many places are in use. */
static unsigned
used(void)
{
	struct tls_counted counted;
	unsigned n = 0;

	for (size_t i = 0; i < TLS_COUNTS_SLOTS; i++)
		n += tls_counts_get(counts, i, &counted);
	return n;
}

START_TEST(sessions_are_counted_by_day_domain_and_policy)
{
	struct tls_counted counted;

	add(TODAY, "far.test", TLS_POLICY_STS, "mx.far.test", TLS_WENT_WELL);
	add(TODAY, "Far.test", TLS_POLICY_STS, "mx.far.test", TLS_WENT_WELL);
	add(TODAY, "far.test", TLS_POLICY_STS, "mx.far.test", TLS_EXPIRED);
	add(TODAY, "far.test", TLS_POLICY_STS, "MX.far.test", TLS_EXPIRED);
	add(TODAY, "far.test", TLS_POLICY_STS, "mx2.far.test", TLS_EXPIRED);
	ck_assert_uint_eq(used(), 1);
	ck_assert(tls_counts_get(counts, 0, &counted));
	ck_assert_uint_eq(counted.good, 2);
	ck_assert_uint_eq(counted.bad, 3);
	ck_assert_uint_eq(counted.detail_count, 2);
	ck_assert_uint_eq(counted.details[0].count, 2);
	add(TODAY, "far.test", TLS_POLICY_NONE, "", TLS_WENT_WELL);
	add(TODAY + 1, "far.test", TLS_POLICY_STS, "", TLS_WENT_WELL);
	add(TODAY, "other.test", TLS_POLICY_STS, "", TLS_WENT_WELL);
	ck_assert_uint_eq(used(), 4);
	tls_counts_drop(counts, TODAY, slice_str("far.test"));
	ck_assert_uint_eq(used(), 2);
}
END_TEST

START_TEST(a_restart_loses_none_but_what_is_torn)
{
	struct tls_counted counted;

	add(TODAY, "far.test", TLS_POLICY_STS, "mx.far.test", TLS_EXPIRED);
	add(TODAY, "other.test", TLS_POLICY_STS, "", TLS_WENT_WELL);
	counts = tls_counts_in(bytes);
	ck_assert_uint_eq(used(), 2);
	bytes[TLS_SLOT_BYTES - 1] ^= 1;
	counts = tls_counts_in(bytes);
	ck_assert_uint_eq(used(), 1);
	ck_assert(tls_counts_get(counts, 1, &counted));
	ck_assert_str_eq(counted.domain, "other.test");
}
END_TEST

START_TEST(a_full_table_counts_no_other_domain)
{
	struct tls_counted counted;
	char domain[32];

	for (int i = 0; i <= TLS_COUNTS_SLOTS; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		add(TODAY, domain, TLS_POLICY_NONE, "", TLS_WENT_WELL);
	}
	ck_assert_uint_eq(used(), TLS_COUNTS_SLOTS);
	/* those that are there go on */
	add(TODAY, "d7.test", TLS_POLICY_NONE, "", TLS_NOT_SUPPORTED);
	ck_assert(tls_counts_get(counts, 7, &counted));
	ck_assert_uint_eq(counted.good, 1);
	ck_assert_uint_eq(counted.bad, 1);
	for (int i = 0; i < TLS_DETAILS + 3; i++) {
		(void)snprintf(domain, sizeof(domain), "mx%d.test", i);
		add(TODAY, "d8.test", TLS_POLICY_NONE, domain, TLS_FAILED);
	}
	ck_assert(tls_counts_get(counts, 8, &counted));
	ck_assert_uint_eq(counted.bad, TLS_DETAILS + 3);
	ck_assert_uint_eq(counted.detail_count, TLS_DETAILS);
}
END_TEST

static const struct {
	enum talk_fault	fault;
	long		code;	/* of the certificate; 0: none */
	const char	*word;
} faults[] = {
	{ TALK_NO_TLS, 0, "starttls-not-supported" },
	{ TALK_TLS_FAILED, 0, "validation-failure" },
	{ TALK_DISTRUSTED, X509_V_ERR_CERT_HAS_EXPIRED,
	    "certificate-expired" },
	{ TALK_DISTRUSTED, X509_V_ERR_HOSTNAME_MISMATCH,
	    "certificate-host-mismatch" },
	{ TALK_DISTRUSTED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
	    "certificate-not-trusted" },
	{ TALK_UNREACHABLE, 0, "" },
	{ TALK_TIMED_OUT, 0, "" },
	{ TALK_NONSENSE, 0, "" },
	{ TALK_CLOSED, 0, "" },
	{ TALK_LOCAL, 0, "" },
};

/* RFC 8460 4.3 */
START_TEST(each_fault_has_its_word)
{
	TEXT_AUTO words = TEXT_INIT(512);

	text_add_str(&words, "its certificate is not to be trusted: ");
	text_add_str(&words, X509_verify_cert_error_string(faults[_i].code));
	ck_assert_str_eq(tls_result_word(tls_result_of(faults[_i].fault,
	    text_slice(&words))), faults[_i].word);
}
END_TEST

static struct tls_counted two[2];

static struct tls_report
report_of_two(void)
{
	add(TODAY, "far.test", TLS_POLICY_STS, "mx.far.test", TLS_WENT_WELL);
	add(TODAY, "far.test", TLS_POLICY_STS, "mx.far.test",
	    TLS_HOST_MISMATCH);
	add(TODAY, "far.test", TLS_POLICY_NONE, "mx.far.test",
	    TLS_WENT_WELL);
	ck_assert(tls_counts_get(counts, 0, &two[0]));
	ck_assert(tls_counts_get(counts, 1, &two[1]));
	return (struct tls_report){
		.from = slice_str("tls@office.test"),
		.hostname = slice_str("mx.office.test"),
		.domain = slice_str("far.test"), .begin_utc = TODAY * DAY,
		.end_utc = (TODAY + 1) * DAY - 1, .counted = two, .count = 2
	};
}

static const char *
word_at(json_t *object, const char *name)
{
	const char *word = json_string_value(json_object_get(object, name));

	ck_assert_ptr_nonnull(word);
	return word;
}

/* RFC 8460 4.4 */
START_TEST(a_report_is_json_as_the_rfc_has_it)
{
	struct tls_report report = report_of_two();
	TEXT_AUTO text = TEXT_INIT(TLS_REPORT_BYTES);
	json_t *root, *one, *policy, *details, *summary;

	tls_report_write(&text, &report);
	ck_assert(!text_failed(&text));
	root = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(word_at(root, "organization-name"), "office.test");
	ck_assert_str_eq(word_at(root, "contact-info"), "tls@office.test");
	ck_assert_str_eq(word_at(root, "report-id"),
	    "1641600000.far.test@mx.office.test");
	one = json_object_get(root, "date-range");
	ck_assert_str_eq(word_at(one, "start-datetime"),
	    "2022-01-08T00:00:00Z");
	ck_assert_str_eq(word_at(one, "end-datetime"),
	    "2022-01-08T23:59:59Z");
	ck_assert_uint_eq(json_array_size(json_object_get(root, "policies")),
	    2);
	one = json_array_get(json_object_get(root, "policies"), 0);
	policy = json_object_get(one, "policy");
	ck_assert_str_eq(word_at(policy, "policy-type"), "sts");
	ck_assert_str_eq(word_at(policy, "policy-domain"), "far.test");
	ck_assert_uint_eq(json_array_size(json_object_get(policy,
	    "policy-string")), 4);
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(
	    policy, "mx-host"), 0)), "*.far.test");
	summary = json_object_get(one, "summary");
	ck_assert_int_eq(json_integer_value(json_object_get(summary,
	    "total-successful-session-count")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(summary,
	    "total-failure-session-count")), 1);
	details = json_array_get(json_object_get(one, "failure-details"), 0);
	ck_assert_str_eq(word_at(details, "result-type"),
	    "certificate-host-mismatch");
	ck_assert_str_eq(word_at(details, "receiving-mx-hostname"),
	    "mx.far.test");
	ck_assert_int_eq(json_integer_value(json_object_get(details,
	    "failed-session-count")), 1);
	one = json_array_get(json_object_get(root, "policies"), 1);
	ck_assert_str_eq(word_at(json_object_get(one, "policy"),
	    "policy-type"), "no-policy-found");
	ck_assert_ptr_null(json_object_get(one, "failure-details"));
	json_decref(root);
}
END_TEST

START_TEST(it_is_packed_as_gzip_packs)
{
	struct tls_report report = report_of_two();
	TEXT_AUTO json = TEXT_INIT(TLS_REPORT_BYTES);
	TEXT_AUTO packed = TEXT_INIT(TLS_REPORT_BYTES);
	static char back[TLS_REPORT_BYTES];
	z_stream z = { .next_out = (Bytef *)back,
	    .avail_out = sizeof(back) };

	tls_report_write(&json, &report);
	ck_assert_int_eq(tls_report_pack(&packed, text_slice(&json)), 0);
	ck_assert_uint_lt(packed.len, json.len);
	z.next_in = (Bytef *)packed.at;
	z.avail_in = (uInt)packed.len;
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_eq(z.total_out, json.len);
	ck_assert_mem_eq(back, json.at, json.len);
	ck_assert_uint_eq(z.avail_in, 0);
	(void)inflateEnd(&z);
}
END_TEST

static bool
stands_in(const struct text *text, const char *words)
{
	return memmem(text->at, text->len, words, strlen(words)) != NULL;
}

/* RFC 8460 5.3, RFC 8689 5 */
START_TEST(a_mail_carries_it)
{
	struct tls_report report = report_of_two();
	TEXT_AUTO text = TEXT_INIT(2 * TLS_REPORT_BYTES);
	struct tls_report_mail mail = { .at_utc_ms = (TODAY + 1) * DAY * 1000,
	    .to = slice_str("tls@far.test"), .packed = slice_str("bytes") };

	ck_assert_int_eq(tls_report_mail_write(&text, &report, &mail), 0);
	ck_assert(!text_failed(&text));
	ck_assert(stands_in(&text, "\r\nFrom: <tls@office.test>\r\n") ||
	    stands_in(&text, "\r\nFrom: tls@office.test\r\n"));
	ck_assert(stands_in(&text, "\r\nTLS-Report-Domain: far.test\r\n"));
	ck_assert(stands_in(&text,
	    "\r\nTLS-Report-Submitter: office.test\r\n"));
	ck_assert(stands_in(&text, "\r\nTLS-Required: No\r\n"));
	ck_assert(stands_in(&text, "multipart/report; report-type=\"tlsrpt\""));
	ck_assert(stands_in(&text, "application/tlsrpt+gzip\r\n"));
	ck_assert(stands_in(&text, "filename=\"office.test!far.test!"
	    "1641600000!1641686399.json.gz\"\r\n"));
	ck_assert(stands_in(&text, "\r\n\r\nYnl0ZXM=\r\n"));
	/* who has no address is not written to */
	mail.to = slice_str("a\r\nb@far.test");
	ck_assert_int_lt(tls_report_mail_write(&text, &report, &mail), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/relay/tls_report");
	TCase *tests = tcase_create("tls_report");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_test(tests, sessions_are_counted_by_day_domain_and_policy);
	tcase_add_test(tests, a_restart_loses_none_but_what_is_torn);
	tcase_add_test(tests, a_full_table_counts_no_other_domain);
	tcase_add_loop_test(tests, each_fault_has_its_word, 0, ROWS(faults));
	tcase_add_test(tests, a_report_is_json_as_the_rfc_has_it);
	tcase_add_test(tests, it_is_packed_as_gzip_packs);
	tcase_add_test(tests, a_mail_carries_it);
	suite_add_tcase(suite, tests);
	return suite;
}
