/*
 * undo_moves.c - move back to INBOX what a rule has put elsewhere
 *
 * Where a letter is now its account's index says; that it was delivered there the
 * letter itself does.  One that has left the mailbox, or is marked as deleted, is
 * its person's business.  The move is one of IMAP's, in the account's own process
 * (own_session.h): there is one writer, and what is broken off was done or not.
 */
#include "programs/undo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "programs/own_session.h"
#include "queue/big_map.h"
#include "queue/trail.h"
#include "store/onlooker.h"

#define MOVES_MOST	(1u << 20)
#define CLOCK_MS	100	/* that is read by two processes */

/* A letter that may stand where the rule put it. */
struct move {
	uint64_t	 letter;
	struct undo_item *item;
	uint32_t	 mailbox, uid, uidvalidity;
	uint32_t	 name;		/* of the mailbox: in `names` */
	bool		 is_touched;	/* since the rule put it there */
};

/* One account. */
struct moving {
	struct undo		*undo;
	int			 queue_fd;
	struct onlooker		*onlooker;
	struct move		*moves;
	size_t			 count, room;
	struct text		 names;		/* a NUL behind each */
	uint64_t		 account;
	char			 address[ADDRESS_SIZE];
	struct own_session	*session;	/* NULL: not yet */
	uint32_t		 selected;	/* mailbox, or 0 */
	uint32_t		 uidvalidity;	/* of it, as it was told */
	bool			 has_moved;	/* the last one */
	struct text		 what, words;
};

/* What there is */

/* The trail cuts what is long. */
static bool
is_folder(struct slice name, const char *where)
{
	size_t len = strlen(where);

	return len > 0 && len <= name.len && (len == name.len ||
	    len > TRAIL_FIELD_BYTES / 8) && memcmp(name.at, where, len) == 0;
}

/* Marked as deleted, or moved there by a person, after it had been away. */
static bool
is_touched(const struct moving *moving, const struct onlooked *entry)
{
	int64_t at = undo_delivered(moving->undo, &entry->id,
	    moving->account);

	return (entry->flags & LETTER_DELETED) != 0 ||
	    (at != 0 && entry->saved_at_utc_ms > at + CLOCK_MS);
}

static int
on_entry(void *arg, const struct onlooked *entry)
{
	struct moving *moving = arg;
	struct undo_item *item = undo_find(moving->undo, &entry->id,
	    UNDO_FILED);
	size_t room = moving->room == 0 ? 64 : 2 * moving->room;
	struct move *moves;

	if (item == NULL || entry->mailbox == MAILBOX_INBOX ||
	    !is_folder(entry->name, undo_where(moving->undo, item)))
		return 0;
	if (moving->count == MOVES_MOST)
		return -EFBIG;
	if (moving->count == moving->room) {
		moves = reallocarray(moving->moves, room, sizeof(*moves));
		if (moves == NULL)
			return -ENOMEM;
		moving->moves = moves;
		moving->room = room;
	}
	moving->moves[moving->count++] = (struct move){ entry->letter, item,
	    entry->mailbox, entry->uid, entry->uidvalidity,
	    (uint32_t)moving->names.len,
	    is_touched(moving, entry) };
	text_add(&moving->names, entry->name);
	text_add_byte(&moving->names, '\0');
	return text_failed(&moving->names) ? -ENOMEM : 0;
}

/* Did the rule put it there, or a person?  1, 0, or -errno; and its words. */
static int
look_at(struct moving *moving, const struct move *move)
{
	struct letter_row row;
	struct record record;
	struct slice big = { NULL, 0 };
	int r = onlooker_read(moving->onlooker, move->letter, &row, &record);

	if (r < 0)
		return r;
	if (record.is_big && moving->queue_fd >= 0)
		(void)big_map(moving->queue_fd, &row.big, record.body_bytes,
		    &big);
	text_clear(&moving->what);
	undo_add_what(&moving->what, record.is_big ? big : record.body);
	text_add_byte(&moving->what, '\0');
	big_unmap(&big);
	return record.mailbox == move->mailbox && !move->is_touched;
}

/* The session */

static int
on_select(void *arg, struct slice response)
{
	static const char mark[] = "[UIDVALIDITY ";
	struct moving *moving = arg;
	size_t at = slice_find_str(response, mark);
	struct slice rest, number;
	uint64_t n;

	if (at == SIZE_MAX)
		return 0;
	rest = slice_after(response, at + sizeof(mark) - 1);
	if (slice_cut(&rest, ']', &number) &&
	    slice_u64(number, UINT32_MAX, &n) == 0)
		moving->uidvalidity = (uint32_t)n;
	return 0;
}

static int
on_move(void *arg, struct slice response)
{
	struct moving *moving = arg;

	moving->has_moved |= slice_find_str(response, "[COPYUID ") !=
	    SIZE_MAX;
	return 0;
}

/* CLI_OK with *moved_out, or told: the session is lost. */
static int
move_one(struct moving *moving, const struct move *move, bool *moved_out)
{
	struct cli *cli = moving->undo->cli;
	enum own_result result = OWN_OK;

	*moved_out = moving->has_moved = false;
	if (moving->session == NULL) {
		int r = own_open(cli, moving->address, &moving->session);

		if (r != CLI_OK)
			return r;
	}
	if (moving->selected != move->mailbox) {
		moving->uidvalidity = 0;
		own_begin(moving->session);
		own_sayf(moving->session, "SELECT ");
		own_say_name(moving->session, slice_str(moving->names.at +
		    move->name));
		own_sayf(moving->session, "\r\n");
		result = own_answer(moving->session, on_select, moving);
		moving->selected = result == OWN_OK ? move->mailbox : 0;
	}
	/* another mailbox of that name has other letters */
	if (result == OWN_OK && moving->uidvalidity == move->uidvalidity) {
		own_begin(moving->session);
		own_sayf(moving->session, "UID MOVE %u INBOX\r\n", move->uid);
		result = own_answer(moving->session, on_move, moving);
	}
	if (result == OWN_LOST)
		return cli_fail(cli, CLI_FAILED, UNDO_LOST, moving->address);
	*moved_out = result == OWN_OK && moving->has_moved;
	return CLI_OK;
}

