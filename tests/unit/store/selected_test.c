/*
 * selected_test.c - each session has its own view, and all views are true
 */
#include "store/selected.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/account_inside.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

static struct box box;
static char told[1024];
static unsigned room;		/* what the client still wants to hear */
static int syncs_left = -1;	/* until one fails; -1: none does */

/* Ours stands before libc's, for SQLite too. */
int
fdatasync(int fd)
{
	if (syncs_left > 0 && --syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fdatasync, fd);
}

static void
set_up(void)
{
	box = box_new();
	room = 1000;
}

static void
tear_down(void)
{
	syncs_left = -1;
	box_drop(&box);
}

static struct selected *
open_view(void)
{
	struct selected *selected;

	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &selected), 0);
	return selected;
}

/* What was told, as "-n(uid)", "=count" and "~n". */
__attribute__((format(printf, 1, 2))) static int
say(const char *format, ...)
{
	size_t len = strlen(told);
	va_list args;

	if (len > 0)
		told[len++] = ' ';
	va_start(args, format);
	(void)vsnprintf(told + len, sizeof(told) - len, format, args);
	va_end(args);
	return --room == 0;
}

static int
on_expunged(void *arg, size_t n, uint32_t uid)
{
	(void)arg;
	return say("-%zu(%u)", n, uid);
}

static int
on_exists(void *arg, size_t count)
{
	(void)arg;
	return say("=%zu", count);
}

static int
on_changed(void *arg, size_t n)
{
	(void)arg;
	return say("~%zu", n);
}

static const struct selected_teller teller = {
	on_expunged, on_exists, on_changed
};

static const char *
update(struct selected *selected, bool may_expunge)
{
	told[0] = '\0';
	ck_assert_int_eq(selected_update(selected, may_expunge, &teller,
	    NULL), 0);
	return told;
}

/* The UIDs in the view. */
static const char *
uids(const struct selected *selected)
{
	told[0] = '\0';
	for (size_t n = 0; n < selected_count(selected); n++) {
		size_t len = strlen(told);

		(void)snprintf(told + len, sizeof(told) - len, "%s%u",
		    n > 0 ? " " : "", selected_at(selected, n)->uid);
	}
	return told;
}

static int
flag_how(struct selected *selected, size_t n, enum flag_how how,
    unsigned flags, const char *words, uint64_t *modseq_out)
{
	struct flag_change change = {
		.how = how, .flags = (uint8_t)flags,
		.keywords = slice_str(words), .unchanged_since = UINT64_MAX
	};

	return selected_flag(selected, &n, 1, &change, NULL, NULL,
	    modseq_out);
}

static uint64_t
flag(struct selected *selected, size_t n, enum flag_how how, unsigned flags,
    const char *words)
{
	uint64_t modseq;

	ck_assert_int_eq(flag_how(selected, n, how, flags, words, &modseq),
	    0);
	return modseq;
}

static void
expunge(struct selected *selected, size_t n)
{
	ck_assert_int_eq(selected_expunge(selected, &n, 1, NULL, NULL), 0);
}

static bool
is_letter(struct selected *selected, size_t n, uint32_t number)
{
	struct box_letter want = box_letter(number);
	struct letter_bytes bytes;

	return selected_read(selected, n, &bytes) == 0 &&
	    slice_is(bytes.body, slice_of(want.body,
	    want.delivery.body_bytes));
}

static bool
has_words(const struct selected *selected, size_t n, const char *words)
{
	return slice_is_str(selected_words(selected,
	    selected_at(selected, n)->keywords), words);
}

static void
tidy(void)
{
	int r;

	while ((r = account_tidy(box.account)) > 0)
		;
	ck_assert_int_eq(r, 0);
}

static struct folder_status
status(void)
{
	struct folder_status found;

	ck_assert_int_eq(folder_status(box.account, MAILBOX_INBOX, &found),
	    0);
	return found;
}

