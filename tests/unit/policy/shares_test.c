/*
 * shares_test.c - who shares which mailbox with whom
 */
#include "policy/shares.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define NOW	1795300000000

static char folder[64];
static int folder_fd;
static struct policy *policy;
static struct policy_account ann, ben, shelf;

static void
add(struct policy_account *account, const char *address, bool is_public)
{
	struct policy_account a = { .language = "en" };
	struct password_secret secret;

	strcpy(a.address, address);
	ck_assert_int_eq(password_make(slice_str("correct horse"), &secret),
	    0);
	ck_assert_int_eq(is_public ? policy_public_add(policy, &a, NOW,
	    account) : policy_account_add(policy, &a, &secret, NOW, account),
	    0);
	ck_assert_int_eq(account->is_public, is_public);
}

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/shares_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
	add(&ann, "ann@office.test", false);
	add(&ben, "ben@office.test", false);
	add(&shelf, "shelf@office.test", true);
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

static void
row(struct text *rows, const char *mailbox, uint64_t who, bool is_negative,
    unsigned rights)
{
	share_row_pack(rows, &(struct share_row){ .who = who,
	    .mailbox = slice_str(mailbox), .is_negative = is_negative,
	    .rights = rights });
}

static void
ck_shares(uint64_t who, const char *want)
{
	TEXT_AUTO body = TEXT_INIT(SHARES_BYTES);
	TEXT_AUTO told = TEXT_INIT(4096);
	struct share share;
	struct unpack u;
	bool is_cut = true;

	ck_assert_int_eq(policy_shares_with(policy, who, &body, &is_cut), 0);
	ck_assert(!is_cut);
	u = unpack_of(text_slice(&body));
	while (u.rest.len > 0) {
		ck_assert_int_eq(share_unpack(&u, &share), 0);
		text_addf(&told, "%.*s%s/%.*s %u;", SLICE_FMT(share.address),
		    share.is_public ? "*" : "", SLICE_FMT(share.mailbox),
		    share.rights);
	}
	text_add_byte(&told, '\0');
	ck_assert_str_eq(told.at, want);
}

START_TEST(everybody_is_told_what_is_theirs_and_nothing_else)
{
	TEXT_AUTO rows = TEXT_INIT(4096);

	row(&rows, "A", ben.id, false, 3);
	row(&rows, "B", SHARES_ANYONE, false, 7);
	row(&rows, "B", ben.id, true, 4);
	row(&rows, "C", SHARES_ANYONE, false, 1);
	row(&rows, "C", SHARES_ANYONE, true, 1);
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    text_slice(&rows)), 0);
	ck_shares(ben.id, "ann@office.test/A 3;ann@office.test/B 3;");
	ck_shares(shelf.id, "ann@office.test/B 7;");
	ck_shares(ann.id, "");
	text_clear(&rows);
	row(&rows, "News", SHARES_ANYONE, false, 1);
	ck_assert_int_eq(policy_shares_set(policy, shelf.id, false,
	    text_slice(&rows)), 0);
	ck_shares(ann.id, "shelf@office.test*/News 1;");
}
END_TEST

START_TEST(what_an_owner_says_takes_the_place_of_what_they_said)
{
	TEXT_AUTO rows = TEXT_INIT(4096);

	row(&rows, "A", ben.id, false, 3);
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    text_slice(&rows)), 0);
	text_clear(&rows);
	row(&rows, "B", ben.id, false, 1);
	ck_assert_int_eq(policy_shares_set(policy, ann.id, true,
	    text_slice(&rows)), 0);
	ck_shares(ben.id, "ann@office.test/A 3;ann@office.test/B 1;");
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    text_slice(&rows)), 0);
	ck_shares(ben.id, "ann@office.test/B 1;");
	/* of an account that is gone nothing is shared */
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    slice_str("x")), -EBADMSG);
	ck_shares(ben.id, "ann@office.test/B 1;");
	ck_assert_int_eq(policy_account_remove(policy, ann.id, NOW), 0);
	ck_shares(ben.id, "");
}
END_TEST

