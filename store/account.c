/*
 * account.c - one account's mail: its index and its letters, one writer
 *
 * The order is the promise.  Bytes are written, then rows; before a FULL commit
 * the segments are synced.  settled_to is written by FULL commits only, so what
 * it covers is on the disk, bytes and rows.
 *
 * What it does not cover may be there in any half: rows of an earlier life may
 * have reached the disk without their bytes, and after a failed sync the bytes
 * may be in memory and nowhere else, looking well.  So nothing an earlier life
 * wrote is believed beyond what it vouched for (segments.h): when the journal
 * delivers such a letter again, it is written again, into a segment of this
 * life, and its row moved there.  A client sees the same letter, UID and bytes.
 */
#include "store/account.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/account_inside.h"
#include "store/check.h"
#include "store/keywords.h"
#include "store/lessons.h"
#include "store/mailboxes.h"
#include "store/search_inside.h"
#include "store/selected_inside.h"

#define LOCK_FILE	"lock"
#define SEGMENT_BYTES	(64u * 1024 * 1024)
#define UID_BLOCK	1000

int
account_lock(int folder_fd)
{
	int fd, r;

	fd = openat(folder_fd, LOCK_FILE,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	(void)close(fd);
	return r;
}

static int
open_letters(struct account *account, int folder_fd,
    const struct account_options *options)
{
	struct letters_options letters = {
		.segment_bytes = options->segment_bytes
	};
	int r;

	memcpy(letters.hub_id, options->hub_id, HUB_ID_BYTES);
	r = segments_last(account->index, &letters.last, &letters.last_bytes);
	if (r == 0)
		r = letters_open(folder_fd, &letters, &account->letters,
		    &account->first);
	account->unsynced = account->first;
	return r;
}

/*
 * Segments that an earlier life left open, with more (or less) in them than it
 * vouched for.  They are synced, for what is in them may be read and its rows
 * become durable, but not vouched for: a sync that failed then is not undone by
 * one that succeeds now.
 */
static int
seal_left_open(struct account *account)
{
	uint32_t number = 0;
	uint64_t bytes;
	int r;

	while ((r = segments_open_after(account->index, number, &number)) > 0) {
		if (number >= account->first)
			return 0;
		r = letters_sync(account->letters, number, &bytes);
		if (r == -EIO || r == -ENOMEM || r == -EMFILE || r == -ENFILE)
			return r;
		if (r < 0)	/* no file, or damaged: check tells of it */
			bytes = 0;
		r = segments_seal(account->index, number, bytes);
		if (r < 0)
			return r;
		account->must_be_full = true;
	}
	return r;
}

static int
open_inside(struct account *account, int folder_fd,
    const struct account_options *options, unsigned *needs_out)
{
	int r;

	account->lock_fd = account_lock(folder_fd);
	if (account->lock_fd < 0)
		return account->lock_fd;
	account->folder_fd = fcntl(folder_fd, F_DUPFD_CLOEXEC, 3);
	if (account->folder_fd < 0)
		return -errno;
	r = index_is_missing(folder_fd) ? -EUCLEAN : index_open(folder_fd,
	    options, &account->index, needs_out);
	if (r == 0)
		r = open_letters(account, folder_fd, options);
	if (r == 0)
		r = index_settle(account->index, 0, 0, &account->settled_to);
	if (r == 0)
		r = seal_left_open(account);
	if (r == 0)
		r = unfinished_recover(account);
	if (r < 0)
		return r;
	r = account_drop_orphans(account, SIZE_MAX, account->must_be_full ?
	    INDEX_FULL : INDEX_NORMAL);
	if (r < 0)
		return r;
	account->search = search_new(folder_fd, account->index);
	return account->search == NULL ? -ENOMEM : 0;
}

static void
account_free(struct account *account)
{
	search_free(account->search);
	letters_close(account->letters);
	keywords_free(account->keywords);
	vocabulary_free(&account->vocabulary);
	unfinished_free(&account->given_up);
	if (account->folder_fd >= 0)
		(void)close(account->folder_fd);
	if (account->lock_fd >= 0)
		(void)close(account->lock_fd);
	free(account);
}

int
account_open(int folder_fd, const struct account_options *options,
    struct account **account_out, unsigned *needs_out)
{
	struct account_options filled = *options;
	struct account *account = calloc(1, sizeof(*account));
	int r;

	if (account == NULL)
		return -ENOMEM;
	if (filled.segment_bytes == 0)
		filled.segment_bytes = SEGMENT_BYTES;
	if (filled.uid_block == 0)
		filled.uid_block = UID_BLOCK;
	LIST_INIT(&account->views);
	LIST_INIT(&account->selecteds);
	account->lock_fd = account->folder_fd = -1;
	account->keywords = keywords_new();
	r = account->keywords == NULL ? -ENOMEM :
	    open_inside(account, folder_fd, &filled, needs_out);
	if (r < 0) {
		(void)index_close(account->index, false);
		account_free(account);
		return r;
	}
	*account_out = account;
	return 0;
}

int
account_close(struct account *account)
{
	int r, closed;

	if (account == NULL)
		return 0;
	while (!LIST_EMPTY(&account->views))
		account_view_close(account, LIST_FIRST(&account->views));
	selected_close_all(account);
	copies_stop(account);
	r = account_commit_full(account);
	closed = index_close(account->index, r == 0);
	account_free(account);
	return r < 0 ? r : closed;
}

int
account_undo(struct account *account, int r)
{
	(void)index_end(account->index, INDEX_UNDO);
	vocabulary_forget(&account->vocabulary);
	account->must_be_full = false;
	if (account->has_pending)
		account->lost = r;
	account->has_pending = false;
	return r;
}

int
account_append(struct account *account, const struct record *record,
    struct place *place_out)
{
	struct place place;
	int r;

	if (account->failed)
		return -EIO;
	r = letters_append(account->letters, record, &place);
	if (r == -EIO)
		account->failed = true;
	if (r < 0)
		return r;
	account->newest = place.segment;
	*place_out = place;
	return 0;
}

/*
 * Sync what this life has appended, and note in the index that it is.
 * *vouched_out is how much of the newest segment that makes.
 */
static int
vouch_all(struct account *account, uint64_t *vouched_out)
{
	uint32_t number = account->unsynced;
	uint64_t bytes = account->vouched;
	int r;

	for (; number <= account->newest; number++) {
		r = letters_sync(account->letters, number, &bytes);
		/* a number passed over because a crash left a file of it */
		if (r < 0 && number < account->newest && r != -EIO)
			continue;
		if (r == 0 && (number != account->unsynced ||
		    bytes != account->vouched || number < account->newest))
			r = segments_vouch(account->index, number, bytes,
			    number < account->newest);
		if (r < 0)
			return r;
	}
	*vouched_out = bytes;
	return 0;
}

int
account_commit_full(struct account *account)
{
	uint64_t vouched = 0;
	int r = account->failed ? -EIO : vouch_all(account, &vouched);

	/* the disk is waited for anyway */
	if (r == 0)
		r = index_reserve(account->index);
	if (r == 0)
		r = index_end(account->index, INDEX_FULL);
	if (r < 0) {
		account->failed = account->failed || r == -EIO;
		return account_undo(account, r);
	}
	if (account->newest != 0) {
		account->unsynced = account->newest;
		account->vouched = vouched;
	}
	account->must_be_full = account->has_pending = false;
	account->wants_sync = false;
	account_tell_changes(account);
	return 0;
}

int
account_commit_open(struct account *account)
{
	int r;

	if (account->failed)
		return -EIO;
	if (account->must_be_full)
		return account_commit_full(account);
	r = index_end(account->index, INDEX_NORMAL);
	if (r < 0) {
		account->failed = r == -EIO;
		return account_undo(account, r);
	}
	account->has_pending = false;
	account_tell_changes(account);
	return 0;
}

int
account_commit(struct account *account)
{
	int r = account_commit_open(account);

	if (r == 0)
		r = account->lost;
	account->lost = 0;
	return r;
}

int
account_read_row(struct account *account, const struct letter_row *row,
    struct record *record_out)
{
	struct record record;
	int r;

	r = letters_read(account->letters, &row->place, &record);
	if (r < 0)
		return r;
	/* a good record, but is it the one that was looked for? */
	if (message_id_order(&record.id, &row->id) != 0 ||
	    record.action != row->action || record.is_big != row->is_big ||
	    record.trace.len != row->trace_bytes ||
	    record.body_bytes != row->body_bytes)
		return -EBADMSG;
	*record_out = record;
	return 0;
}

int
account_read_bytes(struct account *account, const struct letter_row *row,
    struct letter_bytes *bytes_out)
{
	struct record record;
	int r = account_read_row(account, row, &record);

	if (r < 0)
		return r;
	*bytes_out = (struct letter_bytes){
		.trace = record.trace,
		.body = record.body,
		.is_big = row->is_big,
		.big = row->big,
		.body_bytes = row->body_bytes,
	};
	return 0;
}

int
account_read_held(struct account *account, uint64_t letter,
    struct letter_bytes *bytes_out)
{
	struct letter_row row;
	int r = index_letter(account->index, letter, &row);

	if (r == -ENOENT)
		return -EUCLEAN;
	return r < 0 ? r : account_read_bytes(account, &row, bytes_out);
}

static struct record
record_of(const struct delivery *delivery)
{
	return (struct record){
		.id = delivery->id,
		.action = delivery->action,
		.mailbox = delivery->mailbox,
		.position = delivery->position,
		.received_at_utc_ms = delivery->received_at_utc_ms,
		.body_bytes = delivery->body_bytes,
		.is_big = delivery->is_big,
		.lacks_crlf = delivery->lacks_crlf,
		.flags = delivery->flags,
		.keywords = delivery->keywords,
		.structure = delivery->structure,
		.is_wanted = delivery->is_released,
		.is_spam = delivery->is_spam,
		.trace = delivery->trace,
		.body = delivery->body,
	};
}

/* Its folder, made if need be.  1: INBOX it is instead. */
static int
choose_mailbox(struct account *account, const struct delivery *delivery,
    uint32_t *mailbox_out)
{
	bool is_made = false, is_junk = false;
	int r;

	if (delivery->folder.len == 0)
		return 0;
	r = mailboxes_need(account->index, delivery->folder, mailbox_out,
	    &is_made);
	account->must_be_full = account->must_be_full || is_made;
	if (r == 0 && delivery->is_released)
		r = lessons_is_junk(account->index, *mailbox_out, &is_junk);
	if (r != -EDQUOT && r != -EINVAL && !is_junk)
		return r;
	*mailbox_out = MAILBOX_INBOX;
	return 1;
}

static int
deliver_new(struct account *account, const struct record *record)
{
	struct place place;
	int r;

	r = account_append(account, record, &place);
	if (r == 0)
		r = index_add(account->index, record, &place);
	if (r < 0)
		return r;
	account->must_be_full = account->must_be_full || r > 0;
	account->has_pending = true;
	if (record->keywords.len > 0)
		vocabulary_forget(&account->vocabulary);
	return 0;
}

/*
 * The key is known.  Is the letter, by what this life can vouch for, whole and
 * safe where its row says?  If not it is written again: as it was read, for
 * clients know those bytes, or as delivered when they cannot be read.
 */
static int
deliver_again(struct account *account, const struct letter_row *row,
    const struct record *delivered)
{
	struct record record;
	struct place place;
	bool is_whole;
	int r, vouched;

	if (row->letter == 0)
		return 0;	/* deleted since; that stays so */
	r = account_read_row(account, row, &record);
	if (r == -ENOMEM)
		return r;
	is_whole = r == 0;
	vouched = row->place.segment >= account->first ? 1 :
	    segments_is_vouched(account->index, &row->place);
	if (vouched < 0)
		return vouched;
	if (is_whole && vouched)
		return 0;
	/* the search index knows the letter as it was */
	r = is_whole ? 0 : search_drop(account->search);
	if (r == 0)
		r = account_append(account, is_whole ? &record : delivered,
		    &place);
	if (r < 0)
		return r;
	r = index_move(account->index, row, is_whole ? &record : delivered,
	    &place);
	account->has_pending = account->has_pending || r == 0;
	return r;
}

int
account_deliver(struct account *account, const struct delivery *delivery,
    bool *was_there_out)
{
	struct record record = record_of(delivery);
	struct letter_row row;
	int r, in_inbox;

	if (account->failed)
		return -EIO;
	if (delivery->position >= INT64_MAX)
		return -ERANGE;
	if ((delivery->flags & ~LETTER_FLAGS) != 0 ||
	    delivery->keywords.len > KEYWORDS_MOST)
		return -EINVAL;
	if (delivery->is_big ? delivery->body.len != 0 :
	    delivery->body.len != delivery->body_bytes)
		return -EINVAL;
	r = index_find(account->index, &delivery->id, delivery->action, &row);
	if (r == -ENOENT) {
		in_inbox = choose_mailbox(account, delivery,
		    &record.mailbox);
		r = in_inbox < 0 ? in_inbox : deliver_new(account, &record);
		if (r == 0)
			*was_there_out = false;
		return r < 0 ? r : in_inbox;
	}
	if (r < 0)
		return r;
	r = deliver_again(account, &row, &record);
	if (r == 0)
		*was_there_out = true;
	return r;
}

int
account_settle(struct account *account, uint64_t upto, uint64_t prune_below)
{
	uint64_t settled_to;
	int r;

	/* first what was promised: an error below must not undo it */
	r = account_commit(account);
	if (r < 0)
		return r;
	r = index_settle(account->index, upto, prune_below, &settled_to);
	if (r < 0)
		return account_undo(account, r);
	r = account_commit_full(account);
	if (r < 0)
		return r;
	account->settled_to = settled_to;
	account_tell_unrefs(account);
	return 0;
}

uint64_t
account_settled_to(const struct account *account)
{
	return account->settled_to;
}

int
account_figures(struct account *account, struct account_figures *figures_out)
{
	return segments_figures(account->index, figures_out);
}
