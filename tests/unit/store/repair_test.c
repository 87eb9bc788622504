/*
 * repair_test.c - whatever happens to an index, each letter is there again
 *
 * An account with folders, flags and deleted letters, copied, and with newer
 * letters since.  Something is damaged, it is repaired, and then compared with
 * what clients knew of it: letters by their bytes, those of the copy where the
 * copy has them, no UID of another meaning, POP3's UIDLs as before.
 *
 * Bytes are turned at some places of each page; with POSTROOM_LONG=1 at many.
 * Nothing is synced here, which is not what is tried: our fsync stands before
 * libc's, for SQLite too.
 */
#include "store/repair.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "store/copies.h"
#include "store/folders.h"
#include "tests/unit/store/box.h"

#define COPIED	40		/* letters before the copy */
#define LETTERS	52		/* and all in all */
#define PAGE	4096
#define MOST	200

/* An entry, as a client knows it. */
struct known {
	char		mailbox[64];
	uint32_t	uidvalidity, uid, number;
	uint8_t		flags;
	char		keywords[32];
	int64_t		received;
};

struct picture {
	struct known	all[MOST];
	size_t		count;
};

static struct box box;
static struct picture before;
static bool	is_deleted[LETTERS + 2];	/* before the copy */
static uint32_t	copied;		/* letters the copy knows */

/* What repair told, last time. */
static unsigned	told[REPAIR_LEFT + 1];
static uint64_t	counted[REPAIR_LEFT + 1];

int
fsync(int fd)
{
	return fd < 0 ? -1 : 0;
}

int
fdatasync(int fd)
{
	return fsync(fd);
}

/* Letters of a mailbox that a rule files, with flags. */
static bool
is_filed(uint32_t n)
{
	return n % 5 == 0;
}

static void
deliver(uint32_t n)
{
	struct box_letter letter = box_letter(n);
	bool was_there;

	letter.delivery.trace = slice_str(letter.trace);
	letter.delivery.body = slice_of(letter.body,
	    letter.delivery.body_bytes);
	if (is_filed(n)) {
		letter.delivery.folder = (struct slice)SLICE("Work/Plans");
		letter.delivery.flags = LETTER_SEEN | LETTER_FLAGGED;
		letter.delivery.keywords = (struct slice)SLICE("blue $Note");
	}
	ck_assert_int_eq(account_deliver(box.account, &letter.delivery,
	    &was_there), 0);
}

static int
note_known(void *arg, const struct listed_letter *listed)
{
	struct picture *picture = arg;
	struct known *known = &picture->all[picture->count++];

	ck_assert_uint_lt(picture->count, MOST);
	memset(known, 0, sizeof(*known));
	(void)snprintf(known->mailbox, sizeof(known->mailbox), "%.*s",
	    SLICE_FMT(listed->mailbox));
	(void)snprintf(known->keywords, sizeof(known->keywords), "%.*s",
	    SLICE_FMT(listed->keywords));
	known->uidvalidity = listed->uidvalidity;
	known->uid = listed->uid;
	known->flags = listed->flags;
	known->received = listed->received_at_utc_ms;
	for (int i = 6; i < 10; i++)
		known->number = known->number << 8 | listed->id.bytes[i];
	return 0;
}

static void
look(struct picture *picture)
{
	picture->count = 0;
	ck_assert_int_eq(account_list(box.account, slice_of(NULL, 0), 0, MOST,
	    note_known, picture), 0);
}

static const struct known *
entry_of(const struct picture *picture, uint32_t number)
{
	for (size_t i = 0; i < picture->count; i++)
		if (picture->all[i].number == number)
			return &picture->all[i];
	return NULL;
}

static void
copy_index(void)
{
	int r;

	while ((r = account_copy(box.account)) == 1)
		;
	ck_assert_int_eq(r, 0);
}

static void
set_up(void)
{
	struct view *view;
	size_t numbers[] = { 2, 6, 7 };

	memset(is_deleted, 0, sizeof(is_deleted));
	copied = COPIED;
	box = box_new();
	for (uint32_t n = 1; n <= 20; n++)
		deliver(n);
	copy_index();
	for (uint32_t n = 21; n <= COPIED; n++)
		deliver(n);
	view = box_view(&box);
	for (size_t i = 0; i < 3; i++)
		is_deleted[box_number(view_letter(view, numbers[i]))] = true;
	ck_assert_int_eq(account_expunge(box.account, view, numbers, 3), 0);
	account_view_close(box.account, view);
	ck_assert_int_eq(account_settle(box.account, COPIED, COPIED / 2), 0);
	copy_index();
	for (uint32_t n = COPIED + 1; n <= LETTERS; n++)
		deliver(n);
	ck_assert_int_eq(account_settle(box.account, LETTERS, COPIED / 2), 0);
	look(&before);
	box_close(&box);
}

