/*
 * check.c - prove that journal, kept files and big files agree
 */
#include "queue/check_inside.h"
#include "queue/rows_outbound.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "queue/rebuild.h"
#include "store/account.h"

#define KEPT_YOUNG_S	60	/* a kept file may wait so long for its row */
#define KEPT_MOST	(HEAD_MAX_BYTES + BIG_BYTES + 4096)

void
check_tell_at(struct queue_check *check, const struct queue_finding *finding)
{
	if (finding->is_fault)
		check->faults = 1;
	check->say(check->arg, finding);
}

void
check_tell(struct queue_check *check, enum queue_found what,
    const struct message_id *id)
{
	const struct queue_finding finding = { .what = what,
	    .is_fault = what != FOUND_BIG_UNKNOWN, .id = *id };

	check_tell_at(check, &finding);
}

int
id_list_add(struct id_list *list, const struct message_id *id)
{
	size_t size = list->size == 0 ? 64 : list->size * 2;
	struct message_id *at;

	if (list->count == list->size) {
		at = realloc(list->at, size * sizeof(*at));
		if (at == NULL)
			return -ENOMEM;
		list->at = at;
		list->size = size;
	}
	list->at[list->count++] = *id;
	return 0;
}

static int
order(const void *one, const void *other)
{
	return message_id_order(one, other);
}

static void
id_list_sort(struct id_list *list)
{
	if (list->count > 0)
		qsort(list->at, list->count, sizeof(*list->at), order);
}

/* It was sorted. */
static bool
id_list_has(const struct id_list *list, const struct message_id *id)
{
	return list->count > 0 && bsearch(id, list->at, list->count,
	    sizeof(*list->at), order) != NULL;
}

/* Big files */

/* Open big/XX/ID to read.  The descriptor, or -errno. */
static int
open_big(const struct queue_check *check, const struct message_id *id,
    struct stat *st)
{
	char name[MESSAGE_ID_CHARS + 1], path[MESSAGE_ID_CHARS + 4];
	int fd;

	message_id_write(id, name);
	(void)snprintf(path, sizeof(path), "%s/%s",
	    name + MESSAGE_ID_CHARS - 2, name);
	fd = openat(check->big_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0) {
		int r = -errno;

		(void)close(fd);
		return r;
	}
	return fd;
}

int
queue_check_letter(const struct queue_check *check,
    const struct message_id *id, uint64_t bytes)
{
	struct stat st;
	int fd = open_big(check, id, &st);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return (uint64_t)st.st_size == bytes ? 0 : -EBADMSG;
}

