/*
 * sts_test.c - what a domain wants of who brings its mail, and what is no wish
 */
#include "gateway/relay/sts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "gateway/relay/sts_cache.h"
#include "lib/base/text.h"
#include "tests/unit/unit.h"

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

static const struct {
	const char	*texts[2];
	const char	*id;		/* NULL: there is no policy */
} records[] = {
	{ { "v=STSv1; id=20160831085700Z;" }, "20160831085700Z" },
	{ { "v=STSv1;id=1" }, "1" },
	{ { "v=STSv1 ;\tid=abc ; x=y" }, "abc" },
	{ { "v=STSv1; x=y; id=abc" }, "abc" },
	{ { "v=STSv1; id=first; id=second;" }, "first" },
	{ { "v=STSv1; id=12345678901234567890123456789012;" },
	    "12345678901234567890123456789012" },
	/* others may stand there, too */
	{ { "v=spf1 -all", "v=STSv1; id=1;" }, "1" },
	/* RFC 8461 3.1: of two nobody can say which */
	{ { "v=STSv1; id=1;", "v=STSv1; id=1;" }, NULL },
	{ { "" }, NULL },
	{ { "v=STSv1" }, NULL },
	{ { "v=STSv1;" }, NULL },
	{ { "v=STSv2; id=1;" }, NULL },
	{ { "v=stsv1; id=1;" }, NULL },
	{ { "id=1; v=STSv1;" }, NULL },
	{ { "v=STSv1; id=;" }, NULL },
	{ { "v=STSv1; id=a b;" }, NULL },
	{ { "v=STSv1; id=a-b;" }, NULL },
	{ { "v=STSv1; id=123456789012345678901234567890123;" }, NULL },
	{ { "v=STSv1; id; x=y" }, NULL },
	{ { "v=STSv1; ; id=1" }, NULL },
};

/* RFC 8461 3.1 */
START_TEST(a_record_says_that_there_is_a_policy_and_which)
{
	struct slice texts[2];
	char id[STS_ID_MOST + 1] = "untouched";
	size_t count = 0;
	int r;

	for (; count < 2 && records[_i].texts[count] != NULL; count++)
		texts[count] = slice_str(records[_i].texts[count]);
	r = sts_record_read(texts, count, id);
	ck_assert_int_eq(r, records[_i].id == NULL ? -ENOENT : 0);
	if (r == 0)
		ck_assert_str_eq(id, records[_i].id);
}
END_TEST

#define HEAD	"version: STSv1\nmode: enforce\nmax_age: 86400\n"

static const struct {
	const char	*file;
	int		 want;
	enum sts_mode	 mode;
	uint32_t	 age;
	const char	*hosts;
} files[] = {
	{ HEAD "mx: mx.far.test\n", 0, STS_ENFORCE, 86400, "mx.far.test\n" },
	{ "version: STSv1\r\nmode: testing\r\nmx: *.far.test\r\n"
	    "mx: mx2.far.test.\r\nmax_age: 31557600\r\n", 0, STS_TESTING,
	    31557600, "*.far.test\nmx2.far.test\n" },
	{ "version: STSv1\nmode: none\nmax_age: 0", 0, STS_NONE, 0, "" },
	{ "version:STSv1\nmode:\tenforce \nmax_age:1\nmx:a.test\n\n", 0,
	    STS_ENFORCE, 1, "a.test\n" },
	/* of what is said twice the first counts; what is new is passed over */
	{ HEAD "mode: none\nmax_age: 1\nversion: STSv2\nmx: a.test\n"
	    "colour: red\n", 0, STS_ENFORCE, 86400, "a.test\n" },
	{ "", -EBADMSG, 0, 0, NULL },
	{ HEAD, -EBADMSG, 0, 0, NULL },
	{ "mode: enforce\nmax_age: 1\nmx: a.test\n", -EBADMSG, 0, 0, NULL },
	{ "version: STSv1\nmax_age: 1\nmx: a.test\n", -EBADMSG, 0, 0, NULL },
	{ "version: STSv1\nmode: enforce\nmx: a.test\n", -EBADMSG, 0, 0,
	    NULL },
	{ "version: STSv2\nmode: none\nmax_age: 1\n", -EBADMSG, 0, 0, NULL },
	{ "version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a.test\n",
	    -EBADMSG, 0, 0, NULL },
	{ "version: STSv1\nmode: none\nmax_age: 31557601\n", -EBADMSG, 0, 0,
	    NULL },
	{ "version: STSv1\nmode: none\nmax_age: -1\n", -EBADMSG, 0, 0, NULL },
	{ HEAD "mx: a.test b.test\n", -EBADMSG, 0, 0, NULL },
	{ HEAD "mx: *.*.test\n", -EBADMSG, 0, 0, NULL },
	{ HEAD "mx: *\n", -EBADMSG, 0, 0, NULL },
	{ HEAD "mx: \n", -EBADMSG, 0, 0, NULL },
	{ HEAD "mx: 192.0.2.1\n", -EBADMSG, 0, 0, NULL },
	{ HEAD "no colon\n", -EBADMSG, 0, 0, NULL },
	{ "<html>not found</html>", -EBADMSG, 0, 0, NULL },
};

