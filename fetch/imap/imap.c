/*
 * imap.c - the IMAP conversation: commands, and the responses that answer them
 *
 * One turn reads what has come, tells it, asks for more commands and writes
 * them in one go.  A text that no command asked for breaks the conversation
 * off, as does the end of a command that is not under way.
 */
#include "fetch/imap/imap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fetch/imap/items.h"
#include "lib/base/deflate.h"
#include "lib/base/dot.h"
#include "lib/base/text.h"

#define READS_OF_TURN	8	/* of 64 KiB, before others get a turn */
#define RING		(IMAP_WINDOW + 4)
/* A window of fetches, and a line of the longest kind. */
#define OUT_BYTES	(RING * 128 + 2 * IMAP_LINE_BYTES)
#define RATE_MS		60000	/* the time that a rate is taken over */
#define TICK_MOST_MS	1000
/*
 * HARDENING F40: of what nobody asked for, between two answers.  A folder of
 * 100,000 messages of which all flags change says 5 MiB.
 */
#define UNASKED_MOST	(8u << 20)

struct said {
	const struct imap_command *command;
	uint32_t	about;
	uint32_t	tag;		/* its number */
	size_t		bytes;		/* of its line */
	bool		has_text;	/* it comes in, or has come */
	bool		is_done;	/* others before it are not */
};

struct imap {
	struct talk		*talk;
	struct imap_options	 options;
	struct imap_events	 events;
	struct timer		*soon;		/* a turn, from here */
	struct timer		*tick;		/* silence, slowness */
	struct said		 ring[RING];
	unsigned		 first, count;	/* from the first that is not
						   answered to the last */
	unsigned		 done;		/* of these */
	unsigned		 sent;		/* of these */
	uint32_t		 tags;
	struct imap_reader	 reader;
	struct said		*texting;	/* whose text comes in */
	bool			 has_heard;	/* so it speaks IMAP */
	struct dot_reader	 dot;
	uint64_t		 unasked;	/* bytes, since an answer */
	uint64_t		 passed;	/* of the response at hand */
	struct text		 out;
	struct deflate		*deflate;	/* NULL: in clear */
	struct deflate_counts	 billed;	/* of it */
	bool			 held, broken, in_turn, idles;
	uint64_t		 heard_ms;	/* the last byte */
	uint64_t		 ticked_ms;
	uint64_t		 rate_ms, rate_bytes;	/* while we waited */
	struct slice		 rest;		/* in `input`, not heard yet */
	char			 input[IMAP_READ_BYTES];
};

static void	on_soon(void *arg);
static void	on_tick(void *arg);

static uint64_t
tick_ms(const struct imap *imap)
{
	uint64_t ms = imap->options.silence_ms / 4 + 1;

	return ms < TICK_MOST_MS ? ms : TICK_MOST_MS;
}

struct imap *
imap_new(struct loop *loop, struct talk *talk,
    const struct imap_options *options, const struct imap_events *events)
{
	struct imap *imap = calloc(1, sizeof(*imap));

	if (imap == NULL)
		return NULL;
	imap->talk = talk;
	imap->options = *options;
	imap->events = *events;
	imap->out = (struct text)TEXT_INIT(OUT_BYTES);
	imap->soon = timer_new(loop, on_soon, imap);
	imap->tick = timer_new(loop, on_tick, imap);
	if (imap->soon == NULL || imap->tick == NULL) {
		imap_free(imap);
		return NULL;
	}
	imap->heard_ms = imap->ticked_ms = clock_ms();
	timer_set(imap->tick, tick_ms(imap));
	return imap;
}

void
imap_free(struct imap *imap)
{
	if (imap == NULL)
		return;
	timer_free(imap->soon);
	timer_free(imap->tick);
	if (imap->out.at != NULL)
		explicit_bzero(imap->out.at, imap->out.size);
	text_free(&imap->out);
	deflate_free(imap->deflate);
	free(imap);
}

void
imap_stop(struct imap *imap)
{
	imap->broken = true;
	timer_stop(imap->soon);
	timer_stop(imap->tick);
}

static void
break_off(struct imap *imap, enum fetch_end end, const char *ours)
{
	if (imap->broken)
		return;
	imap_stop(imap);
	imap->events.broken(imap->events.arg, end, false, slice_str(ours));
}

