/*
 * archive_test.c - what stands in the archive is what was sent, and durable
 */
#include "queue/archive_inside.h"

#include <errno.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/dot.h"
#include "lib/base/loop.h"
#include "lib/base/memfd.h"
#include "tests/unit/queue/scratch.h"

#define DAY_MS		INT64_C(86400000)
#define TODAY_UTC_MS	INT64_C(1795348800000)	/* 2026-11-22, noon */
#define CALLS_MOST	64

static struct scratch scratch;
static struct archive *archive;
static struct message_id last;

/* A disk whose n-th call fails */

static unsigned calls, failing_call;	/* from 1; 0: none fails */
static int failure;			/* its errno */
static bool writes_short;

static bool
fails(void)
{
	calls++;
	if (calls != failing_call)
		return false;
	errno = failure;
	return true;
}

static ssize_t
test_write(int fd, const void *bytes, size_t count, off_t at)
{
	if (fails())
		return -1;
	return pwrite(fd, bytes, writes_short && count > 7 ? 7 : count, at);
}

static int
test_sync(int fd)
{
	return fails() ? -1 : fsync(fd);
}

static int
test_rename(int from_fd, const char *name, int to_fd, const char *new_name)
{
	return fails() ? -1 : renameat(from_fd, name, to_fd, new_name);
}

static const struct archive_io disk = { test_write, test_sync, test_rename };

static void
set_up(void)
{
	calls = failing_call = 0;
	writes_short = false;
	memset(&last, 0, sizeof(last));
	scratch = scratch_new();
	ck_assert_int_eq(archive_open(scratch.fd, &disk, &archive), 0);
}

static void
tear_down(void)
{
	archive_close(archive);
	scratch_drop(&scratch);
}

/* Messages */

static struct message_id
id_at(int64_t utc_ms)
{
	struct message_id before = { { 0 } };

	/* of any day, in any order */
	ck_assert_int_eq(message_id_new(&before, utc_ms), 0);
	return before;
}

/* Put what a provider has sent as `wire`; `is_wrong`: the digest says another. */
static int
put(const struct message_id *id, struct slice wire, bool is_wrong)
{
	TEXT_AUTO stored = TEXT_INIT(1u << 20), packed = TEXT_INIT(1u << 20);
	struct mends mends = MENDS_INIT(1u << 20);
	struct dot_reader dot = dot_reader_of(true, true);
	unsigned char digest[ARCHIVE_DIGEST_BYTES];
	struct original original;
	struct slice rest = wire, run;
	int fd, r;

	while (dot_take(&dot, &rest, &run) == DOT_RUN) {
		(void)mends_add(&mends, run, dot.mend);
		text_add(&stored, run);
	}
	SHA256((const unsigned char *)wire.at, wire.len, digest);
	digest[7] ^= is_wrong;
	original_pack(&packed, wire.len, digest, &mends);
	ck_assert(!text_failed(&packed) && !text_failed(&stored));
	ck_assert_int_eq(original_unpack(text_slice(&packed), &original), 0);
	fd = memfd_of("stored", text_slice(&stored));
	ck_assert_int_ge(fd, 0);
	r = archive_put(archive, id, fd, &original);
	(void)close(fd);
	mends_free(&mends);
	return r;
}

/* It can be read, and is that. */
static void
is_there(const struct message_id *id, struct slice wire)
{
	TEXT_AUTO found = TEXT_INIT(1u << 20);
	char *at = text_space(&found, wire.len + 1);
	struct archived archived;
	struct stat st;
	int fd;

	ck_assert_int_eq(archive_find(scratch.fd, id, &archived), 0);
	ck_assert_int_eq(message_id_order(&archived.name.id, id), 0);
	ck_assert_uint_eq(archived.bytes, wire.len);
	ck_assert(archived.name.has_digest);
	ck_assert_int_eq(archive_read(scratch.fd, &archived.name, &fd), 0);
	ck_assert_int_eq(archive_prove(fd, &archived.name), 0);
	ck_assert_int_eq(read(fd, at, wire.len + 1), (ssize_t)wire.len);
	ck_assert_mem_eq(at, wire.at, wire.len);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0400);
	(void)close(fd);
}

struct seen {
	struct archived	at[64];
	unsigned	count;
};

static int
note(void *arg, const struct archived *archived)
{
	struct seen *seen = arg;

	ck_assert_uint_lt(seen->count, 64);
	seen->at[seen->count++] = *archived;
	return 0;
}