static void
tear_down(void)
{
	box_drop(&box);
}

static void
note_told(void *arg, const struct repair_note *note)
{
	(void)arg;
	told[note->what]++;
	counted[note->what] += note->count;
}

static enum repair_end
repair(void)
{
	static const struct account_options options = {
		.segment_bytes = BOX_SEGMENT_BYTES,
		.uid_block = BOX_UID_BLOCK,
		.hub_id = "the test's hub",
	};
	enum repair_end end = REPAIR_UNMENDED;

	memset(told, 0, sizeof(told));
	memset(counted, 0, sizeof(counted));
	ck_assert_int_eq(account_repair(box.scratch.fd, &options, note_told,
	    NULL, &end), 0);
	return end;
}

static char *
path_of(const char *name)
{
	static char path[160];

	(void)snprintf(path, sizeof(path), "%s/%s", box.scratch.path, name);
	return path;
}

static void
turn_byte(const char *name, int64_t offset)
{
	int fd = open(path_of(name), O_RDWR | O_CLOEXEC);
	char byte;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pread(fd, &byte, 1, offset), 1);
	byte = (char)~byte;
	ck_assert_int_eq(pwrite(fd, &byte, 1, offset), 1);
	ck_assert_int_eq(close(fd), 0);
}

static int64_t
bytes_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(stat(path_of(name), &st), 0);
	return st.st_size;
}

/* No UID that a client may know is another letter's. */
static void
no_uid_has_another_meaning(const struct picture *after)
{
	for (size_t i = 0; i < after->count; i++)
		for (size_t k = 0; k < before.count; k++) {
			const struct known *new = &after->all[i];
			const struct known *old = &before.all[k];

			if (strcmp(new->mailbox, old->mailbox) == 0 &&
			    new->uidvalidity == old->uidvalidity &&
			    new->uid == old->uid)
				ck_assert_uint_eq(new->number, old->number);
		}
}

/* Every letter but those in `lost` can be read, under the UIDL it had. */
static void
every_letter_is_read(const struct picture *after, const bool *lost)
{
	static const char *const names[] = { "INBOX", "Work/Plans",
	    RECOVERED };
	unsigned seen[LETTERS + 2] = { 0 };

	for (size_t i = 0; i < 3; i++) {
		struct view *view;
		uint32_t mailbox;

		if (folder_find(box.account, slice_str(names[i]), &mailbox) < 0)
			continue;
		ck_assert_int_eq(account_view_open(box.account, mailbox,
		    &view), 0);
		for (size_t n = 0; n < view_count(view); n++) {
			uint32_t number = box_number(view_letter(view, n));

			ck_assert_uint_le(number, LETTERS + 1);
			seen[number] += box_is_letter(&box, view, n, number) ==
			    0;
		}
		account_view_close(box.account, view);
	}
	for (uint32_t n = 1; n <= LETTERS; n++) {
		if (lost != NULL && lost[n])
			continue;
		if (!is_deleted[n])
			ck_assert_msg(seen[n] == 1, "letter %u is %u times "
			    "there", n, seen[n]);
		ck_assert_ptr_eq(NULL, seen[n] == 0 ? entry_of(after, n) :
		    NULL);
	}
}

/* Letters of the copy are where it has them, with what people have said. */
static void
the_copy_is_true(const struct picture *after)
{
	for (size_t i = 0; i < before.count; i++) {
		const struct known *old = &before.all[i];
		const struct known *new = entry_of(after, old->number);

		if (old->number > copied)
			continue;
		ck_assert_ptr_nonnull(new);
		ck_assert_str_eq(new->mailbox, old->mailbox);
		ck_assert_str_eq(new->keywords, old->keywords);
		ck_assert_uint_eq(new->flags, old->flags);
		ck_assert_int_eq(new->received, old->received);
	}
	for (uint32_t n = 1; n <= copied; n++)
		if (is_deleted[n])
			ck_assert_ptr_null(entry_of(after, n));
}

