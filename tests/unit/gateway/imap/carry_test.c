/*
 * carry_test.c - a session goes to rest or elsewhere, and its client sees none
 * of it
 *
 * The client keeps what it was told as a mail program does, number by number,
 * and in the end compares it with the mailbox.
 */
#include "gateway/imap/carry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/imap/state.h"
#include "tests/unit/gateway/imap/office.h"
#include "tests/unit/unit.h"

#define ONE	"Subject: one\r\n\r\nfirst\r\n"
#define MOST	400

static struct known {
	uint32_t	uids[MOST];	/* 0: it was not told yet */
	char		flags[MOST][84];	/* empty: the same */
	size_t		count;
} known;

static bool
has(struct slice s, const char *part)
{
	return slice_find_str(s, part) != SIZE_MAX;
}

static void
forget(size_t n)
{
	ck_assert_uint_lt(n, known.count);
	known.count--;
	memmove(&known.uids[n], &known.uids[n + 1],
	    (known.count - n) * sizeof(known.uids[0]));
	memmove(&known.flags[n], &known.flags[n + 1],
	    (known.count - n) * sizeof(known.flags[0]));
}

/* Where it is; those whose UID was not told are all the same. */
static size_t
find(uint32_t uid)
{
	size_t n = 0;

	while (n < known.count && known.uids[n] != uid)
		n++;
	return n < known.count || uid == 0 ? n : find(0);
}

/* RFC 7162 3.2.10: "3:5,9"; each of them it has. */
static void
forget_uids(const char *set)
{
	unsigned first, last;
	int used;

	while (sscanf(set, "%u%n", &first, &used) == 1) {
		set += used;
		last = first;
		if (sscanf(set, ":%u%n", &last, &used) == 1)
			set += used;
		set += *set == ',';
		for (unsigned uid = first; uid <= last; uid++)
			forget(find(uid));
	}
}

/* What is between `before` and ")" of the line, or NULL. */
static const char *
part_of(const char *line, const char *before, char room[80])
{
	const char *at = strstr(line, before);
	size_t len;

	if (at == NULL)
		return NULL;
	at += strlen(before);
	len = strcspn(at, ")");
	ck_assert_uint_lt(len, 80);
	memcpy(room, at, len);
	room[len] = '\0';
	return room;
}

/* It hears a line; the stage that it belongs to (RFC 9051 7.5.1). */
static int
hear(const char *line)
{
	char room[80];
	unsigned n, uid;

	if (strncmp(line, "* VANISHED ", 11) == 0) {
		forget_uids(line + 11);
		return 0;
	}
	if (sscanf(line, "* %u", &n) != 1 || strstr(line, " RECENT") != NULL)
		return -1;
	if (strstr(line, " EXPUNGE") != NULL) {
		forget(n - 1);
		return 0;
	}
	if (strstr(line, " EXISTS") != NULL) {
		ck_assert_uint_ge(n, known.count);
		ck_assert_uint_le(n, MOST);
		for (; known.count < n; known.count++) {
			known.uids[known.count] = 0;
			known.flags[known.count][0] = '\0';
		}
		return 1;
	}
	ck_assert_ptr_nonnull(strstr(line, " FETCH ("));
	ck_assert_uint_le(n, known.count);
	if (strstr(line, "UID ") != NULL &&
	    sscanf(strstr(line, "UID "), "UID %u", &uid) == 1) {
		ck_assert(known.uids[n - 1] == 0 || known.uids[n - 1] == uid);
		known.uids[n - 1] = uid;
	}
	if (part_of(line, "FLAGS (", room) != NULL)
		(void)snprintf(known.flags[n - 1], 84, "(%s)", room);
	return 2;
}

/* All that came is in an order that a client can follow, each thing once. */
static void
hear_all(struct slice got)
{
	char line[512];
	struct slice one;
	int stage = 0, next;
	bool told[MOST] = { false };
	unsigned n;

	while (slice_cut(&got, '\n', &one)) {
		if (one.len >= sizeof(line))
			ck_abort_msg("a line of %zu bytes", one.len);
		memcpy(line, one.at, one.len);
		line[one.len] = '\0';
		next = hear(line);
		if (next < 0)
			continue;
		ck_assert_msg(next >= stage && (next != 1 || stage != 1),
		    "%s", line);
		stage = next;
		if (stage == 2 && sscanf(line, "* %u", &n) == 1) {
			ck_assert_msg(!told[n - 1], "%s", line);
			told[n - 1] = true;
		}
	}
}

