/*
 * crash_test.c - a kill or a power cut at any moment loses nothing promised and
 * gives nothing twice
 *
 * A child delivers, settles, looks, deletes and compacts, and reports over a
 * pipe what it promised, as a door would to its clients.  It is killed behind a
 * number of reports that a fixed seed gives.  What it promised must then be
 * true, and the account go on; several lives on one folder.
 *
 * For a power cut the child keeps a copy of each file as of its last sync (our
 * fdatasync stands before libc's, for SQLite too).  After the kill each file
 * is, by lot, the copy or what it was: rows without their bytes, bytes without
 * their rows, and all that is between.
 *
 * A client goes along that keeps what it was told of each letter's flags, and
 * asks in each life only for what changed since (RFC 7162 3.2.5.1): whatever was
 * lost, it then knows what is there.
 */
#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/selected.h"
#include "tests/unit/store/box.h"

#define LIVES		6
#define MOST		4000	/* letters, and UIDs, of one folder */

enum kind {
	SETTLED,		/* letters up to `n` are durable */
	DELETING,		/* letter `n` may be gone from now on */
	DELETED,		/* letter `n` is gone for good */
	SEEN,			/* letter `n` was shown under `uid` */
	FLAGS,			/* UID `uid` has the flags `n` */
	VANISHED,		/* UID `uid` is there no more */
	SYNCED,			/* all is told up to modseq `n` */
};

struct report {
	enum kind	kind;
	uint32_t	n, uid;
};

/* What a client keeps of a mailbox. */
struct client {
	uint64_t	synced;		/* its HIGHESTMODSEQ */
	bool		has[MOST];	/* a letter of that UID */
	uint8_t		flags[MOST];
};

struct promises {
	uint32_t	settled;
	uint32_t	last;		/* highest letter reported */
	bool		deleting[MOST];
	bool		deleted[MOST];
	uint32_t	seen[MOST];	/* UID -> letter, or 0 */
	struct client	client;
};

/* The copies of synced files */

static int copies_fd = -1;	/* folder they are in; -1: none are kept */

static void
copy(int from, int to_folder, const char *name)
{
	static char bytes[65536];
	off_t at = 0;
	ssize_t n;
	int to = openat(to_folder, "new", O_CREAT | O_TRUNC | O_WRONLY |
	    O_CLOEXEC, 0600);

	if (to < 0)
		abort();
	while ((n = pread(from, bytes, sizeof(bytes), at)) > 0) {
		if (pwrite(to, bytes, (size_t)n, at) != n)
			abort();
		at += n;
	}
	/* a kill in here leaves the copy before */
	if (n < 0 || close(to) != 0 ||
	    renameat(to_folder, "new", to_folder, name) != 0)
		abort();
}

int
fdatasync(int fd)
{
	char link[64], path[4096];
	struct stat st;
	ssize_t n;

	if (syscall(SYS_fdatasync, fd) != 0)
		return -1;
	if (copies_fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		abort();
	path[n] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		abort();
	copy(fd, copies_fd, strrchr(path, '/') + 1);
	(void)close(fd);
	return 0;
}

/* A file that was synced is, by lot, as it was then; a new one may be gone. */
static void
cut_file(int folder, const char *name, unsigned *seed)
{
	int fd;

	if (rand_r(seed) % 2 == 0)
		return;
	fd = openat(copies_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ck_assert_int_eq(unlinkat(folder, name, 0), 0);
		return;
	}
	copy(fd, folder, name);
	(void)close(fd);
}

static void
cut_folder(int folder, unsigned *seed)
{
	DIR *dir = fdopendir(folder);
	struct dirent *entry;
	char names[64][32];
	size_t count = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_type == DT_REG &&
		    strcmp(entry->d_name, "index.db-shm") != 0) {
			ck_assert_uint_lt(count, 64);
			(void)snprintf(names[count++], sizeof(names[0]),
			    "%.31s", entry->d_name);
		}
	for (size_t i = 0; i < count; i++)
		cut_file(folder, names[i], seed);
	(void)closedir(dir);
}

/* The power is gone: what memory knew is gone with it. */
static void
cut_power(struct box *box, unsigned *seed)
{
	cut_folder(openat(box->scratch.fd, "letters",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC), seed);
	cut_folder(openat(box->scratch.fd, ".",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC), seed);
	(void)unlinkat(box->scratch.fd, "index.db-shm", 0);
}

/* The child */

static void
report(int fd, enum kind kind, uint32_t n, uint32_t uid)
{
	struct report one = { kind, n, uid };

	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		_exit(2);
}

static void
look_and_delete(struct account *account, unsigned *seed, int fd)
{
	size_t numbers[8], count = 0;
	struct view *view;

	if (account_view_open(account, MAILBOX_INBOX, &view) != 0)
		_exit(3);
	for (size_t i = 0; i < view_count(view); i++) {
		const struct letter *letter = view_letter(view, i);

		report(fd, SEEN, box_number(letter), letter->uid);
		if (count < 8 && rand_r(seed) % 6 == 0)
			numbers[count++] = i;
	}
	for (size_t i = 0; i < count; i++)
		report(fd, DELETING, box_number(view_letter(view,
		    numbers[i])), 0);
	if (account_expunge(account, view, numbers, count) != 0)
		_exit(4);
	for (size_t i = 0; i < count; i++)
		report(fd, DELETED, box_number(view_letter(view,
		    numbers[i])), 0);
	account_view_close(account, view);
}

