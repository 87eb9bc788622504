/*
 * sessions_test.c - several sessions do what they like with one mailbox
 *
 * Each client follows what it is told; what it knows at the end is what a new
 * view shows, and every letter it knows of can be read at any moment.
 */
#include "store/selected.h"

#include <stdlib.h>
#include <string.h>

#include "store/folders.h"
#include "tests/unit/store/box.h"

#define SESSIONS	4
#define MOST		600

struct client {
	struct selected	*selected;
	uint32_t	 uids[MOST];
	uint8_t		 flags[MOST];
	size_t		 count;
};

static struct box box;
static struct client clients[SESSIONS];

static void
set_up(void)
{
	box = box_new();
}

static void
tear_down(void)
{
	box_drop(&box);
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

	ck_assert_uint_lt(n, client->count);
	ck_assert_uint_eq(client->uids[n], uid);
	client->count--;
	memmove(&client->uids[n], &client->uids[n + 1],
	    (client->count - n) * sizeof(client->uids[0]));
	memmove(&client->flags[n], &client->flags[n + 1],
	    client->count - n);
	return rand() % 3 == 0;
}

static int
client_exists(void *arg, size_t count)
{
	struct client *client = arg;

	ck_assert_uint_gt(count, client->count);
	ck_assert_uint_le(count, MOST);
	while (client->count < count)
		know(client, client->count++);
	return rand() % 3 == 0;
}

static int
client_changed(void *arg, size_t n)
{
	struct client *client = arg;

	ck_assert_uint_lt(n, client->count);
	ck_assert_uint_eq(client->uids[n],
	    selected_at(client->selected, n)->uid);
	know(client, n);
	return rand() % 3 == 0;
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
client_update(struct client *client, bool may_expunge)
{
	while (selected_update(client->selected, may_expunge, &client_teller,
	    client) == 1)
		;
}

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

	for (size_t n = 0; n < client->count && count < 3; n++)
		if (rand() % (int)client->count < 3)
			numbers[count++] = n;
	switch (rand() % 8) {
	case 0:
		box_fill(&box, *next, *next);
		(*next)++;
		break;
	case 1:
		ck_assert_int_eq(selected_expunge(client->selected, numbers,
		    count, NULL, NULL), 0);
		break;
	case 2:
		ck_assert_int_ge(account_tidy(box.account), 0);
		break;
	case 3:
		client_update(client, rand() % 2 == 0);
		break;
	case 4:
		selected_close(client->selected);
		client_open(client);
		break;
	default:
		ck_assert_int_eq(selected_flag(client->selected, numbers,
		    count, &change, NULL, NULL, &modseq), 0);
	}
	for (size_t n = 0; n < client->count; n++)
		ck_assert(is_letter(client->selected, n, client->uids[n]));
}

START_TEST(every_client_knows_what_is_there)
{
	struct client fresh;
	struct folder_status status;
	uint32_t next = 1;
	int r;

	srand((unsigned)_i + 1);
	box_fill(&box, next, 10);
	next = 11;
	for (int i = 0; i < SESSIONS; i++)
		client_open(&clients[i]);
	for (int i = 0; i < 300; i++)
		client_act(&clients[rand() % SESSIONS], &next);
	client_open(&fresh);
	for (int i = 0; i < SESSIONS; i++) {
		client_update(&clients[i], true);
		ck_assert_uint_eq(clients[i].count, fresh.count);
		ck_assert_mem_eq(clients[i].uids, fresh.uids,
		    fresh.count * sizeof(fresh.uids[0]));
		ck_assert_mem_eq(clients[i].flags, fresh.flags, fresh.count);
	}
	while ((r = account_tidy(box.account)) > 0)
		;
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(folder_status(box.account, MAILBOX_INBOX, &status),
	    0);
	ck_assert_uint_eq(status.messages, fresh.count);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("store/sessions");
	TCase *tcase = tcase_create("sessions");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, every_client_knows_what_is_there, 0, 8);
	suite_add_tcase(suite, tcase);
	return suite;
}
