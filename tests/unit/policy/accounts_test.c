/*
 * accounts_test.c - an address reaches its account and no other
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "policy/domains.h"
#include "tests/unit/unit.h"

#define NOW	INT64_C(1795300000000)

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;
/* not a real one: these tests are not about hashing */
static const struct password_secret secret = { "$y$hash", "SCRAM" };

static int
add(const char *address, struct policy_account *account_out)
{
	struct policy_account a = { .name = "Somebody", .language = "id" };

	ck_assert_int_eq(slice_cstr(slice_str(address), a.address,
	    sizeof(a.address)), 0);
	return policy_account_add(policy, &a, &secret, NOW, account_out);
}

static void
reopen(void)
{
	unsigned needs;

	policy_close(policy);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
}

static void
setup(void)
{
	static const char *const people[] = {
		"postmaster@office.test",	/* 1 */
		"ann@office.test",		/* 2 */
		"bob@office.test",		/* 3 */
		"bob@branch.test",		/* 4 */
		"list+owner@office.test",	/* 5 */
	};
	struct policy_account a;

	strcpy(folder, "/tmp/accounts_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(folder_fd, 0);
	policy = NULL;
	reopen();
	ck_assert_int_eq(policy_domain_add(policy, slice_str("Office.Test"),
	    NOW), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("branch.test"),
	    NOW), 0);
	for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++) {
		ck_assert_int_eq(add(people[i], &a), 0);
		ck_assert_uint_eq(a.id, i + 1);
	}
}

static void
teardown(void)
{
	static const char *const names[] = {
		"policy.db", "policy.db-wal", "policy.db-shm"
	};

	policy_close(policy);
	for (size_t i = 0; i < 3; i++)
		unlinkat(folder_fd, names[i], 0);
	close(folder_fd);
	rmdir(folder);
}

static const struct {
	const char	*address;
	enum whose	 whose;
	uint64_t	 account;
} addresses[] = {
	{ "ann@office.test",		WHOSE_OURS,	2 },
	{ "ann+shop@office.test",	WHOSE_OURS,	2 },
	{ "ann+a+b@office.test",	WHOSE_OURS,	2 },
	{ "list+owner@office.test",	WHOSE_OURS,	5 },
	{ "list@office.test",		WHOSE_UNKNOWN,	0 },
	{ "+ann@office.test",		WHOSE_UNKNOWN,	0 },
	{ "ann@branch.test",		WHOSE_UNKNOWN,	0 },
	{ "bob@office.test",		WHOSE_OURS,	3 },
	{ "bob@branch.test",		WHOSE_OURS,	4 },
	{ "nobody@office.test",		WHOSE_UNKNOWN,	0 },
	{ "ann@example.com",		WHOSE_FOREIGN,	0 },
	{ "ann",			WHOSE_FOREIGN,	0 },
	{ "",				WHOSE_FOREIGN,	0 },
	{ "@office.test",		WHOSE_UNKNOWN,	0 },
	/* RFC 5321 4.5.1 */
	{ "postmaster",			WHOSE_OURS,	1 },
	{ "PostMaster",			WHOSE_OURS,	1 },
	{ "postmaster@office.test",	WHOSE_OURS,	1 },
	{ "postmaster@branch.test",	WHOSE_OURS,	1 },
	{ "postmaster+x@branch.test",	WHOSE_OURS,	1 },
	{ "postmaster@example.com",	WHOSE_FOREIGN,	0 },
	/* bound, not written into the statement */
	{ "' OR 1=1 --@office.test",	WHOSE_UNKNOWN,	0 },
};

