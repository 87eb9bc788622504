/*
 * schedule_admin_test.c - what the console asks of the schedule, in pages
 */
#include <errno.h>
#include <stdio.h>

#include "fetch/diagnosis.h"
#include "fetch/schedule_admin.h"
#include "tests/unit/unit.h"

#define COUNT	250	/* mailboxes: three pages */

static struct loop *loop;
static struct schedule *schedule;
static struct text answer;

static unsigned begun_messages;	/* of the last task */

static int
begin(void *arg, uint64_t id, uint64_t owner, enum fetch_task task,
    unsigned messages)
{
	(void)arg;
	(void)id;
	(void)owner;
	(void)task;
	begun_messages = messages;
	return 0;
}

static uint64_t asker;		/* 0: the postmaster's machine */

static void
moved(void *arg)
{
	(void)arg;
}

static void
ended(void *arg, const struct schedule_health *health, unsigned failed_before)
{
	(void)arg;
	(void)health;
	(void)failed_before;
}

static void
tell(void)
{
	char label[16];

	schedule_list_begin(schedule);
	for (unsigned i = 1; i <= COUNT; i++) {
		struct fetch_due due = {
			.id = i, .owner = 1, .enabled = i != 1,
			.owner_address = SLICE("ann@example.org"),
			.host = SLICE("pop.example.net")
		};

		snprintf(label, sizeof(label), "l%u", i);
		due.label = slice_str(label);
		ck_assert_int_eq(schedule_list_add(schedule, &due), 0);
	}
	schedule_list_end(schedule);
}

static void
setup(void)
{
	const struct schedule_options options = {
		.minutes = 10, .connections = 4, .per_host = 4
	};
	const struct schedule_ports ports = {
		.begin = begin, .moved = moved, .ended = ended
	};

	asker = 0;
	answer = (struct text)TEXT_INIT(ADMIN_ANSWER_BYTES + 16);
	loop = loop_new();
	schedule = schedule_new(loop, &options, &ports);
	ck_assert_ptr_nonnull(schedule);
}

static void
teardown(void)
{
	schedule_free(schedule);
	loop_free(loop);
	text_free(&answer);
}

/* NULL is not given.  What schedule_admin() says; the answer in `answer`. */
static int
ask(const char *name, bool is_last, const char *const args[3])
{
	const struct admin_request *request = admin_find(slice_str(name));
	TEXT_AUTO packed = TEXT_INIT(1024);
	struct admin_work work;

	ck_assert_ptr_nonnull(request);
	for (unsigned i = 0; request->args[i].name != NULL; i++) {
		pack_u8(&packed, args[i] != NULL);
		if (args[i] != NULL)
			pack_slice(&packed, slice_str(args[i]));
	}
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	work.asker = asker;
	text_clear(&answer);
	return schedule_admin(schedule, &work, is_last, &answer);
}

/* Status, field at fault and rows of the answer; the rows are left. */
static struct unpack
said(enum admin_status status, unsigned field, uint32_t rows)
{
	struct unpack u = unpack_of(text_slice(&answer));

	ck_assert_uint_eq(unpack_u8(&u), status);
	ck_assert_uint_eq(unpack_u8(&u), field);
	ck_assert_uint_eq(unpack_u32(&u), rows);
	ck_assert(!u.bad);
	return u;
}

#define ARGS(...)	((const char *const[3]){ __VA_ARGS__ })

static uint64_t
take_run(struct unpack *u)
{
	uint64_t run = unpack_u64(u);

	(void)unpack_u64(u);
	(void)unpack_slice(u);
	(void)unpack_slice(u);
	ck_assert_uint_eq(unpack_u64(u), COUNT - 1);
	return run;
}