/* RFC 8461 3.2 */
START_TEST(a_policy_is_what_the_rfc_calls_one)
{
	struct sts_policy policy;

	ck_assert_int_eq(sts_policy_read(slice_str(files[_i].file), &policy),
	    files[_i].want);
	if (files[_i].want < 0)
		return;
	ck_assert_int_eq(policy.mode, files[_i].mode);
	ck_assert_uint_eq(policy.age_seconds, files[_i].age);
	ck_assert(slice_is_str(slice_of(policy.hosts, policy.hosts_bytes),
	    files[_i].hosts));
}
END_TEST

START_TEST(no_more_hosts_are_kept_than_there_is_room_for)
{
	TEXT_AUTO file = TEXT_INIT(64 * 1024);
	struct sts_policy policy;
	unsigned i;

	text_add_str(&file, HEAD);
	for (i = 0; i < STS_HOSTS_BYTES / 10; i++)
		text_addf(&file, "mx: %04u.test\n", 1000 + i);
	ck_assert_int_eq(sts_policy_read(text_slice(&file), &policy), 0);
	ck_assert(sts_policy_allows(&policy, "1000.test"));
	text_add_str(&file, "mx: one.more.test\n");
	ck_assert_int_eq(sts_policy_read(text_slice(&file), &policy), -E2BIG);
}
END_TEST

static const struct {
	const char	*host;
	bool		 may;
} hosts[] = {
	{ "mx.far.test", true }, { "MX.Far.test.", true },
	{ "a.wide.test", true }, { "A.WIDE.test", true },
	{ "wide.test", false }, { "a.b.wide.test", false },
	{ "xwide.test", false }, { ".wide.test", false },
	{ "other.test", false }, { "far.test", false },
	{ "mx.far.test.evil.test", false }, { "", false },
};

/* RFC 8461 4.1 */
START_TEST(a_pattern_stands_for_one_label)
{
	struct sts_policy policy;

	ck_assert_int_eq(sts_policy_read(slice_str(HEAD "mx: mx.far.test\n"
	    "mx: *.wide.test\n"), &policy), 0);
	ck_assert(sts_policy_allows(&policy, hosts[_i].host) ==
	    hosts[_i].may);
}
END_TEST

/* The cache */

#define NOW	INT64_C(1700000000000)

static char bytes[STS_CACHE_BYTES];
static struct sts_cache *cache;

static void
set_up(void)
{
	memset(bytes, 0, sizeof(bytes));
	cache = sts_cache_in(bytes);
}

static void
put(const char *domain, const char *id, int64_t at, uint32_t age)
{
	struct sts_kept kept = { .fetched_utc_ms = at, .policy = {
	    .mode = STS_ENFORCE, .age_seconds = age, .hosts_bytes = 7,
	    .hosts = "a.test\n" } };

	(void)slice_cstr(slice_str(id), kept.id, sizeof(kept.id));
	sts_cache_put(cache, slice_str(domain), &kept);
}

