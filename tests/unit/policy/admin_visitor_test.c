/*
 * admin_visitor_test.c - who is kept out is listed, and can be forgiven
 */
#include "lib/base/loop.h"
#include "tests/unit/policy/admin_scene.h"

#define NOW	UINT64_C(5000000)

static struct greylist *greylist;	/* or NULL */

/* As answer_to(), with those that are kept out. */
static void
ask_about(struct blocks *blocks, const char *line, struct text *answer,
    char forgiven_out[BLOCK_NET_SIZE])
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	text_clear(answer);
	ck_assert_int_eq(admin_read_own(slice_str(line), slice_of(NULL, 0),
	    &request, &packed, &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed),
	    1795300000000), 0);
	work.blocks = blocks;
	work.greylist = greylist;
	admin_end(&work, admin_hash(&work), policy, &rows);
	memcpy(forgiven_out, work.forgiven, BLOCK_NET_SIZE);
	ck_assert_int_eq(admin_answer_write(request, text_slice(&rows),
	    LANGUAGE_EN, answer), 0);
	text_add_byte(answer, '\0');
}

#define LIST	"{\"request\": \"visitor list\"}"
#define FORGIVE	"{\"request\": \"visitor forgive\", \"args\": " \
	"{\"net\": \"192.0.2.1\"}}"

START_TEST(who_is_out_is_listed_until_forgiven)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	struct blocks *blocks = blocks_new();
	char forgiven[BLOCK_NET_SIZE];
	struct block begun[2];

	clock_set(NOW, 1795300000000);
	ck_assert_uint_eq(blocks_earned(blocks, "192.0.2.1", BLOCK_UNKNOWN,
	    600000, NOW, begun), 1);
	ask_about(blocks, LIST, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": "
	    "[{\"net\": \"192.0.2.1\", \"until\": 1795300600000, "
	    "\"times\": 1, \"reason\": "
	    "\"it asked for too many unknown recipients\"}]}");
	ck_assert_str_eq(forgiven, "");
	ask_about(blocks, FORGIVE, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": "
	    "[{\"net\": \"192.0.2.1\"}]}");
	ck_assert_str_eq(forgiven, "192.0.2.1");
	ask_about(blocks, LIST, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
	ask_about(blocks, FORGIVE, &answer, forgiven);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"no-such\""));
	ck_assert_str_eq(forgiven, "");
	blocks_free(blocks);
}
END_TEST

#define GREY	"{\"request\": \"visitor grey\"}"

static enum grey
knock(const char *net, const char *sender, int64_t now)
{
	return greylist_ask(greylist, slice_str(net), slice_str(sender),
	    slice_str("ann@office.test"), 1000, now);
}

START_TEST(who_waits_is_listed_before_who_is_known)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	const int64_t now = 1795299990000;
	char forgiven[BLOCK_NET_SIZE];

	ask_about(NULL, GREY, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
	greylist = greylist_new();
	ck_assert_int_eq(knock("192.0.2.0/24", "a@b.example", now), GREY_NEW);
	ck_assert_int_eq(knock("192.0.2.0/24", "a@b.example", now + 1000),
	    GREY_COMES);
	ck_assert_int_eq(knock("198.51.100.0/24", "", now + 2000), GREY_NEW);
	ck_assert_int_eq(knock("198.51.100.0/24", "c@d.example", now + 3000),
	    GREY_NEW);
	ask_about(NULL, GREY, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": "
	    "[{\"net\": \"198.51.100.0/24\", \"state\": \"waiting\", "
	    "\"waiting\": 2, \"known\": 0, \"since\": 1795299992000, "
	    "\"sender\": \"\", \"recipient\": \"ann@office.test\"}, "
	    "{\"net\": \"192.0.2.0/24\", \"state\": \"known\", "
	    "\"waiting\": 0, \"known\": 1, \"since\": 1795299991000, "
	    "\"sender\": \"a@b.example\", "
	    "\"recipient\": \"ann@office.test\"}]}");
	greylist_free(greylist);
	greylist = NULL;
}
END_TEST

START_TEST(without_a_hub_nobody_is_out)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	char forgiven[BLOCK_NET_SIZE];

	ask_about(NULL, LIST, &answer, forgiven);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
	ask_about(NULL, FORGIVE, &answer, forgiven);
	ck_assert_ptr_nonnull(strstr(answer.at, "\"no-such\""));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("admin_visitor");
	TCase *tcase = tcase_create("admin_visitor");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_is_out_is_listed_until_forgiven);
	tcase_add_test(tcase, who_waits_is_listed_before_who_is_known);
	tcase_add_test(tcase, without_a_hub_nobody_is_out);
	suite_add_tcase(suite, tcase);
	return suite;
}