static void
break_off_quoting(struct imap *imap, enum fetch_end end, struct slice words)
{
	if (imap->broken)
		return;
	imap_stop(imap);
	imap->events.broken(imap->events.arg, end, true, words);
}

/* What it says makes no sense: is it another protocol, or out of step? */
static enum fetch_end
no_sense(const struct imap *imap)
{
	return imap->has_heard ? FETCH_END_INCONSISTENT : FETCH_END_NONSENSE;
}

/* Saying */

unsigned
imap_room(const struct imap *imap)
{
	return imap->broken || imap->count >= IMAP_WINDOW ? 0 :
	    IMAP_WINDOW - imap->count;
}

unsigned
imap_under_way(const struct imap *imap)
{
	return imap->count - imap->done;
}

static struct said *
said_at(struct imap *imap, unsigned i)
{
	return &imap->ring[(imap->first + i) % RING];
}

/* The line that begins at `from` in `out` is whole. */
static void
enqueue(struct imap *imap, const struct imap_command *command, uint32_t about,
    size_t from)
{
	text_add_str(&imap->out, "\r\n");
	if (imap->count == RING || text_failed(&imap->out) ||
	    imap->out.len - from > IMAP_LINE_BYTES) {
		break_off(imap, FETCH_END_LOCAL, "too many commands at once");
		return;
	}
	*said_at(imap, imap->count++) = (struct said){
	    .command = command, .about = about, .tag = imap->tags,
	    .bytes = imap->out.len - from
	};
	if (!imap->in_turn)
		timer_set(imap->soon, 0);
}

void
imap_say_words(struct imap *imap, const struct imap_command *command,
    uint32_t about, struct slice arguments)
{
	size_t from = imap->out.len;

	if (imap->broken)
		return;
	text_addf(&imap->out, "P%u %s", ++imap->tags, command->verb);
	if (arguments.len > 0)
		text_add_byte(&imap->out, ' ');
	text_add(&imap->out, arguments);
	enqueue(imap, command, about, from);
}

void
imap_say(struct imap *imap, const struct imap_command *command, uint32_t about)
{
	size_t from = imap->out.len;

	if (imap->broken)
		return;
	text_addf(&imap->out, "P%u %s", ++imap->tags, command->verb);
	if (about != 0)
		text_addf(&imap->out, " %u", about);
	if (command->after != NULL)
		text_addf(&imap->out, " %s", command->after);
	enqueue(imap, command, about, from);
}

/* What compressing has saved since this was called last. */
static void
bill_packed(struct imap *imap)
{
	const struct deflate_counts now = deflate_counts(imap->deflate),
	    more = {
		.received = now.received - imap->billed.received,
		.received_packed = now.received_packed -
		    imap->billed.received_packed,
		.sent = now.sent - imap->billed.sent,
		.sent_packed = now.sent_packed - imap->billed.sent_packed
	};

	imap->billed = now;
	line_bill_packed(imap->options.bill, &more);
}

/* Hand bytes to the talk, compressed if that was agreed. */
static void
wire_write(struct imap *imap, struct slice bytes)
{
	TEXT_AUTO packed = TEXT_INIT(TALK_WAITING_MOST);

	if (imap->deflate != NULL &&
	    deflate_write(imap->deflate, bytes, &packed) < 0)
		break_off(imap, FETCH_END_LOCAL, "what is said cannot be "
		    "compressed");
	else if (talk_write(imap->talk, imap->deflate != NULL ?
	    text_slice(&packed) : bytes) < 0)
		break_off(imap, FETCH_END_LOCAL,
		    "no memory for what is to be sent");
	else if (imap->deflate != NULL)
		bill_packed(imap);
}

/* How many of the commands not sent yet may leave; and their bytes. */
static unsigned
may_leave(struct imap *imap, size_t *bytes_out)
{
	unsigned n = 0;
	size_t bytes = 0;
	const struct said *last = imap->sent == 0 ? NULL :
	    said_at(imap, imap->sent - 1);
	bool waits = last != NULL && last->command->is_alone &&
	    !last->is_done;

	while (imap->sent + n < imap->count && !waits) {
		const struct said *said = said_at(imap, imap->sent + n++);

		bytes += said->bytes;
		waits = said->command->is_alone;
	}
	*bytes_out = bytes;
	return n;
}

