/*
 * admin_test.c - a console request does what its row says, from JSON to JSON
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/admin_json.h"
#include "tests/unit/unit.h"

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;

static void
setup(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/admin_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
	ck_assert_int_eq(policy_domain_add(policy, slice_str("office.test"),
	    1), 0);
}

static void
teardown(void)
{
	policy_close(policy);
	unlinkat(folder_fd, POLICY_FILE, 0);
	unlinkat(folder_fd, POLICY_FILE "-wal", 0);
	unlinkat(folder_fd, POLICY_FILE "-shm", 0);
	close(folder_fd);
	rmdir(folder);
}

/* The whole way of one line, but for the sockets. */
static void
answer_to(const char *line, struct text *answer)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	text_clear(answer);
	ck_assert_int_eq(admin_read(slice_str(line), &request, &packed, &why),
	    0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed),
	    1795300000000), 0);
	admin_end(&work, admin_hash(&work), policy, &rows);
	ck_assert_int_eq(admin_answer_write(request, text_slice(&rows),
	    LANGUAGE_EN, answer), 0);
	text_add_byte(answer, '\0');
}

#define ADD(address, password) "{\"request\": \"account add\", \"args\": " \
	"{\"address\": \"" address "\", \"password\": \"" password "\"}}"

START_TEST(an_account_is_added_changed_listed_and_removed)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);
	static const char row[] = "[{\"account\": 1, \"address\": "
	    "\"ann@office.test\", \"name\": \"Ann\", \"language\": \"id\", "
	    "\"created\": 1795300000000}]}";
	char hash[PASSWORD_HASH_SIZE];
	struct policy_account a;

	answer_to(ADD("Ann@Office.Test", "correct horse"), &answer);
	ck_assert_int_eq(strncmp(answer.at, "{\"ok\": true", 11), 0);
	answer_to("{\"request\": \"account set\", \"args\": {\"address\": "
	    "\"ann\", \"name\": \"Ann\", \"language\": \"id\", "
	    "\"password\": \"another horse\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	ck_assert_int_eq(policy_login(policy, slice_str("ann"), &a, hash), 0);
	ck_assert(password_is(slice_str("another horse"), hash));
	answer_to("{\"request\": \"account list\"}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	answer_to("{\"request\": \"account remove\", \"args\": "
	    "{\"address\": \"ann\"}}", &answer);
	ck_assert_ptr_nonnull(strstr(answer.at, row));
	answer_to("{\"request\": \"account list\"}", &answer);
	ck_assert_str_eq(answer.at, "{\"ok\": true, \"result\": []}");
}
END_TEST

static const struct {
	const char	*line;
	const char	*error;		/* and the field */
} refusals[] = {
	{ ADD("ann@example.com", "correct horse"),
	  "\"no-such\", \"field\": \"address\"" },
	{ ADD("bob@office.test", "correct horse"),
	  "\"exists\", \"field\": \"address\"" },
	{ ADD("ann", "correct horse"), "\"unfit\", \"field\": \"address\"" },
	{ ADD("ann@office.test", ""),
	  "\"unfit\", \"field\": \"password\"" },
	{ ADD("ann@office.test", "line\\nbreaks"),
	  "\"unfit\", \"field\": \"password\"" },
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"language\": \"xx\"}}", "\"unfit\", \"field\": \"language\"" },
	{ "{\"request\": \"account set\", \"args\": {\"address\": \"bob\", "
	  "\"name\": \"a\\tb\"}}", "\"unfit\", \"field\": \"name\"" },
	{ "{\"request\": \"account remove\", \"args\": {\"address\": "
	  "\"zoe\"}}", "\"no-such\", \"field\": \"address\"" },
};

START_TEST(a_refusal_names_its_reason_and_field)
{
	TEXT_AUTO answer = TEXT_INIT(64 * 1024);

	answer_to(ADD("bob@office.test", "correct horse"), &answer);
	answer_to(refusals[_i].line, &answer);
	ck_assert_msg(strstr(answer.at, refusals[_i].error) != NULL, "%s",
	    answer.at);
	ck_assert_int_eq(strncmp(answer.at, "{\"ok\": false", 12), 0);
}
END_TEST

