/*
 * rows_test.c - queue.db says after a reopen what it was told before
 */
#include "queue/rows.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "queue/rows_outbound.h"
#include "tests/unit/queue/scratch.h"

static const unsigned char hub[ROWS_HUB_BYTES] = "the test's hub";
static const struct message_id id = { "idnumber-1" };
static const struct message_id other = { "idnumber-2" };

static struct scratch scratch;
static struct rows *rows;

static void
reopen(void)
{
	unsigned needs = 0;

	rows_close(rows);
	ck_assert_int_eq(rows_open(scratch.fd, hub, &rows, &needs), 0);
}

static void
setup(void)
{
	scratch = scratch_new();
	rows = NULL;
	reopen();
}

static void
teardown(void)
{
	rows_close(rows);
	scratch_drop(&scratch);
}

/* Settled */

struct settled {
	unsigned	count;
	uint64_t	account[8], position[8];
};

static int
on_settled(void *arg, uint64_t account, uint64_t position)
{
	struct settled *settled = arg;

	settled->account[settled->count] = account;
	settled->position[settled->count++] = position;
	return 0;
}

START_TEST(what_is_settled_below_only_grows_and_no_position_is_given_again)
{
	uint64_t position = 1;

	ck_assert_int_eq(rows_settled_below(rows, &position), 0);
	ck_assert_uint_eq(position, 0);
	ck_assert_int_eq(rows_settled_below_set(rows, 900), 0);
	ck_assert_int_eq(rows_settled_below_set(rows, 800), 0);
	reopen();
	ck_assert_int_eq(rows_settled_below(rows, &position), 0);
	ck_assert_uint_eq(position, 900);
	ck_assert_int_eq(rows_highest(rows, &position), 0);
	ck_assert_uint_eq(position, 900);
}
END_TEST

START_TEST(settled_positions_only_grow_and_are_found_again)
{
	struct settled settled = { 0 };
	uint64_t highest = 1;

	ck_assert_int_eq(rows_highest(rows, &highest), 0);
	ck_assert_uint_eq(highest, 0);
	ck_assert_int_eq(rows_settled_set(rows, 7, (uint64_t)3 << 32 | 8), 0);
	ck_assert_int_eq(rows_settled_set(rows, 5, 100), 0);
	ck_assert_int_eq(rows_settled_set(rows, 7, 50), 0);
	ck_assert_int_eq(rows_sync(rows), 0);
	reopen();
	ck_assert_int_eq(rows_settled_each(rows, on_settled, &settled), 0);
	ck_assert_uint_eq(settled.count, 2);
	ck_assert_uint_eq(settled.account[0], 5);
	ck_assert_uint_eq(settled.position[0], 100);
	ck_assert_uint_eq(settled.account[1], 7);
	ck_assert_uint_eq(settled.position[1], (uint64_t)3 << 32 | 8);
	ck_assert_int_eq(rows_highest(rows, &highest), 0);
	ck_assert_uint_eq(highest, (uint64_t)3 << 32 | 8);
	ck_assert_int_eq(rows_settled_set(rows, 7, UINT64_MAX), -ERANGE);
	ck_assert_int_eq(rows_settled_set(rows, 8, 1), 0);
}
END_TEST

START_TEST(the_database_of_another_hub_is_refused)
{
	unsigned char stranger[ROWS_HUB_BYTES] = "another hub";
	struct rows *opened;
	unsigned needs;

	rows_close(rows);
	rows = NULL;
	ck_assert_int_eq(rows_open(scratch.fd, stranger, &opened, &needs),
	    -EXDEV);
	reopen();
}
END_TEST

/* Kept messages */

static struct rows_message
message_of(const struct message_id *name)
{
	struct rows_message message = { .id = *name, .position = 0,
	    .state = ROWS_WAITING, .reason = SLICE("its mailbox is full"),
	    .next_try_utc_ms = 1000, .tries = 3, .since_utc_ms = 500 };

	return message;
}

static const struct rows_recipient recipients[] = {
	{ 1, SLICE("ann@office.test"), 0, ROWS_WAITING, 0 },
	{ 1, SLICE("ann@office.test"), 2, ROWS_HELD, 0 },
	{ 2, SLICE("bob@office.test"), 0, ROWS_WAITING, 0 },
};

struct kept {
	unsigned		count;
	struct rows_message	message[4];
	char			reason[4][64];
	size_t			recipients[4];
	bool			is_same;	/* as `recipients` above */
};

static int
on_kept(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct kept *kept = arg;
	unsigned n = kept->count++;

	kept->message[n] = *message;
	ck_assert_int_eq(slice_cstr(message->reason, kept->reason[n], 64), 0);
	kept->recipients[n] = count;
	kept->is_same = count == 3;
	for (size_t i = 0; kept->is_same && i < count; i++)
		kept->is_same = list[i].account == recipients[i].account &&
		    slice_is(list[i].address, recipients[i].address) &&
		    list[i].action == recipients[i].action &&
		    list[i].state == recipients[i].state;
	return 0;
}

