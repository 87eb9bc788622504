/*
 * export_letters.c - letters out of an account's segments, without its index
 *
 * For an index that is damaged.  All letters that can be read go into one folder,
 * Recovered: where they were, their flags, and which had been deleted, only the
 * index knew.  One that was written twice is taken where it stands last.  The hub
 * may run; nothing is changed.
 */
#include "programs/export.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uthash.h>

#include "store/walk.h"

#define FOLDER		"Recovered"
#define READ_BYTES	65536

/* Which letter it is, and where it stands last. */
struct key {
	struct message_id id;
	uint32_t	 action;
};

struct last {
	struct key	 key;
	uint32_t	 segment;
	uint64_t	 offset;
	UT_hash_handle	 hh;
};

struct letters {
	struct export	*export;
	const char	*number;	/* of the account */
	struct last	*last;
	int		 big_fd;	/* queue/big; -errno: it cannot be read */
	uint32_t	 count;		/* of those that were written */
};

static struct key
key_of(const struct record *record)
{
	struct key key;

	/* it is hashed whole */
	memset(&key, 0, sizeof(key));
	key.id = record->id;
	key.action = record->action;
	return key;
}

static struct last *
find(struct letters *letters, const struct record *record)
{
	struct key key = key_of(record);
	struct last *last;

	HASH_FIND(hh, letters->last, &key, sizeof(key), last);
	return last;
}

/* The first walk: where each stands last. */
static int
on_look(void *arg, const struct walked *walked)
{
	struct letters *letters = arg;
	struct last *last;

	if (walked->what != WALKED_LETTER)
		return 0;
	last = find(letters, &walked->record);
	if (last == NULL) {
		last = calloc(1, sizeof(*last));
		if (last == NULL)
			return -ENOMEM;
		last->key = key_of(&walked->record);
		HASH_ADD(hh, letters->last, key, sizeof(last->key), last);
	}
	last->segment = walked->segment;
	last->offset = walked->offset;
	letters->export->transfer->progress.of_bytes += walked->bytes;
	return 0;
}

/* What was found that is no letter any more. */
static void
tell_damage(struct letters *letters, const struct walked *walked)
{
	static const enum sentence words[] = {
		[WALKED_DAMAGED]    = SAY_EXPORT_DAMAGED,
		[WALKED_GAP]	    = SAY_EXPORT_GAP,
		[WALKED_HEAD]	    = SAY_EXPORT_HEAD,
		[WALKED_FOREIGN]    = SAY_EXPORT_FOREIGN,
		[WALKED_UNREADABLE] = SAY_EXPORT_UNREADABLE,
	};
	struct transfer *transfer = letters->export->transfer;
	const char *why = say(transfer->cli->language, words[walked->what]);
	char where[PATH_MAX];

	(void)snprintf(where, sizeof(where),
	    "accounts/%s/letters/%04u.seg, %llu", letters->number,
	    walked->segment, (unsigned long long)walked->offset);
	if (walked->what == WALKED_DAMAGED)
		transfer->found++;
	if (walked->what == WALKED_GAP || walked->what == WALKED_HEAD)
		transfer_note(transfer, where, why);
	else
		transfer_refuse(transfer, where, why);
}

/* queue/big/XX/ID (queue/big.h), all of it, behind `text`.  0 or -errno. */
static int
add_big(struct letters *letters, const struct record *record,
    struct text *text)
{
	char id[MESSAGE_ID_CHARS + 1], path[MESSAGE_ID_CHARS + 4];
	ssize_t n = 1;
	int fd, r = 0;

	if (letters->big_fd < 0)
		return letters->big_fd;
	message_id_write(&record->id, id);
	(void)snprintf(path, sizeof(path), "%s/%s", id + MESSAGE_ID_CHARS - 2,
	    id);
	fd = openat(letters->big_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (r == 0 && n > 0) {
		char *room = text_space(text, READ_BYTES);

		if (room == NULL) {
			r = -ENOMEM;
			break;
		}
		n = read(fd, room, READ_BYTES);
		text->len -= READ_BYTES - (n > 0 ? (size_t)n : 0);
		if (n < 0)
			r = -errno;
	}
	(void)close(fd);
	return r;
}

static int
write_letter(struct letters *letters, const struct walked *walked)
{
	struct export *export = letters->export;
	struct transfer *transfer = export->transfer;
	const struct record *record = &walked->record;
	TEXT_AUTO text = TEXT_INIT(SIZE_MAX / 4);
	struct export_message message = {
		.received_at_utc_ms = record->received_at_utc_ms,
		.uid = ++letters->count,
	};
	char id[MESSAGE_ID_CHARS + 1];
	int r = 0;

	transfer->found++;
	text_add(&text, record->trace);
	if (record->is_big)
		r = add_big(letters, record, &text);
	else
		text_add(&text, record->body);
	/* as every mail program is shown it (store/record.h) */
	if (record->lacks_crlf)
		text_add_str(&text, "\r\n");
	if (r < 0) {
		message_id_write(&record->id, id);
		transfer_refuse(transfer, id, strerror(-r));
		return 0;
	}
	transfer->found_bytes += text.len;
	transfer->progress.messages++;
	transfer->progress.bytes += walked->bytes;
	transfer_progress_draw(&transfer->progress);
	if (export->form->has(export, message.uid)) {
		transfer->before++;
		return 0;
	}
	message.bytes = text_slice(&text);
	r = text_failed(&text) ? -ENOMEM : export->form->add(export, &message);
	transfer->taken += r == 0;
	return r;
}

/* The second one: write them. */
static int
on_write(void *arg, const struct walked *walked)
{
	struct letters *letters = arg;
	const struct last *last;

	if (walked->what != WALKED_LETTER) {
		tell_damage(letters, walked);
		return 0;
	}
	last = find(letters, &walked->record);
	return last != NULL && last->segment == walked->segment &&
	    last->offset == walked->offset ? write_letter(letters, walked) : 0;
}

static int
walk(struct letters *letters, int fd)
{
	struct export *export = letters->export;
	int r = letters_walk(fd, NULL, on_look, letters);

	if (r == 0)
		r = export->form->begin(export, slice_str(FOLDER), 1);
	if (r > 0) {
		transfer_note(export->transfer, FOLDER, say(
		    export->transfer->cli->language, SAY_EXPORT_IS_THERE));
		return 0;
	}
	export->transfer->folders++;
	if (r == 0)
		r = letters_walk(fd, NULL, on_write, letters);
	if (r == 0)
		r = export->form->end(export);
	export->form->close(export);
	return r;
}

/* A folder below the hub's; a descriptor, or -errno. */
static int
open_below(const struct export *export, const char *name)
{
	char path[PATH_MAX + 64];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s",
	    export->transfer->cli->config.data_dir, name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int
export_letters(struct export *export, const char *number)
{
	struct letters letters = { .export = export, .number = number };
	struct last *last, *next;
	char name[64];
	int fd, r;

	(void)snprintf(name, sizeof(name), "accounts/%s", number);
	fd = open_below(export, name);
	if (fd < 0)
		return cli_fail(export->transfer->cli, CLI_FAILED, CANNOT_READ,
		    name, strerror(-fd));
	letters.big_fd = open_below(export, "queue/big");
	r = walk(&letters, fd);
	HASH_ITER(hh, letters.last, last, next) {
		HASH_DEL(letters.last, last);
		free(last);
	}
	if (letters.big_fd >= 0)
		(void)close(letters.big_fd);
	(void)close(fd);
	return r < 0 ? export_failed(export, r) : CLI_OK;
}
