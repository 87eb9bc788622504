/*
 * trail_test.c - every step is found again, whatever its words are
 */
#include "queue/trail.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/dot.h"
#include "queue/trail_find.h"
#include "tests/unit/queue/scratch.h"

#define NOON_UTC_MS	INT64_C(1795262400000)	/* 2026-11-21T12:00:00Z */
#define DAY_MS		INT64_C(86400000)
#define TODAY		"2026-11-21"

static const struct message_id id = { "idnumber-1" };
static const struct message_id other = { "idnumber-2" };

static struct scratch scratch;
static struct loop *loop;
static struct trail *trail;
static unsigned faults, recoveries;

static void
on_fault(void *arg, int fault)
{
	(void)arg;
	if (fault == 0)
		recoveries++;
	else
		faults++;
}

static void
reopen(void)
{
	trail_close(trail);
	ck_assert_int_eq(trail_open(scratch.fd, loop, 7, on_fault, NULL,
	    &trail), 0);
}

static void
setup(void)
{
	scratch = scratch_new();
	loop = loop_new();
	trail = NULL;
	faults = recoveries = 0;
	reopen();
}

static void
teardown(void)
{
	trail_close(trail);
	loop_free(loop);
	scratch_drop(&scratch);
}

static struct trail_step
step_of(const struct message_id *name, enum trail_word word, int64_t at)
{
	struct trail_step step = { .at_utc_ms = at, .id = *name,
	    .word = word };

	return step;
}

/* Finding */

struct found {
	unsigned		count;
	struct message_id	id[32];
	enum trail_word		word[32];
	char			at[32][TRAIL_AT_CHARS];
	char			subject[32][1024];
};

static int
on_line(void *arg, const struct trail_line *line)
{
	struct found *found = arg;
	unsigned n = found->count++;

	ck_assert_uint_lt(n, 32);
	found->id[n] = line->step.id;
	found->word[n] = line->step.word;
	memcpy(found->at[n], line->at, TRAIL_AT_CHARS);
	memcpy(found->subject[n], line->step.subject.at == NULL ? "" :
	    line->step.subject.at, line->step.subject.len);
	return 0;
}

static struct found
find(const char *what)
{
	static struct found found;

	memset(&found, 0, sizeof(found));
	trail_flush(trail);
	ck_assert_int_eq(trail_find(scratch.fd, slice_str(what), on_line,
	    &found), 0);
	return found;
}

static void
add_two_messages(void)
{
	struct trail_step step = step_of(&other, TRAIL_RECEIVED, NOON_UTC_MS);

	step.from = slice_str("sue@away.test");
	step.to = slice_str("ann@office.test");
	step.subject = slice_str("Invoice 42 of November");
	trail_add(trail, &step);
	step.id = id;
	step.subject = slice_str("Lunch?");
	step.to = slice_str("bob@office.test");
	trail_add(trail, &step);
	step = step_of(&other, TRAIL_DELIVERED, NOON_UTC_MS + DAY_MS);
	step.address = slice_str("ann@office.test");
	step.account = 9;
	trail_add(trail, &step);
	step = step_of(&id, TRAIL_JUDGED, NOON_UTC_MS + 5);
	trail_add(trail, &step);
}

START_TEST(a_message_is_found_by_its_id_in_order_of_time)
{
	char name[MESSAGE_ID_CHARS + 1];
	struct found found;

	add_two_messages();
	message_id_write(&other, name);
	found = find(name);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_int_eq(found.word[0], TRAIL_RECEIVED);
	ck_assert_int_eq(found.word[1], TRAIL_DELIVERED);
	ck_assert_str_eq(found.at[0], TODAY "T12:00:00.000Z");
	ck_assert_str_eq(found.at[1], "2026-11-22T12:00:00.000Z");
	message_id_write(&id, name);
	found = find(name);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_str_eq(found.at[1], TODAY "T12:00:00.005Z");
}
END_TEST

static const struct {
	const char	*what;
	unsigned	lines;
} searches[] = {
	{ "ann@office.test",	2 },
	{ "ANN@Office.Test",	2 },
	{ "bob@office.test",	2 },
	{ "sue@away.test",	4 },
	{ "office.test",	0 },
	{ "nn@office.test",	0 },
	{ "invoice",		2 },
	{ "november INVOICE",	2 },
	{ "invoice lunch",	0 },
	{ " lunch ",		2 },
	{ "e",			2 },
	{ "",			0 },
	{ "\"",			0 },
};