static struct kept
read_kept(void)
{
	struct kept kept = { 0 };

	ck_assert_int_eq(rows_kept_each(rows, on_kept, &kept), 0);
	return kept;
}

START_TEST(a_kept_message_is_found_again_with_its_recipients)
{
	struct rows_message message = message_of(&id);
	struct kept kept;

	ck_assert_int_eq(rows_is_kept(rows, &id), -ENOENT);
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 3), 0);
	reopen();
	ck_assert_int_eq(rows_is_kept(rows, &id), 0);
	kept = read_kept();
	ck_assert_uint_eq(kept.count, 1);
	ck_assert(kept.is_same);
	ck_assert_int_eq(message_id_order(&kept.message[0].id, &id), 0);
	ck_assert_str_eq(kept.reason[0], "its mailbox is full");
	ck_assert_int_eq(kept.message[0].next_try_utc_ms, 1000);
	ck_assert_uint_eq(kept.message[0].tries, 3);
	ck_assert_int_eq(kept.message[0].since_utc_ms, 500);
	/* kept once more, with fewer: in place of what was */
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 1), 0);
	kept = read_kept();
	ck_assert_uint_eq(kept.count, 1);
	ck_assert_uint_eq(kept.recipients[0], 1);
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 0), -EINVAL);
}
END_TEST

START_TEST(the_last_recipient_takes_the_message_along)
{
	struct rows_message message = message_of(&id);
	bool last = true;

	ck_assert_int_eq(rows_keep(rows, &message, recipients, 3), 0);
	ck_assert_int_eq(rows_recipient_done(rows, &id, 1,
	    recipients[0].address, 0, &last), 0);
	ck_assert(!last);
	ck_assert_int_eq(rows_recipient_done(rows, &id, 1,
	    recipients[0].address, 0, &last), -ENOENT);
	ck_assert_int_eq(rows_recipient_done(rows, &id, 1,
	    recipients[0].address, 2, &last), 0);
	ck_assert(!last);
	ck_assert_int_eq(rows_is_kept(rows, &id), 0);
	ck_assert_int_eq(rows_recipient_done(rows, &id, 2,
	    recipients[2].address, 0, &last), 0);
	ck_assert(last);
	reopen();
	ck_assert_int_eq(rows_is_kept(rows, &id), -ENOENT);
}
END_TEST

START_TEST(a_message_is_held_and_deleted)
{
	struct rows_message message = message_of(&id);
	struct rows_counts counts;
	struct kept kept;

	ck_assert_int_eq(rows_hold(rows, &id, ROWS_HELD, slice_str("x")),
	    -ENOENT);
	ck_assert_int_eq(rows_delete(rows, &id, 1), -ENOENT);
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 3), 0);
	message.id = other;
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 1), 0);
	ck_assert_int_eq(rows_hold(rows, &id, ROWS_HELD,
	    slice_str("a virus was found")), 0);
	reopen();
	kept = read_kept();
	ck_assert_uint_eq(kept.count, 2);
	ck_assert_int_eq(kept.message[0].state, ROWS_HELD);
	ck_assert_str_eq(kept.reason[0], "a virus was found");
	ck_assert_int_eq(kept.message[1].state, ROWS_WAITING);
	ck_assert_int_eq(rows_counts(rows, &counts), 0);
	ck_assert_uint_eq(counts.held, 1);
	ck_assert_uint_eq(counts.waiting, 1);
	ck_assert_uint_eq(counts.recipients, 4);
	ck_assert_int_eq(rows_delete(rows, &id, 1), 0);
	ck_assert_int_eq(rows_counts(rows, &counts), 0);
	ck_assert_uint_eq(counts.held, 0);
	ck_assert_uint_eq(counts.recipients, 1);
}
END_TEST

static int
count_rows(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	unsigned *n = arg;

	(void)list;
	ck_assert_uint_gt(count, 0);
	ck_assert_int_eq(message->state, ROWS_QUARANTINED);
	(*n)++;
	return 0;
}

