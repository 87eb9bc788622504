/*
 * undo_trail_test.c - what a rule did is gathered from the history
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "programs/undo.h"
#include "queue/trail.h"
#include "tests/unit/unit.h"

#define ANN	7
#define BOB	8
#define DAY	"2026-11-21"
#define FILED	"rule \\\"bills\\\" (office.rule:3) marked it: for the " \
		"mailbox Bills"

static char folder[PATH_MAX];
static struct cli cli;
static struct undo undo;

/* An office whose history has these lines. */
static void
gather(const char *const *lines, size_t count)
{
	char path[PATH_MAX + 64];
	FILE *file;

	strcpy(folder, "/tmp/undo_trail_test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/queue", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/queue/trail", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/queue/trail/" DAY, folder);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(file, "%s\n", lines[i]);
	ck_assert_int_eq(fclose(file), 0);
	(void)snprintf(cli.config.data_dir, sizeof(cli.config.data_dir), "%s",
	    folder);
	undo = (struct undo){ .cli = &cli, .rule = slice_str("bills"),
	    .wheres = TEXT_INIT(4096) };
	ck_assert_int_eq(undo_gather(&undo), CLI_OK);
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(path, sizeof(path), "%s/queue/trail", folder);
	ck_assert_int_eq(rmdir(path), 0);
	(void)snprintf(path, sizeof(path), "%s/queue", folder);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

static void
drop(void)
{
	free(undo.items);
	free(undo.deliveries);
	text_free(&undo.wheres);
}

#define ID	"06gywnjy02nf1qp7"
#define LINE(at, id, step, rest) "{\"at\":\"" DAY "T" at "Z\",\"id\":\"" id \
		"\",\"step\":\"" step "\"," rest "}"
#define CAME(at, account) LINE(at, ID, "delivered", "\"account\":" account)

/* What bob did with his is not told by when ann got hers. */
START_TEST(each_account_has_its_own_first_delivery)
{
	static const char *const lines[] = {
		CAME("09:00:00.000", "9"),	/* not by the rule: before */
		LINE("10:00:00.000", ID, "judged", "\"detail\":\"" FILED "\""),
		CAME("10:00:01.000", "7"),
		CAME("14:00:00.000", "8"),
		CAME("15:30:00.000", "7"),	/* told again after a crash */
		LINE("16:00:00.000", "06gywnjy02nf1qp8", "delivered",
		    "\"account\":7"),
	};
	struct message_id id, other;

	ck_assert_int_eq(message_id_read(slice_str(ID), &id), 0);
	ck_assert_int_eq(message_id_read(slice_str("06gywnjy02nf1qp8"),
	    &other), 0);
	gather(lines, sizeof(lines) / sizeof(lines[0]));
	ck_assert_uint_eq(undo.count, 1);
	ck_assert_str_eq(undo_where(&undo, &undo.items[0]), "Bills");
	ck_assert_int_eq(undo_delivered(&undo, &id, ANN),
	    trail_utc_ms(DAY "T10:00:01.000Z"));
	ck_assert_int_eq(undo_delivered(&undo, &id, BOB),
	    trail_utc_ms(DAY "T14:00:00.000Z"));
	ck_assert_int_eq(undo_delivered(&undo, &id, 10), 0);
	ck_assert_int_eq(undo_delivered(&undo, &other, ANN), 0);
	drop();
}
END_TEST

START_TEST(nothing_is_known_of_what_no_rule_filed)
{
	static const char *const lines[] = { CAME("10:00:01.000", "7") };
	struct message_id id;

	ck_assert_int_eq(message_id_read(slice_str(ID), &id), 0);
	gather(lines, 1);
	ck_assert_uint_eq(undo.count, 0);
	ck_assert_int_eq(undo_delivered(&undo, &id, ANN), 0);
	drop();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("undo_trail");
	TCase *tests = tcase_create("undo_trail");

	tcase_add_test(tests, each_account_has_its_own_first_delivery);
	tcase_add_test(tests, nothing_is_known_of_what_no_rule_filed);
	suite_add_tcase(suite, tests);
	return suite;
}