/* Tell what changed since: to the pipe, or to the client of `promises`. */
struct telling {
	int		 fd;
	struct promises	*promises;
};

static void	note(struct promises *, const struct report *);

static void
tell(const struct telling *telling, enum kind kind, uint32_t n, uint32_t uid)
{
	if (telling->promises != NULL)
		note(telling->promises, &(struct report){ kind, n, uid });
	else
		report(telling->fd, kind, n, uid);
}

static int
tell_vanished(void *arg, uint32_t first, uint32_t last)
{
	for (uint32_t uid = first; uid <= last && uid < MOST; uid++)
		tell(arg, VANISHED, 0, uid);
	return 0;
}

static int
resync(struct selected *selected, uint64_t since, struct telling *telling)
{
	uint64_t from = 1;
	int r;

	for (size_t i = 0; i < selected_count(selected); i++) {
		const struct selected_letter *letter =
		    selected_at(selected, i);

		if (letter->modseq > since)
			tell(telling, FLAGS, letter->flags, letter->uid);
	}
	do
		r = selected_vanished(selected, since, &from, tell_vanished,
		    telling);
	while (r > 0);
	return r;
}

/* The client comes, learns what changed, changes something, and stays a while. */
static void
change_flags(struct account *account, unsigned *seed, int fd, uint64_t *since)
{
	struct flag_change change = {
		.how = FLAG_SET, .unchanged_since = UINT64_MAX
	};
	struct telling telling = { .fd = fd };
	struct selected *selected;
	uint64_t modseq;

	if (selected_open(account, MAILBOX_INBOX, &selected) != 0 ||
	    resync(selected, *since, &telling) != 0)
		_exit(10);
	*since = selected_modseq(selected);
	report(fd, SYNCED, (uint32_t)*since, 0);
	for (size_t i = 0; i < selected_count(selected); i++) {
		if (rand_r(seed) % 8 != 0)
			continue;
		change.flags = (uint8_t)rand_r(seed) & LETTER_ALL_FLAGS;
		if (selected_flag(selected, &i, 1, &change, NULL, NULL,
		    &modseq) != 0)
			_exit(11);
		report(fd, FLAGS, selected_at(selected, i)->flags,
		    selected_at(selected, i)->uid);
	}
	selected_close(selected);
}

/*
 * Never returns: it is killed, or out of letters.  Asserts nothing, for it
 * shares libcheck's pipe with its parent.
 */
static void
live(struct box *box, unsigned seed, uint32_t next, uint64_t since, int fd)
{
	unsigned needs;
	bool was_there;

	if (box_try_open(box, &needs) != 0)
		_exit(5);
	for (; next < MOST - 1; next++) {
		if (box_deliver(box->account, next, &was_there) != 0)
			_exit(6);
		if (rand_r(&seed) % 4 == 0 &&
		    account_commit(box->account) != 0)
			_exit(7);
		if (rand_r(&seed) % 8 == 0) {
			if (account_settle(box->account, next, next / 2) != 0)
				_exit(8);
			report(fd, SETTLED, next, 0);
		}
		if (rand_r(&seed) % 12 == 0)
			look_and_delete(box->account, &seed, fd);
		if (rand_r(&seed) % 12 == 0)
			change_flags(box->account, &seed, fd, &since);
		if (rand_r(&seed) % 3 == 0 &&
		    account_compact(box->account) < 0)
			_exit(9);
	}
	_exit(0);
}

/* The promises */

static void
note_client(struct client *client, const struct report *one)
{
	switch (one->kind) {
	case FLAGS:
		client->has[one->uid] = true;
		client->flags[one->uid] = (uint8_t)one->n;
		break;
	case VANISHED:
		client->has[one->uid] = false;
		break;
	default:
		/* RFC 7162 3.1.2.1: a number that was told never comes again
		 * with other content */
		ck_assert_uint_ge(one->n, client->synced);
		client->synced = one->n;
		break;
	}
}

static void
note(struct promises *promises, const struct report *one)
{
	ck_assert_uint_lt(one->uid, MOST);
	if (one->kind >= FLAGS) {
		note_client(&promises->client, one);
		return;
	}
	ck_assert_uint_lt(one->n, MOST);
	if (promises->last < one->n)
		promises->last = one->n;
	switch (one->kind) {
	case SETTLED:
		promises->settled = one->n;
		break;
	case DELETING:
		promises->deleting[one->n] = true;
		break;
	case DELETED:
		promises->deleted[one->n] = true;
		break;
	case SEEN:
		/* a number a client has seen is never given again */
		ck_assert(promises->seen[one->uid] == 0 ||
		    promises->seen[one->uid] == one->n);
		promises->seen[one->uid] = one->n;
		break;
	default:
		break;
	}
}