/* Skip one row of that request; its first column, and its last. */
static uint64_t
skip_row(struct unpack *u, const char *request, uint64_t *last_out)
{
	const struct admin_field *columns =
	    admin_find(slice_str(request))->columns;
	uint64_t first = 0, n = 0;

	for (unsigned i = 0; columns[i].name != NULL; i++) {
		if (columns[i].kind == ADMIN_TEXT)
			(void)unpack_slice(u);
		else
			n = unpack_u64(u);
		if (i == 0)
			first = n;
	}
	*last_out = n;
	return first;
}

START_TEST(a_big_run_is_told_in_pages)
{
	uint64_t run, number, seen = 0;
	char run_text[32], seen_text[32];
	unsigned rows = 0;
	struct unpack u;

	tell();
	ck_assert_int_eq(ask("fetch now", true, ARGS(NULL)), 0);
	u = said(ADMIN_OK, ADMIN_NO_FIELD, ADMIN_PAGE);
	run = take_run(&u);
	for (unsigned i = 1; i < ADMIN_PAGE; i++)
		ck_assert_uint_eq(take_run(&u), run);
	ck_assert(unpack_is_done(&u));

	snprintf(run_text, sizeof(run_text), "%llu", (unsigned long long)run);
	while (rows < COUNT - 1) {
		unsigned page = COUNT - 1 - rows < ADMIN_PAGE ?
		    COUNT - 1 - rows : ADMIN_PAGE;

		snprintf(seen_text, sizeof(seen_text), "%llu",
		    (unsigned long long)seen);
		ck_assert_int_eq(ask("fetch progress", false,
		    ARGS(run_text, seen_text)), 0);
		u = said(ADMIN_OK, ADMIN_NO_FIELD, page);
		for (unsigned i = 0; i < page; i++) {
			(void)skip_row(&u, "fetch progress", &number);
			ck_assert_uint_eq(number, ++seen);
			rows++;
		}
		ck_assert(unpack_is_done(&u));
	}
	snprintf(seen_text, sizeof(seen_text), "%u", rows);
	ck_assert_int_eq(ask("fetch progress", false,
	    ARGS(run_text, seen_text)), -EAGAIN);
	ck_assert_int_eq(ask("fetch progress", true,
	    ARGS(run_text, seen_text)), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 0);
}
END_TEST

START_TEST(health_is_told_in_pages)
{
	unsigned page = ADMIN_PAGE;
	char above[32] = "0";
	struct unpack u;
	uint64_t id = 0, last;

	tell();
	while (page > 0) {
		page = COUNT - id < ADMIN_PAGE ? (unsigned)(COUNT - id) :
		    ADMIN_PAGE;
		ck_assert_int_eq(ask("fetch health", false,
		    ARGS(NULL, NULL, id == 0 ? NULL : above)), 0);
		u = said(ADMIN_OK, ADMIN_NO_FIELD, page);
		for (unsigned row = 0; row < page; row++)
			ck_assert_uint_eq(skip_row(&u, "fetch health", &last),
			    ++id);
		ck_assert(unpack_is_done(&u));
		snprintf(above, sizeof(above), "%llu", (unsigned long long)id);
	}
	ck_assert_uint_eq(id, COUNT);
}
END_TEST

static const struct {
	const char		*name;
	const char		*args[3];
	enum admin_status	 status;
	unsigned		 field;
} refusals[] = {
	{ "fetch progress", { "x", "0" }, ADMIN_UNFIT, ADMIN_PROGRESS_RUN },
	{ "fetch progress", { "1", "" }, ADMIN_UNFIT, ADMIN_PROGRESS_SEEN },
	{ "fetch progress", { "99", "0" }, ADMIN_NO_SUCH, ADMIN_NO_FIELD },
	{ "fetch health", { NULL, NULL, "-1" }, ADMIN_UNFIT,
	    ADMIN_WHICH_ABOVE },
	{ "fetch health", { "", NULL, NULL }, ADMIN_UNFIT,
	    ADMIN_WHICH_ADDRESS },
	{ "fetch now", { NULL, "" }, ADMIN_UNFIT, ADMIN_WHICH_LABEL },
	{ "fetch now", { "zoe@example.org" }, ADMIN_NO_SUCH, ADMIN_NO_FIELD },
	/* it is switched off: named, that is a fault; else it is no match */
	{ "fetch now", { "ann@example.org", "l1" }, ADMIN_UNFIT,
	    ADMIN_WHICH_LABEL },
	{ "fetch now", { NULL, "l1" }, ADMIN_NO_SUCH, ADMIN_NO_FIELD },
	{ "fetch test", { "ann@example.org" }, ADMIN_NOT_UNIQUE,
	    ADMIN_NO_FIELD },
};