/* Client 0 knows the mailbox now. */
static void
learn(void)
{
	struct slice got = imap_ask(0, "l FETCH 1:* (UID FLAGS)\r\n", "l OK");

	hear_all(got);
}

/* What it knows is what is there. */
static void
compare(void)
{
	struct known was = known;

	learn();
	ck_assert_uint_eq(known.count, was.count);
	for (size_t n = 0; n < known.count; n++) {
		ck_assert(was.uids[n] == 0 || was.uids[n] == known.uids[n]);
		if (was.flags[n][0] != '\0')
			ck_assert_str_eq(was.flags[n], known.flags[n]);
	}
}

/* Client 0 idles until its session has left. */
static void
go_to_rest(void)
{
	unsigned before = imap_office.parted.count;
	uint64_t until = clock_ms() + PEER_GUARD_MS;
	struct slice got = imap_ask(0, "i IDLE\r\n", "+ idling");

	while (imap_office.parted.count == before && clock_ms() < until)
		pop3_peer_turn(&imap_office.peer[0]);
	ck_assert_uint_eq(imap_office.parted.count, before + 1);
	ck_assert_uint_le(imap_office.parted.state.len, SESSION_STATE_BYTES);
	ck_assert_ptr_null(imap_office.session[0]);
	got = text_slice(&imap_office.peer[0].got);
	hear_all(got);
	ck_assert(!imap_office.peer[0].ended);
}

static void
come_back(void)
{
	struct slice got;

	imap_come_back(0);
	got = imap_ask(0, "DONE\r\n", "i OK");
	hear_all(got);
}

/* Somebody else does something. */
static void
change(void)
{
	/* UIDs follow positions here; of one that is gone nothing is said */
	unsigned uid = 1 + (unsigned)rand() % (unsigned)imap_office.position;
	static const char *const flags[] = {
		"\\Seen", "\\Flagged", "\\Answered \\Draft", "Urgent"
	};
	char say[200];

	switch (rand() % 5) {
	case 0:
		imap_deliver(slice_str(ONE), 0);
		break;
	case 1:
		(void)snprintf(say, sizeof(say), "d UID STORE %u:%u +FLAGS.SILENT"
		    " (\\Deleted)\r\nd2 EXPUNGE\r\n", uid, uid + 1);
		(void)imap_ask(1, say, "d2 OK");
		break;
	default:
		(void)snprintf(say, sizeof(say), "f UID STORE %u %sFLAGS (%s)\r\n",
		    uid, rand() % 3 == 0 ? "-" : "+", flags[rand() % 4]);
		(void)imap_ask(1, say, "f OK");
	}
}

/* The others leave, and the process with them. */
static void
change_process(void)
{
	(void)imap_ask(1, "x LOGOUT\r\n", "x OK");
	while (imap_office.session[1] != NULL)
		pop3_peer_turn(&imap_office.peer[1]);
	pop3_peer_close(&imap_office.peer[1]);
	imap_office.peer[1] = (struct pop3_peer){ 0 };
	imap_next_process();
	imap_select(1);
}

static const char *const kinds[] = {
	"e NOOP\r\n", "e ENABLE IMAP4rev2\r\n", "e ENABLE CONDSTORE\r\n",
	"e ENABLE QRESYNC\r\n"
};

