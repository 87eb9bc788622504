/*
 * protocol.c - an IMAP conversation as a protocol of collections
 *
 * What a step asks becomes a command, and what is answered is told as protocol.h
 * has it.
 *
 * Without UIDPLUS nothing is expunged: EXPUNGE would take what others have
 * marked as well.  Marked messages stay then, for their owner's own client.
 */
#include <errno.h>
#include <stdlib.h>

#include "fetch/collect_inside.h"
#include "fetch/imap/items.h"
#include "fetch/imap/session.h"
#include "fetch/imap/structure.h"
#include "lib/message/envelope.h"

static struct imap_session *
session_of(const struct collect *collect)
{
	return collect->conversation->imap;
}

/* A message, or its header */

/* Its response is whole; what else it says of the message stands in it. */
static void
on_whole(struct collect *collect, const struct heard *heard, uint32_t uid,
    const struct imap_reply *reply, const struct mended *mended)
{
	struct imap_session *session = session_of(collect);
	struct arrival *arrival = &collect->conversation->arrival;
	struct imap_items items;

	if (imap_items_read(reply, &items) == 0) {
		text_clear(&session->keywords);
		imap_items_keywords(&items, &session->keywords);
		arrival->flags = items.flags;
		arrival->keywords = text_slice(&session->keywords);
		arrival->at_utc_ms = items.arrived_utc_ms;
	}
	heard->end(collect, uid, mended);
	*arrival = (struct arrival){ .into = arrival->into };
}

static void
on_message_text(void *arg, uint32_t uid, uint64_t bytes, uint64_t from)
{
	struct collect *collect = arg;

	(void)bytes;
	collect->conversation->arrival.from = from;
	session_of(arg)->heard_message->status(arg, uid, true,
	    slice_of(NULL, 0));
}

static void
on_message_part(void *arg, uint32_t uid, struct slice s)
{
	session_of(arg)->heard_message->part(arg, uid, s);
}

/* Without a text it is about flags that somebody changes. */
static bool
on_message_data(void *arg, uint32_t uid, const struct imap_reply *reply,
    const struct mended *mended)
{
	if (mended != NULL)
		on_whole(arg, session_of(arg)->heard_message, uid, reply,
		    mended);
	return mended != NULL;
}

/* It is not there any more, or the server does not give it. */
static void
on_message_missed(void *arg, uint32_t uid, const struct imap_reply *reply)
{
	session_of(arg)->heard_message->status(arg, uid, false, reply->words);
}

static void
on_header_text(void *arg, uint32_t uid, uint64_t bytes, uint64_t from)
{
	(void)bytes;
	(void)from;
	session_of(arg)->heard_header->status(arg, uid, true,
	    slice_of(NULL, 0));
}

static void
on_header_part(void *arg, uint32_t uid, struct slice s)
{
	session_of(arg)->heard_header->part(arg, uid, s);
}

static bool
on_header_data(void *arg, uint32_t uid, const struct imap_reply *reply,
    const struct mended *mended)
{
	if (mended != NULL)
		on_whole(arg, session_of(arg)->heard_header, uid, reply,
		    mended);
	return mended != NULL;
}

static void
on_header_missed(void *arg, uint32_t uid, const struct imap_reply *reply)
{
	session_of(arg)->heard_header->status(arg, uid, false, reply->words);
}

/* Never BODY[]: that would mark the message as read. */
static const struct imap_command
command_message = { .verb = "UID FETCH", .hears = "FETCH",
    .after = "(UID FLAGS INTERNALDATE BODY.PEEK[])",
    .text = on_message_text, .part = on_message_part,
    .data = on_message_data, .missed = on_message_missed },
command_rest = { .verb = "UID FETCH", .hears = "FETCH",
    .text = on_message_text, .part = on_message_part,
    .data = on_message_data, .missed = on_message_missed },
command_header = { .verb = "UID FETCH", .hears = "FETCH",
    .after = "(UID FLAGS INTERNALDATE BODY.PEEK[HEADER])",
    .text = on_header_text, .part = on_header_part,
    .data = on_header_data, .missed = on_header_missed };

/* What a message is made of, and a part of it */

/* Of another message: its turn comes; without one: it is about flags. */
static bool
on_shape_data(void *arg, uint32_t uid, const struct imap_reply *reply,
    const struct mended *mended)
{
	struct collect *collect = arg;
	struct imap_items items;
	struct shape shape;

	(void)mended;
	if (imap_items_read(reply, &items) < 0 || items.uid != uid ||
	    items.structure == NULL)
		return false;
	if (imap_structure_read(items.structure, &shape) == 0)
		collect->conversation->arrival.shape = &shape;
	session_of(arg)->heard_shape->status(arg, uid, true,
	    slice_of(NULL, 0));
	if (collect->conversation != NULL)
		collect->conversation->arrival.shape = NULL;
	text_free(&shape.names);
	return true;
}