static struct seen
seen_from(int64_t first_utc_ms)
{
	struct seen seen = { .count = 0 };

	ck_assert_int_eq(archive_each(scratch.fd, first_utc_ms, note, &seen),
	    0);
	return seen;
}

static unsigned files_met;

/* For nftw(). */
static int
count_file(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)at;
	files_met += type == FTW_F;
	return 0;
}

static unsigned
files_in(const char *name)
{
	char path[128];

	files_met = 0;
	(void)snprintf(path, sizeof(path), "%s/%s", scratch.path, name);
	ck_assert_int_eq(nftw(path, count_file, 8, FTW_PHYS), 0);
	return files_met;
}

static const struct slice odd = SLICE("Subject: x\n\n\0\x80.\r\ra\r\nb\n\r");

START_TEST(it_is_what_was_sent_and_found_by_its_id)
{
	struct message_id id = id_at(TODAY_UTC_MS);
	struct slice empty = slice_of("", 0);
	struct message_id other = id_at(TODAY_UTC_MS + 1);
	struct archived archived;
	struct seen seen;

	writes_short = _i == 1;
	ck_assert_int_eq(put(&id, odd, false), 0);
	ck_assert_int_eq(put(&other, empty, false), 0);
	is_there(&id, odd);
	is_there(&other, empty);
	seen = seen_from(0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_int_eq(message_id_order(&seen.at[0].name.id, &id), 0);
	ck_assert_uint_eq(seen.at[0].bytes, odd.len);
	ck_assert_int_eq(seen.at[0].at_utc_ms, TODAY_UTC_MS);
	ck_assert(!seen.at[0].is_odd && !seen.at[1].is_odd);
	ck_assert_int_eq(archive_drop(archive, &seen.at[0].name), 0);
	ck_assert_int_eq(archive_drop(archive, &seen.at[0].name), 0);
	ck_assert_int_eq(archive_find(scratch.fd, &id, &archived), -ENOENT);
	is_there(&other, empty);
}
END_TEST

START_TEST(what_is_not_what_was_sent_is_not_archived)
{
	struct message_id id = id_at(TODAY_UTC_MS);

	ck_assert_int_eq(put(&id, odd, true), -EBADMSG);
	ck_assert_uint_eq(files_in("."), 0);
	ck_assert_int_eq(put(&id, odd, false), 0);
	is_there(&id, odd);
}
END_TEST

/* Whatever call of the disk fails, nothing stands there: nobody is told 250. */
START_TEST(a_call_that_fails_leaves_nothing)
{
	static const int failures[] = { EIO, ENOSPC, EROFS };
	struct message_id id = id_at(TODAY_UTC_MS);
	int r = -1;

	failure = failures[_i];
	for (failing_call = 1; failing_call < CALLS_MOST; failing_call++) {
		calls = 0;
		r = put(&id, odd, false);
		if (r == 0)
			break;
		ck_assert_int_eq(r, -failure);
		ck_assert_uint_eq(files_in("."), 0);
	}
	/* write, sync it, its day's name, rename, sync that: all were met */
	ck_assert_uint_eq(failing_call, 7);
	is_there(&id, odd);
}
END_TEST

START_TEST(what_an_earlier_life_left_half_written_goes)
{
	struct message_id id = id_at(TODAY_UTC_MS);
	int fd;

	ck_assert_int_eq(put(&id, odd, false), 0);
	archive_close(archive);
	fd = openat(scratch.fd, "new/half", O_WRONLY | O_CREAT, 0400);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(archive_open(scratch.fd, NULL, &archive), 0);
	ck_assert_uint_eq(files_in("new"), 0);
	is_there(&id, odd);
}
END_TEST

START_TEST(days_that_are_too_old_go_and_no_other)
{
	struct message_id id;
	int r = 1;

	for (int64_t day = 0; day < 5; day++)
		for (unsigned i = 0; i < ARCHIVE_EXPIRED_MOST / 2 + 1; i++) {
			id = id_at(TODAY_UTC_MS - day * DAY_MS - i);
			ck_assert_int_eq(put(&id, odd, false), 0);
		}
	ck_assert_int_eq(mkdirat(scratch.fd, "2026-11-0x", 0700), 0);
	/* what is 2 days old is kept, and a turn removes so many */
	ck_assert_int_eq(archive_expire(scratch.fd, TODAY_UTC_MS, 2), 1);
	ck_assert_uint_eq(files_in("."), 5 * (ARCHIVE_EXPIRED_MOST / 2 + 1) -
	    ARCHIVE_EXPIRED_MOST);
	for (unsigned i = 0; i < 4 && r == 1; i++)
		r = archive_expire(scratch.fd, TODAY_UTC_MS, 2);
	ck_assert_int_eq(r, 0);
	ck_assert_uint_eq(files_in("."), 3 * (ARCHIVE_EXPIRED_MOST / 2 + 1));
	ck_assert_int_eq(faccessat(scratch.fd, "2026-11-19", F_OK, 0), -1);
	ck_assert_int_eq(faccessat(scratch.fd, "2026-11-20", F_OK, 0), 0);
	ck_assert_int_eq(faccessat(scratch.fd, "2026-11-0x", F_OK, 0), 0);
	ck_assert_int_eq(archive_expire(scratch.fd, TODAY_UTC_MS, 2), 0);
}
END_TEST

START_TEST(days_are_told_in_order_and_from_one_on)
{
	struct message_id early = id_at(TODAY_UTC_MS - 3 * DAY_MS);
	struct message_id late = id_at(TODAY_UTC_MS);
	struct message_id later = id_at(TODAY_UTC_MS + 5000);
	struct seen seen;

	ck_assert_int_eq(put(&later, odd, false), 0);
	ck_assert_int_eq(put(&early, odd, false), 0);
	ck_assert_int_eq(put(&late, odd, false), 0);
	seen = seen_from(0);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_int_eq(message_id_order(&seen.at[0].name.id, &early), 0);
	ck_assert_int_eq(message_id_order(&seen.at[2].name.id, &later), 0);
	seen = seen_from(TODAY_UTC_MS - DAY_MS);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_int_eq(message_id_order(&seen.at[0].name.id, &late), 0);
}
END_TEST

START_TEST(one_that_stands_in_the_folder_of_another_day_is_odd)
{
	struct message_id id = id_at(TODAY_UTC_MS);
	char name[MESSAGE_ID_CHARS + 1], path[64];
	struct seen seen;

	ck_assert_int_eq(put(&id, odd, false), 0);
	message_id_write(&id, name);
	ck_assert_int_eq(mkdirat(scratch.fd, "2026-11-21", 0700), 0);
	(void)snprintf(path, sizeof(path), "2026-11-21/%s", name);
	ck_assert_int_eq(linkat(scratch.fd, "new", scratch.fd, path, 0), -1);
	ck_assert_int_eq(symlinkat("x", scratch.fd, path), 0);
	seen = seen_from(0);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert(seen.at[0].is_odd);
	ck_assert(!seen.at[1].is_odd);
}
END_TEST

/* The file of the only one, opened so. */
static int
open_only(int flags, struct archived *archived_out)
{
	struct seen seen = seen_from(0);
	char path[ARCHIVE_PATH_SIZE];
	int fd;

	ck_assert_uint_eq(seen.count, 1);
	*archived_out = seen.at[0];
	archive_path(&seen.at[0].name, path);
	ck_assert_int_eq(fchmodat(scratch.fd, path, 0600, 0), 0);
	fd = openat(scratch.fd, path, flags);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fchmodat(scratch.fd, path, 0400, 0), 0);
	return fd;
}