START_TEST(a_view_lists_what_is_committed)
{
	struct selected *selected;
	bool was_there;

	box_fill(&box, 1, 3);
	selected = open_view();
	ck_assert_str_eq(uids(selected), "1 2 3");
	ck_assert_uint_eq(selected_find(selected, 2), 1);
	ck_assert_uint_eq(selected_find(selected, 9), 3);
	ck_assert_ptr_null(selected_at(selected, 3));
	ck_assert_uint_eq(selected_uidnext(selected), 4);
	ck_assert(is_letter(selected, 1, 2));
	ck_assert_int_eq(box_deliver(box.account, 4, &was_there), 0);
	ck_assert(!selected_has_news(selected, true));
	ck_assert_str_eq(update(selected, true), "");
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert(selected_has_news(selected, false));
	ck_assert_str_eq(update(selected, false), "=4");
	ck_assert(!selected_has_news(selected, true));
	ck_assert_uint_eq(selected_uidnext(selected), 5);
	ck_assert_int_eq(selected_open(box.account, 7, &selected), -ENOENT);
}
END_TEST

/* RFC 9051 7.5.1: expunges are told only when that may be */
START_TEST(expunges_wait_until_they_may_be_told)
{
	struct selected *mine, *other;

	box_fill(&box, 1, 5);
	mine = open_view();
	other = open_view();
	expunge(mine, 1);
	expunge(mine, 3);
	box_fill(&box, 6, 6);
	ck_assert(selected_is_expunged(other, 1));
	ck_assert_str_eq(update(other, false), "=6");
	ck_assert_str_eq(uids(other), "1 2 3 4 5 6");
	tidy();
	ck_assert(is_letter(other, 1, 2));
	ck_assert_str_eq(update(mine, true), "-1(2) -2(4) =4");
	ck_assert_str_eq(uids(mine), "1 3 5 6");
	tidy();
	ck_assert(is_letter(other, 3, 4));
	ck_assert_str_eq(update(other, true), "-1(2) -2(4)");
	ck_assert_str_eq(uids(other), "1 3 5 6");
	ck_assert_str_eq(update(other, true), "");
	tidy();
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM letter"), 4);
	box_open(&box);
}
END_TEST

START_TEST(a_session_hears_as_much_at_once_as_it_wants)
{
	struct selected *mine, *other;

	box_fill(&box, 1, 6);
	mine = open_view();
	other = open_view();
	expunge(mine, 0);
	expunge(mine, 2);
	expunge(mine, 5);
	(void)flag(mine, 1, FLAG_ADD, LETTER_SEEN, "");
	(void)flag(mine, 3, FLAG_ADD, LETTER_SEEN, "");
	box_fill(&box, 7, 7);
	told[0] = '\0';
	for (int turns = 1; ; turns++) {
		room = 1;
		if (selected_update(other, true, &teller, NULL) == 0)
			break;
		ck_assert_int_lt(turns, 9);
	}
	ck_assert_str_eq(told, "-0(1) -1(3) -3(6) =4 ~0 ~1");
	ck_assert_str_eq(uids(other), "2 4 5 7");
	ck_assert(!selected_has_news(other, true));
}
END_TEST

START_TEST(flags_are_what_somebody_made_them)
{
	struct selected *mine, *other;
	uint64_t first, second;

	box_fill(&box, 1, 3);
	mine = open_view();
	other = open_view();
	first = flag(mine, 0, FLAG_ADD, LETTER_SEEN | LETTER_DELETED,
	    "$Forwarded kerja");
	second = flag(other, 0, FLAG_REMOVE, LETTER_DELETED, "KERJA none");
	ck_assert_uint_gt(second, first);
	ck_assert_uint_eq(selected_at(mine, 0)->flags, LETTER_SEEN);
	ck_assert_uint_eq(selected_at(mine, 0)->modseq, second);
	ck_assert(has_words(mine, 0, "$Forwarded"));
	ck_assert_str_eq(update(mine, false), "~0");
	ck_assert_str_eq(update(other, false), "~0");
	/* what it is already is no change */
	ck_assert_uint_eq(flag(mine, 0, FLAG_ADD, LETTER_SEEN,
	    "$forwarded"), 0);
	ck_assert_uint_eq(flag(mine, 0, FLAG_SET, LETTER_SEEN,
	    "$Forwarded $Forwarded"), 0);
	ck_assert_uint_ne(flag(mine, 1, FLAG_SET, LETTER_FLAGGED, "a b"), 0);
	ck_assert_uint_eq(status().unseen, 2);
	ck_assert_int_eq(box_check(&box), 0);
	selected_close(mine);
	selected_close(other);
	box_close(&box);
	box_open(&box);
	mine = open_view();
	ck_assert_uint_eq(selected_at(mine, 0)->flags, LETTER_SEEN);
	ck_assert_uint_eq(selected_at(mine, 0)->modseq, second);
	ck_assert(has_words(mine, 0, "$Forwarded"));
	ck_assert(has_words(mine, 1, "a b"));
	(void)flag(mine, 2, FLAG_ADD, LETTER_DELETED, "");
	ck_assert_uint_eq(status().deleted, 1);
	ck_assert_uint_eq(status().unseen, 2);
}
END_TEST