/* Whether it has been told or not. */
static void
on_shape_done(void *arg, uint32_t uid, const struct imap_reply *reply)
{
	session_of(arg)->heard_shape->status(arg, uid, false, reply->words);
}

static void
on_section_text(void *arg, uint32_t uid, uint64_t bytes, uint64_t from)
{
	(void)bytes;
	(void)from;
	session_of(arg)->heard_section->status(arg, uid, true,
	    slice_of(NULL, 0));
}

static void
on_section_part(void *arg, uint32_t uid, struct slice s)
{
	session_of(arg)->heard_section->part(arg, uid, s);
}

static bool
on_section_data(void *arg, uint32_t uid, const struct imap_reply *reply,
    const struct mended *mended)
{
	(void)reply;
	if (mended != NULL)
		session_of(arg)->heard_section->end(arg, uid, mended);
	return mended != NULL;
}

static void
on_section_missed(void *arg, uint32_t uid, const struct imap_reply *reply)
{
	session_of(arg)->heard_section->status(arg, uid, false, reply->words);
}

static void
on_sample_text(void *arg, uint32_t uid, uint64_t bytes, uint64_t from)
{
	struct collect *collect = arg;

	(void)bytes;
	collect->conversation->arrival.from = from;
	session_of(arg)->heard_sample->status(arg, uid, true,
	    slice_of(NULL, 0));
	collect->conversation->arrival.from = 0;
}

static void
on_sample_part(void *arg, uint32_t uid, struct slice s)
{
	session_of(arg)->heard_sample->part(arg, uid, s);
}

static bool
on_sample_data(void *arg, uint32_t uid, const struct imap_reply *reply,
    const struct mended *mended)
{
	(void)reply;
	if (mended != NULL)
		session_of(arg)->heard_sample->end(arg, uid, mended);
	return mended != NULL;
}

static void
on_sample_missed(void *arg, uint32_t uid, const struct imap_reply *reply)
{
	session_of(arg)->heard_sample->status(arg, uid, false, reply->words);
}

static const struct imap_command
command_sample = { .verb = "UID FETCH", .hears = "FETCH",
    .text = on_sample_text, .part = on_sample_part,
    .data = on_sample_data, .missed = on_sample_missed },
command_shape = { .verb = "UID FETCH", .hears = "FETCH",
    .after = "(UID BODYSTRUCTURE)",
    .data = on_shape_data, .done = on_shape_done },
command_section = { .verb = "UID FETCH", .hears = "FETCH",
    .text = on_section_text, .part = on_section_part,
    .data = on_section_data, .missed = on_section_missed };

static void
shape(struct collect *collect, uint32_t uid, const struct heard *heard)
{
	session_of(collect)->heard_shape = heard;
	imap_say(session_of(collect)->imap, &command_shape, uid);
}

static void
section(struct collect *collect, uint32_t uid, const char *name,
    uint32_t most, const struct heard *heard)
{
	TEXT_AUTO words = TEXT_INIT(128);

	text_addf(&words, "%u (UID BODY.PEEK[%s]<0.%u>)", uid, name,
	    most);
	session_of(collect)->heard_section = heard;
	imap_say_words(session_of(collect)->imap, &command_section, uid,
	    text_slice(&words));
}

static void
message(struct collect *collect, uint32_t uid, const struct heard *heard)
{
	session_of(collect)->heard_message = heard;
	imap_say(session_of(collect)->imap, &command_message, uid);
}

/* RFC 9051 9: the count is a number of 32 bits that is not 0. */
static void
rest(struct collect *collect, uint32_t uid, uint64_t from, uint64_t count,
    const struct heard *heard)
{
	TEXT_AUTO words = TEXT_INIT(128);

	text_addf(&words, "%u (UID FLAGS INTERNALDATE BODY.PEEK[]<%llu.%llu>)",
	    uid, (unsigned long long)from, (unsigned long long)
	    (count < UINT32_MAX ? count : UINT32_MAX));
	session_of(collect)->heard_message = heard;
	imap_say_words(session_of(collect)->imap, &command_rest, uid,
	    text_slice(&words));
}

static void
sample(struct collect *collect, uint32_t uid, uint64_t *from,
    const struct heard *heard)
{
	TEXT_AUTO words = TEXT_INIT(128);

	text_addf(&words, "%u (UID BODY.PEEK[]<%llu.%u>)", uid,
	    (unsigned long long)*from, SHARED_SAMPLE_LEAST);
	session_of(collect)->heard_sample = heard;
	imap_say_words(session_of(collect)->imap, &command_sample, uid,
	    text_slice(&words));
}

static unsigned
mend(const struct collect *collect)
{
	return imap_mend(session_of(collect)->imap);
}

static bool
is_mended(const struct collect *collect)
{
	const struct imap_session *session = session_of(collect);

	return session->imap == NULL || imap_is_mended(session->imap);
}

static void
header(struct collect *collect, uint32_t uid, const struct heard *heard)
{
	session_of(collect)->heard_header = heard;
	imap_say(session_of(collect)->imap, &command_header, uid);
}