/* Every byte, and the length. */
START_TEST(a_byte_that_is_turned_is_no_more_what_was_sent)
{
	struct message_id id = id_at(TODAY_UTC_MS);
	struct archived archived;
	char byte;
	int fd;

	ck_assert_int_eq(put(&id, odd, false), 0);
	fd = open_only(O_RDWR, &archived);
	for (off_t at = 0; at < (off_t)odd.len; at++) {
		ck_assert_int_eq(archive_prove(fd, &archived.name), 0);
		byte = (char)(odd.at[at] ^ (1 << at % 8));
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_int_eq(archive_prove(fd, &archived.name), -EBADMSG);
		ck_assert_int_eq(pwrite(fd, odd.at + at, 1, at), 1);
	}
	ck_assert_int_eq(ftruncate(fd, (off_t)odd.len - 1), 0);
	ck_assert_int_eq(archive_prove(fd, &archived.name), -EBADMSG);
	ck_assert_int_eq(ftruncate(fd, (off_t)odd.len + 1), 0);
	ck_assert_int_eq(archive_prove(fd, &archived.name), -EBADMSG);
	(void)close(fd);
}
END_TEST

START_TEST(one_of_before_has_no_digest_and_is_read)
{
	struct message_id id = id_at(TODAY_UTC_MS);
	char from[ARCHIVE_PATH_SIZE], to[ARCHIVE_PATH_SIZE];
	char hex[ARCHIVE_HEX_SIZE];
	struct archived archived;
	struct seen seen;
	int fd;

	ck_assert_int_eq(put(&id, odd, false), 0);
	(void)close(open_only(O_RDONLY, &archived));
	archive_path(&archived.name, from);
	archived.name.has_digest = false;
	archive_path(&archived.name, to);
	ck_assert_uint_eq(strlen(to), ARCHIVE_DAY_SIZE + MESSAGE_ID_CHARS);
	ck_assert_int_eq(linkat(scratch.fd, from, scratch.fd, to, 0), 0);
	/* whoever put the old one beside the new: the proven one is taken */
	is_there(&id, odd);
	ck_assert_int_eq(unlinkat(scratch.fd, from, 0), 0);
	seen = seen_from(0);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert(!seen.at[0].is_odd && !seen.at[0].name.has_digest);
	archive_hex(&seen.at[0].name, hex);
	ck_assert_str_eq(hex, "");
	ck_assert_int_eq(archive_find(scratch.fd, &id, &archived), 0);
	ck_assert_int_eq(archive_read(scratch.fd, &archived.name, &fd), 0);
	ck_assert_int_eq(archive_prove(fd, &archived.name), 0);
	(void)close(fd);
}
END_TEST