static const char *const no_requests[] = {
	"", "x", "[]", "{}", "null", "{\"request\": 1}",
	"{\"request\": \"account\"}",
	"{\"request\": \"account add\"}",		/* required */
	"{\"request\": \"account add\", \"args\": []}",
	"{\"request\": \"account list\", \"args\": {\"x\": \"y\"}}",
	"{\"request\": \"account remove\", \"args\": {\"address\": 1}}",
	"{\"request\": \"account remove\", \"args\": {\"address\": null}}",
	"{\"request\": \"account list\", \"request\": \"account list\"}",
	"{\"request\": \"account list\"} {}",
	"{\"request\": \"account remove\", \"args\": {\"address\": \"\xff\"}}",
};

START_TEST(what_is_no_request_is_refused)
{
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	const struct admin_request *request;
	const char *why = NULL;

	ck_assert_int_eq(admin_read(slice_str(no_requests[_i]), &request,
	    &packed, &why), -EINVAL);
	ck_assert_ptr_nonnull(why);
}
END_TEST

START_TEST(a_written_request_reads_back)
{
	const char *values[ADMIN_ARGS] = { "a\"b\\@x", NULL, "id", "p\xc3\xa4" };
	TEXT_AUTO line = TEXT_INIT(4096), packed = TEXT_INIT(4096);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;

	admin_write(admin_find(slice_str("account add")), values, &line);
	ck_assert_int_eq(admin_read(text_slice(&line), &request, &packed,
	    &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	ck_assert(slice_is_str(work.args[0], values[0]));
	ck_assert(!work.given[1]);
	ck_assert(slice_is_str(work.args[2], "id"));
	ck_assert(slice_is_str(work.args[3], values[3]));
}
END_TEST

START_TEST(every_row_is_whole)
{
	const struct admin_request *r;
	unsigned n = 0;

	for (; (r = admin_at(n)) != NULL; n++) {
		ck_assert_ptr_eq(admin_find(slice_str(r->name)), r);
		ck_assert_uint_eq(admin_number(r), n);
		ck_assert_uint_ne(r->who, 0);
		ck_assert_ptr_nonnull(r->columns[0].name);
		ck_assert((r->answers == ROLE_KEEPER) == (r->handler != NULL));
	}
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(a_cut_answer_is_a_breach)
{
	TEXT_AUTO answer = TEXT_INIT(4096), line = TEXT_INIT(64 * 1024);
	const struct admin_request *list = admin_find(slice_str("status"));

	pack_u8(&answer, ADMIN_OK);
	pack_u8(&answer, ADMIN_NO_FIELD);
	pack_u32(&answer, 1);
	pack_slice(&answer, slice_str("queue"));
	pack_slice(&answer, slice_str("waiting"));
	pack_slice(&answer, slice_str("3"));
	for (size_t len = 0; len < answer.len; len++) {
		text_clear(&line);
		ck_assert_int_eq(admin_answer_write(list, slice_first(
		    text_slice(&answer), len), LANGUAGE_EN, &line), -EBADMSG);
	}
	text_clear(&line);
	ck_assert_int_eq(admin_answer_write(list, text_slice(&answer),
	    LANGUAGE_EN, &line), 0);
	ck_assert(slice_is_str(text_slice(&line), "{\"ok\": true, \"result\": "
	    "[{\"part\": \"queue\", \"figure\": \"waiting\", "
	    "\"value\": \"3\"}]}"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("policy/admin");
	TCase *tests = tcase_create("admin");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_account_is_added_changed_listed_and_removed);
	tcase_add_loop_test(tests, a_refusal_names_its_reason_and_field, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_loop_test(tests, what_is_no_request_is_refused, 0,
	    sizeof(no_requests) / sizeof(no_requests[0]));
	tcase_add_test(tests, a_written_request_reads_back);
	tcase_add_test(tests, every_row_is_whole);
	tcase_add_test(tests, a_cut_answer_is_a_breach);
	suite_add_tcase(suite, tests);
	return suite;
}