/* One letter */

static void
tell(struct moving *moving, const struct move *move, bool is_moved)
{
	enum language language = moving->undo->cli->language;

	if (is_moved)
		text_say(&moving->words, language, UNDO_MOVED,
		    undo_where(moving->undo, move->item), moving->address);
	else
		text_say(&moving->words, language, UNDO_TOUCHED,
		    moving->address);
	undo_tell(moving->undo, move->item, is_moved ? UNDO_MOVED : UNDO_LEFT,
	    moving->what.at, &moving->words);
}

static void
tell_unreadable(struct moving *moving, const struct move *move, int r)
{
	text_say(&moving->words, moving->undo->cli->language, UNDO_UNREADABLE,
	    strerror(-r));
	undo_tell(moving->undo, move->item, UNDO_LEFT, "", &moving->words);
}

static int
take_back(struct moving *moving, const struct move *move)
{
	int is_ours = look_at(moving, move), r = CLI_OK;
	bool is_moved = is_ours > 0;

	if (is_ours == -ENOENT)		/* it has just gone */
		return CLI_OK;
	text_clear(&moving->words);
	move->item->was_found = true;
	if (is_ours < 0) {
		tell_unreadable(moving, move, is_ours);
		return CLI_OK;
	}
	if (is_moved && !moving->undo->is_dry)
		r = move_one(moving, move, &is_moved);
	if (r == CLI_OK)
		tell(moving, move, is_moved);
	return r;
}

static int
order_moves(const void *a, const void *b)
{
	const struct move *left = a, *right = b;

	if (left->mailbox != right->mailbox)
		return left->mailbox < right->mailbox ? -1 : 1;
	return left->uid < right->uid ? -1 : left->uid > right->uid;
}

static int
take_back_all(struct moving *moving, const char *number)
{
	int r = CLI_OK;

	if (moving->count == 0)
		return CLI_OK;
	qsort(moving->moves, moving->count, sizeof(*moving->moves),
	    order_moves);
	r = cli_account_address(moving->undo->cli, number, moving->address,
	    sizeof(moving->address));
	for (size_t i = 0; r == CLI_OK && i < moving->count; i++)
		r = take_back(moving, &moving->moves[i]);
	own_close(moving->session);
	return r;
}

/* Accounts */

static int
read_account(struct moving *moving, int fd, const char *number)
{
	struct cli *cli = moving->undo->cli;
	int r = onlooker_open(fd, &moving->onlooker);

	if (r == 0)
		r = onlooker_each(moving->onlooker, INT64_MIN, on_entry,
		    moving);
	if (r == 0)
		return take_back_all(moving, number);
	if (r == -ENODATA)
		return CLI_OK;
	return r == -EROFS ? cli_fail(cli, CLI_FAILED, CHECK_UNFINISHED,
	    number) : cli_fail(cli, CLI_FAILED, CHECK_FAULT, number,
	    strerror(-r));
}

static int
undo_account(struct undo *undo, int above_fd, int queue_fd,
    const char *number, uint64_t account)
{
	struct moving moving = { .undo = undo, .queue_fd = queue_fd,
	    .account = account,
	    .names = TEXT_INIT(64u << 20),
	    .what = TEXT_INIT(CLI_WORDS_BYTES),
	    .words = TEXT_INIT(CLI_WORDS_BYTES) };
	int fd = openat(above_fd, number, O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	int r = fd < 0 ? cli_fail(undo->cli, CLI_FAILED, CANNOT_READ, number,
	    strerror(errno)) : read_account(&moving, fd, number);

	onlooker_close(moving.onlooker);
	free(moving.moves);
	text_free(&moving.names);
	text_free(&moving.what);
	text_free(&moving.words);
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* What stands nowhere any more. */
static void
tell_gone(struct undo *undo)
{
	for (size_t i = 0; i < undo->count; i++) {
		TEXT_AUTO words = TEXT_INIT(CLI_WORDS_BYTES);

		if (undo->items[i].deed != UNDO_FILED ||
		    undo->items[i].was_found)
			continue;
		text_say(&words, undo->cli->language, UNDO_GONE,
		    undo_where(undo, &undo->items[i]));
		undo_tell(undo, &undo->items[i], UNDO_LEFT, "", &words);
	}
}

int
undo_moves(struct undo *undo)
{
	struct cli *cli = undo->cli;
	char path[PATH_MAX + 16];
	const struct dirent *entry;
	int queue_fd, r = CLI_OK;
	uint64_t n;
	DIR *folder;

	(void)snprintf(path, sizeof(path), "%s/queue", cli->config.data_dir);
	queue_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/accounts",
	    cli->config.data_dir);
	folder = opendir(path);
	if (folder == NULL && errno != ENOENT)
		r = cli_fail(cli, CLI_FAILED, CANNOT_READ, path,
		    strerror(errno));
	while (r == CLI_OK && folder != NULL &&
	    (errno = 0, entry = readdir(folder)) != NULL)
		if (slice_u64(slice_str(entry->d_name), INT64_MAX, &n) == 0)
			r = undo_account(undo, dirfd(folder), queue_fd,
			    entry->d_name, n);
	if (folder != NULL)
		closedir(folder);
	if (queue_fd >= 0)
		(void)close(queue_fd);
	if (r == CLI_OK)
		tell_gone(undo);
	return r;
}