/* RFC 2177, 7162: as though its session had been there all the time */
START_TEST(who_rested_knows_what_is_there)
{
	srand((unsigned)_i + 1);
	known.count = 0;
	for (int i = 0; i < 20; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_select(1);
	imap_office.rest_ms = 1;
	imap_log_in(0);
	(void)imap_ask(0, kinds[_i % 4], "e OK");
	hear_all(imap_ask(0, "s SELECT INBOX\r\n", "s OK"));
	learn();
	imap_office.rest_ms = 0;
	for (int round = 0; round < 30; round++) {
		imap_office.rest_ms = 1;
		go_to_rest();
		imap_office.rest_ms = 0;
		for (int i = rand() % 6; i > 0; i--)
			change();
		if (rand() % 4 == 0)
			change_process();
		for (int i = rand() % 3; i > 0; i--)
			change();
		imap_office.rest_ms = 1;
		come_back();
		compare();
		(void)imap_ask(1, "n NOOP\r\n", "n OK");
	}
}
END_TEST

static void
begin(const char *first)
{
	known.count = 0;
	for (int i = 0; i < 3; i++)
		imap_deliver(slice_str(ONE), 0);
	imap_office.rest_ms = 1;
	imap_log_in(0);
	(void)imap_ask(0, first, "\r\ns OK");
}

/* What the client says while nobody listens waits for who comes. */
START_TEST(what_is_said_meanwhile_is_heard_later)
{
	struct slice got;

	begin("s EXAMINE INBOX\r\n");
	go_to_rest();
	pop3_peer_say(&imap_office.peer[0],
	    slice_str("DONE\r\na STORE 1 +FLAGS (\\Seen)\r\nb NOOP\r\n"));
	imap_come_back(0);
	got = imap_ask(0, "", "b OK");
	ck_assert(has(got, "i OK"));
	/* it is still an EXAMINE */
	ck_assert(has(got, "\r\na NO "));
	ck_assert_uint_eq(imap_office.parted.count, 1);
}
END_TEST

/* RFC 9051 6.3.13: IDLE without a mailbox is one as well. */
START_TEST(a_session_without_a_mailbox_rests_as_well)
{
	struct slice got;

	begin("s NOOP\r\n");
	go_to_rest();
	imap_next_process();
	imap_come_back(0);
	got = imap_ask(0, "DONE\r\nb FETCH 1 FLAGS\r\n", "\r\nb BAD");
	ck_assert(has(got, "i OK"));
}
END_TEST

/* RFC 5182 2.1: "$" lasts as long as the mailbox is open. */
START_TEST(who_has_something_that_is_not_carried_stays)
{
	static const char *const ways[] = {
		"s SELECT INBOX\r\nt SEARCH RETURN (SAVE) ALL\r\n",
		"s SELECT INBOX\r\nt COMPRESS DEFLATE\r\n",
	};

	begin(ways[_i]);
	(void)imap_ask(0, "i IDLE\r\n", "+ idling");
	for (int i = 0; i < 50; i++)
		pop3_peer_turn(&imap_office.peer[0]);
	ck_assert_uint_eq(imap_office.parted.count, 0);
	(void)imap_ask(0, "DONE\r\n", "i OK");
}
END_TEST

/* Nobody takes it: it idles on, and tries again. */
START_TEST(without_a_place_to_rest_it_idles_on)
{
	begin("s SELECT INBOX\r\n");
	imap_office.parted.refusal = -ENOTCONN;
	(void)imap_ask(0, "i IDLE\r\n", "+ idling");
	for (int i = 0; i < 20; i++)
		pop3_peer_turn(&imap_office.peer[0]);
	imap_deliver(slice_str(ONE), 0);
	(void)imap_ask(0, "", "* 4 EXISTS");
	imap_office.parted.refusal = 0;
	while (imap_office.parted.count == 0)
		pop3_peer_turn(&imap_office.peer[0]);
	imap_come_back(0);
	(void)imap_ask(0, "DONE\r\n", "i OK");
}
END_TEST

/* Half a line is no DONE yet, and cannot be carried. */
START_TEST(who_has_begun_to_speak_stays)
{
	begin("s SELECT INBOX\r\n");
	(void)imap_ask(0, "i IDLE\r\nDO", "+ idling");
	for (int i = 0; i < 50; i++)
		pop3_peer_turn(&imap_office.peer[0]);
	ck_assert_uint_eq(imap_office.parted.count, 0);
	(void)imap_ask(0, "NE\r\n", "i OK");
}
END_TEST

/* RFC 9051 7.1.5: where it cannot go on it says so, and tells nothing false. */
START_TEST(where_it_cannot_go_on_it_says_bye)
{
	struct text *state = &imap_office.parted.state;

	begin("s SELECT INBOX\r\n");
	go_to_rest();
	switch (_i) {
	case 0:
		state->len--;
		break;
	case 1:
		state->at[0]++;
		break;
	case 2:			/* one letter more than there can be */
		state->at[state->len - 20]++;
		break;
	case 3:
		text_clear(state);
		break;
	}
	imap_come_back(0);
	(void)imap_ask(0, "", "* BYE [UNAVAILABLE]");
	pop3_peer_wait(&imap_office.peer[0], SIZE_MAX);
	ck_assert(imap_office.peer[0].ended);
	ck_assert_uint_eq(imap_office.failures, 1);
	ck_assert_ptr_null(imap_office.session[0]);
}
END_TEST

/* Everything that was enabled goes along, in few bytes. */
START_TEST(a_state_is_read_as_it_was_packed)
{
	char tag[IMAPD_TAG_BYTES] = "x";
	struct imapd_state state = {
		.rev2 = true, .utf8 = true, .condstore = true,
		.qresync = true, .is_packed = true, .bad_commands = 19,
		.idle_tag = slice_of(tag, sizeof(tag)),
		.has_mailbox = true, .is_read_only = true,
		.known = { .mailbox = 1, .uidvalidity = 2, .count = 3,
		    .uidnext = 4, .modseq = 5, .run_count = SELECTED_RUNS },
	}, back;
	TEXT_AUTO packed = TEXT_INIT(SESSION_STATE_BYTES);

	memset(tag, 'x', sizeof(tag));
	for (uint32_t i = 0; i < SELECTED_RUNS; i++)
		state.known.runs[i] = (struct selected_run){ 3 * i + 1,
		    3 * i + 2 };
	imapd_state_pack(&packed, &state);
	ck_assert(!text_failed(&packed));
	ck_assert_int_eq(imapd_state_unpack(text_slice(&packed), &back), 0);
	ck_assert(back.rev2 && back.utf8 && back.condstore && back.qresync &&
	    back.is_packed && back.has_mailbox && back.is_read_only);
	ck_assert_uint_eq(back.bad_commands, 19);
	ck_assert(slice_is(back.idle_tag, state.idle_tag));
	ck_assert_uint_eq(back.known.mailbox, 1);
	ck_assert_uint_eq(back.known.uidvalidity, 2);
	ck_assert_uint_eq(back.known.count, 3);
	ck_assert_uint_eq(back.known.uidnext, 4);
	ck_assert_uint_eq(back.known.modseq, 5);
	ck_assert(!back.known.claims);
	ck_assert_uint_eq(back.known.run_count, SELECTED_RUNS);
	ck_assert_int_eq(memcmp(back.known.runs, state.known.runs,
	    sizeof(back.known.runs)), 0);
	for (size_t len = 0; len < packed.len; len++)
		ck_assert_int_eq(imapd_state_unpack(slice_of(packed.at, len),
		    &back), -EBADMSG);
	for (unsigned bit = 0; bit < 16; bit++) {
		struct imapd_state one = { .condstore = true };

		text_clear(&packed);
		imapd_state_pack(&packed, &one);
		packed.at[1 + bit / 8] ^= (char)(1 << bit % 8);
		if (imapd_state_unpack(text_slice(&packed), &back) == 0)
			ck_assert(bit < 4 || bit == 6);
	}
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("gateway/imap/carry");
	TCase *tcase = tcase_create("carry");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, imap_office_open, imap_office_close);
	tcase_add_loop_test(tcase, who_rested_knows_what_is_there, 0, 12);
	tcase_add_test(tcase, what_is_said_meanwhile_is_heard_later);
	tcase_add_test(tcase, a_session_without_a_mailbox_rests_as_well);
	tcase_add_loop_test(tcase, who_has_something_that_is_not_carried_stays,
	    0, 2);
	tcase_add_test(tcase, without_a_place_to_rest_it_idles_on);
	tcase_add_test(tcase, who_has_begun_to_speak_stays);
	tcase_add_loop_test(tcase, where_it_cannot_go_on_it_says_bye, 0, 4);
	tcase_add_test(tcase, a_state_is_read_as_it_was_packed);
	suite_add_tcase(suite, tcase);
	return suite;
}