START_TEST(a_message_is_found_by_address_or_subject)
{
	struct found found;

	add_two_messages();
	found = find(searches[_i].what);
	ck_assert_uint_eq(found.count, searches[_i].lines);
	/* grouped: the lines of one message stand together */
	if (found.count == 4) {
		ck_assert_int_eq(message_id_order(&found.id[0], &found.id[1]),
		    0);
		ck_assert_int_eq(message_id_order(&found.id[2], &found.id[3]),
		    0);
	}
}
END_TEST

/* Hostile text */

static const struct {
	struct slice	in;
	const char	*out;
} subjects[] = {
	{ SLICE("two\r\n{\"at\":\"lines"), "two\r\n{\"at\":\"lines" },
	{ SLICE("quote\" back\\slash"), "quote\" back\\slash" },
	{ SLICE("\x1b[2J\x7f"), "\x1b[2J\x7f" },
	{ SLICE("Gr\xc3\xbc\xc3\x9f""e"), "Gr\xc3\xbc\xc3\x9f""e" },
	/* bytes that are no UTF-8 are shown as Latin-1 */
	{ SLICE("Gr\xfc\xdf""e"), "Gr\xc3\xbc\xc3\x9f""e" },
	{ SLICE("\",\"id\":\"0000000000000000"),
	    "\",\"id\":\"0000000000000000" },
};

START_TEST(whatever_a_subject_holds_it_stays_one_line)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	TEXT_AUTO text = TEXT_INIT(TRAIL_LINE_BYTES);
	char name[MESSAGE_ID_CHARS + 1];
	struct found found;

	step.subject = subjects[_i].in;
	trail_format(&text, &step);
	ck_assert_uint_eq(slice_find(text_slice(&text), '\n'), text.len - 1);
	for (size_t i = 0; i + 1 < text.len; i++)
		ck_assert_uint_ge((unsigned char)text.at[i], 0x20);
	trail_add(trail, &step);
	message_id_write(&id, name);
	found = find(name);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.subject[0], subjects[_i].out);
}
END_TEST

START_TEST(long_fields_are_cut_between_characters)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	char name[MESSAGE_ID_CHARS + 1], subject[400];
	struct found found;

	/* 255 bytes, then characters of two: the 256th would be half of one */
	memset(subject, 'x', sizeof(subject));
	for (size_t i = 255; i + 1 < sizeof(subject); i += 2)
		memcpy(subject + i, "\xc3\xbc", 2);
	step.subject = slice_of(subject, sizeof(subject) - 1);
	trail_add(trail, &step);
	message_id_write(&id, name);
	found = find(name);
	ck_assert_uint_eq(strlen(found.subject[0]), 255);
	ck_assert_int_eq(found.subject[0][254], 'x');
}
END_TEST

START_TEST(the_longest_line_fits)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	TEXT_AUTO text = TEXT_INIT(TRAIL_LINE_BYTES);
	char bad[TRAIL_FIELD_BYTES] = { 0 };
	struct slice s = slice_of(bad, sizeof(bad));

	memset(bad, 0xff, sizeof(bad));
	step.account = UINT64_MAX;
	step.who = step.address = step.from = step.to = step.subject =
	    step.peer = step.detail = s;
	trail_format(&text, &step);
	ck_assert(!text_failed(&text));
	ck_assert_uint_gt(text.len, 7 * 6 * TRAIL_FIELD_BYTES);
}
END_TEST

/* Files */

static off_t
size_of(const char *name)
{
	struct stat st;

	return fstatat(scratch.fd, name, &st, 0) < 0 ? -1 : st.st_size;
}

static void
stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

START_TEST(lines_are_gathered_and_written_soon)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	struct timer *timer = timer_new(loop, stop, NULL);

	trail_add(trail, &step);
	trail_add(trail, &step);
	ck_assert_int_eq(size_of(TODAY), 0);
	timer_set(timer, 400);
	ck_assert_int_eq(loop_run(loop), 0);
	timer_free(timer);
	ck_assert_int_gt(size_of(TODAY), 0);
	/* and at once when much waits */
	for (unsigned i = 0; i < 2000; i++)
		trail_add(trail, &step);
	ck_assert_int_ge(size_of(TODAY), 64 * 1024);
}
END_TEST

START_TEST(a_torn_last_line_costs_nothing_but_itself)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	char name[MESSAGE_ID_CHARS + 1];
	off_t whole;
	int fd;

	trail_add(trail, &step);
	trail_flush(trail);
	whole = size_of(TODAY);
	step.word = TRAIL_JUDGED;
	trail_add(trail, &step);
	trail_close(trail);
	trail = NULL;
	fd = openat(scratch.fd, TODAY, O_WRONLY);
	ck_assert_int_eq(ftruncate(fd, whole + 20), 0);
	close(fd);
	message_id_write(&id, name);
	reopen();
	ck_assert_uint_eq(find(name).count, 1);
	step.word = TRAIL_DELIVERED;
	trail_add(trail, &step);
	ck_assert_uint_eq(find(name).count, 2);
	ck_assert_int_eq(find(name).word[1], TRAIL_DELIVERED);
}
END_TEST