static int
add_word(void *arg, struct slice word)
{
	(void)arg;
	(void)say("%.*s", SLICE_FMT(word));
	return 0;
}

/* RFC 9051 7.3.5: FLAGS lists every keyword in use */
START_TEST(each_word_of_a_view_is_told_once)
{
	struct selected *selected;

	box_fill(&box, 1, 4);
	selected = open_view();
	(void)flag(selected, 0, FLAG_SET, 0, "b a");
	(void)flag(selected, 1, FLAG_SET, 0, "A c");
	(void)flag(selected, 2, FLAG_SET, 0, "gone");
	(void)flag(selected, 2, FLAG_SET, 0, "");
	told[0] = '\0';
	ck_assert_int_eq(selected_each_word(selected, add_word, NULL), 0);
	ck_assert_str_eq(told, "b a c");
}
END_TEST

static void
on_refused(void *arg, size_t n)
{
	(void)arg;
	(void)say("!%zu", n);
}

/* RFC 7162 3.1.3 */
START_TEST(a_letter_changed_since_is_refused)
{
	struct flag_change change = {
		.how = FLAG_ADD, .flags = LETTER_FLAGGED, .tell_me = true
	};
	const size_t all[] = { 0, 1, 2 };
	struct selected *selected;
	uint64_t modseq;

	box_fill(&box, 1, 3);
	selected = open_view();
	change.unchanged_since = selected_modseq(selected);
	(void)flag(selected, 1, FLAG_ADD, LETTER_SEEN, "");
	told[0] = '\0';
	ck_assert_int_eq(selected_flag(selected, all, 3, &change, on_refused,
	    NULL, &modseq), 0);
	ck_assert_str_eq(told, "!1");
	ck_assert_uint_eq(selected_at(selected, 0)->modseq, modseq);
	ck_assert_uint_eq(selected_at(selected, 2)->modseq, modseq);
	ck_assert_uint_eq(selected_at(selected, 1)->flags, LETTER_SEEN);
	ck_assert_str_eq(update(selected, true), "~0 ~2");
	ck_assert_uint_eq(selected_modseq(selected), modseq);
	ck_assert_uint_eq(status().highest_modseq, modseq);
}
END_TEST

START_TEST(what_cannot_be_stored_changes_nothing)
{
	static size_t many[SELECTED_STEP + 1];
	struct flag_change change = { .unchanged_since = UINT64_MAX };
	char words[KEYWORDS_MOST + 2];
	struct selected *selected;
	uint64_t modseq = 7;

	box_fill(&box, 1, 2);
	selected = open_view();
	memset(words, 'w', sizeof(words) - 1);
	words[sizeof(words) - 1] = '\0';
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, LETTER_SEEN, words,
	    &modseq), -E2BIG);
	words[KEYWORDS_MOST] = '\0';
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, 0, "two words",
	    &modseq), 0);
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, LETTER_SEEN, words,
	    &modseq), -E2BIG);
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, 0, "\\Seen",
	    &modseq), -EINVAL);
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, 0, "a(b",
	    &modseq), -EINVAL);
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, 0x20, "",
	    &modseq), -EINVAL);
	ck_assert_int_eq(flag_how(selected, 2, FLAG_ADD, 0, "",
	    &modseq), -EINVAL);
	ck_assert_int_eq(selected_flag(selected, many, SELECTED_STEP + 1,
	    &change, NULL, NULL, &modseq), -E2BIG);
	ck_assert_uint_eq(selected_at(selected, 0)->flags, 0);
	ck_assert(has_words(selected, 0, "two words"));
	ck_assert_int_eq(flag_how(selected, 1, FLAG_SET, 0, words,
	    &modseq), 0);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

static unsigned changes;
static uint64_t change_modseq;

static void
on_change(void *arg, uint32_t mailbox, uint64_t modseq)
{
	(void)arg;
	ck_assert_uint_eq(mailbox, MAILBOX_INBOX);
	changes++;
	change_modseq = modseq;
}