/* Whose share ben is told of, asking for this owner's; "": none. */
static void
ck_share_from(uint64_t owner, const char *want)
{
	TEXT_AUTO body = TEXT_INIT(SHARES_BYTES);
	struct share share = { .address = SLICE("") };
	struct unpack u;

	ck_assert_int_eq(policy_share_from(policy, ben.id, owner, &body), 0);
	u = unpack_of(text_slice(&body));
	if (u.rest.len > 0)
		ck_assert_int_eq(share_unpack(&u, &share), 0);
	ck_assert_uint_eq(u.rest.len, 0);
	ck_assert_msg(slice_is_str(share.address, want), "%.*s",
	    SLICE_FMT(share.address));
}

START_TEST(who_is_asked_for_by_name_tells_one_share_or_none)
{
	TEXT_AUTO rows = TEXT_INIT(4096);

	ck_share_from(ann.id, "");
	row(&rows, "A", SHARES_ANYONE, false, 1);
	row(&rows, "A", ben.id, true, 1);
	row(&rows, "B", shelf.id, false, 3);
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    text_slice(&rows)), 0);
	ck_share_from(ann.id, "");
	row(&rows, "C", ben.id, false, 3);
	row(&rows, "D", ben.id, false, 3);
	ck_assert_int_eq(policy_shares_set(policy, ann.id, false,
	    text_slice(&rows)), 0);
	ck_share_from(ann.id, "ann@office.test");
	ck_share_from(shelf.id, "");
	ck_share_from(ben.id, "");
}
END_TEST

/* Many mailboxes with names as long as can be, shared with everybody. */
static void
share_much(uint64_t owner)
{
	TEXT_AUTO rows = TEXT_INIT(SHARES_BYTES);
	char name[SHARE_NAME_MOST + 1];

	for (unsigned page = 0; page < 3; page++) {
		text_clear(&rows);
		for (unsigned i = 0; i < 300; i++) {
			(void)snprintf(name, sizeof(name), "%0*u",
			    SHARE_NAME_MOST, page * 300 + i);
			row(&rows, name, SHARES_ANYONE, false, 3);
		}
		ck_assert(!text_failed(&rows));
		ck_assert_int_eq(policy_shares_set(policy, owner, page > 0,
		    text_slice(&rows)), 0);
	}
}

START_TEST(who_shares_much_hides_nobody)
{
	TEXT_AUTO rows = TEXT_INIT(4096);
	TEXT_AUTO body = TEXT_INIT(SHARES_BYTES);
	unsigned much = 0, little = 0;
	struct share share;
	struct unpack u;
	bool is_cut;

	share_much(ann.id);
	for (const char *name = "vwxyz"; *name != '\0'; name++)
		row(&rows, name, ben.id, false, 3);
	ck_assert_int_eq(policy_shares_set(policy, shelf.id, false,
	    text_slice(&rows)), 0);
	ck_assert_int_eq(policy_shares_with(policy, ben.id, &body, &is_cut),
	    0);
	ck_assert(is_cut);
	u = unpack_of(text_slice(&body));
	while (u.rest.len > 0) {
		ck_assert_int_eq(share_unpack(&u, &share), 0);
		much += share.owner == ann.id;
		little += share.owner == shelf.id;
	}
	ck_assert_uint_eq(little, 5);
	ck_assert_uint_gt(much, 300);
	ck_share_from(shelf.id, "shelf@office.test");
	ck_share_from(ann.id, "ann@office.test");
}
END_TEST

START_TEST(nobody_logs_in_to_a_public_account)
{
	struct password_secret secret;
	struct policy_account a;

	ck_assert_int_eq(policy_account_find(policy, slice_str("shelf"), &a),
	    0);
	ck_assert_uint_eq(a.id, shelf.id);
	ck_assert_int_eq(policy_login(policy, slice_str("shelf"), &a,
	    &secret), -ENOENT);
	ck_assert_int_eq(policy_login(policy, slice_str("ben"), &a, &secret),
	    0);
}
END_TEST

Suite *
unit_suite(void)
{
	TCase *tcase = tcase_create("shares");
	Suite *suite = suite_create("shares");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
	    everybody_is_told_what_is_theirs_and_nothing_else);
	tcase_add_test(tcase,
	    what_an_owner_says_takes_the_place_of_what_they_said);
	tcase_add_test(tcase,
	    who_is_asked_for_by_name_tells_one_share_or_none);
	tcase_add_test(tcase, who_shares_much_hides_nobody);
	tcase_add_test(tcase, nobody_logs_in_to_a_public_account);
	suite_add_tcase(suite, tcase);
	return suite;
}
