/*
 * forwards_test.c - a forward, who has set it, and who was told
 */
#include "policy/forwards.h"

#include <errno.h>

#include "policy/fetch_accounts.h"
#include "policy/groups.h"
#include "tests/unit/policy/admin_scene.h"

#define NOW	INT64_C(1795300000000)

static uint64_t ann;

static void
set_up(void)
{
	static const struct password_secret secret = { .hash = "x" };
	struct policy_account a = { .address = "ann@office.test",
	    .language = "en" };

	setup();
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &a), 0);
	ann = a.id;
}

static int
set(const char *target, bool by_owner, int64_t since)
{
	const struct forward wanted = { .keep = true, .by_owner = by_owner,
	    .since_utc_ms = since };
	struct forward forward;

	return policy_forward_set(policy, ann, slice_str(target), &wanted,
	    &forward);
}

static const struct {
	const char	*target;
	int		 want;
} targets[] = {
	{ " Ann@Home.test ", 0 },
	{ "ann@office.test", -ELOOP },
	{ "ANN@Office.TEST", -ELOOP },
	{ "ann+home@office.test", -ELOOP },
	{ "nobody@office.test", -EPERM },
	{ "sales@office.test", -EPERM },
	{ "", -EINVAL },
	{ "home", -EINVAL },
	{ "ann@[192.0.2.1]", -EINVAL },
	{ "ann@home.test bob@home.test", -EINVAL },
	{ "ann@home.test\r\nbob", -EINVAL },
	{ "a@b@home.test", -EINVAL },
	{ "ann@pop.test", -ELOOP },	/* it is collected from */
};

START_TEST(a_forward_leads_elsewhere_and_does_not_come_back)
{
	const struct fetch_account there = { .owner = ann, .label = "pop",
	    .host = "mx.pop.test", .port = 995, .tls = FETCH_TLS_IMPLICIT,
	    .user = "Ann@pop.test", .from = FETCH_FROM_ALL, .enabled = true };
	const struct slice behind = SLICE("ann@office.test");
	struct group group = { .address = "sales@office.test" };
	struct forward forward;
	const char *field;
	uint64_t id;
	size_t bad;

	ck_assert_int_eq(policy_fetch_add(policy, &key, &there,
	    slice_str("secret"), NOW, &id, &field), 0);
	ck_assert_int_eq(policy_group_add(policy, &group, &behind, 1, NOW,
	    &group, &bad), 0);
	ck_assert_int_eq(set(targets[_i].target, true, NOW),
	    targets[_i].want);
	ck_assert_int_eq(policy_forward_get(policy, ann, &forward),
	    targets[_i].want == 0 ? 0 : -ENOENT);
	if (targets[_i].want == 0)
		ck_assert_str_eq(forward.target, "ann@home.test");
}
END_TEST

/* Longer than an address may be (RFC 5321 4.5.3.1). */
START_TEST(a_long_address_is_none)
{
	char target[512];

	memset(target, 'a', sizeof(target));
	memcpy(target + 64, "@", 1);
	memcpy(target + 400, ".test", 6);
	ck_assert_int_eq(set(target, true, NOW), -EINVAL);
	memset(target, 'a', 65);
	memcpy(target + 65, "@home.test", 11);
	ck_assert_int_eq(set(target, true, NOW), -EINVAL);
}
END_TEST

static unsigned untold;
static struct forward last;

static int
count(void *arg, uint64_t account, const struct forward *forward)
{
	ck_assert_ptr_eq(arg, &untold);
	ck_assert_uint_eq(account, ann);
	last = *forward;
	untold++;
	return 0;
}

static unsigned
count_untold(void)
{
	untold = 0;
	ck_assert_int_eq(policy_forward_untold(policy, count, &untold), 0);
	return untold;
}

START_TEST(whoever_was_not_told_of_this_one_is_to_be_told)
{
	ck_assert_int_eq(set("ann@home.test", false, NOW), 0);
	ck_assert_uint_eq(count_untold(), 0);
	ck_assert_int_eq(set("ann@home.test", true, NOW + 1), 0);
	ck_assert_uint_eq(count_untold(), 1);
	ck_assert_str_eq(last.target, "ann@home.test");
	ck_assert(last.keep && last.by_owner);
	ck_assert_int_eq(last.since_utc_ms, NOW + 1);
	/* of one before this one */
	ck_assert_int_eq(policy_forward_told(policy, ann, NOW), 0);
	ck_assert_uint_eq(count_untold(), 1);
	ck_assert_int_eq(policy_forward_told(policy, ann, NOW + 1), 0);
	ck_assert_uint_eq(count_untold(), 0);
	ck_assert_int_eq(set("ann@other.test", true, NOW + 2), 0);
	ck_assert_uint_eq(count_untold(), 1);
	ck_assert_int_eq(policy_account_remove(policy, ann, NOW), 0);
	ck_assert_uint_eq(count_untold(), 0);
}
END_TEST