/* All that is true after every repair that lost nothing. */
static void
all_is_well(bool has_copy)
{
	struct picture after;
	const struct known *next;

	box_open(&box);
	look(&after);
	no_uid_has_another_meaning(&after);
	every_letter_is_read(&after, NULL);
	if (has_copy)
		the_copy_is_true(&after);
	/* it goes on, and the next number is a new one */
	deliver(LETTERS + 1);
	ck_assert_int_eq(account_commit(box.account), 0);
	look(&after);
	no_uid_has_another_meaning(&after);
	next = entry_of(&after, LETTERS + 1);
	ck_assert_ptr_nonnull(next);
	box_close(&box);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(repair(), REPAIR_NOTHING);
}

START_TEST(of_an_account_that_is_well_nothing_is_touched)
{
	int64_t bytes = bytes_of("index.db");

	ck_assert_int_eq(repair(), REPAIR_NOTHING);
	ck_assert_int_eq(bytes_of("index.db"), bytes);
	for (size_t i = 0; i <= REPAIR_LEFT; i++)
		ck_assert_uint_eq(told[i], 0);
	all_is_well(true);
}
END_TEST

/* Ways to lose the index. */
static void
lose_index(int how)
{
	switch (how) {
	case 0:
		ck_assert_int_eq(unlink(path_of("index.db")), 0);
		break;
	case 1:
		ck_assert_int_eq(truncate(path_of("index.db"), 0), 0);
		break;
	case 2:
		ck_assert_int_eq(truncate(path_of("index.db"),
		    bytes_of("index.db") / 2 / PAGE * PAGE), 0);
		break;
	case 3:
		ck_assert_int_eq(truncate(path_of("index.db"), 100), 0);
		break;
	default:	/* of its first page: its head, its schema */
		turn_byte("index.db", how == 4 ? 0 : 100);
		break;
	}
}
#define WAYS	6

START_TEST(a_lost_index_is_made_of_the_newest_copy)
{
	unsigned needs;

	lose_index(_i);
	ck_assert_int_eq(box_try_open(&box, &needs), -EUCLEAN);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(counted[REPAIR_FROM_COPY], 1);
	ck_assert_uint_eq(counted[REPAIR_ADDED], LETTERS - COPIED);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], 0);
	all_is_well(true);
}
END_TEST

START_TEST(without_the_newest_copy_the_one_before_will_do)
{
	if (_i % 2 == 0)
		ck_assert_int_eq(unlink(path_of("copies/index.1")), 0);
	else
		turn_byte("copies/index.1", 100);
	lose_index(_i / 2);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(counted[REPAIR_FROM_COPY], 2);
	/* what was deleted between the two has come back */
	memset(is_deleted, 0, sizeof(is_deleted));
	copied = 20;
	all_is_well(true);
}
END_TEST

START_TEST(without_a_copy_letters_are_where_they_were_delivered)
{
	struct picture after;

	ck_assert_int_eq(unlink(path_of("copies/index.1")), 0);
	ck_assert_int_eq(unlink(path_of("copies/index.2")), 0);
	lose_index(_i);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(told[REPAIR_FROM_NOTHING], 1);
	box_open(&box);
	look(&after);
	ck_assert_str_eq(entry_of(&after, 1)->mailbox, "INBOX");
	ck_assert_uint_eq(counted[REPAIR_ADDED] + counted[REPAIR_RECOVERED],
	    LETTERS);
	if (counted[REPAIR_RECOVERED] > 0)
		ck_assert_str_eq(entry_of(&after, 5)->mailbox, RECOVERED);
	else
		ck_assert_str_eq(entry_of(&after, 5)->mailbox, "Work/Plans");
	box_close(&box);
	all_is_well(false);
}
END_TEST

static void
any_damage_is_mended(void)
{
	enum repair_end end = repair();

	ck_assert_int_ne(end, REPAIR_UNMENDED);
	/* a row may say something else, and no check can find that */
	all_is_well(end == REPAIR_MENDED && told[REPAIR_FROM_COPY] > 0);
}

START_TEST(a_page_of_zeros_is_mended)
{
	char zeros[PAGE] = "";
	int fd;

	if (_i * PAGE >= bytes_of("index.db"))
		return;
	fd = open(path_of("index.db"), O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, zeros, PAGE, _i * PAGE), PAGE);
	ck_assert_int_eq(close(fd), 0);
	any_damage_is_mended();
}
END_TEST