/* Account 2 has none; account 1 has all of them. */
START_TEST(a_person_reaches_their_own_mailboxes_and_runs_only)
{
	char run[32];
	struct unpack u;

	tell();
	asker = 2;
	ck_assert_int_eq(ask("fetch health", true, ARGS(NULL)), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 0);
	ck_assert_int_eq(ask("fetch now", true, ARGS(NULL)), 0);
	(void)said(ADMIN_NO_SUCH, ADMIN_NO_FIELD, 0);
	ck_assert_int_eq(ask("fetch test", true,
	    ARGS("ann@example.org", "l3")), 0);
	(void)said(ADMIN_NO_SUCH, ADMIN_NO_FIELD, 0);

	asker = 1;
	ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, "l3")), 0);
	u = said(ADMIN_OK, ADMIN_NO_FIELD, 1);
	snprintf(run, sizeof(run), "%llu", (unsigned long long)unpack_u64(&u));
	ck_assert_int_eq(ask("fetch progress", true, ARGS(run, "0")), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 1);

	asker = 2;
	ck_assert_int_eq(ask("fetch progress", true, ARGS(run, "0")), 0);
	(void)said(ADMIN_NO_SUCH, ADMIN_NO_FIELD, 0);
	asker = 0;
	ck_assert_int_eq(ask("fetch progress", true, ARGS(run, "0")), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 1);
}
END_TEST

START_TEST(what_was_found_is_told_when_it_is_over)
{
	struct fetch_outcome outcome = { .end = FETCH_END_DONE };
	TEXT_AUTO rows = TEXT_INIT(1024);
	struct unpack u;
	char run[32];

	tell();
	ck_assert_int_eq(ask("fetch doctor", true,
	    ARGS("ann@example.org", "l3")), 0);
	u = said(ADMIN_OK, ADMIN_NO_FIELD, 1);
	snprintf(run, sizeof(run), "%llu", (unsigned long long)unpack_u64(&u));
	ck_assert_int_eq(ask("fetch diagnosis", true, ARGS(run)), 0);
	(void)said(ADMIN_NO_SUCH, ADMIN_NO_FIELD, 0);
	diagnosis_pack(&rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_SHAPE, .name = slice_str("domain"),
	    .value = slice_str("To"), .count = 3 });
	diagnosis_pack(&rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_HOP });
	outcome.report = text_slice(&rows);
	schedule_over(schedule, 3, &outcome);
	ck_assert_int_eq(ask("fetch diagnosis", true, ARGS(run)), 0);
	u = said(ADMIN_OK, ADMIN_NO_FIELD, 2);
	ck_assert(slice_is_str(unpack_slice(&u), "shape"));
	ck_assert(slice_is_str(unpack_slice(&u), "domain"));
	ck_assert(slice_is_str(unpack_slice(&u), "To"));
	/* of another kind of run nothing was found */
	ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, "l4")), 0);
	u = said(ADMIN_OK, ADMIN_NO_FIELD, 1);
	snprintf(run, sizeof(run), "%llu", (unsigned long long)unpack_u64(&u));
	schedule_over(schedule, 4, &outcome);
	ck_assert_int_eq(ask("fetch diagnosis", true, ARGS(run)), 0);
	(void)said(ADMIN_NO_SUCH, ADMIN_NO_FIELD, 0);
}
END_TEST

