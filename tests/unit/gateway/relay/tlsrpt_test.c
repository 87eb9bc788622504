/*
 * tlsrpt_test.c - where a domain wants to be told how TLS goes (RFC 8460 3)
 */
#include "gateway/relay/tlsrpt.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

/* Of a URL "host:port/path". */
static const struct {
	const char	*texts[2];
	const char	*told[TLSRPT_TARGETS];	/* none: nobody */
} records[] = {
	{ { "v=TLSRPTv1; rua=mailto:tls@far.test" }, { "tls@far.test" } },
	{ { "v=TLSRPTv1;rua=mailto:tls@far.test;" }, { "tls@far.test" } },
	{ { "v=TLSRPTv1; rua=https://far.test/v1/report" },
	    { "far.test:443/v1/report" } },
	{ { "v=TLSRPTv1; rua=https://far.test:8443/x" },
	    { "far.test:8443/x" } },
	{ { "v=TLSRPTv1; rua=mailto:a@far.test,https://far.test/" },
	    { "a@far.test", "far.test:443/" } },
	{ { "v=TLSRPTv1; rua=mailto:a@far.test , mailto:b@far.test" },
	    { "a@far.test", "b@far.test" } },
	{ { "v=TLSRPTv1; x=y; rua=MAILTO:a@far.test; z" }, { "a@far.test" } },
	/* an escape stands for what could not (RFC 8460 3) */
	{ { "v=TLSRPTv1; rua=mailto:a%2Bb%21c@far.test" },
	    { "a+b!c@far.test" } },
	{ { "v=TLSRPTv1; rua=mailto:a@far.test?subject=x%0d%0aTo:%20y" },
	    { "a@far.test" } },
	/* what we do not know is passed over */
	{ { "v=TLSRPTv1; rua=ftp://far.test/,mailto:a@far.test" },
	    { "a@far.test" } },
	{ { "v=TLSRPTv1; rua=mailto:a@x.test,mailto:b@x.test,mailto:c@x.test,"
	    "mailto:d@x.test,mailto:e@x.test" },
	    { "a@x.test", "b@x.test", "c@x.test", "d@x.test" } },
	/* one address has one mail, and one server one POST */
	{ { "v=TLSRPTv1; rua=mailto:a@far.test,mailto:%61@far.test,"
	    "mailto:A@FAR.test?x,https://far.test/,https://FAR.test:443,"
	    "mailto:b@far.test" },
	    { "a@far.test", "far.test:443/", "b@far.test" } },
	/* others may stand there, too; of two nobody can say which */
	{ { "v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@far.test" },
	    { "a@far.test" } },
	{ { "v=TLSRPTv1; rua=mailto:a@far.test",
	    "v=TLSRPTv1; rua=mailto:a@far.test" }, { NULL } },
	{ { "" }, { NULL } },
	{ { "v=TLSRPTv1" }, { NULL } },
	{ { "v=TLSRPTv1;" }, { NULL } },
	{ { "v=TLSRPTv1; rua=" }, { NULL } },
	{ { "v=TLSRPTv2; rua=mailto:a@far.test" }, { NULL } },
	{ { "rua=mailto:a@far.test; v=TLSRPTv1" }, { NULL } },
	/* nothing of it can end a line, or lead into a house */
	{ { "v=TLSRPTv1; rua=mailto:a%0d%0aRCPT TO:<b>@far.test" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:a%00@far.test" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:a%4@far.test" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:a%" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:postmaster" }, { NULL } },
	{ { "v=TLSRPTv1; rua=mailto:a@[192.0.2.1]" }, { NULL } },
	{ { "v=TLSRPTv1; rua=http://far.test/" }, { NULL } },
	{ { "v=TLSRPTv1; rua=https://a:b@far.test/" }, { NULL } },
};

static void
write_target(struct text *text, const struct tlsrpt_target *target)
{
	if (target->address[0] != '\0')
		text_add_str(text, target->address);
	else
		text_addf(text, "%s:%u%s", target->url.host,
		    (unsigned)target->url.port, target->url.path);
}

START_TEST(a_record_says_who_is_to_be_told)
{
	struct tlsrpt_target targets[TLSRPT_TARGETS];
	size_t count = 0, told = 0, want = 0;
	struct slice texts[2];
	int r;

	for (; count < 2 && records[_i].texts[count] != NULL; count++)
		texts[count] = slice_str(records[_i].texts[count]);
	while (want < TLSRPT_TARGETS && records[_i].told[want] != NULL)
		want++;
	r = tlsrpt_record_read(texts, count, targets, &told);
	ck_assert_int_eq(r, want == 0 ? -ENOENT : 0);
	ck_assert_uint_eq(told, want);
	for (size_t i = 0; i < want; i++) {
		TEXT_AUTO text = TEXT_INIT(2048);

		write_target(&text, &targets[i]);
		ck_assert(slice_is_str(text_slice(&text),
		    records[_i].told[i]));
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/relay/tlsrpt");
	TCase *tests = tcase_create("tlsrpt");

	tcase_add_loop_test(tests, a_record_says_who_is_to_be_told, 0,
	    ROWS(records));
	suite_add_tcase(suite, tests);
	return suite;
}