static bool
is_long(void)
{
	const char *value = getenv("POSTROOM_LONG");

	return value != NULL && strcmp(value, "1") == 0;
}

START_TEST(a_turned_byte_of_the_index_never_loses_a_letter)
{
	static const int offsets[] = { 0, 3, 9, 3000, 4000, 4090 };
	int count = is_long() ? 512 : 6;

	if (_i * PAGE >= bytes_of("index.db"))
		return;
	for (int i = 0; i < count; i++) {
		int64_t offset = _i * PAGE + (is_long() ? i * 8 + i % 8 :
		    offsets[i]);

		turn_byte("index.db", offset);
		any_damage_is_mended();
		tear_down();
		set_up();
	}
}
END_TEST

START_TEST(damaged_letters_are_named_and_kept)
{
	bool lost[LETTERS + 2] = { false };
	struct picture after;

	/* letter 1 begins behind the head of the segment */
	box_damage(&box, 1, 36 + 64 + 10);
	lost[1] = true;
	if (_i == 1)
		lose_index(0);
	ck_assert_int_eq(repair(), REPAIR_UNMENDED);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], 1);
	ck_assert_uint_eq(told[REPAIR_ASIDE], 0);
	box_open(&box);
	look(&after);
	no_uid_has_another_meaning(&after);
	every_letter_is_read(&after, lost);
	ck_assert_ptr_nonnull(entry_of(&after, 1));
	box_close(&box);
	ck_assert_int_eq(box_faults(&box), 1);
	/* again: the same letter, and nothing else is done */
	ck_assert_int_eq(repair(), REPAIR_UNMENDED);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], 1);
	ck_assert_uint_eq(told[REPAIR_ASIDE], 0);
}
END_TEST

START_TEST(a_damaged_letter_that_the_journal_has_comes_again)
{
	struct picture after;
	struct view *view;

	/* 30: above what was pruned, so that its key tells its position */
	box_damage(&box, (uint32_t)box_ask(&box, "SELECT segment FROM letter "
	    "WHERE action = 0 AND message_id = x'0100000000000000001F'"),
	    box_ask(&box, "SELECT offset + 70 FROM letter WHERE action = 0 "
	    "AND message_id = x'0100000000000000001F'"));
	ck_assert_int_eq(repair(), REPAIR_UNMENDED);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], 1);
	box_open(&box);
	ck_assert_uint_eq(account_settled_to(box.account), 30);
	/* so the queue delivers it again, and all behind it */
	for (uint32_t n = 31; n <= LETTERS; n++)
		deliver(n);
	look(&after);
	no_uid_has_another_meaning(&after);
	every_letter_is_read(&after, NULL);
	view = box_view(&box);
	account_view_close(box.account, view);
	ck_assert_int_eq(account_settle(box.account, LETTERS, 0), 0);
	box_close(&box);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(repair(), REPAIR_NOTHING);
}
END_TEST

START_TEST(a_lost_segment_takes_its_letters_and_no_other)
{
	bool lost[LETTERS + 2] = { false };
	struct picture after;
	unsigned count = 0;

	for (uint32_t n = 1; n <= LETTERS; n++) {
		char sql[160];

		(void)snprintf(sql, sizeof(sql), "SELECT count(*) FROM letter "
		    "WHERE segment = 1 AND message_id = x'01000000000000%06X'",
		    n);
		lost[n] = box_ask(&box, sql) > 0;
		count += lost[n];
	}
	ck_assert_uint_gt(count, 10);
	ck_assert_int_eq(unlink(path_of("letters/0001.seg")), 0);
	if (_i == 1)
		turn_byte("index.db", 100);
	ck_assert_int_eq(repair(), REPAIR_UNMENDED);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], count);
	box_open(&box);
	look(&after);
	no_uid_has_another_meaning(&after);
	every_letter_is_read(&after, lost);
	box_close(&box);
	ck_assert_int_eq(repair(), REPAIR_UNMENDED);
	ck_assert_uint_eq(told[REPAIR_ASIDE], 0);
}
END_TEST

START_TEST(a_damaged_head_of_a_segment_is_written_again)
{
	box_damage(&box, 1, 20);
	ck_assert_int_ge(box_faults(&box), 10);
	if (_i == 1)
		lose_index(0);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(told[REPAIR_HEAD], 1);
	all_is_well(true);
}
END_TEST

