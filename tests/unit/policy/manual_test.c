/*
 * manual_test.c - postroom.conf(5) lists the options that there are
 *
 * The list in the manual is what config_manual() writes, with the folders of a
 * build that configure was not told about.  The tests run in the top folder.
 */
#include <config.h>
#include <stdio.h>
#include <string.h>

#include "policy/config.h"
#include "tests/unit/unit.h"

#define MANUAL		"man/postroom.conf.5"
#define MANUAL_BYTES	(256u * 1024)
#define ITEM		".It Ic "
#define LIST		".Bl -tag -width Ds"

/* Folders of this build, and as the manual names them. */
static const struct {
	const char	*built;
	const char	*named;
} folders[] = {
	{ POSTROOM_SYSCONFDIR,	"/etc/postroom" },
	{ POSTROOM_STATEDIR,	"/var/lib/postroom" },
	{ POSTROOM_RUNDIR,	"/run/postroom" },
};

#define FOLDERS	(sizeof(folders) / sizeof(folders[0]))

static void
read_manual(struct text *manual)
{
	FILE *file = fopen(MANUAL, "r");
	char block[4096];
	size_t n;

	ck_assert_msg(file != NULL, "%s cannot be read", MANUAL);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		text_add(manual, slice_of(block, n));
	ck_assert_int_eq(fclose(file), 0);
	ck_assert(!text_failed(manual));
}

/* Add `line`, a folder of this build at its quoted start renamed. */
static void
add_line(struct text *text, struct slice line)
{
	static const char quoted[] = ".Ql ";
	struct slice path = slice_after(line, sizeof(quoted) - 1);

	for (size_t i = 0; slice_has_prefix(line, quoted) && i < FOLDERS; i++) {
		if (!slice_has_prefix(path, folders[i].built))
			continue;
		text_addf(text, "%s%s", quoted, folders[i].named);
		line = slice_after(path, strlen(folders[i].built));
		break;
	}
	text_add(text, line);
	text_add_byte(text, '\n');
}

/* The option list that the manual should have. */
static void
want_list(struct text *want)
{
	TEXT_AUTO made = TEXT_INIT(MANUAL_BYTES);
	struct slice rest, line;

	config_manual(&made);
	for (rest = text_slice(&made); slice_cut(&rest, '\n', &line); )
		add_line(want, line);
	ck_assert_uint_eq(rest.len, 0);
	ck_assert(!text_failed(want));
}

START_TEST(the_manual_has_the_option_list_of_the_table)
{
	TEXT_AUTO manual = TEXT_INIT(MANUAL_BYTES);
	TEXT_AUTO want = TEXT_INIT(MANUAL_BYTES);
	struct slice rest, first, line, here, is;
	size_t at;

	read_manual(&manual);
	want_list(&want);
	rest = text_slice(&want);
	ck_assert(slice_cut(&rest, '\n', &first));
	at = slice_find_str(text_slice(&manual), LIST);
	ck_assert_uint_ne(at, SIZE_MAX);
	ck_assert(slice_is_str(first, LIST));
	here = slice_after(text_slice(&manual), at + sizeof(LIST));
	while (slice_cut(&rest, '\n', &line)) {
		ck_assert(slice_cut(&here, '\n', &is));
		ck_assert_msg(slice_is(is, line),
		    "%s should have \"%.*s\" where it has \"%.*s\"", MANUAL,
		    SLICE_FMT(line), SLICE_FMT(is));
	}
}
END_TEST

/* How often an item of this option stands in the manual. */
static unsigned
count_item(struct slice manual, struct slice name)
{
	struct slice line, head;
	unsigned count = 0;

	while (slice_cut(&manual, '\n', &line)) {
		if (!slice_has_prefix(line, ITEM))
			continue;
		line = slice_after(line, strlen(ITEM));
		if (!slice_cut(&line, ' ', &head))
			head = line;
		count += head.len == name.len &&
		    memcmp(head.at, name.at, name.len) == 0;
	}
	return count;
}

static unsigned
count_items(struct slice manual)
{
	struct slice line;
	unsigned count = 0;

	while (slice_cut(&manual, '\n', &line))
		count += slice_has_prefix(line, ITEM);
	return count;
}

START_TEST(the_manual_has_every_option_once_and_no_other)
{
	TEXT_AUTO manual = TEXT_INIT(MANUAL_BYTES);
	TEXT_AUTO shown = TEXT_INIT(MANUAL_BYTES);
	TEXT_AUTO faults = TEXT_INIT(1024);
	struct config config;
	struct slice rest, line, name;
	unsigned options = 0;

	read_manual(&manual);
	ck_assert_int_eq(config_parse(slice_str(""), "default", &config,
	    &faults), 0);
	config_show(&config, &shown);
	for (rest = text_slice(&shown); slice_cut(&rest, '\n', &line); ) {
		if (slice_has_prefix(line, "#") ||
		    !slice_cut(&line, ' ', &name))
			continue;
		ck_assert_msg(count_item(text_slice(&manual), name) == 1,
		    "%s: %.*s", MANUAL, SLICE_FMT(name));
		options++;
	}
	ck_assert_uint_gt(options, 0);
	/* and listen, of which a default configuration has none */
	ck_assert_uint_eq(count_item(text_slice(&manual), slice_str("listen")),
	    1);
	ck_assert_uint_eq(count_items(text_slice(&manual)), options + 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("manual");
	TCase *tcase = tcase_create("manual");

	tcase_add_test(tcase, the_manual_has_the_option_list_of_the_table);
	tcase_add_test(tcase, the_manual_has_every_option_once_and_no_other);
	suite_add_tcase(suite, tcase);
	return suite;
}