START_TEST(with_the_right_ends_what_its_owner_has_set)
{
	const bool no = false, yes = true;
	const struct policy_change ends = { .may_forward = &no };
	const struct policy_change may = { .may_forward = &yes };
	struct policy_account account;
	struct forward forward;

	ck_assert_int_eq(policy_account_get(policy, ann, &account), 0);
	ck_assert(!account.may_forward);
	ck_assert_int_eq(policy_account_set(policy, ann, &may), 0);
	ck_assert_int_eq(policy_account_get(policy, ann, &account), 0);
	ck_assert(account.may_forward);
	ck_assert_int_eq(set("ann@home.test", true, NOW), 0);
	ck_assert_int_eq(policy_account_set(policy, ann, &may), 0);
	ck_assert_int_eq(policy_forward_get(policy, ann, &forward), 0);
	ck_assert_int_eq(policy_account_set(policy, ann, &ends), 0);
	ck_assert_int_eq(policy_forward_get(policy, ann, &forward), -ENOENT);
	/* not what the postmaster has */
	ck_assert_int_eq(set("ann@home.test", false, NOW), 0);
	ck_assert_int_eq(policy_account_set(policy, ann, &ends), 0);
	ck_assert_int_eq(policy_forward_get(policy, ann, &forward), 0);
}
END_TEST

/* The console's requests; ann asks, or the postmaster. */

#define SET(more) "{\"request\": \"forward set\", \"args\": " \
	"{\"target\": \"ann@home.test\"" more "}}"
#define END	"{\"request\": \"forward remove\"}"

static const struct {
	bool		 may;
	bool		 is_set;	/* by the postmaster */
	const char	*line;
	const char	*said;		/* to ann */
} by_ann[] = {
	{ true, false, SET(""), "\"target\": \"ann@home.test\", \"keep\": "
	  "\"yes\", \"by\": \"owner\", \"since\": 1795300000000" },
	{ true, false, SET(WITH("keep", "no")), "\"keep\": \"no\"" },
	{ true, false, SET(WITH("keep", "perhaps")),
	  "\"unfit\", \"field\": \"keep\"" },
	{ true, false, SET(WITH("address", "bob")), "\"refused\"" },
	{ true, false, "{\"request\": \"forward set\", \"args\": "
	  "{\"target\": \"ann@office.test\"}}",
	  "\"loop\", \"field\": \"target\"" },
	{ true, false, "{\"request\": \"forward set\", \"args\": "
	  "{\"target\": \"bob@office.test\"}}",
	  "\"unfit\", \"field\": \"target\"" },
	{ true, true, SET(""), "\"exists\", \"field\": \"target\"" },
	{ true, true, END, "\"exists\", \"field\": \"address\"" },
	{ true, false, END, "\"no-such\"" },
	{ false, false, SET(""), "\"refused\", \"field\": \"target\"" },
	{ false, true, "{\"request\": \"forward list\"}",
	  "\"by\": \"postmaster\"" },
	{ false, false, "{\"request\": \"forward list\"}",
	  "\"result\": []" },
};

START_TEST(a_person_forwards_their_own_where_they_may)
{
	const struct policy_change may = { .may_forward = &by_ann[_i].may };
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("bob@office.test", "correct horse"), &answer);
	ck_assert_int_eq(policy_account_set(policy, ann, &may), 0);
	if (by_ann[_i].is_set)
		ck_assert_int_eq(set("ann@home.test", false, NOW), 0);
	asker = ann;
	answer_to(by_ann[_i].line, &answer);
	ck_assert_msg(strstr(answer.at, by_ann[_i].said) != NULL, "%s",
	    answer.at);
}
END_TEST

START_TEST(a_person_ends_and_sees_their_own_and_no_other)
{
	const bool yes = true;
	const struct policy_change may = { .may_forward = &yes };
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("bob@office.test", "correct horse"), &answer);
	answer_to("{\"request\": \"forward set\", \"args\": {\"address\": "
	    "\"bob\", \"target\": \"bob@home.test\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"by\": \"postmaster\""));
	answer_to(SET(""), &answer);	/* whose? */
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"unfit\", \"field\": \"address\""));
	ck_assert_int_eq(policy_account_set(policy, ann, &may), 0);
	asker = ann;
	answer_to(SET(""), &answer);
	answer_to("{\"request\": \"forward list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "ann@home.test"));
	ck_assert_ptr_null(strstr(answer.at, "bob"));
	answer_to(END, &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"ok\": true"));
	answer_to("{\"request\": \"forward list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"result\": []"));
	asker = 0;
	answer_to("{\"request\": \"forward list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, "bob@home.test"));
	answer_to("{\"request\": \"account set\", \"args\": {\"address\": "
	    "\"ann\", \"forwards\": \"often\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at,
	    "\"unfit\", \"field\": \"forwards\""));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("forwards");
	TCase *tests = tcase_create("forwards");

	tcase_add_checked_fixture(tests, set_up, teardown);
	tcase_add_loop_test(tests,
	    a_forward_leads_elsewhere_and_does_not_come_back, 0,
	    sizeof(targets) / sizeof(targets[0]));
	tcase_add_test(tests, a_long_address_is_none);
	tcase_add_test(tests, whoever_was_not_told_of_this_one_is_to_be_told);
	tcase_add_test(tests, with_the_right_ends_what_its_owner_has_set);
	tcase_add_loop_test(tests, a_person_forwards_their_own_where_they_may,
	    0, sizeof(by_ann) / sizeof(by_ann[0]));
	tcase_add_test(tests, a_person_ends_and_sees_their_own_and_no_other);
	suite_add_tcase(suite, tests);
	return suite;
}