START_TEST(rows_that_lead_astray_are_set_right_in_place)
{
	static const char *const wrong[] = {
		"UPDATE letter SET offset = offset + 1 WHERE id = 5",
		"UPDATE letter SET segment = 2 WHERE id = 5",
		"UPDATE letter SET offset = (SELECT offset FROM letter WHERE "
		"id = 10) WHERE id = 5",
		"DELETE FROM delivered; UPDATE letter SET action = 77 "
		"WHERE id = 5",
		"DELETE FROM delivered; UPDATE letter SET message_id = "
		"x'0102030405060708090A' WHERE id = 5",
	};
	struct picture after;

	box_meddle(&box, wrong[_i]);
	ck_assert_int_ge(box_faults(&box), 1);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(told[REPAIR_IN_PLACE], 1);
	ck_assert_uint_eq(told[REPAIR_ASIDE], 1);
	box_open(&box);
	look(&after);
	ck_assert_uint_eq(after.count, before.count);
	for (size_t i = 0; i < before.count; i++) {
		ck_assert_uint_eq(after.all[i].uid, before.all[i].uid);
		ck_assert_uint_eq(after.all[i].uidvalidity,
		    before.all[i].uidvalidity);
		ck_assert_uint_eq(after.all[i].number,
		    before.all[i].number);
	}
	box_close(&box);
	all_is_well(true);
}
END_TEST

/* The highest UID that clients have seen in it. */
static uint32_t
highest(const char *mailbox)
{
	uint32_t uid = 0;

	for (size_t i = 0; i < before.count; i++)
		if (strcmp(before.all[i].mailbox, mailbox) == 0 &&
		    before.all[i].uid > uid)
			uid = before.all[i].uid;
	return uid;
}