START_TEST(files_older_than_the_days_kept_are_removed)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);

	trail_add(trail, &step);
	close(openat(scratch.fd, "notes", O_CREAT | O_WRONLY, 0600));
	step.at_utc_ms += 7 * DAY_MS;
	trail_add(trail, &step);
	ck_assert_int_ge(size_of(TODAY), 1);
	step.at_utc_ms += DAY_MS;
	trail_add(trail, &step);
	ck_assert_int_eq(size_of(TODAY), -1);
	ck_assert_int_eq(size_of("notes"), 0);
	ck_assert_int_ge(size_of("2026-11-28"), 1);
}
END_TEST

/* A folder stands where the file must be: nothing can be written. */
START_TEST(a_trail_that_cannot_be_written_says_so_once)
{
	struct trail_step step = step_of(&id, TRAIL_RECEIVED, NOON_UTC_MS);
	char name[MESSAGE_ID_CHARS + 1];

	ck_assert_int_eq(mkdirat(scratch.fd, TODAY, 0700), 0);
	for (unsigned i = 0; i < 3; i++) {
		trail_add(trail, &step);
		trail_flush(trail);
	}
	ck_assert_uint_eq(faults, 1);
	ck_assert_uint_eq(recoveries, 0);
	ck_assert_int_eq(unlinkat(scratch.fd, TODAY, AT_REMOVEDIR), 0);
	trail_add(trail, &step);
	trail_flush(trail);
	ck_assert_uint_eq(faults, 1);
	ck_assert_uint_eq(recoveries, 1);
	message_id_write(&id, name);
	ck_assert_uint_eq(find(name).count, 1);
}
END_TEST

/* Lines */

static const struct {
	const char	*line;
	int		want;
} lines[] = {
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"read\"}", 0 },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"read\","
	  "\"later\":[1,{}]}\n", 0 },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"eaten\"}",
	  -EBADMSG },
	{ "{\"at\":\"2026-11-21\",\"step\":\"read\"}", -EBADMSG },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"read\","
	  "\"id\":\"x\"}", -EBADMSG },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"read\","
	  "\"account\":\"x\"}", -EBADMSG },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"read\","
	  "\"subject\":1}", -EBADMSG },
	{ "{\"at\":\"2026-11-21T12:00:00.000Z\",\"step\":\"re", -EBADMSG },
	{ "[]", -EBADMSG },
	{ "", -EBADMSG },
};

START_TEST(a_line_is_read_or_passed_over)
{
	ARENA_AUTO arena = arena_new(4096);
	struct trail_line line;

	ck_assert_int_eq(trail_parse(arena, slice_str(lines[_i].line), &line),
	    lines[_i].want);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof((table)[0])))

/* DESIGN.md 3: what was mended in a message, the trail says */
START_TEST(what_was_mended_is_told_in_words)
{
	TEXT_AUTO text = TEXT_INIT(256);

	trail_add_mended(&text, 0);
	ck_assert_uint_eq(text.len, 0);
	trail_add_mended(&text, DOT_NUL | DOT_BARE_LF);
	ck_assert(slice_is_str(text_slice(&text),
	    "; mended: bare LF, NUL"));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/trail");
	TCase *tcase = tcase_create("trail");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_message_is_found_by_its_id_in_order_of_time);
	tcase_add_loop_test(tcase, a_message_is_found_by_address_or_subject,
	    0, ROWS(searches));
	tcase_add_loop_test(tcase, whatever_a_subject_holds_it_stays_one_line,
	    0, ROWS(subjects));
	tcase_add_test(tcase, long_fields_are_cut_between_characters);
	tcase_add_test(tcase, the_longest_line_fits);
	tcase_add_test(tcase, what_was_mended_is_told_in_words);
	tcase_add_test(tcase, lines_are_gathered_and_written_soon);
	tcase_add_test(tcase, a_torn_last_line_costs_nothing_but_itself);
	tcase_add_test(tcase, files_older_than_the_days_kept_are_removed);
	tcase_add_test(tcase, a_trail_that_cannot_be_written_says_so_once);
	tcase_add_loop_test(tcase, a_line_is_read_or_passed_over, 0,
	    ROWS(lines));
	suite_add_tcase(suite, tcase);
	return suite;
}
