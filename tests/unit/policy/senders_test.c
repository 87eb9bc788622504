/*
 * senders_test.c - whom people want to hear from, and whom not
 */
#include "policy/senders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define NOW	1795300000000
#define ANN	7
#define BEN	8

static char folder[64];
static int folder_fd;
static struct policy *policy;

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/senders_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static void
tear_down(void)
{
	char command[96];

	policy_close(policy);
	close(folder_fd);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static int
set(uint64_t account, const char *name, enum sender_wish wish,
    struct sender *sender_out)
{
	return policy_sender_set(policy, account, slice_str(name), wish, NOW,
	    sender_out);
}

static enum sender_wish
wish_of(uint64_t account, const char *author)
{
	enum sender_wish wish = SENDER_WISHES;

	ck_assert_int_eq(policy_sender_wish(policy, account,
	    slice_str(author), &wish), 0);
	return wish;
}

static const struct {
	const char	*typed, *kept;	/* NULL: it is none */
} names[] = {
	{ "Zoe@Far.TEST", "zoe@far.test" },
	{ "  zoe@far.test ", "zoe@far.test" },
	{ "@Far.TEST", "@far.test" },
	{ "@b\303\274ro.test", "@xn--bro-hoa.test" },
	{ "zoe@b\303\274ro.test", "zoe@xn--bro-hoa.test" },
	{ "zoe", NULL },
	{ "", NULL },
	{ "@", NULL },
	{ "@@far.test", NULL },
	{ "far.test", NULL },
	{ "zoe@far.test, al@far.test", NULL },
	{ "@far.test\r\nX", NULL },
};

START_TEST(a_name_has_one_form_however_it_is_typed)
{
	struct sender sender;
	int r = set(ANN, names[_i].typed, SENDER_BLOCKED, &sender);

	if (names[_i].kept == NULL) {
		ck_assert_int_eq(r, -EINVAL);
		return;
	}
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(sender.name, names[_i].kept);
	ck_assert_int_eq(policy_sender_remove(policy, ANN,
	    slice_str(names[_i].typed), &sender), 0);
	ck_assert_str_eq(sender.name, names[_i].kept);
	ck_assert_int_eq(policy_sender_remove(policy, ANN,
	    slice_str(names[_i].typed), &sender), -ENOENT);
}
END_TEST

START_TEST(an_address_counts_more_than_its_domain)
{
	struct sender sender;

	ck_assert_int_eq(set(ANN, "@far.test", SENDER_BLOCKED, &sender), 0);
	ck_assert_int_eq(set(ANN, "zoe@far.test", SENDER_ALLOWED, &sender), 0);
	ck_assert_int_eq(wish_of(ANN, "zoe@far.test"), SENDER_ALLOWED);
	ck_assert_int_eq(wish_of(ANN, "al@far.test"), SENDER_BLOCKED);
	/* a domain is not those below it, nor whose name ends so */
	ck_assert_int_eq(wish_of(ANN, "al@mail.far.test"), SENDER_UNSAID);
	ck_assert_int_eq(wish_of(ANN, "al@notfar.test"), SENDER_UNSAID);
	ck_assert_int_eq(wish_of(BEN, "zoe@far.test"), SENDER_UNSAID);
	/* the last word counts */
	ck_assert_int_eq(set(ANN, "Zoe@far.test", SENDER_BLOCKED, &sender), 0);
	ck_assert_int_eq(wish_of(ANN, "zoe@far.test"), SENDER_BLOCKED);
}
END_TEST

static int
count_one(void *arg, const struct sender *sender)
{
	unsigned *count = arg;

	ck_assert_int_eq(sender->since_utc_ms, NOW);
	return ++*count == 3 ? 1 : 0;
}

START_TEST(a_list_is_told_by_name_and_has_an_end)
{
	struct sender sender;
	char name[64];
	unsigned count = 0;

	for (unsigned i = 0; i < SENDERS_MOST; i++) {
		(void)snprintf(name, sizeof(name), "a%04u@far.test", i);
		ck_assert_int_eq(set(ANN, name, SENDER_BLOCKED, &sender), 0);
	}
	ck_assert_int_eq(set(ANN, "more@far.test", SENDER_BLOCKED, &sender),
	    -EDQUOT);
	/* what is on it can be changed still, and others have their own */
	ck_assert_int_eq(set(ANN, name, SENDER_ALLOWED, &sender), 0);
	ck_assert_int_eq(set(BEN, "more@far.test", SENDER_BLOCKED, &sender),
	    0);
	ck_assert_int_eq(policy_sender_each(policy, ANN, slice_str(
	    "a0996@far.test"), count_one, &count), 1);
	ck_assert_uint_eq(count, 3);
	count = 0;
	ck_assert_int_eq(policy_sender_each(policy, ANN, slice_str(
	    "a0998@far.test"), count_one, &count), 0);
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(it_is_known_whether_anybody_keeps_one)
{
	struct policy_account ann = { .language = "en", .address =
	    "ann@office.test" }, ben = { .language = "en", .address =
	    "ben@office.test" };
	struct password_secret secret;
	struct sender sender;
	bool has = true;

	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	ck_assert_int_eq(policy_account_add(policy, &ann, &secret, NOW, &ann),
	    0);
	ck_assert_int_eq(policy_account_add(policy, &ben, &secret, NOW, &ben),
	    0);
	ck_assert_int_eq(policy_has_senders(policy, &has), 0);
	ck_assert(!has);
	ck_assert_int_eq(set(ben.id, "@far.test", SENDER_ALLOWED, &sender), 0);
	ck_assert_int_eq(policy_has_senders(policy, &has), 0);
	ck_assert(has);
	/* with its person the list is nobody's */
	ck_assert_int_eq(policy_account_remove(policy, ben.id, NOW), 0);
	ck_assert_int_eq(policy_has_senders(policy, &has), 0);
	ck_assert(!has);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/senders");
	TCase *tests = tcase_create("senders");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_name_has_one_form_however_it_is_typed, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tests, an_address_counts_more_than_its_domain);
	tcase_add_test(tests, a_list_is_told_by_name_and_has_an_end);
	tcase_add_test(tests, it_is_known_whether_anybody_keeps_one);
	suite_add_tcase(suite, tests);
	return suite;
}