/* One life, killed behind `reports` of them. */
static void
live_and_die(struct box *box, unsigned seed, uint32_t next, unsigned reports,
    struct promises *promises)
{
	struct report one;
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		(void)close(ends[0]);
		live(box, seed, next, promises->client.synced, ends[1]);
	}
	(void)close(ends[1]);
	for (unsigned i = 0; i < reports; i++) {
		if (read(ends[0], &one, sizeof(one)) != sizeof(one))
			break;
		note(promises, &one);
	}
	(void)usleep(seed % 7 * 100);	/* somewhere inside what follows */
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	while (read(ends[0], &one, sizeof(one)) == sizeof(one))
		note(promises, &one);
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

/* The journal delivers again; in another order, lest UIDs agree by chance. */
static void
deliver_again(struct box *box, uint32_t last)
{
	uint32_t settled = (uint32_t)account_settled_to(box->account);
	bool was_there;

	for (uint32_t n = last; n > settled; n--)
		ck_assert_int_eq(box_deliver(box->account, n, &was_there), 0);
	ck_assert_int_eq(account_settle(box->account, last, 0), 0);
}

/* Every letter 1..last is there once, or was to be deleted; none came back. */
static void
prove(struct box *box, struct promises *promises, uint32_t last)
{
	static bool there[MOST];
	struct view *view = box_view(box);
	uint32_t uid_before = 0;

	memset(there, 0, sizeof(there));
	for (size_t i = 0; i < view_count(view); i++) {
		const struct letter *letter = view_letter(view, i);
		uint32_t n = box_number(letter);

		ck_assert_uint_gt(letter->uid, uid_before);
		uid_before = letter->uid;
		note(promises, &(struct report){ SEEN, n, letter->uid });
		ck_assert_uint_le(n, last);
		ck_assert(!there[n]);
		ck_assert(!promises->deleted[n]);
		there[n] = true;
		ck_assert_int_eq(box_is_letter(box, view, i, n), 0);
	}
	for (uint32_t n = 1; n <= last; n++)
		ck_assert(there[n] || promises->deleting[n]);
	account_view_close(box->account, view);
}

/* The client asks for what changed since it was told last, and knows all. */
static void
prove_client(struct box *box, struct promises *promises)
{
	struct telling telling = { .promises = promises };
	const struct client *client = &promises->client;
	struct selected *selected;
	size_t had = 0;

	ck_assert_int_eq(selected_open(box->account, MAILBOX_INBOX,
	    &selected), 0);
	ck_assert_int_eq(resync(selected, client->synced, &telling), 0);
	for (size_t i = 0; i < selected_count(selected); i++) {
		const struct selected_letter *letter =
		    selected_at(selected, i);

		ck_assert(client->has[letter->uid]);
		ck_assert_uint_eq(client->flags[letter->uid], letter->flags);
	}
	for (size_t uid = 0; uid < MOST; uid++)
		had += client->has[uid];
	ck_assert_uint_eq(had, selected_count(selected));
	tell(&telling, SYNCED, (uint32_t)selected_modseq(selected), 0);
	selected_close(selected);
}

/* What the view shows counts as promised; the highest letter there is. */
static uint32_t
last_of(struct box *box, struct promises *promises)
{
	struct view *view = box_view(box);

	for (size_t i = 0; i < view_count(view); i++)
		note(promises, &(struct report){ SEEN,
		    box_number(view_letter(view, i)),
		    view_letter(view, i)->uid });
	account_view_close(box->account, view);
	return promises->last;
}

/* Several lives on one folder, each ended by a kill, or a power cut. */
static void
live_and_prove(unsigned seed, bool power)
{
	static struct promises promises;
	struct scratch copies = scratch_new();
	struct box box;
	uint32_t last = 0;

	copies_fd = power ? copies.fd : -1;
	box = box_new();
	memset(&promises, 0, sizeof(promises));
	for (int i = 0; i < LIVES; i++) {
		box_close(&box);
		live_and_die(&box, seed, last + 1,
		    (unsigned)rand_r(&seed) % 600, &promises);
		if (power)
			cut_power(&box, &seed);
		if (!power)
			ck_assert_int_eq(box_check(&box), 0);
		box_open(&box);
		ck_assert_uint_ge(account_settled_to(box.account),
		    promises.settled);
		prove_client(&box, &promises);
		last = last_of(&box, &promises);
		deliver_again(&box, last);
		prove(&box, &promises, last);
		ck_assert_int_eq(box_check(&box), 0);
	}
	box_drop(&box);
	copies_fd = -1;
	scratch_drop(&copies);
}

START_TEST(a_killed_process_loses_nothing_and_gives_nothing_twice)
{
	live_and_prove((unsigned)_i * 7919 + 1, false);
}
END_TEST

START_TEST(a_power_cut_loses_nothing_promised)
{
	live_and_prove((unsigned)_i * 104729 + 1, true);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("crash");
	TCase *tcase = tcase_create("crash");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase,
	    a_killed_process_loses_nothing_and_gives_nothing_twice, 0, 8);
	tcase_add_loop_test(tcase, a_power_cut_loses_nothing_promised, 0, 12);
	suite_add_tcase(suite, tcase);
	return suite;
}
