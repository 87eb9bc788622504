/*
 * ledger_body_test.c - the body of a message of which only a note is here
 */
#include "lib/message/envelope.h"
#include "tests/unit/queue/ledger_taking.h"

#define CODE	"6161616161616161"	/* of the header 'a' */

static uint64_t accounts[LEDGER_BODIES_MOST];

/* The letters 'a' and 'b' wait; of both a note is here. */
static void
place(void)
{
	struct ledger_taken *taken;

	list(two);
	ck_assert_int_eq(take_note(1, 'a', FETCHED_PLACE, &taken), 0);
	receive(taken);
	ck_assert_int_eq(take_note(2, 'b', FETCHED_PLACE, &taken), 0);
	receive(taken);
	end();
}

/* What a page says of the note of that row. */
static enum listing_note
note_of(uint32_t number)
{
	TEXT_AUTO text = TEXT_INIT(64 * 1024);
	enum listing_note note = LISTING_NOTE_COUNT;
	struct unpack u;
	uint32_t count;

	ck_assert_int_eq(ledger_page(ledger, &channel, ACCOUNT, LISTING_TAKE,
	    &from_the_first, &text), 0);
	u = unpack_of(text_slice(&text));
	(void)unpack_u8(&u);
	count = unpack_u32(&u);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = unpack_u32(&u);
		enum listing_note said;

		(void)unpack_u64(&u);
		said = unpack_enum(&u, LISTING_NOTE_COUNT);
		(void)unpack_u64(&u);
		if (at == number)
			note = said;
	}
	ck_assert(unpack_is_done(&u));
	return note;
}

static int
want(uint64_t owner, const char *which)
{
	return ledger_want_body(ledger, owner, slice_str(which), accounts);
}

START_TEST(what_is_asked_for_is_wanted_from_the_next_listing_on)
{
	place();
	ck_assert_int_eq(want(0, CODE), 1);
	ck_assert_uint_eq(accounts[0], ACCOUNT);
	/* another life knows it, too */
	reopen();
	list(two);
	ck_assert_int_eq(note_of(1), LISTING_NOTE_WANTED);
	ck_assert_int_eq(note_of(2), LISTING_NOTE_HERE);
	ck_assert_int_eq(store(1, 'a', 'A'), 0);
	ck_assert_int_eq(ledger_flush(ledger), 0);
	end();
	/* it has come: the note stands for nothing any more */
	ck_assert_int_eq(want(0, CODE), -ENOENT);
	list(two);
	ck_assert_int_eq(note_of(1), LISTING_NOTE_COUNT);
	end();
}
END_TEST

START_TEST(a_collection_under_way_may_come_to_it)
{
	place();
	list(two);
	ck_assert_int_eq(note_of(1), LISTING_NOTE_HERE);
	ck_assert_int_eq(want(OWNER, CODE), 1);
	ck_assert_int_eq(note_of(1), LISTING_NOTE_WANTED);
	end();
}
END_TEST

static const struct {
	uint64_t	owner;
	const char	*which;
	int		want;
} asked_for[] = {
	{ 0, CODE, 1 },
	{ OWNER, CODE, 1 },
	{ OWNER, "6262626262626262", 1 },
	/* somebody else's is as if it were not there */
	{ OWNER + 1, CODE, -ENOENT },
	{ 0, "6161616161616162", -ENOENT },
	{ 0, "", -EINVAL },
	{ 0, "616161616161616", -EINVAL },
	{ 0, "616161616161616u", -EINVAL },
	{ 0, "616161616161616g", -ENOENT },	/* a message might have it */
	{ 0, "61616161616161616", -EINVAL },
};

START_TEST(only_a_note_of_ones_own_has_a_body)
{
	place();
	ck_assert_int_eq(want(asked_for[_i].owner, asked_for[_i].which),
	    asked_for[_i].want);
}
END_TEST

START_TEST(the_note_can_be_named_as_the_message_it_is)
{
	char id[MESSAGE_ID_CHARS + 1];

	place();
	message_id_write(&last_id, id);	/* of the second */
	ck_assert_int_eq(want(OWNER, id), 1);
	ck_assert_int_eq(want(OWNER + 1, id), -ENOENT);
	list(two);
	ck_assert_int_eq(note_of(2), LISTING_NOTE_WANTED);
	/* a message that is no note has none */
	ck_assert_int_eq(store(1, 'a', 'A'), 0);
	message_id_write(&last_id, id);
	ck_assert_int_eq(want(OWNER, id), -ENOENT);
	end();
}
END_TEST

/* Equal headers: nobody can tell which of them is meant. */
START_TEST(all_that_share_an_id_are_wanted)
{
	struct ledger_taken *taken;

	list(two);
	ck_assert_int_eq(take_note(1, 'a', FETCHED_PLACE, &taken), 0);
	receive(taken);
	ck_assert_int_eq(take_note(2, 'a', FETCHED_PLACE, &taken), 0);
	receive(taken);
	end();
	ck_assert_int_eq(want(OWNER, CODE), 2);
	list(two);
	ck_assert_int_eq(note_of(1), LISTING_NOTE_WANTED);
	ck_assert_int_eq(note_of(2), LISTING_NOTE_WANTED);
	end();
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/ledger_body");
	TCase *tests = tcase_create("body");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
	    what_is_asked_for_is_wanted_from_the_next_listing_on);
	tcase_add_test(tests, a_collection_under_way_may_come_to_it);
	tcase_add_loop_test(tests, only_a_note_of_ones_own_has_a_body, 0,
	    ROWS(asked_for));
	tcase_add_test(tests, the_note_can_be_named_as_the_message_it_is);
	tcase_add_test(tests, all_that_share_an_id_are_wanted);
	suite_add_tcase(suite, tests);
	return suite;
}