static void
flush(struct imap *imap)
{
	size_t bytes, len;
	unsigned n;

	if (imap->broken)
		return;
	n = may_leave(imap, &bytes);
	if (n == 0)
		return;
	if (imap->sent == imap->done)
		imap->heard_ms = clock_ms();
	wire_write(imap, slice_first(text_slice(&imap->out), bytes));
	imap->sent += n;
	/* a password may have been in it, or is in what was moved */
	len = imap->out.len;
	text_consume(&imap->out, bytes);
	explicit_bzero(imap->out.at + imap->out.len, len - imap->out.len);
}

void
imap_more(struct imap *imap, struct slice line)
{
	TEXT_AUTO bytes = TEXT_INIT(IMAP_LINE_BYTES);

	if (imap->broken)
		return;
	text_add(&bytes, line);
	text_add_str(&bytes, "\r\n");
	imap->heard_ms = clock_ms();
	if (text_failed(&bytes))
		break_off(imap, FETCH_END_LOCAL, "a line is too long");
	else
		wire_write(imap, text_slice(&bytes));
	if (bytes.at != NULL)
		explicit_bzero(bytes.at, bytes.size);
}

/* Hearing */

/* The first command of those sent that waits for an answer; or NULL. */
static struct said *
hearer(struct imap *imap)
{
	for (unsigned i = 0; i < imap->sent; i++)
		if (!said_at(imap, i)->is_done)
			return said_at(imap, i);
	return NULL;
}

/* The one that asked for the text of this message (0: of any); or NULL. */
static struct said *
text_hearer(struct imap *imap, uint32_t uid)
{
	for (unsigned i = 0; i < imap->sent; i++) {
		struct said *said = said_at(imap, i);

		if (said->command->text != NULL && !said->is_done &&
		    !said->has_text && (uid == 0 || said->about == uid))
			return said;
	}
	return NULL;
}

static struct said *
said_of_tag(struct imap *imap, struct slice tag)
{
	uint64_t number;

	if (tag.len < 2 || tag.at[0] != 'P' || slice_u64(slice_after(tag, 1),
	    UINT32_MAX, &number) < 0)
		return NULL;
	for (unsigned i = 0; i < imap->sent; i++)
		if (said_at(imap, i)->tag == number &&
		    !said_at(imap, i)->is_done)
			return said_at(imap, i);
	return NULL;
}

static void
hear_tagged(struct imap *imap, const struct imap_reply *reply)
{
	struct said *found = said_of_tag(imap, reply->tag), said;

	if (found == NULL) {
		break_off(imap, FETCH_END_INCONSISTENT,
		    "it ends a command that is not under way");
		return;
	}
	found->is_done = true;
	said = *found;
	imap->done++;
	while (imap->sent > 0 && said_at(imap, 0)->is_done) {
		imap->first = (imap->first + 1) % RING;
		imap->count--;
		imap->sent--;
		imap->done--;
	}
	imap->unasked = 0;
	if (said.command->text != NULL && !said.has_text)
		said.command->missed(imap->events.arg, said.about, reply);
	if (said.command->done != NULL && !imap->broken)
		said.command->done(imap->events.arg, said.about, reply);
}

/* BYE: it hangs up now, whatever was under way. */
static void
hear_bye(struct imap *imap, const struct imap_reply *reply)
{
	TEXT_AUTO words = TEXT_INIT(FETCH_WORDS_MOST);

	for (unsigned i = 0; i < imap->sent; i++)
		if (said_at(imap, i)->command->is_last)
			return;
	imap_reply_quote(reply, &words);
	break_off_quoting(imap, FETCH_END_CLOSED, text_slice(&words));
}

/* The response that held a text is whole: was it the one asked for? */
static void
hear_text_end(struct imap *imap, const struct imap_reply *reply)
{
	struct mended mended = { imap->dot.breaches, imap->dot.added };
	struct said *said = imap->texting;
	struct imap_items items;

	imap->texting = NULL;
	if (said == NULL || imap_items_read(reply, &items) < 0 ||
	    items.uid != said->about) {
		break_off(imap, FETCH_END_INCONSISTENT,
		    "a message came that is not the next one");
		return;
	}
	imap->unasked = 0;
	(void)said->command->data(imap->events.arg, said->about, reply,
	    &mended);
}

