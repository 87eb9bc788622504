/*
 * ledger_claims_test.c - one copy for each recipient of a domain's message
 */
#include "tests/unit/unit.h"

#include "tests/unit/queue/ledger_taking.h"

#define ANN	11
#define BOB	12
#define CAT	13

static struct recipient for_whom[3];
static struct envelope env;

/* An account whose mail is for many, and its listing. */
static void
begin_domain(const struct remote *rows)
{
	const struct ledger_begin begin = { ACCOUNT, OWNER, true, 0, false, true };
	const struct ledger_owned owned = { ACCOUNT, OWNER, true };

	ck_assert_int_eq(ledger_own(ledger, &owned), 0);
	ck_assert_int_eq(ledger_begin(ledger, &channel, &begin, &may_delete,
	    &is_first), 0);
	for (uint32_t n = 0; rows[n].bytes != 0; n++)
		row(n + 1, rows[n].bytes, rows[n].uidl);
	decide();
}

/*
 * Submit row `number`, a copy of message `identity` found to be for these; how
 * many of them are left, or why it is not taken.
 */
static int
claim(uint32_t number, char identity, const uint64_t *accounts, size_t count,
    struct ledger_taken **taken_out, struct message_id *id_out)
{
	struct fetched fetched = { .account = ACCOUNT, .listing = ACCOUNT,
	    .number = number, .has_identity = true };
	int r;

	memset(fetched.identity, identity, FETCHED_DIGEST_BYTES);
	memset(fetched.header_digest, (int)number, FETCHED_DIGEST_BYTES);
	memset(fetched.digest, (int)number, FETCHED_DIGEST_BYTES);
	ck_assert_int_eq(ledger_take(ledger, &channel, &fetched, taken_out,
	    id_out), 0);
	ck_assert(ledger_taken_is_domain(*taken_out));
	for (size_t i = 0; i < count; i++)
		for_whom[i] = (struct recipient){ .account = accounts[i] };
	ck_assert_int_eq(message_id_new(&last_id, clock_utc_ms()), 0);
	env = (struct envelope){ .source = SOURCE_FETCH, .id = last_id,
	    .recipients = for_whom, .recipient_count = count,
	    .received_at_utc_ms = clock_utc_ms(), .fetched = fetched };
	if (ledger_taken_id(*taken_out) != NULL)
		env.id = *ledger_taken_id(*taken_out);
	r = ledger_unclaimed(ledger, *taken_out, &env, id_out);
	return r < 0 ? r : (int)env.recipient_count;
}

/* The same, to its receipt. */
static int
receive_for(uint32_t number, char identity, const uint64_t *accounts,
    size_t count, struct message_id *id_out)
{
	struct ledger_taken *taken;
	int r = claim(number, identity, accounts, count, &taken, id_out);

	if (r > 0) {
		*id_out = env.id;
		ledger_stored(ledger, taken, &env, false, last_position++);
	}
	return r;
}

static const uint64_t ann_bob[] = { ANN, BOB }, bob_cat[] = { BOB, CAT },
    only_ann[] = { ANN };
static const struct remote three[] = {
	{ 100, "A" }, { 101, "B" }, { 102, "C" }, { 0, NULL }
};

START_TEST(a_second_copy_reaches_whom_the_first_did_not)
{
	struct message_id first, id;

	begin_domain(three);
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &first), 2);
	ck_assert_int_eq(receive_for(2, 'm', bob_cat, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, CAT);
	ck_assert_int_eq(receive_for(3, 'm', ann_bob, 2, &id), -EEXIST);
	ck_assert_int_eq(message_id_order(&id, &first), 0);
	end();
	/* the copy that nobody needed is known, and may be deleted */
	reopen();
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "");
	ck_assert_str_eq(part(LISTING_DELETE), "1 2 3");
}
END_TEST

/* To: ann, Bcc: bob; two copies lie there, and both name ann alone. */
START_TEST(one_copy_more_than_its_names_explain_is_not_passed_over)
{
	struct ledger_taken *taken;
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(receive_for(1, 'm', only_ann, 1, &id), 1);
	ck_assert_int_eq(claim(2, 'm', only_ann, 1, &taken, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, ANN);
	ck_assert_int_eq(ledger_unclaimed(ledger, taken, &env, &id), 1);
	ledger_untake(ledger, taken);
	/* unless an envelope header says that it is ann's */
	env.fetched.by_envelope = true;
	ck_assert_int_eq(claim(3, 'm', only_ann, 1, &taken, &id), 1);
	env.fetched.by_envelope = true;
	ck_assert_int_eq(ledger_unclaimed(ledger, taken, &env, &id), -EEXIST);
}
END_TEST

START_TEST(another_message_is_another)
{
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), 2);
	ck_assert_int_eq(receive_for(2, 'n', ann_bob, 2, &id), 2);
}
END_TEST

