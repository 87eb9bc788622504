/*
 * keeper_blocks.c - the keeper's word on who is kept out of SMTP
 *
 * A door says who has earned it; for how long that is, all doors hear from
 * here, and so does one that comes later.
 */
#include "programs/keeper_blocks.h"

#include <errno.h>
#include <string.h>

#include "fetch/service.h"
#include "lib/base/log.h"
#include "policy/blocks_file.h"
#include "policy/keeper.h"

#define MESSAGE_BYTES	(64 * 1024)	/* of blocks, to a door */
#define SAVE_MS		30000		/* after the first that is new */

static void
send_to(struct keeper *keeper, struct ipc *door, const struct text *body)
{
	if (text_failed(body) || ipc_send(door, DOOR_BLOCKED,
	    text_slice(body), NULL, 0) < 0)
		process_accuse(keeper->process, door, "does not take news");
}

static void
send_to_all(struct keeper *keeper, const struct text *body)
{
	const struct keeper_door *door;

	LIST_FOREACH(door, &keeper->doors, next)
		send_to(keeper, door->ipc, body);
}

static int
save(const struct keeper *keeper)
{
	int r = blocks_save(keeper->blocks, keeper->process->folder_fd);

	if (r < 0)
		log_say("who is kept out of SMTP cannot be saved: %s",
		    strerror(-r));
	return r;
}

/* A disk that is full costs what is remembered of strangers, no more. */
static void
on_time(void *keeper)
{
	(void)save(keeper);
}

static void
save_soon(struct keeper *keeper)
{
	if (!timer_is_set(keeper->blocks_timer))
		timer_set(keeper->blocks_timer, SAVE_MS);
}

int
keeper_blocks_open(struct keeper *keeper)
{
	int r = blocks_load(keeper->blocks, keeper->process->folder_fd);

	if (r < 0)
		log_say("who was kept out of SMTP is forgotten: %s", r ==
		    -EBADMSG ? "the file is damaged" : strerror(-r));
	keeper->blocks_timer = timer_new(keeper->process->loop, on_time,
	    keeper);
	return keeper->blocks_timer == NULL ? -ENOMEM : 0;
}

void
keeper_blocks_close(struct keeper *keeper)
{
	if (keeper->blocks_timer != NULL &&
	    timer_is_set(keeper->blocks_timer))
		(void)save(keeper);
}

int
keeper_on_earned(void *arg, struct ipc *from, struct ipc_message *message)
{
	struct keeper *keeper = keeper_of(arg);
	const uint64_t now = clock_ms();
	struct unpack u = unpack_of(message->body);
	struct slice net = unpack_slice(&u);
	enum block_why why = unpack_enum(&u, BLOCK_REASONS);
	TEXT_AUTO body = TEXT_INIT(MESSAGE_BYTES);
	char name[BLOCK_NET_SIZE];
	struct block begun[2];
	unsigned count;

	(void)from;
	if (!unpack_is_done(&u) || net.len == 0 ||
	    slice_cstr(net, name, sizeof(name)) < 0)
		return -EBADMSG;
	count = blocks_earned(keeper->blocks, name, why,
	    (uint64_t)keeper->process->config.block_seconds * 1000, now,
	    begun);
	for (unsigned i = 0; i < count; i++) {
		log_say("%s is kept out of SMTP for %llu minutes, the %u. "
		    "time: %s", begun[i].net, (unsigned long long)
		    ((begun[i].until_ms - now + 59999) / 60000),
		    begun[i].times, block_words(begun[i].why));
		block_pack(&body, &begun[i]);
	}
	if (count > 0) {
		send_to_all(keeper, &body);
		save_soon(keeper);
	}
	return 0;
}

struct telling {
	struct keeper	*keeper;
	struct ipc	*door;
	struct text	*body;
};

static bool
tell_one(void *arg, const struct block *block)
{
	struct telling *telling = arg;

	block_pack(telling->body, block);
	if (telling->body->len > MESSAGE_BYTES - BLOCK_NET_SIZE - 32) {
		send_to(telling->keeper, telling->door, telling->body);
		text_clear(telling->body);
	}
	return true;
}

void
keeper_tell_blocks(struct keeper *keeper, struct ipc *door)
{
	TEXT_AUTO body = TEXT_INIT(MESSAGE_BYTES);
	struct telling telling = { keeper, door, &body };

	blocks_each(keeper->blocks, clock_ms(), tell_one, &telling);
	if (body.len > 0)
		send_to(keeper, door, &body);
}

int
keeper_tell_forgiven(struct keeper *keeper, const char *net)
{
	TEXT_AUTO body = TEXT_INIT(MESSAGE_BYTES);
	struct block block = { .until_ms = 0 };

	(void)slice_cstr(slice_str(net), block.net, sizeof(block.net));
	block_pack(&body, &block);
	send_to_all(keeper, &body);
	return save(keeper);	/* who asked hears of it after that */
}
