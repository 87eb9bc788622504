/*
 * rule_hits_test.c - how often each of the postmaster's rules held
 */
#include "queue/rule_hits.h"

#include <errno.h>
#include <stdio.h>

#include "tests/unit/queue/scratch.h"

static struct scratch folder;

static void
set_up(void)
{
	folder = scratch_new();
}

static void
tear_down(void)
{
	scratch_drop(&folder);
}

static struct rule_hits *
opened(void)
{
	struct rule_hits *hits = NULL;

	ck_assert_int_eq(rule_hits_open(folder.fd, &hits), 0);
	return hits;
}

static void
add(struct rule_hits *hits, const char *rule, bool is_shadow, int64_t now)
{
	ck_assert_int_eq(rule_hits_add(hits, slice_str(rule), is_shadow, now),
	    0);
}

START_TEST(hits_are_counted_and_outlive_who_counts)
{
	struct rule_hits *hits;
	const struct rule_hit_count *count;

	ck_assert_int_eq(rule_hits_read(folder.fd, &hits), -ENOENT);
	for (int64_t life = 1; life <= 3; life++) {
		hits = opened();
		add(hits, "bill", false, life);
		add(hits, "t\xc3\xa9st", true, 10 * life);
		rule_hits_close(hits);
	}
	ck_assert_int_eq(rule_hits_read(folder.fd, &hits), 0);
	count = rule_hits_of(hits, slice_str("bill"));
	ck_assert_ptr_nonnull(count);
	ck_assert_uint_eq(count->hits, 3);
	ck_assert_uint_eq(count->shadow_hits, 0);
	ck_assert_int_eq(count->last_utc_ms, 3);
	count = rule_hits_of(hits, slice_str("t\xc3\xa9st"));
	ck_assert_ptr_nonnull(count);
	ck_assert_uint_eq(count->shadow_hits, 3);
	ck_assert_int_eq(count->last_utc_ms, 30);
	ck_assert_ptr_null(rule_hits_of(hits, slice_str("other")));
	ck_assert_ptr_null(rule_hits_of(hits, slice_str("")));
	rule_hits_close(hits);
}
END_TEST

/* As many names as there may be rules all have their place. */
START_TEST(a_thousand_rules_have_a_place_and_who_is_idle_gives_way)
{
	struct rule_hits *hits = opened();
	char name[32];
	unsigned here = 0;

	for (int64_t i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "rule %d", (int)i);
		add(hits, name, false, i + 1);
	}
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "rule %d", i);
		here += rule_hits_of(hits, slice_str(name)) != NULL;
	}
	ck_assert_uint_eq(here, 1000);
	for (int64_t i = 1000; i < 20000; i++) {
		(void)snprintf(name, sizeof(name), "rule %d", (int)i);
		add(hits, name, false, i + 1);
		ck_assert_ptr_nonnull(rule_hits_of(hits, slice_str(name)));
	}
	ck_assert_ptr_null(rule_hits_of(hits, slice_str("rule 0")));
	rule_hits_close(hits);
}
END_TEST

START_TEST(what_is_no_such_file_is_begun_anew)
{
	int fd = openat(folder.fd, "rules.hits", O_WRONLY | O_CREAT, 0600);
	struct rule_hits *hits;

	ck_assert_int_eq(write(fd, "junk", 4), 4);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(rule_hits_read(folder.fd, &hits), -EBADMSG);
	hits = opened();
	add(hits, "bill", false, 1);
	rule_hits_close(hits);
	ck_assert_int_eq(rule_hits_read(folder.fd, &hits), 0);
	ck_assert_ptr_nonnull(rule_hits_of(hits, slice_str("bill")));
	rule_hits_close(hits);
}
END_TEST

START_TEST(a_name_that_no_rule_has_is_refused)
{
	struct rule_hits *hits = opened();
	char name[RULE_HITS_NAME_MOST + 1];

	memset(name, 'n', sizeof(name));
	ck_assert_int_eq(rule_hits_add(hits, slice_of(name, sizeof(name)),
	    false, 1), -EINVAL);
	ck_assert_int_eq(rule_hits_add(hits, slice_of(name, 64), false, 1),
	    0);
	ck_assert_ptr_nonnull(rule_hits_of(hits, slice_of(name, 64)));
	rule_hits_close(hits);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/rule_hits");
	TCase *all = tcase_create("rule_hits");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, hits_are_counted_and_outlive_who_counts);
	tcase_add_test(all,
	    a_thousand_rules_have_a_place_and_who_is_idle_gives_way);
	tcase_add_test(all, what_is_no_such_file_is_begun_anew);
	tcase_add_test(all, a_name_that_no_rule_has_is_refused);
	suite_add_tcase(suite, all);
	return suite;
}