START_TEST(where_the_index_tells_its_numbers_uidvalidity_stays)
{
	struct picture after;
	int64_t root = box_ask(&box, "SELECT rootpage FROM sqlite_schema WHERE "
	    "name = 'structure'");
	char zeros[PAGE] = "";
	int fd = open(path_of("index.db"), O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(pwrite(fd, zeros, PAGE, (root - 1) * PAGE), PAGE);
	ck_assert_int_eq(close(fd), 0);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(told[REPAIR_FROM_COPY], 1);
	ck_assert_uint_eq(told[REPAIR_RENUMBERED], 0);
	box_open(&box);
	look(&after);
	for (size_t i = 0; i < before.count; i++) {
		const struct known *old = &before.all[i];
		const struct known *new = entry_of(&after, old->number);

		ck_assert_uint_eq(new->uidvalidity, old->uidvalidity);
		if (old->number <= COPIED)
			ck_assert_uint_eq(new->uid, old->uid);
		else	/* behind every number that was reserved */
			ck_assert_uint_gt(new->uid, highest(old->mailbox));
	}
	ck_assert_uint_eq(account_settled_to(box.account), LETTERS);
	box_close(&box);
	all_is_well(true);
}
END_TEST

START_TEST(where_it_does_not_every_mailbox_has_another_uidvalidity)
{
	struct picture after;

	lose_index(0);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(counted[REPAIR_RENUMBERED], 2);
	box_open(&box);
	look(&after);
	for (size_t i = 0; i < after.count; i++)
		for (size_t k = 0; k < before.count; k++)
			ck_assert_uint_gt(after.all[i].uidvalidity,
			    before.all[k].uidvalidity);
	/* all bytes are whole: it is settled as far as its letters prove */
	ck_assert_uint_eq(account_settled_to(box.account), LETTERS);
	box_close(&box);
	all_is_well(true);
}
END_TEST

START_TEST(with_a_newer_letter_damaged_it_is_settled_less_far)
{
	char sql[160];

	(void)snprintf(sql, sizeof(sql), "SELECT offset + 70 FROM letter WHERE "
	    "message_id = x'01000000000000%06X'", 45);
	box_damage(&box, (uint32_t)box_ask(&box, "SELECT max(segment) FROM "
	    "letter"), box_ask(&box, sql));
	lose_index(0);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	box_open(&box);
	ck_assert_uint_eq(account_settled_to(box.account), 44);
	box_close(&box);
}
END_TEST

START_TEST(a_letter_deleted_and_compacted_since_the_copy_is_gone)
{
	size_t numbers[LETTERS], count = 0;
	struct picture after;
	struct view *view;
	int r;

	box_open(&box);
	view = box_view(&box);
	for (size_t i = 0; i < view_count(view); i++)
		if (i % 4 != 0)
			numbers[count++] = i;
	for (size_t i = 0; i < count; i++)
		is_deleted[box_number(view_letter(view, numbers[i]))] = true;
	ck_assert_int_eq(account_expunge(box.account, view, numbers, count),
	    0);
	account_view_close(box.account, view);
	while ((r = account_compact(box.account)) == 1)
		;
	ck_assert_int_eq(r, 0);
	look(&before);
	box_close(&box);
	ck_assert_int_ne(access(path_of("letters/0001.seg"), F_OK), 0);
	/* the page of tombstones alone */
	turn_byte("index.db", (box_ask(&box, "SELECT rootpage FROM "
	    "sqlite_schema WHERE name = 'structure'") - 1) * PAGE);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_gt(counted[REPAIR_GONE], 0);
	ck_assert_uint_eq(told[REPAIR_DAMAGED], 0);
	box_open(&box);
	look(&after);
	no_uid_has_another_meaning(&after);
	every_letter_is_read(&after, NULL);
	box_close(&box);
	ck_assert_int_eq(box_check(&box), 0);
	ck_assert_int_eq(repair(), REPAIR_NOTHING);
}
END_TEST

START_TEST(the_damaged_index_is_kept)
{
	char name[64] = "";
	struct dirent *entry;
	DIR *folder;

	turn_byte("index.db", 100);
	ck_assert_int_eq(repair(), REPAIR_MENDED);
	ck_assert_uint_eq(told[REPAIR_ASIDE], 1);
	folder = opendir(box.scratch.path);
	while ((entry = readdir(folder)) != NULL) {
		ck_assert_str_ne(entry->d_name, "repair");
		if (strncmp(entry->d_name, "index.db.damaged-", 17) == 0 &&
		    strstr(entry->d_name, "-wal") == NULL)
			(void)snprintf(name, sizeof(name), "%.60s",
			    entry->d_name);
	}
	(void)closedir(folder);
	ck_assert_str_ne(name, "");
	ck_assert_int_ge(bytes_of(name), 10 * PAGE);
}
END_TEST

START_TEST(an_account_in_use_is_left_alone)
{
	static const struct account_options options = {
		.hub_id = "the test's hub"
	};
	enum repair_end end = REPAIR_NOTHING;

	box_open(&box);
	ck_assert_int_eq(account_repair(box.scratch.fd, &options, note_told,
	    NULL, &end), -EBUSY);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("repair");
	TCase *tcase = tcase_create("accounts");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, of_an_account_that_is_well_nothing_is_touched);
	tcase_add_loop_test(tcase, a_lost_index_is_made_of_the_newest_copy, 0,
	    WAYS);
	tcase_add_loop_test(tcase,
	    without_the_newest_copy_the_one_before_will_do, 0, 2 * WAYS);
	tcase_add_loop_test(tcase,
	    without_a_copy_letters_are_where_they_were_delivered, 0, WAYS);
	tcase_add_loop_test(tcase, a_page_of_zeros_is_mended, 0, 32);
	tcase_add_loop_test(tcase,
	    a_turned_byte_of_the_index_never_loses_a_letter, 0, 32);
	tcase_add_loop_test(tcase, damaged_letters_are_named_and_kept, 0, 2);
	tcase_add_test(tcase,
	    a_damaged_letter_that_the_journal_has_comes_again);
	tcase_add_loop_test(tcase,
	    a_lost_segment_takes_its_letters_and_no_other, 0, 2);
	tcase_add_loop_test(tcase,
	    a_damaged_head_of_a_segment_is_written_again, 0, 2);
	tcase_add_loop_test(tcase,
	    rows_that_lead_astray_are_set_right_in_place, 0, 5);
	tcase_add_test(tcase,
	    where_the_index_tells_its_numbers_uidvalidity_stays);
	tcase_add_test(tcase,
	    where_it_does_not_every_mailbox_has_another_uidvalidity);
	tcase_add_test(tcase,
	    with_a_newer_letter_damaged_it_is_settled_less_far);
	tcase_add_test(tcase,
	    a_letter_deleted_and_compacted_since_the_copy_is_gone);
	tcase_add_test(tcase, the_damaged_index_is_kept);
	tcase_add_test(tcase, an_account_in_use_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
