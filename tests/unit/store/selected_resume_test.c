/*
 * selected_resume_test.c - a client that was away is told exactly what changed
 *
 * Each client follows what it is told and nothing else.  Its view is given up
 * and begun anew from a few numbers, in this process or in the next.
 */
#include "store/selected.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/folders.h"
#include "tests/unit/store/box.h"

#define CLIENTS		4
#define MOST		600

struct client {
	struct selected	*selected;	/* NULL: it is away */
	struct selected_known known;	/* then */
	uint32_t	 uids[MOST];
	uint8_t		 flags[MOST];
	size_t		 count;
	size_t		 told;		/* changes, since it is back */
	unsigned	 stage;		/* of what is told, as the order has it */
	bool		 is_patient;	/* it hears all at once */
};

static struct box box;
static struct client clients[CLIENTS];

static void
set_up(void)
{
	box = box_new();
	memset(clients, 0, sizeof(clients));
}

static void
tear_down(void)
{
	box_drop(&box);
}

static bool
has_enough(const struct client *client)
{
	return !client->is_patient && rand() % 3 == 0;
}

static void
know(struct client *client, size_t n)
{
	const struct selected_letter *letter = selected_at(client->selected,
	    n);

	client->uids[n] = letter->uid;
	client->flags[n] = letter->flags;
}

static int
client_expunged(void *arg, size_t n, uint32_t uid)
{
	struct client *client = arg;

	ck_assert_uint_eq(client->stage, 0);
	ck_assert_uint_lt(n, client->count);
	ck_assert_uint_eq(client->uids[n], uid);
	client->count--;
	memmove(&client->uids[n], &client->uids[n + 1],
	    (client->count - n) * sizeof(client->uids[0]));
	memmove(&client->flags[n], &client->flags[n + 1],
	    client->count - n);
	return has_enough(client);
}

static int
client_exists(void *arg, size_t count)
{
	struct client *client = arg;

	ck_assert_uint_lt(client->stage, 1);
	client->stage = client->is_patient ? 1 : 0;
	ck_assert_uint_gt(count, client->count);
	ck_assert_uint_le(count, MOST);
	while (client->count < count)
		know(client, client->count++);
	return has_enough(client);
}

static int
client_changed(void *arg, size_t n)
{
	struct client *client = arg;

	client->stage = client->is_patient ? 2 : 0;
	ck_assert_uint_lt(n, client->count);
	ck_assert_uint_eq(client->uids[n],
	    selected_at(client->selected, n)->uid);
	ck_assert_uint_gt(selected_at(client->selected, n)->modseq,
	    client->known.modseq);
	know(client, n);
	client->told++;
	return has_enough(client);
}

static const struct selected_teller client_teller = {
	client_expunged, client_exists, client_changed
};

static void
client_open(struct client *client)
{
	ck_assert_int_eq(selected_open(box.account, MAILBOX_INBOX,
	    &client->selected), 0);
	client->count = selected_count(client->selected);
	for (size_t n = 0; n < client->count; n++)
		know(client, n);
}

static void
client_update(struct client *client)
{
	client->stage = 0;
	while (selected_update(client->selected, true, &client_teller,
	    client) == 1)
		;
}

/* Told everything first, it leaves nothing behind but what it knows. */
static void
client_leave(struct client *client)
{
	if (client->selected == NULL)
		return;
	client_update(client);
	ck_assert_int_eq(selected_known(client->selected, &client->known), 0);
	ck_assert_uint_eq(client->known.count, client->count);
	selected_close(client->selected);
	client->selected = NULL;
}

static void
client_come(struct client *client)
{
	if (client->selected != NULL)
		return;
	ck_assert_int_eq(selected_resume(box.account, &client->known,
	    &client->selected), 0);
	ck_assert_uint_eq(selected_count(client->selected), client->count);
	for (size_t n = 0; n < client->count; n++)
		ck_assert_uint_eq(selected_at(client->selected, n)->uid,
		    client->uids[n]);
	client->told = 0;
	client->is_patient = rand() % 2 == 0;
	client_update(client);
	ck_assert_uint_le(client->told, client->count);
	client_update(client);
	client->is_patient = false;
}

static void
next_process(void)
{
	for (int i = 0; i < CLIENTS; i++)
		client_leave(&clients[i]);
	box_close(&box);
	box_open(&box);
}

/* Someone who is there does something, with letters it knows. */
static void
client_act(struct client *client, uint32_t *next)
{
	struct flag_change change = {
		.how = (enum flag_how)(rand() % 3),
		.flags = (uint8_t)(rand() % 32), .tell_me = true,
		.keywords = slice_str(rand() % 2 ? "a" : "b c"),
		.unchanged_since = UINT64_MAX
	};
	size_t numbers[3], count = 0;
	uint64_t modseq;

	client_come(client);
	for (size_t n = 0; n < client->count && count < 3; n++)
		if (rand() % (int)client->count < 3)
			numbers[count++] = n;
	switch (rand() % 8) {
	case 0:
	case 1:
		box_fill(&box, *next, *next);
		(*next)++;
		break;
	case 2:
		ck_assert_int_eq(selected_expunge(client->selected, numbers,
		    count, NULL, NULL), 0);
		break;
	case 3:
		ck_assert_int_ge(account_tidy(box.account), 0);
		break;
	case 4:
		client_leave(client);
		break;
	case 5:
		if (rand() % 4 == 0)
			next_process();
		break;
	default:
		ck_assert_int_eq(selected_flag(client->selected, numbers,
		    count, &change, NULL, NULL, &modseq), 0);
	}
}