#define HEX	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const struct {
	const char	*text;
	int		 want;
} texts[] = {
	{ "06e8k4m200abcdef", 0 },
	{ "06e8k4m200abcdef." HEX, 0 },
	{ "06E8K4M200ABCDEF", -EINVAL },	/* another name, one id */
	{ "06e8k4m200abcdef.E3B0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
	    "a495991b7852b855", -EINVAL },
	{ "06e8k4m200abcdef-" HEX, -EINVAL },
	{ "06e8k4m200abcdef." HEX "0", -EINVAL },
	{ "06e8k4m200abcdef.x" HEX, -EINVAL },
	{ "06e8k4m200abcdef.", -EINVAL },
	{ "06e8k4m200abcde", -EINVAL },
	{ "", -EINVAL },
	{ "..", -EINVAL },
};

START_TEST(only_a_name_of_ours_is_one)
{
	struct archive_name name = { .has_digest = true };
	char again[ARCHIVE_NAME_SIZE];

	ck_assert_int_eq(archive_name_read(texts[_i].text, &name),
	    texts[_i].want);
	if (texts[_i].want < 0)
		return;
	archive_name_write(&name, again);
	ck_assert_str_eq(again, texts[_i].text);
}
END_TEST

START_TEST(what_is_told_of_an_original_is_read_or_refused)
{
	TEXT_AUTO packed = TEXT_INIT(256);
	struct mends mends = MENDS_INIT(64);
	unsigned char digest[ARCHIVE_DIGEST_BYTES] = { 1, 2, 3 };
	struct original original;
	struct slice all;

	(void)mends_add(&mends, slice_str("\r\n"), DOT_BARE_LF);
	original_pack(&packed, 1, digest, &mends);
	all = text_slice(&packed);
	ck_assert_int_eq(original_unpack(all, &original), 0);
	ck_assert_uint_eq(original.bytes, 1);
	ck_assert_mem_eq(original.digest, digest, sizeof(digest));
	for (size_t n = 0; n < all.len; n++)
		ck_assert_int_eq(original_unpack(slice_first(all, n),
		    &original), -EBADMSG);
	text_add_byte(&packed, 'x');
	ck_assert_int_eq(original_unpack(text_slice(&packed), &original),
	    -EBADMSG);
	mends_free(&mends);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("queue/archive");
	TCase *tests = tcase_create("archive");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, it_is_what_was_sent_and_found_by_its_id, 0,
	    2);
	tcase_add_test(tests, what_is_not_what_was_sent_is_not_archived);
	tcase_add_loop_test(tests, a_call_that_fails_leaves_nothing, 0, 3);
	tcase_add_test(tests, what_an_earlier_life_left_half_written_goes);
	tcase_add_test(tests, days_that_are_too_old_go_and_no_other);
	tcase_add_test(tests, days_are_told_in_order_and_from_one_on);
	tcase_add_test(tests,
	    one_that_stands_in_the_folder_of_another_day_is_odd);
	tcase_add_test(tests, a_byte_that_is_turned_is_no_more_what_was_sent);
	tcase_add_test(tests, one_of_before_has_no_digest_and_is_read);
	tcase_add_loop_test(tests, only_a_name_of_ours_is_one, 0,
	    sizeof(texts) / sizeof(*texts));
	tcase_add_test(tests, what_is_told_of_an_original_is_read_or_refused);
	tcase_set_timeout(tests, 60);
	suite_add_tcase(suite, tests);
	return suite;
}