START_TEST(claims_outlive_a_restart)
{
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), 2);
	end();
	reopen();
	begin_domain(three);
	ck_assert_int_eq(receive_for(2, 'm', ann_bob, 2, &id), -EEXIST);
}
END_TEST

START_TEST(a_replayed_record_claims)
{
	struct envelope record;
	struct ledger_taken *taken;
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', ann_bob, 2, &taken, &id), 2);
	record = env;
	record.fetched.uidl = slice_str("A");
	ledger_untake(ledger, taken);
	end();
	ck_assert_int_eq(ledger_replay(ledger, &record, false, 9), 0);
	ck_assert_int_eq(ledger_replayed(ledger), 0);
	reopen();
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "2 3");
	ck_assert_int_eq(receive_for(2, 'm', bob_cat, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, CAT);
}
END_TEST

START_TEST(a_copy_waits_for_the_receipt_of_another)
{
	struct ledger_taken *taken, *other;
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', only_ann, 1, &taken, &id), 1);
	ck_assert_int_eq(claim(2, 'm', only_ann, 1, &other, &id), -EAGAIN);
	ledger_untake(ledger, other);
	/* the first was not received after all */
	ledger_untake(ledger, taken);
	ck_assert_int_eq(receive_for(2, 'm', only_ann, 1, &id), 1);
}
END_TEST

START_TEST(who_lost_it_gets_it_again_and_nobody_else)
{
	struct message_id first, id;

	begin_domain(three);
	last_position = 10;
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &first), 2);
	end();
	ck_assert_int_eq(ledger_lost(ledger, BOB, 5, 20), 0);
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "1 2 3");
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, BOB);
	/* under the name it had, so that a copy that survived stays the same */
	ck_assert_int_eq(message_id_order(&id, &first), 0);
}
END_TEST

/* What waits for a person is in no mailbox: who had it has it from before. */
START_TEST(a_copy_that_is_held_is_nobodys)
{
	struct ledger_taken *taken;
	struct message_id id;

	begin_domain(three);
	last_position = 10;
	ck_assert_int_eq(receive_for(1, 'm', only_ann, 1, &id), 1);
	last_position = 40;
	ck_assert_int_eq(claim(2, 'm', only_ann, 1, &taken, &id), 1);
	ledger_stored(ledger, taken, &env, true, last_position++);
	end();
	ck_assert_int_eq(ledger_lost(ledger, ANN, 5, 20), 0);
	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', only_ann, 1, &taken, &id), 1);
	ck_assert_int_eq(ledger_unclaimed(ledger, taken, &env, &id), 0);
	ledger_untake(ledger, taken);
	/* held for want of an address, it is not its postmaster's either */
	ck_assert_int_eq(claim(3, 'n', only_ann, 1, &taken, &id), 1);
	ledger_stored(ledger, taken, &env, true, last_position++);
	end();
	reopen();
	begin_domain((const struct remote[]){ { 102, "C" }, { 103, "D" },
	    { 0, NULL } });
	ck_assert_int_eq(receive_for(2, 'n', only_ann, 1, &id), 1);
}
END_TEST

START_TEST(a_replayed_record_that_is_held_claims_nothing)
{
	struct envelope record;
	struct ledger_taken *taken;
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', ann_bob, 2, &taken, &id), 2);
	record = env;
	record.fetched.uidl = slice_str("A");
	ledger_untake(ledger, taken);
	end();
	ck_assert_int_eq(ledger_replay(ledger, &record, true, 9), 0);
	ck_assert_int_eq(ledger_replayed(ledger), 0);
	reopen();
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "2 3");
	ck_assert_int_eq(receive_for(2, 'm', ann_bob, 2, &id), 2);
}
END_TEST

