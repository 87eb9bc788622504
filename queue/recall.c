/*
 * recall.c - what people send waits a while, and can be taken back
 */
#include "queue/recall.h"

#include <errno.h>
#include <string.h>

#include "lib/base/log.h"
#include "queue/hold_inside.h"

#define DUE_MOST	256	/* sent on before others have a turn */
#define FAULT_PAUSE_MS	60000
#define LOOK_MOST_MS	60000	/* the clock on the wall may be put forward */
#define WORDS_BYTES	300	/* shown of a long list of recipients */
#define OVER		"its recall window is over"
#define DAMAGED		"its bytes in the folder kept are damaged"

/* Waiting */

/* Then it goes on; a window that the clock makes longer than any is over. */
static bool
is_over(int64_t until_utc_ms, int64_t now_utc_ms)
{
	return until_utc_ms <= now_utc_ms || until_utc_ms - now_utc_ms >
	    (int64_t)VERDICT_RECALL_MOST * 1000;
}

static void
look_at(struct conductor *conductor, int64_t utc_ms)
{
	int64_t wait = utc_ms - clock_utc_ms();

	if (conductor->recall_timer != NULL)
		timer_set(conductor->recall_timer, wait <= 0 ? 0 :
		    wait < LOOK_MOST_MS ? (uint64_t)wait : LOOK_MOST_MS);
}

bool
recall_begin(struct transit *transit, const struct verdict *verdict)
{
	int64_t until = transit->env.received_at_utc_ms +
	    (int64_t)verdict->recall_seconds * 1000;

	if (verdict->recall_seconds == 0 ||
	    transit->env.sender_account == 0 ||
	    is_over(until, clock_utc_ms()))
		return false;
	transit->recall_until_utc_ms = until;
	keep_hold(transit);
	return true;
}

void
recall_kept(struct conductor *conductor, int64_t until_utc_ms)
{
	if (conductor->recall_next_utc_ms != 0 &&
	    conductor->recall_next_utc_ms <= until_utc_ms)
		return;
	conductor->recall_next_utc_ms = until_utc_ms;
	look_at(conductor, until_utc_ms);
}

/* Going on */

/* Those whose time has come, and when the next one's does. */
struct due {
	int64_t			 now_utc_ms, next_utc_ms;	/* 0: none */
	struct rows_message	 row[DUE_MOST];	/* without their words */
	size_t			 count;
};

static int
note_due(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct due *due = arg;

	(void)list;
	(void)count;
	if (message->state != ROWS_RECALL)
		return 0;
	if (is_over(message->next_try_utc_ms, due->now_utc_ms)) {
		due->row[due->count] = *message;
		due->row[due->count++].reason = slice_of(NULL, 0);
		return due->count == DUE_MOST ? HOLD_WALK_ENDS : 0;
	}
	if (due->next_utc_ms == 0 ||
	    message->next_try_utc_ms < due->next_utc_ms)
		due->next_utc_ms = message->next_try_utc_ms;
	return 0;
}

static void
tell(struct conductor *conductor, const struct message_id *id,
    enum trail_word word, struct slice who, const char *detail)
{
	trail_add(conductor->trail, &(struct trail_step){
	    .at_utc_ms = clock_utc_ms(), .id = *id, .word = word, .who = who,
	    .detail = slice_str(detail) });
}

/* A person is to look at it, whose file cannot be read any more. */
static int
hold_damaged(struct conductor *conductor, const struct message_id *id)
{
	int r = rows_hold(conductor->rows, id, ROWS_HELD, slice_str(DAMAGED));

	if (r == 0)
		tell(conductor, id, TRAIL_HELD, slice_of(NULL, 0), DAMAGED);
	return r;
}

static int
send_on(struct conductor *conductor, const struct rows_message *row)
{
	struct transit *transit = NULL;
	int r = keep_load(conductor, &row->id, &transit);

	if (r == 0)
		r = hold_look_at_bytes(transit);
	if (r == 0)
		r = hold_write_row(transit, row, OVER);
	if (r < 0) {
		transit_free(transit);
		return r == -EBADMSG || r == -ENOENT || r == -EPROTO ?
		    hold_damaged(conductor, &row->id) : r;
	}
	tell(conductor, &row->id, TRAIL_RELEASED, slice_of(NULL, 0), OVER);
	if (keep_return(transit) < 0)
		log_say("memory is out: a message goes on its way after the "
		    "next start");
	return 0;
}