/*
 * One of the commands under way that hear such data has asked for these.  Who
 * asked for a text hears of it with that.
 */
static bool
is_asked_for(struct imap *imap, const char *name,
    const struct imap_reply *reply)
{
	for (unsigned i = 0; i < imap->sent && !imap->broken; i++) {
		const struct said *said = said_at(imap, i);
		const struct imap_command *command = said->command;

		if (!said->is_done && command->hears != NULL &&
		    command->text == NULL &&
		    strcasecmp(command->hears, name) == 0 &&
		    command->data(imap->events.arg, said->about, reply, NULL))
			return true;
	}
	return false;
}

static void
hear_data(struct imap *imap, const struct imap_reply *reply)
{
	char name[IMAP_WORD_MOST + 1];

	if (imap->texting != NULL || imap_reply_has_text(reply)) {
		hear_text_end(imap, reply);
		return;
	}
	if (slice_cstr(reply->name, name, sizeof(name)) == 0 &&
	    is_asked_for(imap, name, reply))
		imap->unasked = 0;
	else if (imap->events.untagged != NULL && !imap->broken)
		imap->events.untagged(imap->events.arg, reply);
}

static void
hear_more(struct imap *imap, const struct imap_reply *reply)
{
	struct said *said = hearer(imap);

	if (said == NULL || said->command->more == NULL)
		break_off_quoting(imap, FETCH_END_INCONSISTENT, reply->words);
	else
		said->command->more(imap->events.arg, reply->words);
}

static void
hear_reply(struct imap *imap)
{
	const struct imap_reply *reply = &imap->reader.reply;

	imap->has_heard = true;
	imap->unasked += imap->passed;
	imap->passed = 0;
	if (reply->who == IMAP_TAGGED)
		hear_tagged(imap, reply);
	else if (reply->who == IMAP_CONTINUE)
		hear_more(imap, reply);
	else if (reply->says == IMAP_BYE)
		hear_bye(imap, reply);
	else if (reply->says == IMAP_DATA)
		hear_data(imap, reply);
	else if (imap->events.untagged != NULL)
		imap->events.untagged(imap->events.arg, reply);
	if (imap->unasked > UNASKED_MOST)
		break_off(imap, FETCH_END_INCONSISTENT,
		    "it says what nobody asked for, without end");
}

/* The text of a message begins: a command must have asked for it. */
static void
hear_text(struct imap *imap)
{
	struct said *said = NULL;
	struct imap_items items;

	if (imap->texting == NULL &&
	    imap_items_read(&imap->reader.reply, &items) == 0)
		said = text_hearer(imap, items.uid);
	if (said == NULL) {
		break_off(imap, FETCH_END_INCONSISTENT,
		    "a message came that was not asked for");
		return;
	}
	said->has_text = true;
	imap->texting = said;
	imap->dot = dot_reader_of(true, true);
	said->command->text(imap->events.arg, said->about,
	    imap->reader.body_bytes,
	    imap_items_origin(&imap->reader.reply));
}

bool
imap_is_mended(const struct imap *imap)
{
	return imap->texting != NULL && imap->dot.breaches != 0;
}

unsigned
imap_mend(const struct imap *imap)
{
	return imap->dot.mend;
}

static void
tell_part(struct imap *imap, struct slice run)
{
	struct said *said = imap->texting;

	if (run.len > 0 && !imap->broken && said != NULL)
		said->command->part(imap->events.arg, said->about, run);
}

/* Bytes as they came; what is told has its line ends mended. */
static void
hear_run(struct imap *imap, struct slice run)
{
	struct slice fit;

	while (!imap->broken && dot_take(&imap->dot, &run, &fit) == DOT_RUN)
		tell_part(imap, fit);
}

