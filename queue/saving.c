/*
 * saving.c - big messages that a person saves
 *
 * The file is written like that of any big message.  When all of it is here it
 * is made durable, and then, by one FULL commit, counted as the account's: what
 * is counted is there.  A file that is not counted when its mailbox is gone, or
 * when this process ends, is nobody's: it goes at once, or in the sweep of a
 * later start.  One that is counted and has become no letter is told by its
 * mailbox as any other that is not needed any more (store/appending.h).
 */
#include "queue/saving.h"

#include <errno.h>
#include <stdlib.h>

#define GROW_BYTES	65536	/* more room, at least */

/* A whole file on its way to the disk. */
struct saving {
	LIST_ENTRY(saving) next;
	struct conductor *conductor;
	struct asker	 asker;		/* from NULL: nobody wants it */
	struct big_writer *writer;
	struct message_id id;
	uint64_t	 ticket, bytes, granted;
	int		 status;	/* of the sync */
};

int
conductor_save_begin(struct conductor *conductor, const struct asker *asker,
    uint64_t bytes, struct conductor_saving *saving_out)
{
	struct incoming *incoming;
	uint64_t ticket;
	int r = grant_give(conductor, asker, bytes);

	if (r < 0)
		return r;
	r = conductor_big_begin(conductor, asker->from, &ticket);
	if (r < 0) {
		conductor_release(conductor, asker->from, bytes);
		return r;
	}
	incoming = incoming_find(conductor, ticket);
	incoming->is_saving = true;
	incoming->granted = bytes;
	saving_out->ticket = ticket;
	saving_out->id = incoming->id;
	return 0;
}

int
saving_grow(struct conductor *conductor, struct incoming *incoming)
{
	const struct asker asker = { .from = incoming->from,
	    .is_mailbox = true };
	uint64_t more = GROW_BYTES;
	int r;

	if (incoming->bytes <= incoming->granted)
		return 0;
	if (more < incoming->bytes - incoming->granted)
		more = incoming->bytes - incoming->granted;
	r = grant_give(conductor, &asker, more);
	if (r == 0)
		incoming->granted += more;
	return r;
}

static void
saving_free(struct saving *saving)
{
	LIST_REMOVE(saving, next);
	big_abort(saving->writer);
	free(saving);
}

static void
sync_file(void *arg)
{
	struct saving *saving = arg;

	saving->status = big_sync(saving->writer);
}

static void
on_synced(void *arg)
{
	struct saving *saving = arg;
	struct conductor *conductor = saving->conductor;
	const struct asker asker = saving->asker;
	uint64_t bytes = saving->bytes;
	int r = saving->status;

	if (conductor->closing)
		return;
	if (asker.from == NULL) {
		saving_free(saving);
		return;
	}
	conductor_release(conductor, asker.from, saving->granted);
	if (r == 0)
		r = rows_big_save(conductor->rows, &saving->id, asker.owner);
	if (r == 0) {
		big_end(saving->writer);
		saving->writer = NULL;
	}
	saving_free(saving);
	if (rows_is_broken(conductor->rows))
		conductor->ports.broken(conductor->ports.arg, "queue.db");
	conductor->ports.saved(conductor->ports.arg, &asker, r, bytes);
}

/* The file is whole; from here on it is in the hands of the pool. */
static int
begin_sync(struct conductor *conductor, const struct asker *asker,
    struct incoming *incoming)
{
	unsigned char digest[BIG_DIGEST_BYTES];
	struct saving *saving = calloc(1, sizeof(*saving));
	int r = incoming->fault;

	if (saving == NULL)
		return -ENOMEM;
	*saving = (struct saving){ .conductor = conductor, .asker = *asker,
	    .id = incoming->id, .ticket = incoming->ticket,
	    .writer = incoming->writer, .granted = incoming->granted };
	if (r == 0 && !incoming->ended)
		r = -EIO;	/* the pipe is read before the words are */
	if (r == 0)
		r = big_finish(incoming->writer, &saving->bytes, digest);
	if (r == 0)
		r = pool_run(conductor->big_pool, sync_file, on_synced,
		    saving);
	if (r < 0) {
		free(saving);
		return r;
	}
	LIST_INSERT_HEAD(&conductor->savings, saving, next);
	incoming->writer = NULL;
	incoming->granted = 0;
	return 0;
}

int
conductor_save(struct conductor *conductor, const struct asker *asker,
    uint64_t ticket)
{
	struct incoming *incoming = incoming_find(conductor, ticket);
	int r;

	if (incoming == NULL)
		return -ESTALE;	/* it was for a queue that is gone */
	if (incoming->from != asker->from || !incoming->is_saving)
		return -EBADMSG;
	r = begin_sync(conductor, asker, incoming);
	incoming_free(conductor, incoming);
	return r;
}

void
saving_abandon(struct conductor *conductor, const void *from, uint64_t ticket)
{
	struct saving *saving;

	LIST_FOREACH(saving, &conductor->savings, next) {
		if (saving->ticket != ticket || saving->asker.from != from)
			continue;
		conductor_release(conductor, saving->asker.from,
		    saving->granted);
		saving->asker.from = NULL;
		return;
	}
}

void
saving_asker_lost(struct conductor *conductor, const void *from)
{
	struct saving *saving;

	LIST_FOREACH(saving, &conductor->savings, next)
		if (saving->asker.from == from)
			saving->asker.from = NULL;
}

void
saving_close(struct conductor *conductor)
{
	struct saving *saving;

	while ((saving = LIST_FIRST(&conductor->savings)) != NULL)
		saving_free(saving);
}
