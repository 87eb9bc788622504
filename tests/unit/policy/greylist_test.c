/*
 * greylist_test.c - who waits, who comes, and what is remembered of them
 */
#include "policy/greylist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/loop.h"
#include "tests/unit/unit.h"

#define NOW	INT64_C(1795410000000)
#define WAIT	INT64_C(300000)
#define DAY	INT64_C(86400000)
#define NET	"192.0.2.0/24"

static struct greylist *list, *other;
static struct text bytes;

static void
set_up(void)
{
	list = greylist_new();
	other = greylist_new();
	ck_assert(list != NULL && other != NULL);
	bytes = (struct text)TEXT_INIT(1 << 24);
}

static void
tear_down(void)
{
	greylist_free(list);
	greylist_free(other);
	text_free(&bytes);
}

static enum grey
ask_of(struct greylist *of, const char *net, const char *sender,
    const char *recipient, int64_t now)
{
	return greylist_ask(of, slice_str(net), slice_str(sender),
	    slice_str(recipient), WAIT, now);
}

static enum grey
ask(const char *sender, int64_t now)
{
	return ask_of(list, NET, sender, "ann@office.test", now);
}

/* RFC 6647 2.4; the first time counts, not the last */
START_TEST(who_is_new_waits_and_then_comes)
{
	ck_assert_int_eq(ask("joe@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("joe@example.com", NOW + 1), GREY_WAITS);
	ck_assert_int_eq(ask("JOE@example.com", NOW + WAIT - 1), GREY_WAITS);
	ck_assert_int_eq(ask("joe@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask("joe@example.com", NOW + WAIT), GREY_COMES);
}
END_TEST

START_TEST(each_part_of_the_three_counts)
{
	ck_assert_int_eq(ask("joe@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("", NOW), GREY_NEW);
	ck_assert_int_eq(ask("joe@example.com", NOW), GREY_WAITS);
	ck_assert_int_eq(ask_of(list, NET, "joe@example.com",
	    "bob@office.test", NOW), GREY_NEW);
	ck_assert_int_eq(ask_of(list, "192.0.3.0/24", "joe@example.com",
	    "ann@office.test", NOW), GREY_NEW);
	/* where one ends and the next begins, too */
	ck_assert_int_eq(ask_of(list, NET, "joe@example.coma",
	    "nn@office.test", NOW), GREY_NEW);
}
END_TEST

START_TEST(who_does_not_come_again_is_forgotten)
{
	ck_assert_int_eq(ask("a@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("b@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("a@example.com", NOW + GREY_RETRY_MS - 1),
	    GREY_COMES);
	ck_assert_int_eq(ask("b@example.com", NOW + GREY_RETRY_MS),
	    GREY_NEW);
}
END_TEST

START_TEST(who_is_known_stays_so_with_each_mail)
{
	int64_t now = NOW + WAIT;

	ck_assert_int_eq(ask("a@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("a@example.com", now), GREY_COMES);
	now += GREY_KEEP_MS - 1;
	ck_assert_int_eq(ask("a@example.com", now), GREY_COMES);
	now += GREY_KEEP_MS - 1;
	ck_assert_int_eq(ask("a@example.com", now), GREY_COMES);
	now += GREY_KEEP_MS;
	ck_assert_int_eq(ask("a@example.com", now), GREY_NEW);
}
END_TEST

START_TEST(a_network_with_two_that_are_known_is_let_through)
{
	ck_assert_int_eq(ask("a@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("b@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("a@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask("c@example.com", NOW + WAIT), GREY_NEW);
	ck_assert_int_eq(ask("b@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask("c@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask_of(list, NET, "", "bob@office.test",
	    NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask_of(list, "192.0.3.0/24", "a@example.com",
	    "ann@office.test", NOW + WAIT), GREY_NEW);
	/* and that is forgotten like the rest */
	ck_assert_int_eq(ask("a@example.com", NOW + WAIT + GREY_KEEP_MS),
	    GREY_NEW);
}
END_TEST

/* Nobody waits for ever who came before the clock was put back. */
START_TEST(a_clock_that_is_put_back_begins_the_wait_anew)
{
	ck_assert_int_eq(ask("a@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("a@example.com", NOW - 400 * DAY), GREY_WAITS);
	ck_assert_int_eq(ask("a@example.com", NOW - 400 * DAY + WAIT),
	    GREY_COMES);
}
END_TEST

/* A thousand that only knock, from one network. */
START_TEST(a_flood_from_one_network_costs_others_nothing)
{
	char sender[64];

	ck_assert_int_eq(ask_of(list, "198.51.100.0/24", "joe@example.com",
	    "ann@office.test", NOW), GREY_NEW);
	ck_assert_int_eq(ask("first@example.com", NOW), GREY_NEW);
	for (unsigned i = 0; i < GREY_WAITING_MOST * 2; i++) {
		(void)snprintf(sender, sizeof(sender), "s%u@example.com", i);
		ck_assert_int_eq(ask(sender, NOW + 1), GREY_NEW);
	}
	ck_assert_int_eq(ask_of(list, "198.51.100.0/24", "joe@example.com",
	    "ann@office.test", NOW + WAIT), GREY_COMES);
	/* its own first has gone for its last */
	ck_assert_int_eq(ask(sender, NOW + 2), GREY_WAITS);
	ck_assert_int_eq(ask("first@example.com", NOW + WAIT), GREY_NEW);
}
END_TEST

static bool
count(void *arg, const struct grey_net *net)
{
	unsigned *all = arg;

	*all += net->waiting + net->known;
	return true;
}

START_TEST(a_flood_from_everywhere_costs_the_known_nothing)
{
	unsigned waiting = 0, known = 0;
	char net[64];

	ck_assert_int_eq(ask("joe@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("joe@example.com", NOW + WAIT), GREY_COMES);
	for (unsigned i = 0; i < GREY_WAITING_MOST + 100; i++) {
		(void)snprintf(net, sizeof(net), "10.%u.%u.0/24", i / 256,
		    i % 256);
		ck_assert_int_eq(ask_of(list, net, "joe@example.com",
		    "ann@office.test", NOW + WAIT), GREY_NEW);
	}
	greylist_each(list, true, count, &waiting);
	greylist_each(list, false, count, &known);
	ck_assert_uint_eq(waiting, GREY_WAITING_MOST);
	ck_assert_uint_eq(known, 1);
	ck_assert_int_eq(ask("joe@example.com", NOW + WAIT + 1), GREY_COMES);
	/* the oldest have gone */
	ck_assert_int_eq(ask_of(list, net, "joe@example.com",
	    "ann@office.test", NOW + WAIT + 1), GREY_WAITS);
	ck_assert_int_eq(ask_of(list, "10.0.0.0/24", "joe@example.com",
	    "ann@office.test", NOW + WAIT + 1), GREY_NEW);
}
END_TEST

START_TEST(so_many_are_known_and_no_more)
{
	unsigned known = 0;
	char net[64];

	for (unsigned i = 0; i < GREY_KNOWN_MOST + 10; i++) {
		(void)snprintf(net, sizeof(net), "10.%u.%u.0/24", i / 256,
		    i % 256);
		ck_assert_int_eq(ask_of(list, net, "a@example.com",
		    "ann@office.test", NOW + i), GREY_NEW);
		ck_assert_int_eq(ask_of(list, net, "a@example.com",
		    "ann@office.test", NOW + i + WAIT), GREY_COMES);
	}
	greylist_each(list, false, count, &known);
	ck_assert_uint_eq(known, GREY_KNOWN_MOST);
	ck_assert_int_eq(ask_of(list, net, "a@example.com",
	    "ann@office.test", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask_of(list, "10.0.0.0/24", "a@example.com",
	    "ann@office.test", NOW + WAIT), GREY_NEW);
}
END_TEST

/* One waits, one is known, a network is let through. */
static void
fill(void)
{
	ck_assert_int_eq(ask("a@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("b@example.com", NOW), GREY_NEW);
	ck_assert_int_eq(ask("a@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask("b@example.com", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask_of(list, "198.51.100.0/24", "",
	    "ann@office.test", NOW), GREY_NEW);
	ck_assert_int_eq(ask_of(list, "198.51.100.0/24", "",
	    "ann@office.test", NOW + WAIT), GREY_COMES);
	ck_assert_int_eq(ask_of(list, "2001:db8::/48", "c@example.com",
	    "ann@office.test", NOW + WAIT), GREY_NEW);
}

static void
expect_filled(struct greylist *of, int64_t now)
{
	ck_assert_int_eq(ask_of(of, NET, "new@example.com",
	    "bob@office.test", now), GREY_COMES);
	ck_assert_int_eq(ask_of(of, "198.51.100.0/24", "",
	    "ann@office.test", now), GREY_COMES);
	ck_assert_int_eq(ask_of(of, "198.51.100.0/24", "",
	    "bob@office.test", now), GREY_NEW);
	ck_assert_int_eq(ask_of(of, "2001:db8::/48", "c@example.com",
	    "ann@office.test", NOW + 2 * WAIT - 1), GREY_WAITS);
	ck_assert_int_eq(ask_of(of, "2001:db8::/48", "c@example.com",
	    "ann@office.test", NOW + 2 * WAIT), GREY_COMES);
}

START_TEST(what_is_written_reads_back)
{
	fill();
	greylist_write(&bytes, list);
	ck_assert_int_eq(greylist_read(other, text_slice(&bytes),
	    NOW + WAIT), 0);
	expect_filled(other, NOW + WAIT);
	/* what is over by then is not taken */
	ck_assert_int_eq(greylist_read(other, text_slice(&bytes),
	    NOW + WAIT + GREY_RETRY_MS), 0);
	ck_assert_int_eq(ask_of(other, "2001:db8::/48", "c@example.com",
	    "ann@office.test", NOW + WAIT + GREY_RETRY_MS), GREY_NEW);
	ck_assert_int_eq(ask_of(other, NET, "new@example.com",
	    "bob@office.test", NOW + WAIT + GREY_RETRY_MS), GREY_COMES);
}
END_TEST

START_TEST(a_damaged_file_is_not_used)
{
	struct slice whole;
	unsigned all = 0;

	fill();
	greylist_write(&bytes, list);
	whole = text_slice(&bytes);
	ck_assert_int_eq(greylist_read(other, slice_str(""), NOW), -EBADMSG);
	ck_assert_int_eq(greylist_read(other, slice_str("SQLite format 3"),
	    NOW), -EBADMSG);
	ck_assert_int_eq(greylist_read(other, slice_first(whole,
	    whole.len - 1), NOW + WAIT), -EBADMSG);
	/* not even what was right in it */
	greylist_each(other, true, count, &all);
	greylist_each(other, false, count, &all);
	ck_assert_uint_eq(all, 0);
}
END_TEST

START_TEST(a_file_brings_it_over)
{
	char folder[] = "/tmp/postroom-greylist-XXXXXX";
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	clock_set(5000, NOW + WAIT);
	/* none yet: nobody is known */
	ck_assert_int_eq(greylist_load(other, fd), 0);
	fill();
	ck_assert_int_eq(greylist_save(list, fd), 0);
	ck_assert_int_eq(greylist_save(list, fd), 0);
	ck_assert_int_eq(greylist_load(other, fd), 0);
	expect_filled(other, NOW + WAIT);
	ck_assert_int_eq(unlinkat(fd, GREYLIST_FILE, 0), 0);
	(void)close(fd);
	/* nothing else was left there */
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/greylist");
	TCase *tests = tcase_create("greylist");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, who_is_new_waits_and_then_comes);
	tcase_add_test(tests, each_part_of_the_three_counts);
	tcase_add_test(tests, who_does_not_come_again_is_forgotten);
	tcase_add_test(tests, who_is_known_stays_so_with_each_mail);
	tcase_add_test(tests, a_network_with_two_that_are_known_is_let_through);
	tcase_add_test(tests, a_clock_that_is_put_back_begins_the_wait_anew);
	tcase_add_test(tests, a_flood_from_one_network_costs_others_nothing);
	tcase_add_test(tests, a_flood_from_everywhere_costs_the_known_nothing);
	tcase_add_test(tests, so_many_are_known_and_no_more);
	tcase_add_test(tests, what_is_written_reads_back);
	tcase_add_test(tests, a_damaged_file_is_not_used);
	tcase_add_test(tests, a_file_brings_it_over);
	suite_add_tcase(suite, tests);
	return suite;
}