/* Removing: a set of UIDs at a time */

static void
on_stored(void *arg, uint32_t about, const struct imap_reply *reply)
{
	struct imap_session *session = session_of(arg);
	unsigned count = session->removed_count;

	(void)about;
	session->removed_count = 0;
	for (unsigned i = 0; i < count; i++)
		session->heard_remove->status(arg, session->removed[i],
		    reply->says == IMAP_OK, reply->words);
	imap_remove_flush(arg);
}

static void
on_expunged(void *arg, uint32_t about, const struct imap_reply *reply)
{
	(void)arg;	/* HARDENING F30: what it keeps it will list again */
	(void)about;
	(void)reply;
}

/*
 * Each alone: Dovecot may begin the next command before what this one changed
 * can be seen, and an EXPUNGE that comes too soon leaves messages behind.
 */
static const struct imap_command
command_store = { .verb = "UID STORE", .is_alone = true,
    .done = on_stored },
command_expunge = { .verb = "UID EXPUNGE", .is_alone = true,
    .done = on_expunged };

void
imap_remove_flush(struct collect *collect)
{
	struct imap_session *session = session_of(collect);
	TEXT_AUTO set = TEXT_INIT(IMAP_LINE_BYTES);
	size_t len;

	if (session->removing_count == 0 || session->removed_count > 0 ||
	    !conversation_is_open(collect))
		return;
	for (unsigned i = 0; i < session->removing_count; i++) {
		session->removed[i] = session->removing[i];
		text_addf(&set, "%s%u", i == 0 ? "" : ",",
		    session->removing[i]);
	}
	session->removed_count = session->removing_count;
	session->removing_count = 0;
	len = set.len;
	text_add_str(&set, " +FLAGS.SILENT (\\Deleted)");
	imap_say_words(session->imap, &command_store, 0, text_slice(&set));
	if ((session->can & IMAP_CAN_UIDPLUS) != 0)
		imap_say_words(session->imap, &command_expunge, 0,
		    slice_first(text_slice(&set), len));
}

static void
remove_one(struct collect *collect, uint32_t uid, const struct heard *heard)
{
	struct imap_session *session = session_of(collect);

	session->heard_remove = heard;
	session->removing[session->removing_count++] = uid;
	imap_wake(session->imap);
}

/* The rest */

static void
on_ping_done(void *arg, uint32_t about, const struct imap_reply *reply)
{
	session_of(arg)->heard_ping->status(arg, about,
	    reply->says == IMAP_OK, reply->words);
}

static void
on_leave_done(void *arg, uint32_t about, const struct imap_reply *reply)
{
	session_of(arg)->heard_leave->status(arg, about,
	    reply->says == IMAP_OK, reply->words);
}

static const struct imap_command
command_noop = { .verb = "NOOP", .done = on_ping_done },
/* RFC 9051 6.4.1: CLOSE would expunge; LOGOUT does not */
command_logout = { .verb = "LOGOUT", .is_last = true,
    .done = on_leave_done };

static void
ping(struct collect *collect, const struct heard *heard)
{
	session_of(collect)->heard_ping = heard;
	imap_say(session_of(collect)->imap, &command_noop, 0);
}

static void
leave(struct collect *collect, const struct heard *heard)
{
	session_of(collect)->heard_leave = heard;
	imap_say(session_of(collect)->imap, &command_logout, 0);
}

static void
stop(struct collect *collect)
{
	if (session_of(collect) != NULL && session_of(collect)->imap != NULL)
		imap_stop(session_of(collect)->imap);
}

static void
end(struct collect *collect)
{
	struct imap_session *session = session_of(collect);

	if (session == NULL)
		return;
	imap_free(session->imap);
	arena_free(session->arena);
	text_free(&session->keywords);
	free(session->marked);
	imap_watch_free(session->watch);
	free(session);
	collect->conversation->imap = NULL;
}

static void
hold(struct collect *collect, bool held)
{
	imap_hold(session_of(collect)->imap, held);
}

/* A removal waits for its set to be said; it needs no room of its own. */
static unsigned
room(const struct collect *collect)
{
	const struct imap_session *session = session_of(collect);
	unsigned room = imap_room(session->imap);
	unsigned removals = IMAP_REMOVE_MOST - session->removing_count;

	return room < removals ? room : removals;
}

static unsigned
under_way(const struct collect *collect)
{
	const struct imap_session *session = session_of(collect);

	return imap_under_way(session->imap) + session->removing_count;
}

const struct protocol protocol_imap = {
	.is_counted = true, .has_folders = true,
	.begin = imap_begin, .stop = stop, .free = end, .hold = hold,
	.room = room, .under_way = under_way, .list = imap_list,
	.leaves = imap_is_marked,
	.header = header, .message = message, .shape = shape,
	.section = section, .rest = rest,
	.sample = sample, .is_mended = is_mended, .mend = mend,
	.remove = remove_one,
	.ping = ping, .next = imap_next, .leave = leave
};