/* Tell all that stands in the buffer, as long as that is wanted. */
static void
hear(struct imap *imap)
{
	struct slice run = { NULL, 0 };
	size_t before;

	/* a text ends without a byte: so there may be something to tell */
	while (!imap->held && !imap->broken) {
		before = imap->rest.len;
		switch (imap_take(&imap->reader, &imap->rest, &run)) {
		case IMAP_MORE:
			imap->passed += before - imap->rest.len;
			return;
		case IMAP_REPLY:
			imap->passed += before - imap->rest.len;
			hear_reply(imap);
			break;
		case IMAP_BODY:
			hear_text(imap);
			break;
		case IMAP_RUN:
			hear_run(imap, run);
			break;
		case IMAP_BODY_END:
			tell_part(imap, dot_finish(&imap->dot));
			break;
		case IMAP_BROKEN:
			break_off(imap, no_sense(imap), imap->reader.fault);
			return;
		}
	}
}

static int
read_talk(void *arg, char *bytes, size_t size)
{
	return talk_read(arg, bytes, size);
}

/* More behind what was heard; false: nothing now, or never again. */
static bool
read_more(struct imap *imap)
{
	int n;

	if (imap->deflate != NULL)
		n = deflate_read(imap->deflate, read_talk, imap->talk,
		    imap->input, sizeof(imap->input));
	else
		n = talk_read(imap->talk, imap->input, sizeof(imap->input));
	if (n == -EBADMSG)
		break_off(imap, FETCH_END_INCONSISTENT,
		    "what it compressed cannot be read");
	if (n <= 0)
		return false;
	if (imap->deflate != NULL)
		bill_packed(imap);
	imap->rest = slice_of(imap->input, (size_t)n);
	imap->heard_ms = clock_ms();
	imap->rate_bytes += (uint64_t)n;
	return true;
}

static void
turn(struct imap *imap)
{
	unsigned reads;

	imap->in_turn = true;
	for (reads = 0; reads < READS_OF_TURN; reads++) {
		hear(imap);
		if (imap->held || imap->broken || !read_more(imap))
			break;
	}
	if (reads == READS_OF_TURN && !imap->broken)
		timer_set(imap->soon, 0);
	if (!imap->broken)
		imap->events.turn(imap->events.arg);
	flush(imap);
	imap->in_turn = false;
}

static void
on_soon(void *arg)
{
	turn(arg);
}

void
imap_wake(struct imap *imap)
{
	if (!imap->broken && !imap->in_turn)
		timer_set(imap->soon, 0);
}

void
imap_readable(struct imap *imap)
{
	if (!imap->broken && !imap->held)
		turn(imap);
}

void
imap_hold(struct imap *imap, bool held)
{
	if (imap->broken || held == imap->held)
		return;
	imap->held = held;
	talk_hold(imap->talk, held);
	if (!held)
		timer_set(imap->soon, 0);
}

void
imap_idle(struct imap *imap, bool idles)
{
	imap->idles = idles;
	imap->heard_ms = clock_ms();
}

int
imap_compress(struct imap *imap)
{
	int r = deflate_new(imap->rest, &imap->deflate);

	/* what stands behind the OK is compressed already */
	if (r == 0)
		imap->rest = slice_of(NULL, 0);
	return r;
}

/* Less than the least rate, while we waited for so long. */
static bool
is_slow(struct imap *imap, uint64_t waited_ms)
{
	bool slow;

	imap->rate_ms += waited_ms;
	if (imap->rate_ms < RATE_MS)
		return false;
	slow = imap->rate_bytes <
	    imap->options.least_bytes_per_second * (imap->rate_ms / 1000);
	imap->rate_ms = imap->rate_bytes = 0;
	return slow;
}

static void
on_tick(void *arg)
{
	struct imap *imap = arg;
	uint64_t now = clock_ms(), waited = now - imap->ticked_ms;

	imap->ticked_ms = now;
	timer_set(imap->tick, tick_ms(imap));
	if (imap->held || imap->sent == imap->done || imap->idles) {
		imap->heard_ms = now;
		imap->rate_ms = imap->rate_bytes = 0;
		return;
	}
	if (now - imap->heard_ms >= imap->options.silence_ms)
		break_off(imap, FETCH_END_TIMED_OUT, "");
	else if (is_slow(imap, waited))
		break_off(imap, FETCH_END_TIMED_OUT, "it sends too slowly");
}