START_TEST(an_ended_hold_is_known_until_the_journal_is_settled_past_it)
{
	struct rows_message message = message_of(&id);
	struct rows_counts counts;
	unsigned n = 0;

	message.state = ROWS_QUARANTINED;
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 3), 0);
	message.id = other;
	ck_assert_int_eq(rows_keep(rows, &message, recipients, 3), 0);
	ck_assert_int_eq(rows_counts(rows, &counts), 0);
	ck_assert_uint_eq(counts.quarantined, 2);
	ck_assert_uint_eq(counts.held, 0);
	ck_assert_int_eq(rows_kept_one(rows, &id, count_rows, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(rows_kept_above(rows, NULL, count_rows, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(rows_is_ended(rows, &id, 0), -ENOENT);
	message.state = ROWS_WAITING;
	ck_assert_int_eq(rows_release(rows, &message, recipients, 1, 500), 0);
	ck_assert_int_eq(rows_delete(rows, &id, 600), 0);
	ck_assert_int_eq(rows_delete(rows, &id, 700), -ENOENT);
	ck_assert_int_eq(rows_kept_one(rows, &id, count_rows, &n), -ENOENT);
	reopen();
	ck_assert_int_eq(rows_counts(rows, &counts), 0);
	ck_assert_uint_eq(counts.quarantined, 0);
	ck_assert_uint_eq(counts.waiting, 1);
	ck_assert_uint_eq(counts.recipients, 1);
	ck_assert_int_eq(rows_is_ended(rows, &other, 499), 0);
	ck_assert_int_eq(rows_is_ended(rows, &id, 599), 0);
	/* the same id, received anew behind it */
	ck_assert_int_eq(rows_is_ended(rows, &id, 600), -ENOENT);
	ck_assert_int_eq(rows_settled_below_set(rows, 550), 0);
	ck_assert_int_eq(rows_is_ended(rows, &other, 499), -ENOENT);
	ck_assert_int_eq(rows_is_ended(rows, &id, 599), 0);
}
END_TEST

/* Big files */

static int
on_due(void *arg, const struct message_id *big)
{
	unsigned *count = arg;

	ck_assert_int_eq(message_id_order(big, &id), 0);
	(*count)++;
	return 0;
}

static unsigned
due_at(int64_t before)
{
	unsigned count = 0;

	ck_assert_int_eq(rows_big_due(rows, before, on_due, &count), 0);
	return count;
}

START_TEST(a_big_file_is_due_when_its_last_account_lets_go)
{
	const uint64_t first[] = { 1, 2, 1 }, again[] = { 1 }, later[] = { 3 };
	bool last = true;

	ck_assert_int_eq(rows_big_ref(rows, &id, first, 3), 0);
	ck_assert_int_eq(rows_big_ref(rows, &id, again, 1), 0);
	ck_assert_int_eq(rows_big_has(rows, &id, 1), 0);
	ck_assert_int_eq(rows_big_has(rows, &id, 2), 0);
	ck_assert_int_eq(rows_big_is_known(rows, &id), 0);
	ck_assert_int_eq(rows_big_unref(rows, &id, 1, 1000, &last), 0);
	ck_assert(!last);
	ck_assert_int_eq(rows_big_unref(rows, &id, 1, 1000, &last), 0);
	ck_assert(!last);
	ck_assert_uint_eq(due_at(INT64_MAX), 0);
	ck_assert_int_eq(rows_big_unref(rows, &id, 2, 2000, &last), 0);
	ck_assert(last);
	ck_assert_int_eq(rows_big_is_known(rows, &id), -ENOENT);
	ck_assert_int_eq(rows_sync(rows), 0);
	reopen();
	ck_assert_uint_eq(due_at(1999), 0);
	ck_assert_uint_eq(due_at(2000), 1);
	/* somebody wants it again before it goes */
	ck_assert_int_eq(rows_big_ref(rows, &id, later, 1), 0);
	ck_assert_uint_eq(due_at(INT64_MAX), 0);
	ck_assert_int_eq(rows_big_unref(rows, &id, 3, 3000, &last), 0);
	ck_assert(last);
	ck_assert_uint_eq(due_at(3000), 1);
	ck_assert_int_eq(rows_big_gone(rows, &id), 0);
	ck_assert_uint_eq(due_at(INT64_MAX), 0);
}
END_TEST

/* Of mail that comes and waits for a closed line no commit need be FULL. */
START_TEST(the_log_does_not_grow_while_nothing_is_made_durable)
{
	struct message_id one = id;
	struct rows_outbound row = { .address = SLICE("zoe@far.test"),
	    .domain = SLICE("far.test"), .sender = SLICE("ann@office.test") };
	struct stat st;

	for (unsigned i = 0; i < 5000; i++) {
		one.bytes[0] = (unsigned char)(i >> 8);
		one.bytes[1] = (unsigned char)i;
		row.id = one;
		ck_assert_int_eq(rows_outbound_take(rows, &one, i, &row, 1),
		    0);
	}
	ck_assert_int_eq(fstatat(scratch.fd, "queue.db-wal", &st, 0), 0);
	ck_assert_int_lt(st.st_size, 24 * 1024 * 1024);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/rows");
	TCase *tcase = tcase_create("rows");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase,
	    what_is_settled_below_only_grows_and_no_position_is_given_again);
	tcase_add_test(tcase, settled_positions_only_grow_and_are_found_again);
	tcase_add_test(tcase, the_database_of_another_hub_is_refused);
	tcase_add_test(tcase,
	    a_kept_message_is_found_again_with_its_recipients);
	tcase_add_test(tcase, the_last_recipient_takes_the_message_along);
	tcase_add_test(tcase, a_message_is_held_and_deleted);
	tcase_add_test(tcase,
	    an_ended_hold_is_known_until_the_journal_is_settled_past_it);
	tcase_add_test(tcase, a_big_file_is_due_when_its_last_account_lets_go);
	tcase_add_test(tcase,
	    the_log_does_not_grow_while_nothing_is_made_durable);
	suite_add_tcase(suite, tcase);
	return suite;
}