void
recall_look(struct conductor *conductor)
{
	struct due due = { .now_utc_ms = clock_utc_ms() };
	int r = rows_kept_each(conductor->rows, note_due, &due);

	for (size_t i = 0; r >= 0 && i < due.count; i++)
		r = send_on(conductor, &due.row[i]);
	if (r < 0)
		log_say("what waits for its recall window does not go on: %s",
		    strerror(-r));
	conductor->recall_next_utc_ms = r < 0 ?
	    due.now_utc_ms + FAULT_PAUSE_MS : due.count == DUE_MOST ?
	    due.now_utc_ms : due.next_utc_ms;
	if (conductor->recall_next_utc_ms != 0)
		look_at(conductor, conductor->recall_next_utc_ms);
}

static void
on_time(void *arg)
{
	recall_look(arg);
}

int
recall_open(struct conductor *conductor)
{
	conductor->recall_timer = timer_new(conductor->loop, on_time,
	    conductor);
	if (conductor->recall_timer == NULL)
		return -ENOMEM;
	timer_set(conductor->recall_timer, 0);
	return 0;
}

void
recall_close(struct conductor *conductor)
{
	timer_free(conductor->recall_timer);
	conductor->recall_timer = NULL;
}

/* Looking */

struct walk {
	struct conductor	*conductor;
	uint64_t		 account;
	unsigned		 left;
	recall_fn		*fn;	/* NULL: is it there? */
	void			*arg;
	bool			 found;
};

static void
add_recipients(struct text *text, const struct rows_recipient *list,
    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (text->len + list[i].address.len > WORDS_BYTES) {
			text_add_str(text, ", ...");
			return;
		}
		if (i > 0)
			text_add_str(text, ", ");
		text_add(text, list[i].address);
	}
}

static int
tell_row(struct walk *walk, const struct transit *transit,
    const struct rows_message *message, struct slice recipients)
{
	struct verdict verdict;

	if (walk->fn == NULL)
		return 0;
	if (verdict_unpack(transit->packed_verdict, &verdict) < 0)
		verdict_init(&verdict);
	return walk->fn(walk->arg, &(struct recall_row){
	    .id = message->id, .since_utc_ms = message->since_utc_ms,
	    .until_utc_ms = message->next_try_utc_ms,
	    .bytes = transit->env.bytes, .sender = transit->env.sender,
	    .recipients = recipients,
	    .subject = slice_str(verdict.subject) });
}

/* Whose it is stands in its file; of one that is damaged nobody knows. */
static int
on_row(void *arg, const struct rows_message *message,
    const struct rows_recipient *list, size_t count)
{
	struct walk *walk = arg;
	struct conductor *conductor = walk->conductor;
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	TEXT_AUTO recipients = TEXT_INIT(2 * WORDS_BYTES);
	struct transit *transit = NULL;
	struct slice head, bytes;
	int r;

	if (message->state != ROWS_RECALL)
		return 0;
	if (walk->left == 0)
		return HOLD_WALK_ENDS;
	r = kept_read(conductor->kept_fd, &message->id, &buffer, &head,
	    &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &transit);
	if (r == -ENOMEM)
		return r;
	if (r == 0 && (walk->account == 0 ||
	    transit->env.sender_account == walk->account)) {
		walk->left--;
		walk->found = true;
		add_recipients(&recipients, list, count);
		r = tell_row(walk, transit, message, text_slice(&recipients));
	} else {
		r = 0;
	}
	transit_free(transit);
	return r;
}

int
conductor_recall_each(struct conductor *conductor, uint64_t account,
    const struct message_id *above, unsigned most, recall_fn *fn, void *arg)
{
	struct walk walk = { .conductor = conductor, .account = account,
	    .left = most, .fn = fn, .arg = arg };
	int r = rows_kept_above(conductor->rows, above, on_row, &walk);

	return r == HOLD_WALK_ENDS ? 0 : r;
}

/* Taking back */

int
conductor_recall(struct conductor *conductor, const struct message_id *id,
    uint64_t account, struct slice who)
{
	struct walk walk = { .conductor = conductor, .account = account,
	    .left = 1 };
	int r;

	if (hold_is_arriving(conductor, id))
		return -EAGAIN;
	r = rows_kept_one(conductor->rows, id, on_row, &walk);
	if (r == 0 && !walk.found)
		r = -ENOENT;
	if (r == 0)
		r = rows_delete(conductor->rows, id,
		    journal_next(conductor->journal));
	if (r < 0)
		return r;
	tell(conductor, id, TRAIL_DELETED, who,
	    "taken back before its recall window was over: nobody gets it");
	trail_flush(conductor->trail);	/* they are answered next */
	hold_drop_files(conductor, id);
	return 0;
}
