/*
 * admin_line_test.c - what the line has carried, as the console asks for it
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "policy/admin_json.h"
#include "policy/line_book.h"
#include "tests/unit/unit.h"

#define MONTH	202611
#define ALL	(LINE_CAUSES + LINE_SAVINGS)	/* rows of one account */

static char		 folder[64];
static int		 folder_fd;
static struct policy	*policy;

static void
setup(void)
{
	unsigned needs;

	strcpy(folder, "/tmp/admin_line_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(policy_open(folder_fd, false, &policy, &needs), 0);
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

/* Every figure of that account is another one. */
static void
carry(uint64_t account)
{
	struct line_counts counts = { .moved = { 0 } };
	uint64_t n = account * 1000;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		counts.carried[i].received = ++n;
		counts.carried[i].sent = ++n;
	}
	for (unsigned i = 0; i < LINE_SAVINGS; i++) {
		counts.saved[i].bytes = ++n;
		counts.saved[i].messages = ++n;
	}
	ck_assert_int_eq(policy_line_begin(policy), 0);
	ck_assert_int_eq(policy_line_end(policy, policy_line_add(policy,
	    MONTH, account, &counts)), 0);
}

/* The answer; the caller's to let go. */
static json_t *
report(const char *args)
{
	TEXT_AUTO line = TEXT_INIT(1024);
	TEXT_AUTO packed = TEXT_INIT(ADMIN_LINE_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	TEXT_AUTO answer = TEXT_INIT(4 << 20);
	const struct admin_request *request;
	struct admin_work work;
	const char *why;
	json_t *object;

	text_addf(&line, "{\"request\": \"line report\", \"args\": {%s}}",
	    args);
	ck_assert_int_eq(admin_read_own(text_slice(&line),
	    slice_of(NULL, 0), &request, &packed, &why), 0);
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed),
	    1795300000000), 0);
	admin_end(&work, admin_hash(&work), policy, &rows);
	ck_assert(!text_failed(&rows));
	ck_assert_int_eq(admin_answer_write(request, text_slice(&rows),
	    LANGUAGE_EN, &answer), 0);
	object = json_loadb(answer.at, answer.len, 0, NULL);
	ck_assert_ptr_nonnull(object);
	return object;
}

static bool
has(const json_t *row, const char *name, const char *words)
{
	return strcmp(json_string_value(json_object_get(row, name)),
	    words) == 0;
}

static uint64_t
number(const json_t *row, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(row, name));
}

START_TEST(each_figure_has_its_row)
{
	json_t *answer, *rows;
	uint64_t n = 7000;

	carry(7);
	answer = report("\"month\": 202611");
	rows = json_object_get(answer, "result");
	ck_assert_uint_eq(json_array_size(rows), ALL);
	for (unsigned i = 0; i < ALL; i++) {
		const json_t *row = json_array_get(rows, i);
		bool saved = i >= LINE_CAUSES;

		ck_assert(has(row, "what", saved ? "saved" : "carried"));
		ck_assert(has(row, "cause", saved ?
		    line_saving_code(i - LINE_CAUSES) : line_cause_code(i)));
		ck_assert_uint_eq(number(row, "received"), ++n);
		ck_assert_uint_eq(number(row, "sent"), ++n);
		ck_assert(has(row, "more", "no"));
	}
	json_decref(answer);
}
END_TEST

/* What is nothing has no row, and a month of nothing has none at all. */
START_TEST(what_is_nothing_is_not_told)
{
	struct line_counts counts = { .moved = { 0 } };
	json_t *answer;

	counts.carried[LINE_MAIL].received = 5;
	ck_assert_int_eq(policy_line_begin(policy), 0);
	ck_assert_int_eq(policy_line_end(policy, policy_line_add(policy,
	    MONTH, 3, &counts)), 0);
	answer = report("\"month\": 202611");
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "result")),
	    1);
	json_decref(answer);
	answer = report("\"month\": 202612");
	ck_assert_uint_eq(json_array_size(json_object_get(answer, "result")),
	    0);
	json_decref(answer);
}
END_TEST

/* Page after page, each account whole in one of them. */
START_TEST(many_accounts_come_in_pages)
{
	char args[80] = "\"month\": 202611";
	unsigned pages = 0, rows_told = 0;
	uint64_t last = 0;
	bool more = true;

	for (uint64_t account = 1; account <= 120; account++)
		carry(account);
	while (more) {
		json_t *answer = report(args), *row = NULL;
		json_t *rows = json_object_get(answer, "result");
		size_t i;

		json_array_foreach(rows, i, row) {
			uint64_t id = number(row, "id");

			ck_assert(id == last || (i % ALL == 0 &&
			    id == last + 1));
			last = id;
			more = has(row, "more", "yes");
			ck_assert(!more || i + 1 == json_array_size(rows));
		}
		ck_assert_uint_eq(json_array_size(rows) % ALL, 0);
		rows_told += (unsigned)json_array_size(rows);
		(void)snprintf(args, sizeof(args),
		    "\"month\": 202611, \"from\": %llu",
		    (unsigned long long)last + 1);
		ck_assert_uint_lt(++pages, 20);
		json_decref(answer);
	}
	ck_assert_uint_gt(pages, 1);
	ck_assert_uint_eq(rows_told, 120 * ALL);
}
END_TEST

static const char *const unfit[] = {
	"\"month\": 0", "\"month\": 202613", "\"month\": 99999999",
};

START_TEST(what_is_no_month_is_refused)
{
	json_t *answer = report(unfit[_i]);

	ck_assert(json_is_false(json_object_get(answer, "ok")));
	ck_assert_ptr_nonnull(json_object_get(answer, "field"));
	json_decref(answer);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("admin_line");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, each_figure_has_its_row);
	tcase_add_test(all, what_is_nothing_is_not_told);
	tcase_add_test(all, many_accounts_come_in_pages);
	tcase_add_loop_test(all, what_is_no_month_is_refused, 0,
	    (int)(sizeof(unfit) / sizeof(*unfit)));
	suite_add_tcase(suite, all);
	return suite;
}