START_TEST(who_was_away_knows_what_is_there)
{
	struct client fresh = { 0 };
	uint32_t next = 11;

	srand((unsigned)_i + 1);
	box_fill(&box, 1, 10);
	for (int i = 0; i < CLIENTS; i++)
		client_open(&clients[i]);
	for (int i = 0; i < 400; i++)
		client_act(&clients[rand() % CLIENTS], &next);
	client_open(&fresh);
	for (int i = 0; i < CLIENTS; i++) {
		client_come(&clients[i]);
		client_leave(&clients[i]);
		client_come(&clients[i]);
		ck_assert_uint_eq(clients[i].told, 0);
		ck_assert_uint_eq(clients[i].count, fresh.count);
		ck_assert_mem_eq(clients[i].uids, fresh.uids,
		    fresh.count * sizeof(fresh.uids[0]));
		ck_assert_mem_eq(clients[i].flags, fresh.flags, fresh.count);
	}
	ck_assert_int_eq(box_check(&box), 0);
}
END_TEST

/* What it has not been told cannot be among what it knows. */
START_TEST(with_news_to_tell_nobody_leaves)
{
	struct client *client = &clients[0];

	box_fill(&box, 1, 3);
	client_open(client);
	box_fill(&box, 4, 4);
	ck_assert_int_eq(selected_known(client->selected, &client->known),
	    -EAGAIN);
	client_leave(client);
	ck_assert_uint_eq(client->known.count, 4);
	ck_assert_uint_eq(client->known.uidnext, 5);
	ck_assert_uint_eq(client->known.mailbox, MAILBOX_INBOX);
}
END_TEST

/* A process that crashed has lost no letter; flags may be told once more. */
static void
last_words(struct account *account, void *arg)
{
	size_t numbers[] = { 1, 3 };
	struct selected *selected;

	(void)arg;
	if (selected_open(account, MAILBOX_INBOX, &selected) != 0 ||
	    selected_expunge(selected, numbers, 2, NULL, NULL) != 0)
		_exit(1);
}

START_TEST(a_crash_in_between_is_no_matter)
{
	struct client *client = &clients[0];

	box_fill(&box, 1, 6);
	client_open(client);
	client_leave(client);
	box_close(&box);
	box_crash(&box, last_words, NULL);
	box_open(&box);
	box_fill(&box, 7, 8);
	client_come(client);
	ck_assert_uint_eq(client->count, 6);
	for (size_t n = 0; n < 4; n++)
		ck_assert_uint_eq(client->uids[n],
		    ((const uint32_t[]){ 1, 3, 5, 6 })[n]);
	ck_assert_uint_gt(client->uids[4], 6);
}
END_TEST

/* Nothing is made up of numbers that cannot be. */
START_TEST(what_does_not_follow_is_not_gone_on_with)
{
	struct selected_known known, good;
	struct selected *selected;

	box_fill(&box, 1, 5);
	client_open(&clients[0]);
	client_leave(&clients[0]);
	known = good = clients[0].known;
	known.uidvalidity++;
	ck_assert_int_eq(selected_resume(box.account, &known, &selected),
	    -ENOENT);
	known = good;
	known.mailbox = 999999;
	ck_assert_int_eq(selected_resume(box.account, &known, &selected),
	    -ENOENT);
	for (int i = 0; i < 6; i++) {
		known = good;
		switch (i) {
		case 0: known.count--; break;
		case 1: known.count++; break;
		case 2: known.count = UINT32_MAX; break;
		case 3: known.uidnext++; break;
		case 4: known.uidnext = UINT64_MAX; break;
		case 5: known.modseq++; break;
		}
		ck_assert_int_eq(selected_resume(box.account, &known,
		    &selected), -ESTALE);
	}
	ck_assert_int_eq(selected_resume(box.account, &good, &selected), 0);
	ck_assert(!selected_has_news(selected, true));
}
END_TEST

static void
expunge_first(struct selected *selected)
{
	size_t first = 0;

	ck_assert_int_eq(selected_expunge(selected, &first, 1, NULL, NULL), 0);
}

/* RFC 9051 6.3.6: of INBOX all letters move, whatever they were. */
START_TEST(letters_that_moved_with_a_name_are_not_guessed_at)
{
	struct selected *selected;

	box_fill(&box, 1, 5);
	client_open(&clients[0]);
	expunge_first(clients[0].selected);
	client_leave(&clients[0]);
	ck_assert_int_eq(folder_rename(box.account, slice_str("INBOX"),
	    slice_str("Old")), 0);
	ck_assert_int_eq(selected_resume(box.account, &clients[0].known,
	    &selected), -ESTALE);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/selected_resume");
	TCase *tcase = tcase_create("selected_resume");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, who_was_away_knows_what_is_there, 0, 12);
	tcase_add_test(tcase, with_news_to_tell_nobody_leaves);
	tcase_add_test(tcase, a_crash_in_between_is_no_matter);
	tcase_add_test(tcase, what_does_not_follow_is_not_gone_on_with);
	tcase_add_test(tcase, letters_that_moved_with_a_name_are_not_guessed_at);
	suite_add_tcase(suite, tcase);
	return suite;
}