static const struct {
	const char	*messages;
	enum admin_status status;
	unsigned	 want;
} counts[] = {
	{ NULL, ADMIN_OK, 100 },
	{ "1", ADMIN_OK, 1 },
	{ "1000", ADMIN_OK, 1000 },
	{ "0", ADMIN_UNFIT, 0 },
	{ "1001", ADMIN_UNFIT, 0 },
	{ "18446744073709551617", ADMIN_UNFIT, 0 },
	{ "many", ADMIN_UNFIT, 0 },
};

START_TEST(as_many_headers_are_looked_at_as_is_said)
{
	tell();
	begun_messages = 0;
	ck_assert_int_eq(ask("fetch doctor", true,
	    ARGS("ann@example.org", "l3", counts[_i].messages)), 0);
	(void)said(counts[_i].status, counts[_i].status == ADMIN_OK ?
	    ADMIN_NO_FIELD : ADMIN_DOCTOR_MESSAGES,
	    counts[_i].status == ADMIN_OK);
	ck_assert_uint_eq(begun_messages, counts[_i].want);
}
END_TEST

START_TEST(a_person_has_so_many_runs_under_way_and_no_more)
{
	char label[16];

	tell();
	asker = 1;
	for (unsigned i = 0; i < RUNS_OF_ONE; i++) {
		snprintf(label, sizeof(label), "l%u", 10 + i);
		ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, label)),
		    0);
		(void)said(ADMIN_OK, ADMIN_NO_FIELD, 1);
	}
	ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, "l99")), 0);
	(void)said(ADMIN_LATER, ADMIN_NO_FIELD, 0);
	asker = 0;
	ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, "l99")), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 1);
}
END_TEST

START_TEST(a_request_that_is_not_fit_is_refused)
{
	tell();
	ck_assert_int_eq(ask(refusals[_i].name, true, refusals[_i].args), 0);
	(void)said(refusals[_i].status, refusals[_i].field, 0);
}
END_TEST

START_TEST(before_the_keeper_has_spoken_nothing_can_be_said)
{
	ck_assert_int_eq(ask("fetch now", true, ARGS(NULL)), 0);
	(void)said(ADMIN_LATER, ADMIN_NO_FIELD, 0);
	ck_assert_int_eq(ask("fetch health", false, ARGS(NULL)), 0);
	(void)said(ADMIN_LATER, ADMIN_NO_FIELD, 0);
}
END_TEST

/* One that is known may have been changed this moment. */
START_TEST(what_is_asked_of_a_mailbox_waits_for_the_list)
{
	tell();
	ck_assert_int_eq(ask("fetch now", false, ARGS("zoe@example.org")),
	    -ENOENT);
	ck_assert_int_eq(ask("fetch test", false, ARGS(NULL, "l1")),
	    -ENOENT);
	ck_assert_int_eq(ask("fetch test", true, ARGS(NULL, "l1")), 0);
	(void)said(ADMIN_OK, ADMIN_NO_FIELD, 1);
	ck_assert_int_eq(ask("fetch list", false, ARGS(NULL)), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/schedule_admin");
	TCase *tc = tcase_create("requests");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc,
	    a_person_reaches_their_own_mailboxes_and_runs_only);
	tcase_add_test(tc, what_was_found_is_told_when_it_is_over);
	tcase_add_loop_test(tc, as_many_headers_are_looked_at_as_is_said, 0,
	    sizeof(counts) / sizeof(counts[0]));
	tcase_add_test(tc,
	    a_person_has_so_many_runs_under_way_and_no_more);
	tcase_add_test(tc, a_big_run_is_told_in_pages);
	tcase_add_test(tc, health_is_told_in_pages);
	tcase_add_loop_test(tc, a_request_that_is_not_fit_is_refused, 0,
	    (int)(sizeof(refusals) / sizeof(refusals[0])));
	tcase_add_test(tc, before_the_keeper_has_spoken_nothing_can_be_said);
	tcase_add_test(tc, what_is_asked_of_a_mailbox_waits_for_the_list);
	suite_add_tcase(suite, tc);
	return suite;
}