START_TEST(a_change_is_told_after_its_commit)
{
	struct selected *selected;
	bool was_there;

	changes = 0;
	account_on_change(box.account, on_change, NULL);
	ck_assert_int_eq(box_deliver(box.account, 1, &was_there), 0);
	ck_assert_uint_eq(changes, 0);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(changes, 1);
	selected = open_view();
	ck_assert(!account_wants_sync(box.account));
	ck_assert_uint_eq(flag(selected, 0, FLAG_ADD, LETTER_SEEN, ""),
	    change_modseq);
	ck_assert_uint_eq(changes, 2);
	ck_assert(account_wants_sync(box.account));
	ck_assert_int_eq(account_sync(box.account), 0);
	ck_assert(!account_wants_sync(box.account));
	expunge(selected, 0);
	ck_assert_uint_eq(changes, 3);
	ck_assert_int_eq(account_commit(box.account), 0);
	ck_assert_uint_eq(changes, 3);
}
END_TEST

/* A POP3 session deletes what an IMAP session shows, and the other way. */
START_TEST(both_protocols_see_one_mailbox)
{
	struct selected *selected;
	struct view *view;
	size_t second = 1;

	box_fill(&box, 1, 3);
	selected = open_view();
	view = box_view(&box);
	ck_assert_int_eq(account_expunge(box.account, view, &second, 1), 0);
	ck_assert(selected_is_expunged(selected, 1));
	ck_assert(is_letter(selected, 1, 2));
	expunge(selected, 2);
	ck_assert_str_eq(update(selected, true), "-1(2) -1(3)");
	tidy();
	ck_assert_int_eq(box_is_letter(&box, view, 2, 3), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_uint_eq(status().messages, 1);
}
END_TEST

START_TEST(a_deleted_mailbox_is_gone_from_its_views)
{
	struct box_letter letter = box_letter(1);
	struct selected *selected;
	uint32_t mailbox;
	bool was_there;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	letter.delivery.folder = slice_str("Old");
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
	ck_assert_int_eq(folder_find(box.account, slice_str("Old"),
	    &mailbox), 0);
	ck_assert_int_eq(selected_open(box.account, mailbox, &selected), 0);
	ck_assert_int_eq(folder_delete(box.account, slice_str("Old")), 0);
	ck_assert(selected_is_gone(selected));
	tidy();
	ck_assert(is_letter(selected, 0, 1));
	ck_assert_uint_eq(flag(selected, 0, FLAG_ADD, LETTER_SEEN, ""), 0);
	expunge(selected, 0);
	ck_assert_str_eq(update(selected, true), "-0(1)");
	selected_close(selected);
	tidy();
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

START_TEST(letters_of_a_renamed_inbox_leave_its_views)
{
	struct selected *selected;

	box_fill(&box, 1, 2);
	selected = open_view();
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old")), 0);
	ck_assert(!selected_is_gone(selected));
	box_fill(&box, 3, 3);
	ck_assert_str_eq(update(selected, true), "-0(1) -0(2) =1");
	ck_assert_str_eq(uids(selected), "3");
}
END_TEST

static int
add_range(void *arg, uint32_t first, uint32_t last)
{
	(void)arg;
	(void)say("%u:%u", first, last);
	return 0;
}

/* In `told`, all of it; how many steps that took. */
static unsigned
tell_vanished(struct selected *selected, uint64_t since)
{
	uint64_t from = 1;
	unsigned steps = 0;
	int r;

	told[0] = '\0';
	do {
		r = selected_vanished(selected, since, &from, add_range, NULL);
		ck_assert_int_ge(r, 0);
		steps++;
	} while (r > 0);
	return steps;
}

/* RFC 7162 3.2.10 */
START_TEST(what_vanished_is_known_later)
{
	const size_t first[] = { 1, 2, 4 };
	struct selected *selected;
	uint64_t before, between;

	box_fill(&box, 1, 8);
	selected = open_view();
	before = selected_modseq(selected);
	ck_assert_int_eq(selected_expunge(selected, first, 3, NULL, NULL),
	    0);
	(void)update(selected, true);
	between = selected_modseq(selected);
	ck_assert_uint_gt(between, before);
	expunge(selected, 4);
	(void)update(selected, true);
	selected_close(selected);
	if (_i == 1) {
		box_close(&box);
		box_open(&box);
	}
	selected = open_view();
	/* of long ago it is found in another way */
	for (int i = 0; _i == 2 && i < 1200; i++)
		(void)flag(selected, 0, i % 2 == 0 ? FLAG_ADD : FLAG_REMOVE,
		    LETTER_SEEN, "");
	(void)tell_vanished(selected, before);
	ck_assert_str_eq(told, "2:3 5:5 8:8");
	(void)tell_vanished(selected, between);
	ck_assert_str_eq(told, "8:8");
	(void)tell_vanished(selected, UINT64_MAX);
	ck_assert_str_eq(told, "");
}
END_TEST

static void
deliver_4_and_5(struct account *account, void *arg)
{
	bool was_there;

	(void)arg;
	if (box_deliver(account, 4, &was_there) != 0 ||
	    account_commit(account) != 0 ||
	    box_deliver(account, 5, &was_there) != 0)
		abort();
}

/*
 * RFC 7162 3.2.5.1: who was told of UIDs that a crash took hears that they have
 * gone, and of each letter that it may have changed
 */
START_TEST(after_a_crash_too_much_is_told_rather_than_too_little)
{
	struct selected *selected;
	uint64_t before;

	box_fill(&box, 1, 3);
	selected = open_view();
	before = selected_modseq(selected);
	selected_close(selected);
	box_close(&box);
	box_crash(&box, deliver_4_and_5, NULL);
	box_open(&box);
	selected = open_view();
	ck_assert_str_eq(uids(selected), "1 2 3 4");
	(void)tell_vanished(selected, before);
	ck_assert_str_eq(told, "5:19");
	for (size_t n = 0; n < 4; n++)
		ck_assert_uint_gt(selected_at(selected, n)->modseq,
		    before + BOX_UID_BLOCK - 1);
	ck_assert_uint_ge(selected_modseq(selected),
	    selected_at(selected, 0)->modseq);
	before = selected_modseq(selected);
	box_close(&box);
	box_open(&box);
	selected = open_view();
	ck_assert_uint_eq(selected_modseq(selected), before);
	ck_assert_uint_le(selected_at(selected, 0)->modseq, before);
}
END_TEST

static int
add_facts(void *arg, size_t n, const struct letter_facts *facts)
{
	const struct selected *selected = arg;
	struct box_letter want = box_letter(selected_at(selected, n)->uid);

	if (facts == NULL)
		return say("%zu?", n), 0;
	ck_assert_uint_eq(facts->body_bytes, want.delivery.body_bytes);
	ck_assert_uint_eq(facts->bytes, facts->body_bytes +
	    strlen(want.trace));
	ck_assert_int_eq(facts->received_at_utc_ms,
	    want.delivery.received_at_utc_ms);
	ck_assert_int_eq(message_id_order(&facts->id, &want.delivery.id), 0);
	return say("%zu%s%.*s", n, facts->saved_at_utc_ms > 0 ? "s" : "",
	    SLICE_FMT(facts->structure)), 0;
}

START_TEST(facts_are_told_of_each_letter_in_a_range)
{
	struct selected *selected;

	/* numbers of letters with gaps, smaller and larger than GAP_MOST */
	box_fill(&box, 1, 12);
	selected = open_view();
	for (size_t n = 3; n < 9; n++)
		expunge(selected, n);
	(void)update(selected, true);
	for (int i = 0; i < 20; i++)
		(void)flag(selected, 0, i % 2 == 0 ? FLAG_ADD : FLAG_REMOVE,
		    LETTER_SEEN, "");
	box_fill(&box, 13, 14);
	(void)update(selected, true);
	expunge(selected, 2);
	ck_assert_int_eq(selected_put_structure(selected, 1,
	    slice_str(" two")), 0);
	ck_assert_int_eq(selected_put_structure(selected, 1,
	    slice_str(" again")), 0);
	told[0] = '\0';
	ck_assert_int_eq(selected_facts(selected, 0, 8,
	    FACTS_SAVED | FACTS_STRUCTURE, add_facts, selected), 0);
	ck_assert_str_eq(told, "0s 1s again 2 3s 4s 5s 6s 7s");
	told[0] = '\0';
	ck_assert_int_eq(selected_facts(selected, 1, 2, 0, add_facts,
	    selected), 0);
	ck_assert_str_eq(told, "1 2");
	ck_assert_int_eq(selected_facts(selected, 7, 2, 0, add_facts,
	    selected), -EINVAL);
	ck_assert_int_eq(account_sync(box.account), 0);
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	box_meddle(&box, "UPDATE letter SET action = -1 WHERE id = 2;"
	    "DELETE FROM letter WHERE id = 11");
	box_open(&box);
	selected = open_view();
	told[0] = '\0';
	ck_assert_int_eq(selected_facts(selected, 0, 7, FACTS_STRUCTURE,
	    add_facts, selected), 0);
	ck_assert_str_eq(told, "0 1? 2 3? 4 5 6");
}
END_TEST

/* A letter that goes takes its structure along. */
START_TEST(no_structure_stays_behind)
{
	struct selected *selected;

	box_fill(&box, 1, 2);
	selected = open_view();
	ck_assert_int_eq(selected_put_structure(selected, 0,
	    slice_str("one")), 0);
	expunge(selected, 0);
	(void)update(selected, true);
	tidy();
	ck_assert_int_eq(box_check(&box), 0);
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM structure"), 0);
	box_open(&box);
}
END_TEST

/* A sync fails: what was not committed is in no view. */
START_TEST(a_failed_expunge_is_in_no_view)
{
	struct selected *selected;
	size_t first = 0;

	box_fill(&box, 1, 3);
	selected = open_view();
	ck_assert_int_eq(account_settle(box.account, 3, 0), 0);
	syncs_left = 1;
	ck_assert_int_eq(selected_expunge(selected, &first, 1, NULL, NULL),
	    -EIO);
	ck_assert(!selected_is_expunged(selected, 0));
	ck_assert_int_eq(selected_update(selected, true, &teller, NULL),
	    -EIO);
	ck_assert_int_eq(flag_how(selected, 0, FLAG_ADD, LETTER_SEEN, "",
	    &(uint64_t){ 0 }), -EIO);
	ck_assert_int_eq(account_close(box.account), -EIO);
	syncs_left = -1;
	box_open(&box);
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* What was expunged, changed and came between is as if all were read anew. */
START_TEST(a_mailbox_opened_again_is_as_it_is_now)
{
	struct selected *first, *second;
	uint64_t modseq;

	box_fill(&box, 1, 4);
	first = open_view();
	second = open_view();
	expunge(second, 1);
	ck_assert_int_eq(flag_how(second, 2, FLAG_ADD, LETTER_SEEN, "Work",
	    &modseq), 0);
	/* nobody was told: the one that is kept holds no letter all the same */
	selected_close(second);
	selected_close(first);
	tidy();
	box_fill(&box, 5, 5);
	second = open_view();
	ck_assert_str_eq(uids(second), "1 3 4 5");
	ck_assert_uint_eq(selected_at(second, 1)->flags, LETTER_SEEN);
	ck_assert_uint_eq(selected_at(second, 1)->modseq, modseq);
	ck_assert_str_eq(update(second, true), "");
	ck_assert(is_letter(second, 1, 3));
	box_close(&box);
	ck_assert_int_eq(box_ask(&box, "SELECT count(*) FROM letter"), 4);
	box_open(&box);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/selected");
	TCase *tcase = tcase_create("selected");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_view_lists_what_is_committed);
	tcase_add_test(tcase, expunges_wait_until_they_may_be_told);
	tcase_add_test(tcase, a_session_hears_as_much_at_once_as_it_wants);
	tcase_add_test(tcase, flags_are_what_somebody_made_them);
	tcase_add_test(tcase, each_word_of_a_view_is_told_once);
	tcase_add_test(tcase, a_letter_changed_since_is_refused);
	tcase_add_test(tcase, what_cannot_be_stored_changes_nothing);
	tcase_add_test(tcase, a_change_is_told_after_its_commit);
	tcase_add_test(tcase, both_protocols_see_one_mailbox);
	tcase_add_test(tcase, a_deleted_mailbox_is_gone_from_its_views);
	tcase_add_test(tcase, letters_of_a_renamed_inbox_leave_its_views);
	tcase_add_loop_test(tcase, what_vanished_is_known_later, 0, 3);
	tcase_add_test(tcase,
	    after_a_crash_too_much_is_told_rather_than_too_little);
	tcase_add_test(tcase, facts_are_told_of_each_letter_in_a_range);
	tcase_add_test(tcase, no_structure_stays_behind);
	tcase_add_test(tcase, a_failed_expunge_is_in_no_view);
	tcase_add_test(tcase, a_mailbox_opened_again_is_as_it_is_now);
	suite_add_tcase(suite, tcase);
	return suite;
}