/* To bob alone, though it was found to be for ann. */
START_TEST(what_is_released_is_here_for_whom_it_was_released_to)
{
	struct ledger_taken *taken;
	struct envelope held;
	struct recipient bob = { .account = BOB };
	struct message_id id;

	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', only_ann, 1, &taken, &id), 1);
	held = env;
	ledger_stored(ledger, taken, &env, true, last_position++);
	held.recipients = &bob;
	ck_assert_int_eq(ledger_released(ledger, &held, last_position++), 0);
	reopen();
	begin_domain(three);
	ck_assert_int_eq(receive_for(2, 'm', ann_bob, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, ANN);
	/* his mailbox was restored from before: it is lost to him */
	end();
	ck_assert_int_eq(ledger_lost(ledger, BOB, 1, 20), 0);
	begin_domain(three);
	ck_assert_int_eq(receive_for(3, 'm', ann_bob, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, BOB);
}
END_TEST

START_TEST(a_copy_that_a_rule_sends_to_who_has_it_is_known)
{
	struct ledger_taken *taken;
	struct recipient bob = { .account = BOB };
	struct message_id first, id;

	begin_domain(three);
	ck_assert_int_eq(claim(1, 'm', only_ann, 1, &taken, &id), 1);
	env.recipients = &bob;
	ck_assert_int_eq(ledger_redirected(ledger, taken, &env, &id), 0);
	first = env.id;
	ledger_stored(ledger, taken, &env, false, last_position++);
	ck_assert_int_eq(claim(2, 'm', only_ann, 1, &taken, &id), 1);
	env.recipients = &bob;
	ck_assert_int_eq(ledger_redirected(ledger, taken, &env, &id),
	    -EEXIST);
	ck_assert_int_eq(message_id_order(&id, &first), 0);
	end();
	reopen();
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "3");
}
END_TEST

/* The copy that was delivered is not there any more; the other one still is. */
START_TEST(what_is_lost_comes_back_from_any_copy)
{
	static const struct remote second[] = { { 101, "B" }, { 0, NULL } };
	struct message_id id;

	begin_domain(three);
	last_position = 10;
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), 2);
	ck_assert_int_eq(receive_for(2, 'm', ann_bob, 2, &id), -EEXIST);
	end();
	begin_domain(second);
	end();
	ck_assert_int_eq(ledger_lost(ledger, BOB, 5, 20), 0);
	begin_domain(second);
	ck_assert_str_eq(part(LISTING_TAKE), "1");
	last_position = 50;
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), 1);
	ck_assert_uint_eq(for_whom[0].account, BOB);
}
END_TEST

/* A copy that was lost, and that nobody needs when it comes again. */
START_TEST(a_lost_copy_is_found_once)
{
	struct message_id id;

	begin_domain(three);
	last_position = 10;
	ck_assert_int_eq(receive_for(1, 'm', only_ann, 1, &id), 1);
	end();
	ck_assert_int_eq(ledger_lost(ledger, ANN, 5, 20), 0);
	begin_domain(three);
	last_position = 50;
	ck_assert_int_eq(receive_for(2, 'm', ann_bob, 2, &id), 2);
	ck_assert_int_eq(receive_for(1, 'm', ann_bob, 2, &id), -EEXIST);
	end();
	reopen();
	begin_domain(three);
	ck_assert_str_eq(part(LISTING_TAKE), "3");
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("ledger_claims");
	TCase *tcase = tcase_create("claims");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_second_copy_reaches_whom_the_first_did_not);
	tcase_add_test(tcase,
	    one_copy_more_than_its_names_explain_is_not_passed_over);
	tcase_add_test(tcase, another_message_is_another);
	tcase_add_test(tcase, claims_outlive_a_restart);
	tcase_add_test(tcase, a_replayed_record_claims);
	tcase_add_test(tcase, a_copy_waits_for_the_receipt_of_another);
	tcase_add_test(tcase, who_lost_it_gets_it_again_and_nobody_else);
	tcase_add_test(tcase, a_copy_that_is_held_is_nobodys);
	tcase_add_test(tcase, a_replayed_record_that_is_held_claims_nothing);
	tcase_add_test(tcase,
	    what_is_released_is_here_for_whom_it_was_released_to);
	tcase_add_test(tcase, a_copy_that_a_rule_sends_to_who_has_it_is_known);
	tcase_add_test(tcase, what_is_lost_comes_back_from_any_copy);
	tcase_add_test(tcase, a_lost_copy_is_found_once);
	suite_add_tcase(suite, tcase);
	return suite;
}
