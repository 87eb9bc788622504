/*
 * rights_test.c - who else may do what in a mailbox
 */
#include "store/rights.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

#define BEN	7
#define EVE	9

static struct box box;

static void
set_up(void)
{
	box = box_new();
}

static void
tear_down(void)
{
	box_drop(&box);
}

static uint32_t
made(const char *name)
{
	uint32_t mailbox;

	ck_assert_int_eq(folder_create(box.account, slice_str(name), 0,
	    &mailbox), 0);
	return mailbox;
}

static int
grant(uint32_t mailbox, uint64_t who, bool is_negative, const char *letters)
{
	struct right right = { .who = who, .is_negative = is_negative,
	    .name = slice_str("somebody") };

	ck_assert_int_eq(rights_read(slice_str(letters), &right.rights), 0);
	return rights_set(box.account, mailbox, &right);
}

static void
ck_may(uint32_t mailbox, uint64_t who, const char *letters)
{
	TEXT_AUTO text = TEXT_INIT(64);
	unsigned rights;

	ck_assert_int_eq(rights_of(box.account, mailbox, who, &rights), 0);
	rights_add(&text, rights, false);
	text_add_byte(&text, '\0');
	ck_assert_str_eq(text.at, letters);
}

static const struct {
	const char	*given, *told, *with_virtual;
	int		 want;
} words[] = {
	{ "lr", "lr", "lr", 0 },
	{ "", "", "", 0 },
	{ "aetxkpiwsrl", "lrswipkxtea", "lrswipkxtecda", 0 },
	{ "c", "kx", "kxc", 0 },
	{ "d", "te", "ted", 0 },
	{ "k", "k", "kc", 0 },
	{ "ea", "ea", "eda", 0 },
	{ "lrq", NULL, NULL, -EINVAL },
	{ "L", NULL, NULL, -EINVAL },
	{ "l1", NULL, NULL, -EINVAL },
};

/* RFC 4314 2.1, 2.1.1 */
START_TEST(letters_stand_for_rights_the_old_ones_for_several)
{
	TEXT_AUTO text = TEXT_INIT(128);
	unsigned rights = 0;

	ck_assert_int_eq(rights_read(slice_str(words[_i].given), &rights),
	    words[_i].want);
	if (words[_i].want < 0)
		return;
	rights_add(&text, rights, false);
	text_add_byte(&text, '/');
	rights_add(&text, rights, true);
	text_add_byte(&text, '\0');
	ck_assert(strncmp(text.at, words[_i].told, strlen(words[_i].told)) ==
	    0);
	ck_assert_str_eq(strchr(text.at, '/') + 1, words[_i].with_virtual);
}
END_TEST

/* RFC 4314 2 */
START_TEST(what_is_taken_from_somebody_or_anyone_they_do_not_have)
{
	uint32_t mailbox = made("Projects");

	ck_may(mailbox, BEN, "");
	ck_assert_int_eq(grant(mailbox, BEN, false, "lrsw"), 0);
	ck_assert_int_eq(grant(mailbox, RIGHTS_ANYONE, false, "li"), 0);
	ck_may(mailbox, BEN, "lrswi");
	ck_may(mailbox, EVE, "li");
	ck_assert_int_eq(grant(mailbox, BEN, true, "ri"), 0);
	ck_may(mailbox, BEN, "lsw");
	ck_assert_int_eq(grant(mailbox, RIGHTS_ANYONE, true, "l"), 0);
	ck_may(mailbox, BEN, "sw");
	ck_may(mailbox, EVE, "i");
	ck_assert_int_eq(grant(mailbox, BEN, false, ""), 0);
	ck_may(mailbox, BEN, "");
}
END_TEST

START_TEST(a_mailbox_begins_with_the_rights_of_the_one_above_it)
{
	uint32_t above = made("A"), below, other;

	ck_assert_int_eq(grant(above, BEN, false, "lr"), 0);
	below = made("A/B/C");
	other = made("AB");
	ck_may(below, BEN, "lr");
	ck_may(other, BEN, "");
	ck_assert_int_eq(grant(above, BEN, false, "l"), 0);
	ck_may(below, BEN, "lr");
	/* and takes them along */
	ck_assert_int_eq(folder_rename(box.account, slice_str("A/B/C"),
	    slice_str("D")), 0);
	ck_may(below, BEN, "lr");
}
END_TEST

static int
note(void *arg, struct slice mailbox, const struct right *right)
{
	text_addf(arg, "%.*s %llu%s %u;", SLICE_FMT(mailbox),
	    (unsigned long long)right->who, right->is_negative ? "-" : "",
	    right->rights);
	return 0;
}

static void
ck_shared(const char *want)
{
	TEXT_AUTO text = TEXT_INIT(1024);

	ck_assert_int_eq(rights_shared_each(box.account, note, &text), 0);
	text_add_byte(&text, '\0');
	ck_assert_str_eq(text.at, want);
}

START_TEST(rights_end_with_their_mailbox_and_survive_the_process)
{
	uint32_t one = made("One"), two = made("Two");

	ck_assert(!rights_changed(box.account));
	ck_assert_int_eq(grant(one, BEN, false, "l"), 0);
	ck_assert_int_eq(grant(two, EVE, true, "r"), 0);
	ck_assert(rights_changed(box.account));
	ck_assert(!rights_changed(box.account));
	ck_shared("One 7 1;Two 9- 2;");
	box_close(&box);
	box_open(&box);
	ck_shared("One 7 1;Two 9- 2;");
	ck_assert_int_eq(folder_delete(box.account, slice_str("One")), 0);
	ck_assert(rights_changed(box.account));
	ck_shared("Two 9- 2;");
}
END_TEST

START_TEST(so_many_have_rights_in_a_mailbox_and_no_more)
{
	uint32_t mailbox = made("Full");

	for (uint64_t who = 1; who <= RIGHTS_MOST; who++)
		ck_assert_int_eq(grant(mailbox, who, false, "l"), 0);
	ck_assert_int_eq(grant(mailbox, RIGHTS_MOST + 1, false, "l"), -EDQUOT);
	ck_assert_int_eq(grant(mailbox, BEN, false, "lr"), 0);
	ck_assert_int_eq(grant(mailbox, BEN, false, ""), 0);
	ck_assert_int_eq(grant(mailbox, RIGHTS_MOST + 1, false, "l"), 0);
	ck_assert_int_eq(grant(mailbox + 9, BEN, false, "l"), -ENOENT);
}
END_TEST

Suite *
unit_suite(void)
{
	TCase *tcase = tcase_create("rights");
	Suite *suite = suite_create("rights");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    letters_stand_for_rights_the_old_ones_for_several, 0,
	    sizeof(words) / sizeof(words[0]));
	tcase_add_test(tcase,
	    what_is_taken_from_somebody_or_anyone_they_do_not_have);
	tcase_add_test(tcase,
	    a_mailbox_begins_with_the_rights_of_the_one_above_it);
	tcase_add_test(tcase,
	    rights_end_with_their_mailbox_and_survive_the_process);
	tcase_add_test(tcase, so_many_have_rights_in_a_mailbox_and_no_more);
	suite_add_tcase(suite, tcase);
	return suite;
}
