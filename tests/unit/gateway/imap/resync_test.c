/*
 * resync_test.c - CONDSTORE and QRESYNC with more letters than one step takes
 */
#include <stdio.h>
#include <string.h>

#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define ONE		"Subject: one\r\n\r\nfirst\r\n"
#define MANY		4000	/* letters: some steps of the store */

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

/*
 * RFC 7162 3.1.3: of many letters, of which others have changed every second
 * one, the others are changed, and all of those are named
 */
START_TEST(each_letter_that_was_changed_since_is_named)
{
	TEXT_AUTO want = TEXT_INIT(65536);
	char store[100];
	struct slice got;
	unsigned long long since;

	for (int i = 0; i < 250; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int i = 0; i < 4; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	imap_select(1);
	got = imap_ask(0, "a STATUS INBOX (HIGHESTMODSEQ)\r\n", "a OK");
	ck_assert_int_eq(sscanf(got.at, "* OK [HIGHESTMODSEQ %llu]", &since),
	    1);
	for (unsigned n = 2; n <= MANY; n += 2)
		text_addf(&want, n > 2 ? ",%u" : "%u", n);
	pop3_peer_say(&imap_office.peer[1], slice_str("b STORE "));
	pop3_peer_say(&imap_office.peer[1], text_slice(&want));
	(void)imap_ask(1, " +FLAGS.SILENT (\\Flagged)\r\n", "b OK");
	(void)snprintf(store, sizeof(store),
	    "c STORE 1:* (UNCHANGEDSINCE %llu) +FLAGS.SILENT (\\Seen)\r\n",
	    since);
	got = imap_ask(0, store, "those were changed since\r\n");
	text_add_str(&want, "]");
	text_add_byte(&want, '\0');
	ck_assert(has(got, "\r\nc OK [MODIFIED 2,4,6,"));
	ck_assert(has(got, want.at));
	ck_assert(has(got, "* 2 FETCH (FLAGS (\\Flagged \\Recent) MODSEQ ("));
	ck_assert(has(got, "* 3 FETCH (MODSEQ ("));
	got = imap_ask(0, "d SEARCH RETURN (COUNT) SEEN UNFLAGGED\r\n", "d OK");
	(void)snprintf(store, sizeof(store), ") COUNT %d\r\n", MANY / 2);
	ck_assert(has(got, store));
}
END_TEST

/* Every second letter of MANY goes; session 1 hears of it as they do. */
static void
delete_every_second(void)
{
	TEXT_AUTO uids = TEXT_INIT(65536);

	for (unsigned n = 2; n <= MANY; n += 2)
		text_addf(&uids, n > 2 ? ",%u" : "%u", n);
	pop3_peer_say(&imap_office.peer[0], slice_str("d UID STORE "));
	pop3_peer_say(&imap_office.peer[0], text_slice(&uids));
	(void)imap_ask(0, " +FLAGS.SILENT (\\Deleted)\r\n", "d OK");
	(void)imap_ask(0, "e EXPUNGE\r\n", "e OK");
}

/* How many UIDs the VANISHED responses name, and the sum of them. */
static uint64_t
vanished(struct slice got, const char *what, unsigned *count_out)
{
	struct slice line, uid;
	uint64_t sum = 0, one;

	*count_out = 0;
	while (slice_cut(&got, '\n', &line)) {
		if (!slice_has_prefix(line, what))
			continue;
		line = slice_after(slice_first(line, line.len - 1),
		    strlen(what));
		while (line.len > 0) {
			if (!slice_cut(&line, ',', &uid)) {
				uid = line;
				line = slice_of(NULL, 0);
			}
			ck_assert_int_eq(slice_u64(uid, MANY, &one), 0);
			sum += one;
			++*count_out;
		}
	}
	return sum;
}

/* RFC 7162 3.2.10: however many have gone, each is named once */
START_TEST(all_that_has_gone_is_named)
{
	uint64_t sum = (uint64_t)MANY * (MANY + 2) / 4;
	unsigned long long uidvalidity;
	unsigned count;
	char select[100];
	struct slice got;

	for (int i = 0; i < 250; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(0);
	for (int i = 0; i < 4; i++)
		(void)imap_ask(0, "a COPY 1:* INBOX\r\n", "a OK");
	imap_log_in(1);
	(void)imap_ask(1, "a ENABLE QRESYNC\r\n", "a OK");
	got = imap_ask(1, "b SELECT INBOX\r\n", "b OK");
	got = slice_after(got, slice_find_str(got, "[UIDVALIDITY"));
	ck_assert_int_eq(sscanf(got.at, "[UIDVALIDITY %llu]", &uidvalidity),
	    1);
	delete_every_second();
	got = imap_ask(1, "c NOOP\r\n", "c OK");
	ck_assert_uint_eq(vanished(got, "* VANISHED ", &count), sum);
	ck_assert_uint_eq(count, MANY / 2);
	(void)snprintf(select, sizeof(select),
	    "d SELECT INBOX (QRESYNC (%llu 1))\r\n", uidvalidity);
	got = imap_ask(1, select, "d OK");
	ck_assert_uint_eq(vanished(got, "* VANISHED (EARLIER) ", &count),
	    sum);
	ck_assert_uint_eq(count, MANY / 2);
	ck_assert(!has(got, "* VANISHED 2"));
	(void)snprintf(select, sizeof(select), "* %d FETCH (UID %d FLAGS () "
	    "MODSEQ (", MANY / 2, MANY - 1);
	ck_assert(has(got, select));
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/resync");
	TCase *tcase = tcase_create("resync");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open, imap_office_close);
	tcase_add_test(tcase, each_letter_that_was_changed_since_is_named);
	tcase_add_test(tcase, all_that_has_gone_is_named);
	suite_add_tcase(suite, tcase);
	return suite;
}