START_TEST(an_address_reaches_its_account)
{
	uint64_t account = 77;
	enum whose whose;

	ck_assert_int_eq(policy_whose(policy, slice_str(addresses[_i].address),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, addresses[_i].whose);
	ck_assert_uint_eq(account, addresses[_i].account);
}
END_TEST

static const struct {
	struct slice	user;
	int		want;
	uint64_t	account;
} users[] = {
	{ SLICE("ann@office.test"),	0,		2 },
	{ SLICE("ANN@Office.Test"),	0,		2 },
	{ SLICE("ann"),			0,		2 },
	{ SLICE("Ann"),			0,		2 },
	{ SLICE("bob"),			-ENOTUNIQ,	0 },
	{ SLICE("bob@branch.test"),	0,		4 },
	/* only mail goes the way of the plus */
	{ SLICE("ann+x@office.test"),	-ENOENT,	0 },
	{ SLICE("nobody"),		-ENOENT,	0 },
	{ SLICE(""),			-ENOENT,	0 },
	{ SLICE("@"),			-ENOENT,	0 },
	{ SLICE("ann@"),		-ENOENT,	0 },
	/* HARDENING A53: cut, overlong and surrogate UTF-8 */
	{ SLICE("ann\xc3"),		-ENOENT,	0 },
	{ SLICE("\xf0\x9f\x98"),	-ENOENT,	0 },
	{ SLICE("ann\xc0\xaf@office.test"), -ENOENT,	0 },
	{ SLICE("\xed\xa0\x80@office.test"), -ENOENT,	0 },
	{ SLICE("ann\0@office.test"),	-ENOENT,	0 },
	/* HARDENING A54: nothing in a name is expanded */
	{ SLICE("%{x}%s%n$(id)"),	-ENOENT,	0 },
};

START_TEST(a_login_is_an_address_or_a_local_part_of_one)
{
	struct policy_account a = { .id = 77 };
	struct password_secret kept = { "", "" };

	ck_assert_int_eq(policy_login(policy, users[_i].user, &a, &kept),
	    users[_i].want);
	ck_assert_uint_eq(a.id, users[_i].want == 0 ? users[_i].account : 77);
	ck_assert_str_eq(kept.hash, users[_i].want == 0 ? "$y$hash" : "");
}
END_TEST

START_TEST(an_account_number_is_never_given_again)
{
	struct policy_account a;
	uint64_t account;
	enum whose whose;

	ck_assert_int_eq(add("zoe@office.test", &a), 0);
	ck_assert_uint_eq(a.id, 6);
	ck_assert_int_eq(policy_account_remove(policy, 6, NOW), 0);
	ck_assert_int_eq(policy_account_remove(policy, 6, NOW), -ENOENT);
	ck_assert_int_eq(policy_account_get(policy, 6, &a), -ENOENT);
	ck_assert_int_eq(policy_whose(policy, slice_str("zoe@office.test"),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, WHOSE_UNKNOWN);
	reopen();
	ck_assert_int_eq(add("zoe@office.test", &a), 0);
	ck_assert_uint_eq(a.id, 7);
}
END_TEST

START_TEST(the_last_postmaster_stays)
{
	struct policy_account a;

	ck_assert_int_eq(policy_account_remove(policy, 1, NOW), -EPERM);
	ck_assert_int_eq(add("postmaster@branch.test", &a), 0);
	ck_assert_int_eq(policy_account_remove(policy, 1, NOW), 0);
	ck_assert_int_eq(policy_account_remove(policy, a.id, NOW), -EPERM);
}
END_TEST

static const struct {
	const char	*address;
	const char	*name;
	const char	*language;
	int		 want;
} refusals[] = {
	{ "ann@office.test",	"",	"en", -EEXIST },
	{ "ANN@OFFICE.TEST",	"",	"en", -EEXIST },
	{ "ann@example.com",	"",	"en", -ENOENT },
	{ "ann",		"",	"en", -EINVAL },
	{ "a b@office.test",	"",	"en", -EINVAL },
	{ "zoe@office.test",	"",	"de", -EINVAL },
	{ "zoe@office.test",	"",	"",   -EINVAL },
	{ "zoe@office.test",	"a\nb",	"en", -EINVAL },
	{ "zoe@office.test",	"a\xff", "en", -EINVAL },
};

START_TEST(an_unfit_account_is_refused)
{
	struct policy_account a = { 0 }, out = { .id = 77 };

	strcpy(a.address, refusals[_i].address);
	strcpy(a.name, refusals[_i].name);
	strcpy(a.language, refusals[_i].language);
	ck_assert_int_eq(policy_account_add(policy, &a, &secret, NOW, &out),
	    refusals[_i].want);
	ck_assert_uint_eq(out.id, 77);
}
END_TEST

START_TEST(a_change_leaves_the_rest_as_it_was)
{
	struct policy_change change = { .name = "Ann B\xc3\xa4r" };
	struct password_secret other = { "$y$other", "SCRAM2" };
	struct policy_account a;
	struct password_secret kept;

	ck_assert_int_eq(policy_account_set(policy, 2, &change), 0);
	change = (struct policy_change){ .secret = &other };
	ck_assert_int_eq(policy_account_set(policy, 2, &change), 0);
	reopen();
	ck_assert_int_eq(policy_login(policy, slice_str("ann"), &a, &kept), 0);
	ck_assert_str_eq(a.name, "Ann B\xc3\xa4r");
	ck_assert_str_eq(a.language, "id");
	ck_assert_int_eq(a.created_utc_ms, NOW);
	ck_assert_str_eq(kept.hash, "$y$other");
	change = (struct policy_change){ .language = "xx" };
	ck_assert_int_eq(policy_account_set(policy, 2, &change), -EINVAL);
	ck_assert_int_eq(policy_account_set(policy, 99, &change), -ENOENT);
}
END_TEST

static int
join(void *arg, const struct policy_account *a)
{
	text_add_str(arg, a->address);
	text_add_byte(arg, ' ');
	return 0;
}

START_TEST(accounts_are_told_in_order_of_address)
{
	TEXT_AUTO text = TEXT_INIT(1024);

	ck_assert_int_eq(policy_account_each(policy, join, &text), 0);
	ck_assert(slice_is_str(text_slice(&text), "bob@branch.test "
	    "ann@office.test bob@office.test list+owner@office.test "
	    "postmaster@office.test "));
}
END_TEST

START_TEST(the_hub_keeps_its_id)
{
	unsigned char id[HUB_ID_BYTES];
	struct policy *reader;
	unsigned needs;

	memcpy(id, policy_hub_id(policy), sizeof(id));
	reopen();
	ck_assert_mem_eq(id, policy_hub_id(policy), sizeof(id));
	ck_assert_int_eq(policy_open(folder_fd, true, &reader, &needs), 0);
	ck_assert_mem_eq(id, policy_hub_id(reader), sizeof(id));
	policy_close(reader);
}
END_TEST

static int
count_domains(void *arg, const struct policy_domain *domain)
{
	struct text *told = arg;

	text_addf(told, "%s %s %u ", domain->name, domain->is_shared ?
	    "shared" : "ours", (unsigned)domain->accounts);
	return 0;
}

/* DESIGN.md 6: nobody here has it, so the provider's people may */
START_TEST(what_nobody_has_of_a_shared_domain_is_the_providers)
{
	TEXT_AUTO told = TEXT_INIT(1024);
	uint64_t account = 0;
	enum whose whose;

	ck_assert_int_eq(policy_domain_new(policy, slice_str("branch.test"),
	    true, NOW), -EEXIST);
	ck_assert_int_eq(policy_domain_new(policy, slice_str("[192.0.2.1]"),
	    true, NOW), -EINVAL);
	ck_assert_int_eq(policy_domain_share(policy, slice_str("far.test"),
	    true), -ENOENT);
	ck_assert_int_eq(policy_domain_share(policy, slice_str("Branch.TEST"),
	    true), 0);
	ck_assert_int_eq(policy_domain_new(policy, slice_str("new.test"),
	    true, NOW), 0);
	reopen();
	ck_assert_int_eq(policy_whose(policy, slice_str("zoe@branch.test"),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, WHOSE_SHARED);
	ck_assert_uint_eq(account, 0);
	ck_assert_int_eq(policy_whose(policy, slice_str("zoe@office.test"),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, WHOSE_UNKNOWN);
	ck_assert_int_eq(policy_whose(policy, slice_str("bob@branch.test"),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, WHOSE_OURS);
	ck_assert_int_eq(policy_domain_each(policy, count_domains, &told), 0);
	text_add_byte(&told, '\0');
	ck_assert_str_eq(told.at, "branch.test shared 1 new.test shared 0 "
	    "office.test ours 4 ");
	ck_assert_int_eq(policy_domain_share(policy, slice_str("branch.test"),
	    false), 0);
	ck_assert_int_eq(policy_whose(policy, slice_str("zoe@branch.test"),
	    &whose, &account), 0);
	ck_assert_int_eq(whose, WHOSE_UNKNOWN);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/accounts");
	TCase *tests = tcase_create("accounts");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, an_address_reaches_its_account, 0,
	    sizeof(addresses) / sizeof(addresses[0]));
	tcase_add_loop_test(tests, a_login_is_an_address_or_a_local_part_of_one,
	    0, sizeof(users) / sizeof(users[0]));
	tcase_add_test(tests, an_account_number_is_never_given_again);
	tcase_add_test(tests, the_last_postmaster_stays);
	tcase_add_loop_test(tests, an_unfit_account_is_refused, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tests, a_change_leaves_the_rest_as_it_was);
	tcase_add_test(tests, accounts_are_told_in_order_of_address);
	tcase_add_test(tests, the_hub_keeps_its_id);
	tcase_add_test(tests,
	    what_nobody_has_of_a_shared_domain_is_the_providers);
	suite_add_tcase(suite, tests);
	return suite;
}
