/*
 * smarthosts_test.c - the hosts by which some people's mail leaves
 */
#include "policy/smarthosts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/ways.h"
#include "tests/unit/unit.h"

#define ANN	7

static const struct seal_key key = { "thirty-two bytes of a secret key" };
static char folder[64];
static int folder_fd;
static struct policy *policy;

static void
set_up(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/smarthosts_test.XXXXXX");
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
put(const char *name, uint64_t account, const char *user, const char *secret)
{
	struct smarthost smarthost = { .account = account, .port = 587,
	    .host = "smtp.isp.test", .tls = SMARTHOST_STARTTLS };

	ck_assert_int_eq(slice_cstr(slice_str(name), smarthost.name,
	    sizeof(smarthost.name)), 0);
	ck_assert_int_eq(slice_cstr(slice_str(user), smarthost.user,
	    sizeof(smarthost.user)), 0);
	return policy_smarthost_put(policy, &key, &smarthost,
	    slice_str(secret));
}

static const struct {
	const char	*typed, *host;	/* NULL: it is none */
	unsigned	 port;
} hosts[] = {
	{ "smtp.isp.test:587", "smtp.isp.test", 587 },
	{ "SMTP.Isp.Test:1", "smtp.isp.test", 1 },
	{ "192.0.2.1:25", "192.0.2.1", 25 },
	{ "[2001:DB8::1]:25", "2001:db8::1", 25 },
	{ "2001:db8::1:25", NULL, 0 },
	{ "smtp.isp.test", NULL, 0 },
	{ "smtp.isp.test:", NULL, 0 },
	{ "smtp.isp.test:0", NULL, 0 },
	{ "smtp.isp.test:65536", NULL, 0 },
	{ "smtp isp.test:25", NULL, 0 },
	{ ":25", NULL, 0 },
	{ "", NULL, 0 },
	{ "a\r\nb:25", NULL, 0 },
};

START_TEST(a_host_has_its_port)
{
	struct smarthost smarthost = { .port = 77 };
	int r = smarthost_host(slice_str(hosts[_i].typed), &smarthost);

	ck_assert_int_eq(r, hosts[_i].host == NULL ? -EINVAL : 0);
	ck_assert_str_eq(smarthost.host, r < 0 ? "" : hosts[_i].host);
	ck_assert_uint_eq(smarthost.port, r < 0 ? 77 : hosts[_i].port);
}
END_TEST

START_TEST(the_password_is_sealed_for_its_name)
{
	char secret[SMARTHOST_SECRET_SIZE];
	struct seal_key other = key;

	ck_assert_int_eq(put("office.test", 0, "office", "a secret"), 0);
	ck_assert_int_eq(put("open.test", 0, "", ""), 0);
	ck_assert_int_eq(policy_smarthost_secret(policy, &key,
	    slice_str("office.test"), secret), 0);
	ck_assert_str_eq(secret, "a secret");
	ck_assert_int_eq(policy_smarthost_secret(policy, &key,
	    slice_str("open.test"), secret), 0);
	ck_assert_str_eq(secret, "");
	other.bytes[0] ^= 1;
	ck_assert_int_eq(policy_smarthost_secret(policy, &other,
	    slice_str("office.test"), secret), -EBADMSG);
	ck_assert_int_eq(policy_smarthost_secret(policy, &key,
	    slice_str("far.test"), secret), -ENOENT);
	/* another one takes its place, with nothing of it left */
	ck_assert_int_eq(put("office.test", 0, "", ""), 0);
	ck_assert_int_eq(policy_smarthost_secret(policy, &key,
	    slice_str("office.test"), secret), 0);
	ck_assert_str_eq(secret, "");
	ck_assert_int_eq(policy_smarthost_remove(policy,
	    slice_str("office.test")), 0);
	ck_assert_int_eq(policy_smarthost_remove(policy,
	    slice_str("office.test")), -ENOENT);
}
END_TEST

static const struct {
	const char	*user, *secret;
} unfit[] = {
	{ "office", "" },
	{ "", "a secret" },
	{ "off\nice", "a secret" },
	{ "office", "a\r\nsecret" },
};

/* HARDENING A56: neither ends a line that is said there. */
START_TEST(a_login_is_a_name_and_a_password)
{
	ck_assert_int_eq(put("office.test", 0, unfit[_i].user,
	    unfit[_i].secret), -EINVAL);
}
END_TEST

static const struct {
	const char	*sender;
	uint64_t	 account;
	const char	*way;		/* NULL: none */
} senders[] = {
	{ "ann@office.test", ANN, "ann@office.test" },
	{ "Ann@Office.TEST", ANN, "ann@office.test" },
	{ "ann+list+x@office.test", ANN, "ann@office.test" },
	{ "\"ann\"@office.test", ANN, "ann@office.test" },
	{ "ann@office.test", ANN + 1, "office.test" },
	{ "ann@office.test", 0, "office.test" },
	{ "+ann@office.test", ANN, "office.test" },
	{ "info@office.test", ANN, "office.test" },
	{ "ann@far.test", ANN, NULL },
	{ "ann@x.office.test", ANN, NULL },
	{ "office.test", ANN, NULL },
	{ "", ANN, NULL },
	{ "@office.test", ANN, NULL },
};

/* The keeper and the queue say the same. */
START_TEST(a_sender_has_that_of_the_account_or_of_the_domain)
{
	ARENA_AUTO arena = arena_new(64 * 1024);
	TEXT_AUTO packed = TEXT_INIT(4096);
	struct slice sender = slice_str(senders[_i].sender);
	const struct way *way;
	struct ways ways;
	bool has;

	ck_assert_int_eq(put("office.test", 0, "", ""), 0);
	ck_assert_int_eq(put("ann@office.test", ANN, "a", "b"), 0);
	ck_assert_int_eq(put("zzz.test", 0, "", ""), 0);
	ck_assert_int_eq(policy_smarthosts_pack(policy, &packed), 0);
	ck_assert_int_eq(ways_unpack(arena, text_slice(&packed), &ways), 0);
	ck_assert_uint_eq(ways.count, 3);
	way = ways_find(&ways, senders[_i].account, sender);
	ck_assert_int_eq(policy_smarthost_has(policy, senders[_i].account,
	    sender, &has), 0);
	ck_assert_int_eq(has, senders[_i].way != NULL);
	ck_assert_int_eq(way != NULL, has);
	if (has)
		ck_assert(slice_is_str(way->name, senders[_i].way));
}
END_TEST

START_TEST(there_are_not_more_than_the_queue_is_told)
{
	char name[64];

	for (unsigned i = 0; i < SMARTHOSTS_MOST; i++) {
		(void)snprintf(name, sizeof(name), "d%04u.test", i);
		ck_assert_int_eq(put(name, 0, "", ""), 0);
	}
	ck_assert_int_eq(put("one-more.test", 0, "", ""), -EDQUOT);
	ck_assert_int_eq(put("d0000.test", 0, "a", "b"), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smarthosts");
	TCase *tests = tcase_create("smarthosts");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, a_host_has_its_port, 0,
	    sizeof(hosts) / sizeof(hosts[0]));
	tcase_add_test(tests, the_password_is_sealed_for_its_name);
	tcase_add_loop_test(tests, a_login_is_a_name_and_a_password, 0,
	    sizeof(unfit) / sizeof(unfit[0]));
	tcase_add_loop_test(tests,
	    a_sender_has_that_of_the_account_or_of_the_domain, 0,
	    sizeof(senders) / sizeof(senders[0]));
	tcase_add_test(tests, there_are_not_more_than_the_queue_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