static int
digest_of(int fd, unsigned char digest_out[BIG_DIGEST_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	char bytes[65536];
	ssize_t n = -1;
	int r = -ENOMEM;

	if (context != NULL &&
	    EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1)
		r = 0;
	while (r == 0 && (n = read(fd, bytes, sizeof(bytes))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			r = -errno;
		else if (EVP_DigestUpdate(context, bytes, (size_t)n) != 1)
			r = -ENOMEM;
	}
	if (r == 0 && EVP_DigestFinal_ex(context, digest_out, NULL) != 1)
		r = -ENOMEM;
	EVP_MD_CTX_free(context);
	return r;
}

int
check_big(const struct queue_check *check, const struct transit *transit)
{
	unsigned char digest[BIG_DIGEST_BYTES];
	struct stat st;
	int fd = open_big(check, &transit->env.id, &st), r;

	if (fd < 0)
		return fd;
	r = (uint64_t)st.st_size == transit->env.bytes ? 0 : -EBADMSG;
	if (r == 0)
		r = digest_of(fd, digest);
	if (r == 0 && memcmp(digest, transit->digest, sizeof(digest)) != 0)
		r = -EBADMSG;
	(void)close(fd);
	return r;
}

/* What is said of a message */

bool
check_head(const struct message_id *id, struct slice head,
    struct slice bytes, struct transit **transit_out)
{
	struct transit *transit;
	struct verdict verdict;

	if (head_unpack(NULL, head, &transit) < 0)
		return false;
	if (message_id_order(&transit->env.id, id) != 0 ||
	    transit->env.recipient_count == 0 ||
	    verdict_unpack(transit->packed_verdict, &verdict) < 0 ||
	    bytes.len != (transit->is_big ? 0 : transit->env.bytes)) {
		transit_free(transit);
		return false;
	}
	*transit_out = transit;
	return true;
}

/* Kept files */

/* 0, or what is wrong with a kept message; *what_out says in which part. */
static int
look_kept(const struct queue_check *check, const struct message_id *id,
    enum queue_found *what_out)
{
	TEXT_AUTO buffer = TEXT_INIT(KEPT_MOST);
	struct transit *transit;
	struct slice head, bytes;
	int r;

	r = kept_read(check->kept_fd, id, &buffer, &head, &bytes);
	*what_out = r == -ENOENT ? FOUND_KEPT_MISSING : FOUND_KEPT_DAMAGED;
	if (r < 0)
		return r;
	if (!check_head(id, head, bytes, &transit))
		return -EBADMSG;
	*what_out = FOUND_KEPT_BIG;
	if (transit->is_big)
		r = check_big(check, transit);
	transit_free(transit);
	return r;
}

static void
check_kept(struct queue_check *check, const struct message_id *id)
{
	enum queue_found what;
	int r = look_kept(check, id, &what);

	/* what leaves needs no file while its record stands */
	if (r == -ENOENT && what == FOUND_KEPT_MISSING &&
	    id_list_has(&check->leaving, id) &&
	    rows_is_kept(check->rows, id) == -ENOENT)
		return;
	check->counts.kept++;
	if (r < 0 && (rows_is_kept(check->rows, id) != -ENOENT ||
	    rows_outbound_has(check->rows, id) != -ENOENT))
		check_tell(check, what, id);
}

static int
list_kept(void *arg, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t count)
{
	struct queue_check *check = arg;

	(void)recipients;
	if (count == 0)
		check_tell(check, FOUND_KEPT_NOBODY, &message->id);
	return id_list_add(&check->kept, &message->id);
}

/* Those of one message stand together. */
static int
list_outbound(void *arg, const struct rows_outbound *row)
{
	struct queue_check *check = arg;
	const struct id_list *ids = &check->kept;

	if (ids->count > 0 && message_id_order(&ids->at[ids->count - 1],
	    &row->id) == 0)
		return 0;
	return id_list_add(&check->kept, &row->id);
}

/* A file that the next start sweeps away, although it is not just made. */
static void
check_kept_file(struct queue_check *check, const struct message_id *id,
    const struct stat *st)
{
	char name[MESSAGE_ID_CHARS + 1];

	if (st->st_mtim.tv_sec > clock_utc_ms() / 1000 - KEPT_YOUNG_S ||
	    rows_is_kept(check->rows, id) != -ENOENT ||
	    rows_outbound_has(check->rows, id) != -ENOENT)
		return;
	message_id_write(id, name);
	if (faccessat(check->kept_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		check_tell(check, FOUND_KEPT_NO_ROW, id);
}

/* Folders */

typedef void	file_fn(struct queue_check *, const struct message_id *,
		    const struct stat *);

/* Every file of `folder_fd` that is named after a message. */
static int
each_file(struct queue_check *check, int folder_fd, const char *name,
    file_fn *fn)
{
	int fd = openat(folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	struct message_id id;
	struct stat st;

	if (folder == NULL) {
		int r = -errno;

		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while ((entry = readdir(folder)) != NULL)
		if (message_id_read(slice_str(entry->d_name), &id) == 0 &&
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			fn(check, &id, &st);
	(void)closedir(folder);
	return 0;
}

/* Before the journal is read, where the record of each may stand. */
static int
list_all_kept(struct queue_check *check)
{
	int r = rows_kept_each(check->rows, list_kept, check);

	return r < 0 ? r :
	    rows_outbound_each(check->rows, list_outbound, check);
}

static int
check_all_kept(struct queue_check *check)
{
	for (size_t i = 0; i < check->kept.count; i++)
		check_kept(check, &check->kept.at[i]);
	return each_file(check, check->kept_fd, ".", check_kept_file);
}

static void
check_big_file(struct queue_check *check, const struct message_id *id,
    const struct stat *st)
{
	check->counts.big++;
	if (st->st_mtim.tv_sec > clock_utc_ms() / 1000 - BIG_SWEEP_SECONDS ||
	    rows_big_is_known(check->rows, id) != -ENOENT ||
	    rows_big_is_due(check->rows, id) != -ENOENT ||
	    rows_is_kept(check->rows, id) != -ENOENT ||
	    rows_outbound_has(check->rows, id) != -ENOENT ||
	    id_list_has(&check->standing, id))
		return;
	check_tell(check, FOUND_BIG_UNKNOWN, id);
}

static int
check_all_big(struct queue_check *check)
{
	int fd = openat(check->big_fd, ".", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (folder == NULL) {
		r = -errno;
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(folder)) != NULL)
		if (strlen(entry->d_name) == 2 && entry->d_name[0] != '.')
			r = each_file(check, fd, entry->d_name,
			    check_big_file);
	(void)closedir(folder);
	return r;
}

/* The contract */

static int
open_below(const struct queue_check *check, const char *name)
{
	int fd = openat(check->folder_fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int
open_ledger(struct queue_check *check)
{
	int r = ledger_open_judged(check->folder_fd, &check->ledger);

	if (r == -EUCLEAN) {
		check->has_damaged_ledger = true;
		return 0;
	}
	/* there is none, or one that a hub had only begun to make */
	return r == -ENOENT || r == -ENODATA ? 0 : r;
}

static int
open_all(struct queue_check *check)
{
	unsigned needs;
	int r;

	check->journal_fd = open_below(check, "journal");
	if (check->journal_fd < 0)
		return check->journal_fd;
	r = queue_rebuild_is_needed(check->folder_fd);
	if (r == 0)
		r = rows_open_reading(check->folder_fd, &check->rows, &needs);
	if (r == 1)
		return -EUCLEAN;
	if (r < 0)
		return r;
	r = open_ledger(check);
	if (r < 0)
		return r;
	check->kept_fd = open_below(check, "kept");
	check->big_fd = open_below(check, "big");
	if (check->kept_fd < 0)
		return check->kept_fd;
	return check->big_fd < 0 ? check->big_fd : 0;
}

int
queue_check_open(int folder_fd, queue_check_fn *say, void *arg,
    struct queue_check **check_out)
{
	struct queue_check *check = calloc(1, sizeof(*check));
	int r;

	if (check == NULL)
		return -ENOMEM;
	check->folder_fd = folder_fd;
	check->journal_fd = check->kept_fd = check->big_fd = -1;
	check->say = say;
	check->arg = arg;
	r = open_all(check);
	if (r < 0) {
		queue_check_close(check);
		return r;
	}
	*check_out = check;
	return 0;
}

void
queue_check_close(struct queue_check *check)
{
	if (check == NULL)
		return;
	rows_close(check->rows);
	ledger_close(check->ledger);
	if (check->journal_fd >= 0)
		(void)close(check->journal_fd);
	if (check->kept_fd >= 0)
		(void)close(check->kept_fd);
	if (check->big_fd >= 0)
		(void)close(check->big_fd);
	free(check->standing.at);
	free(check->leaving.at);
	free(check->kept.at);
	free(check);
}

int
queue_check_run(struct queue_check *check,
    struct queue_check_counts *counts_out)
{
	int r;

	if (check->has_damaged_ledger)
		check_tell(check, FOUND_LEDGER, &(struct message_id){ { 0 } });
	r = list_all_kept(check);
	if (r == 0)
		r = check_journal(check);
	id_list_sort(&check->standing);
	id_list_sort(&check->leaving);
	if (r == 0)
		r = check_all_kept(check);
	if (r == 0)
		r = check_all_big(check);
	if (r == 0)
		r = check_halves(check);
	if (r == 0)
		r = check_archive(check);
	if (r < 0)
		return r;
	*counts_out = check->counts;
	return check->faults;
}
