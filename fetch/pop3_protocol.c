/*
 * pop3_protocol.c - POP3 as a protocol of collections (protocol.h)
 */
#include "fetch/pop3_protocol.h"

#include "fetch/collect_inside.h"
#include "fetch/pop3.h"

static const struct pop3_command
command_top = { .verb = "TOP", .after = " 0", .shape = POP3_BODY },
/* Of short lines, too, SHARED_SAMPLE_LEAST (queue/service.h). */
command_sample = { .verb = "TOP", .after = " 64", .shape = POP3_BODY },
command_retr = { .verb = "RETR", .shape = POP3_BODY },
command_dele = { .verb = "DELE", .shape = POP3_ONE },
command_noop = { .verb = "NOOP", .shape = POP3_ONE },
command_quit = { .verb = "QUIT", .shape = POP3_ONE };

static void
stop(struct collect *collect)
{
	if (collect->conversation->pop3 != NULL)
		pop3_stop(collect->conversation->pop3);
}

static void
end(struct collect *collect)
{
	pop3_free(collect->conversation->pop3);
	collect->conversation->pop3 = NULL;
}

static void
hold(struct collect *collect, bool held)
{
	pop3_hold(collect->conversation->pop3, held);
}

static unsigned
room(const struct collect *collect)
{
	return pop3_room(collect->conversation->pop3);
}

static unsigned
under_way(const struct collect *collect)
{
	return pop3_under_way(collect->conversation->pop3);
}

static void
header(struct collect *collect, uint32_t number, const struct heard *heard)
{
	pop3_say(collect->conversation->pop3, &command_top, number, heard);
}

static void
message(struct collect *collect, uint32_t number, const struct heard *heard)
{
	pop3_say(collect->conversation->pop3, &command_retr, number, heard);
}

/* RFC 1939 7: lines of its body come with its header. */
static void
sample(struct collect *collect, uint32_t number, uint64_t *from,
    const struct heard *heard)
{
	*from = 0;
	pop3_say(collect->conversation->pop3, &command_sample, number, heard);
}

static unsigned
mend(const struct collect *collect)
{
	return pop3_mend(collect->conversation->pop3);
}

/* RFC 1939 5: the server deletes at QUIT. */
static void
remove_one(struct collect *collect, uint32_t number,
    const struct heard *heard)
{
	pop3_say(collect->conversation->pop3, &command_dele, number, heard);
}

static void
ping(struct collect *collect, const struct heard *heard)
{
	pop3_say(collect->conversation->pop3, &command_noop, 0, heard);
}

static void
leave(struct collect *collect, const struct heard *heard)
{
	pop3_say(collect->conversation->pop3, &command_quit, 0, heard);
}

const struct protocol protocol_pop3 = {
	.begin = pop3_begin, .stop = stop, .free = end, .hold = hold,
	.room = room, .under_way = under_way, .list = pop3_list,
	.header = header, .message = message, .sample = sample,
	.mend = mend, .remove = remove_one,
	.ping = ping, .next = collect_quit, .leave = leave
};
