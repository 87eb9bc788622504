/*
 * tx_test.c - a transaction's envelope fits one message between roles
 */
#include "gateway/smtp/tx.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

START_TEST(an_envelope_stays_below_its_limit)
{
	struct envelope known = { .helo = SLICE("c.example") };
	struct tx *tx = tx_new(&known, 4000);
	TEXT_AUTO packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	char name[200];
	int r = 0;

	ck_assert_ptr_nonnull(tx);
	ck_assert_int_eq(tx_begun(tx), 0);
	memset(name, 'x', sizeof(name));
	for (uint64_t i = 1; r == 0; i++) {
		struct recipient rcpt = {
		    .address = { name, i % sizeof(name) }, .account = i
		};

		r = tx_add(tx, &rcpt);
	}
	ck_assert_int_eq(r, -ENOBUFS);
	envelope_pack(&packed, &tx->env);
	ck_assert(!text_failed(&packed));
	ck_assert_uint_eq(text_slice(&packed).len, tx->packed_bytes);
	ck_assert_uint_gt(tx->packed_bytes,
	    ENVELOPE_MAX_BYTES - TX_RECIPIENT_BYTES - sizeof(name));
	tx_end(&tx);
	ck_assert_ptr_null(tx);
}
END_TEST

START_TEST(a_mailbox_gets_one_copy_and_each_address_elsewhere_too)
{
	const struct recipient ann = { .address = SLICE("ann@office.test"),
	    .account = 7 };
	const struct recipient info = { .address = SLICE("info@office.test"),
	    .account = 7 };
	const struct recipient zoe = { .address = SLICE("zoe@far.test") };
	const struct recipient bob = { .address = SLICE("bob@far.test") };
	struct envelope known = { .helo = SLICE("c.example") };
	struct tx *tx = tx_new(&known, 10);

	ck_assert_int_eq(tx_begun(tx), 0);
	ck_assert_int_eq(tx_add(tx, &ann), 0);
	ck_assert_int_eq(tx_add(tx, &info), 0);
	ck_assert_uint_eq(tx->env.recipient_count, 1);
	ck_assert_int_eq(tx_add(tx, &zoe), 0);
	ck_assert_int_eq(tx_add(tx, &bob), 0);
	ck_assert_int_eq(tx_add(tx, &zoe), 0);
	ck_assert_uint_eq(tx->env.recipient_count, 3);
	tx_end(&tx);
}
END_TEST

/* Each stands for somebody else, whom its address says. */
START_TEST(each_sender_that_was_rewritten_gets_its_notice)
{
	const struct recipient zoe = { .account = ACCOUNT_BOUNCE,
	    .address = SLICE("SRS0=a=b=far.test=zoe@office.test") };
	const struct recipient eve = { .account = ACCOUNT_BOUNCE,
	    .address = SLICE("SRS0=c=b=far.test=eve@office.test") };
	struct envelope known = { .helo = SLICE("c.example") };
	struct tx *tx = tx_new(&known, 10);

	ck_assert_int_eq(tx_begun(tx), 0);
	ck_assert_int_eq(tx_add(tx, &zoe), 0);
	ck_assert_int_eq(tx_add(tx, &eve), 0);
	ck_assert_int_eq(tx_add(tx, &zoe), 0);
	ck_assert_uint_eq(tx->env.recipient_count, 2);
	tx_end(&tx);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("smtp tx");
	TCase *tcase = tcase_create("smtp tx");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_envelope_stays_below_its_limit);
	tcase_add_test(tcase,
	    a_mailbox_gets_one_copy_and_each_address_elsewhere_too);
	tcase_add_test(tcase, each_sender_that_was_rewritten_gets_its_notice);
	suite_add_tcase(suite, tcase);
	return suite;
}
