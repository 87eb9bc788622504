/*
 * held_reader.c - messages that wait for a person, read beside the queue
 */
#include "queue/held_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "queue/big_map.h"
#include "queue/conductor_inside.h"
#include "queue/kept.h"
#include "store/account.h"

#define KEPT_MOST	(HEAD_MAX_BYTES + BIG_BYTES + 4096)

struct held_reader {
	int		 folder_fd;	/* borrowed */
	int		 kept_fd;
	struct rows	*rows;
	struct text	 buffer;	/* of the last one that was read */
	struct transit	*transit;	/* or NULL */
	struct verdict	 verdict;
	struct slice	 map;		/* of its big file; or empty */
};

static void
forget(struct held_reader *reader)
{
	big_unmap(&reader->map);
	transit_free(reader->transit);
	reader->transit = NULL;
}

void
held_reader_close(struct held_reader *reader)
{
	if (reader == NULL)
		return;
	forget(reader);
	rows_close(reader->rows);
	text_free(&reader->buffer);
	if (reader->kept_fd >= 0)
		(void)close(reader->kept_fd);
	free(reader);
}

int
held_reader_open(int folder_fd, struct held_reader **reader_out)
{
	struct held_reader *reader = calloc(1, sizeof(*reader));
	unsigned needs;
	int r;

	if (reader == NULL)
		return -ENOMEM;
	reader->folder_fd = folder_fd;
	reader->buffer = (struct text)TEXT_INIT(KEPT_MOST);
	reader->kept_fd = openat(folder_fd, "kept", O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_CLOEXEC);
	r = reader->kept_fd < 0 ? -errno : rows_open_reading(folder_fd,
	    &reader->rows, &needs);
	if (r < 0) {
		held_reader_close(reader);
		return r;
	}
	*reader_out = reader;
	return 0;
}

struct telling {
	held_fn	*fn;
	void	*arg;
};

static int
tell(void *arg, const struct rows_message *message,
    const struct rows_recipient *recipients, size_t count)
{
	const struct telling *telling = arg;

	(void)recipients;
	(void)count;
	return message->state == ROWS_WAITING ? 0 :
	    telling->fn(telling->arg, &message->id);
}

int
held_reader_each(struct held_reader *reader, held_fn *fn, void *arg)
{
	struct telling telling = { fn, arg };

	return rows_kept_each(reader->rows, tell, &telling);
}

int
held_reader_read(struct held_reader *reader, const struct message_id *id,
    struct held_message *message_out)
{
	struct slice head, bytes;
	int r;

	forget(reader);
	r = kept_read(reader->kept_fd, id, &reader->buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(NULL, head, &reader->transit);
	if (r < 0)
		return r;
	if (message_id_order(&reader->transit->env.id, id) != 0 ||
	    verdict_unpack(reader->transit->packed_verdict,
	    &reader->verdict) < 0)
		return -EBADMSG;
	if (reader->transit->is_big) {
		r = big_map(reader->folder_fd, id, reader->transit->env.bytes,
		    &reader->map);
		if (r < 0)
			return r;
		bytes = reader->map;
	}
	*message_out = (struct held_message){ &reader->transit->env,
	    &reader->verdict, bytes };
	return 0;
}