/* The id that is kept, or "". */
static const char *
id_of(const char *domain, int64_t now)
{
	static struct sts_kept kept;

	if (!sts_cache_find(cache, slice_str(domain), now, &kept))
		return "";
	ck_assert_int_eq(kept.policy.mode, STS_ENFORCE);
	ck_assert(sts_policy_allows(&kept.policy, "a.test"));
	return kept.id;
}

START_TEST(a_policy_is_kept_as_long_as_it_says)
{
	put("far.test", "1", NOW, 60);
	ck_assert_str_eq(id_of("far.test", NOW), "1");
	ck_assert_str_eq(id_of("FAR.test", NOW + 59999), "1");
	ck_assert_str_eq(id_of("far.test", NOW + 60000), "");
	/* before it was fetched: a clock that was wrong */
	ck_assert_str_eq(id_of("far.test", NOW - 1), "");
	ck_assert_str_eq(id_of("a.far.test", NOW), "");
	ck_assert_str_eq(id_of("ar.test", NOW), "");
}
END_TEST

START_TEST(the_newest_takes_the_place_of_the_others)
{
	for (int i = 0; i < 3; i++) {
		char id[] = { (char)('1' + i), '\0' };

		put("far.test", id, NOW + i, 60);
		put("other.test", "x", NOW + i, 60);
		ck_assert_str_eq(id_of("far.test", NOW + i), id);
		ck_assert_str_eq(id_of("other.test", NOW + i), "x");
	}
}
END_TEST

START_TEST(a_full_cache_loses_what_is_oldest)
{
	char domain[32];

	for (int i = 0; i <= STS_CACHE_SLOTS; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		put(domain, "1", NOW + i, 86400);
	}
	ck_assert_str_eq(id_of("d0.test", NOW + 1000), "");
	for (int i = 1; i <= STS_CACHE_SLOTS; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.test", i);
		ck_assert_str_eq(id_of(domain, NOW + 1000), "1");
	}
}
END_TEST

/* The machine stops, or a disk errs: at any byte of it. */
START_TEST(a_torn_slot_is_none_and_the_old_one_is_still_there)
{
	static char before[STS_CACHE_BYTES], after[STS_CACHE_BYTES];

	put("far.test", "1", NOW, 60);
	memcpy(before, bytes, sizeof(before));
	put("far.test", "2", NOW + 1, 60);
	memcpy(after, bytes, sizeof(after));
	/* the new one half-way into the second slot */
	for (size_t cut = 0; cut < STS_SLOT_BYTES; cut++) {
		memcpy(bytes, before, sizeof(bytes));
		memcpy(bytes + STS_SLOT_BYTES, after + STS_SLOT_BYTES, cut);
		ck_assert_str_ne(id_of("far.test", NOW + 1), "");
	}
	for (size_t at = 0; at < STS_SLOT_BYTES; at++) {
		memcpy(bytes, after, sizeof(bytes));
		bytes[STS_SLOT_BYTES + at] ^= 1;
		ck_assert_str_eq(id_of("far.test", NOW + 1), "");
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/relay/sts");
	TCase *tests = tcase_create("sts");

	tcase_add_checked_fixture(tests, set_up, NULL);
	tcase_add_loop_test(tests,
	    a_record_says_that_there_is_a_policy_and_which, 0, ROWS(records));
	tcase_add_loop_test(tests, a_policy_is_what_the_rfc_calls_one, 0,
	    ROWS(files));
	tcase_add_test(tests, no_more_hosts_are_kept_than_there_is_room_for);
	tcase_add_loop_test(tests, a_pattern_stands_for_one_label, 0,
	    ROWS(hosts));
	tcase_add_test(tests, a_policy_is_kept_as_long_as_it_says);
	tcase_add_test(tests, the_newest_takes_the_place_of_the_others);
	tcase_add_test(tests, a_full_cache_loses_what_is_oldest);
	tcase_add_test(tests,
	    a_torn_slot_is_none_and_the_old_one_is_still_there);
	suite_add_tcase(suite, tests);
	return suite;
}
