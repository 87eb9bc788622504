/*
 * take.c - messages on their way from the server to the queue
 *
 * take_turn() says what may be said: RETRs as far as window and space reach.
 * What comes gathers in one buffer; a message above BIG_BYTES goes on through a
 * pipe into the queue's file, and the server waits while the pipe is full.
 *
 * A message that has not its listed size is in doubt (parcel.c): it is fetched
 * once more, and until it has come no others are begun.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fetch/collect_inside.h"
#include "fetch/parcel.h"

#define WINDOW_BYTES	(4u << 20)	/* listed, of RETRs under way */
/*
 * Space asked for ahead: a window again, so that a grant never adds a round
 * trip, and little of the hub's space (1 GiB).
 */
#define AHEAD_BYTES	(4u << 20)
#define UNKNOWN_BYTES	65536		/* space for one of unknown size */
#define GROW_BYTES	65536		/* more of it, at least */
/*
 * Messages without an answer: several syncs of the journal, and memory of 8 MiB
 * at most.
 */
#define UNANSWERED_MOST	64

static void	take_turn(struct collect *);
static void	pipe_fill(struct collect *);

int
take_open(struct collect *collect)
{
	struct take *take = &collect->take;

	take->envelope = (struct text)TEXT_INIT(ENVELOPE_MAX_BYTES);
	take->body = malloc(BIG_BYTES + POP3_READ_BYTES);
	return take->body == NULL ? -ENOMEM : 0;
}

/* Space */

/* Listed sizes often count a line end as one byte; stored it has two. */
static uint64_t
space_for(const struct collect *collect, uint64_t listed)
{
	uint64_t most = collect_largest(collect);
	uint64_t space = listed == 0 ? UNKNOWN_BYTES :
	    listed > most ? most : listed + listed / 32 + 1024;

	return space < most ? space : most;
}

static bool
in_transit(const struct take *take)
{
	return take->count > 0 || take->comes || take->unanswered > 0;
}

/* The hub has no room: what is under way is finished, and no more begun. */
void
take_pause(struct collect *collect, struct slice words)
{
	collect->take.paused = true;
	collect_note(collect, FETCH_END_PAUSED, words);
}

/* An answer to anything but a listing; false: the queue is not there. */
static bool
answer_read(struct collect *collect, struct ipc_message *message,
    struct unpack *u, struct queue_answer *said)
{
	if (message == NULL) {
		collect_break(collect, FETCH_END_PAUSED,
		    slice_str("the queue is not there"));
		return false;
	}
	*u = unpack_of(message->body);
	if (answer_unpack(u, said) == 0)
		return true;
	collect_break(collect, FETCH_END_LOCAL,
	    slice_str("the queue's answer cannot be read"));
	return false;
}

static void
on_space(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct take *take = &collect->take;
	struct queue_answer said;
	struct unpack u;

	take->asked = false;
	if (!answer_read(collect, message, &u, &said))
		return;
	if (said.code == 250)
		take->pool += ask->bytes;
	else if (!take->modest)
		take->modest = true;	/* less may be had */
	else if (in_transit(take))
		take->starved = true;	/* what we hold ourselves comes back */
	else
		take_pause(collect, said.words);
	take_turn(collect);
}

static void
space_ask(struct collect *collect, uint64_t bytes)
{
	const struct ask what = { .bytes = bytes };
	TEXT_AUTO body = TEXT_INIT(16);

	pack_u64(&body, bytes);
	collect->take.asked = collect_ask(collect, QUEUE_GRANT, &body, -1,
	    &what, on_space);
}

/* Ask for what the rows at hand will need. */
static void
space_ahead(struct collect *collect)
{
	const struct page *page = &collect->page;
	struct take *take = &collect->take;
	uint64_t most = take->modest ? 1 : AHEAD_BYTES, sum = 0;

	if (take->asked || take->starved || take->paused || collect->ended)
		return;
	for (unsigned i = page->at; i < page->count && sum < most; i++)
		sum += space_for(collect, page->rows[i].bytes);
	if (sum > take->pool)
		space_ask(collect, sum - take->pool);
}

static void
space_give_back(struct collect *collect)
{
	struct take *take = &collect->take;
	TEXT_AUTO body = TEXT_INIT(16);

	if (take->pool == 0)
		return;
	pack_u64(&body, take->pool);
	collect_tell(collect, QUEUE_RELEASE, &body);
	take->pool = 0;
}

/* The message that is coming in needs more than was thought. */

static void
drop_now(struct collect *collect)
{
	struct take *take = &collect->take;

	pipe_end(collect);
	if (take->has_ticket)
		parcel_abandon(collect, take->ticket);
	take->has_ticket = false;
	take->pool += take->now.space;
	take->now.space = 0;
	take->len = take->sent = 0;
	take->dropped = true;
}

static void
on_more_space(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct take *take = &collect->take;
	struct queue_answer said;
	struct unpack u;

	if (!answer_read(collect, message, &u, &said))
		return;
	if (said.code == 250) {
		take->now.space += ask->bytes;
	} else {
		take_pause(collect, said.words);
		drop_now(collect);
	}
	collect_hold(collect, HOLD_SPACE, false);
}

static void
space_grow(struct collect *collect)
{
	struct take *take = &collect->take;
	uint64_t missing = take->bytes - take->now.space;
	uint64_t more = take->bytes > GROW_BYTES ? take->bytes : GROW_BYTES;
	struct ask what;
	TEXT_AUTO body = TEXT_INIT(16);

	if (missing <= take->pool) {
		take->pool -= missing;
		take->now.space += missing;
		return;
	}
	if (more > collect_largest(collect) - take->now.space)
		more = collect_largest(collect) - take->now.space;
	what = (struct ask){ .bytes = more };
	pack_u64(&body, more);
	collect_hold(collect, HOLD_SPACE, true);
	(void)collect_ask(collect, QUEUE_GRANT, &body, -1, &what,
	    on_more_space);
}

/* The pipe into a big file */

void
pipe_end(struct collect *collect)
{
	struct take *take = &collect->take;

	watch_free(take->watch);
	take->watch = NULL;
	if (take->pipe >= 0)
		(void)close(take->pipe);
	take->pipe = -1;
}

static void
on_pipe(void *arg, unsigned what)
{
	(void)what;
	pipe_fill(arg);
}

/* Write what stands in the buffer; the server waits until all of it is. */
static void
pipe_fill(struct collect *collect)
{
	struct take *take = &collect->take;
	ssize_t n = 0;

	while (take->sent < take->len) {
		n = write(take->pipe, take->body + take->sent,
		    take->len - take->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		take->sent += (size_t)n;
	}
	if (n < 0 && errno != EAGAIN) {
		/* the queue has closed it: its disk is full, or it is gone */
		take_pause(collect, slice_str("a message was cut off"));
		drop_now(collect);
	} else if (take->sent == take->len) {
		take->sent = take->len = 0;
	}
	if (take->watch != NULL && watch_want(take->watch,
	    take->len > 0 ? LOOP_WRITE : 0) < 0)
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("out of memory"));
	collect_hold(collect, HOLD_PIPE, take->len > 0 && !take->dropped);
}

static void
on_big(struct collect *collect, const struct ask *ask,
    struct ipc_message *message)
{
	struct take *take = &collect->take;
	struct queue_answer said;
	struct unpack u;

	(void)ask;
	if (!answer_read(collect, message, &u, &said))
		return;
	take->ticket = unpack_u64(&u);
	if (said.code == 250) {
		take->has_ticket = true;
		take->pipe = ipc_take_fd(message, 0);
		take->watch = take->pipe < 0 ? NULL : watch_new(collect->loop,
		    take->pipe, on_pipe, collect);
	}
	if (said.code != 250) {
		take_pause(collect, said.words);
		drop_now(collect);
	} else if (take->watch == NULL ||
	    fcntl(take->pipe, F_SETFL, O_NONBLOCK) < 0) {
		collect_break(collect, FETCH_END_LOCAL,
		    slice_str("the pipe of a big message cannot be used"));
		return;
	} else if (!take->dropped) {
		print_all(&collect->all,
		    slice_of(take->body, take->len));
		pipe_fill(collect);
	}
	if (take->dropped && take->has_ticket)
		drop_now(collect);
	collect_hold(collect, HOLD_PIPE, take->pipe >= 0 && take->len > 0);
}

static void
big_begin(struct collect *collect)
{
	const struct text nothing = TEXT_INIT(0);

	parcel_read_header(collect);
	collect_hold(collect, HOLD_PIPE, true);
	(void)collect_ask(collect, QUEUE_BIG, &nothing, -1, NULL, on_big);
}

/* One message */

static uint64_t
lines_of(struct slice s)
{
	struct slice line;
	uint64_t lines = 0;

	while (slice_cut(&s, '\n', &line))
		lines++;
	return lines;
}

static void
on_retr(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct take *take = &collect->take;

	(void)number;
	(void)words;
	take->now = take->ring[take->first];
	take->first = (take->first + 1) % POP3_WINDOW;
	take->count--;
	take->listed -= take->now.listed;
	if (!ok) {
		take->pool += take->now.space;
		if (take->now.again)
			parcel_settle_doubt(collect);
		else
			collect->outcome.left++;
		return;
	}
	take->comes = true;
	take->dropped = take->has_header = take->has_ticket = false;
	take->bytes = take->lines = 0;
	take->len = take->sent = 0;
	print_begin(&collect->all);
	print_begin(&collect->header);
}

/* Others wait behind it: they are to be had in another conversation. */
static void
pass_by(struct collect *collect)
{
	const struct retr *now = &collect->take.now;

	if (collect->passed_count == COLLECT_PASSED_MOST)
		return;
	collect->passed[collect->passed_count++] = (struct listed){
	    now->number, 0, now->listed
	};
	collect->again = true;
}

static bool
is_passed(const struct collect *collect, const struct listed *row)
{
	for (unsigned i = 0; i < collect->passed_count; i++)
		if (collect->passed[i].number == row->number &&
		    collect->passed[i].bytes == row->bytes)
			return true;
	return false;
}

static void
on_retr_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;
	struct take *take = &collect->take;

	(void)number;
	take->bytes += s.len;
	if (take->bytes > collect_largest(collect)) {
		/* HARDENING F16: it stays where it is */
		collect->outcome.too_large++;
		pass_by(collect);
		collect_break(collect, FETCH_END_NONSENSE, slice_str(
		    "a message is larger than it is listed, and too large"));
		return;
	}
	if (take->dropped)
		return;
	if (take->bytes > take->now.space)
		space_grow(collect);
	if (collect->ended)
		return;
	memcpy(take->body + take->len, s.at, s.len);
	take->len += s.len;
	if (take->has_ticket) {
		print_all(&collect->all, s);
		print_header(&collect->header, s);
		take->lines += lines_of(s);
		pipe_fill(collect);
	} else if (take->len > BIG_BYTES) {
		print_header(&collect->header,
		    slice_of(take->body, take->len));
		take->lines = lines_of(slice_of(take->body, take->len));
		big_begin(collect);
	}
}

static void
on_retr_end(void *arg, uint32_t number, unsigned mended)
{
	struct collect *collect = arg;
	struct take *take = &collect->take;

	(void)number;
	take->comes = false;
	if (take->dropped) {
		collect->outcome.left++;
		return;
	}
	if (!take->has_ticket) {
		print_all(&collect->all, slice_of(take->body, take->len));
		print_header(&collect->header,
		    slice_of(take->body, take->len));
		parcel_read_header(collect);
	}
	pipe_end(collect);
	parcel_finish(collect, mended);
	collect_progress(collect);
}

static const struct pop3_command command_retr = {
	.verb = "RETR", .shape = POP3_BODY, .status = on_retr,
	.part = on_retr_part, .end = on_retr_end
};

/* The window */

static bool
window_takes(const struct take *take, uint64_t listed)
{
	return take->count == 0 || (listed <= WINDOW_BYTES &&
	    take->listed <= WINDOW_BYTES - listed);
}

/* Say RETR, if space and window allow. */
static bool
retr_say(struct collect *collect, uint32_t number, uint64_t listed, bool again)
{
	struct take *take = &collect->take;
	uint64_t space = space_for(collect, listed);

	if (pop3_room(collect->pop3) == 0 || take->count == POP3_WINDOW ||
	    !window_takes(take, listed))
		return false;
	if (take->pool < space) {
		if (!take->asked && !take->starved && again)
			space_ask(collect, space - take->pool);
		return false;
	}
	take->pool -= space;
	take->ring[(take->first + take->count++) % POP3_WINDOW] =
	    (struct retr){ number, again, listed, space };
	take->listed += listed;
	pop3_say(collect->pop3, &command_retr, number);
	return true;
}

static void
retr_say_again(struct collect *collect)
{
	struct take *take = &collect->take;

	if (take->doubt != NULL && !take->asked_again && !take->paused)
		take->asked_again = retr_say(collect, take->doubt->number,
		    take->doubt->listed, true);
}

static bool
is_over(const struct collect *collect)
{
	const struct take *take = &collect->take;

	return (take->paused || page_is_over(collect)) &&
	    !in_transit(take) && !take->asked;
}

static void
take_turn(struct collect *collect)
{
	struct take *take = &collect->take;
	const struct listed *row;

	if (collect->leaving || collect->ended ||
	    collect->turn != take_turn)
		return;
	if (!in_transit(take))
		take->starved = false;
	retr_say_again(collect);
	while (!take->paused && take->doubt == NULL && (row = page_row(collect)) != NULL &&
	    (is_passed(collect, row) ||
	    retr_say(collect, row->number, row->bytes, false)))
		page_next(collect);
	row = page_row(collect);
	if (row != NULL && (take->pool < AHEAD_BYTES / 2 ||
	    take->pool < space_for(collect, row->bytes)))
		space_ahead(collect);
	if (!is_over(collect))
		return;
	if (take->doubt != NULL) {
		if (take->paused)
			parcel_settle_doubt(collect);
		return;
	}
	space_give_back(collect);
	step_delete(collect);
}

void
take_answered(struct collect *collect)
{
	struct take *take = &collect->take;

	take->starved = false;
	collect_hold(collect, HOLD_ANSWERS,
	    take->unanswered >= UNANSWERED_MOST);
	if (collect->ended)
		collect_settle(collect);
	else
		take_turn(collect);
}

void
step_take(struct collect *collect)
{
	collect_stage(collect, FETCH_STAGE_TAKING);
	collect->turn = take_turn;
	page_begin(collect, LISTING_TAKE);
	take_turn(collect);
}

/* The end */

void
take_cut(struct collect *collect)
{
	struct take *take = &collect->take;

	if (take->comes)
		drop_now(collect);
	take->comes = false;
	for (; take->count > 0; take->count--) {
		take->pool += take->ring[take->first].space;
		take->first = (take->first + 1) % POP3_WINDOW;
	}
	parcel_settle_doubt(collect);
}

void
take_free(struct collect *collect)
{
	struct take *take = &collect->take;

	pipe_end(collect);
	if (take->comes && take->has_ticket)
		parcel_abandon(collect, take->ticket);
	take->has_ticket = false;
	parcel_forget_doubt(collect);
	/* what is under way counts as held, too */
	if (take->comes)
		take->pool += take->now.space;
	take->comes = false;
	for (; take->count > 0; take->count--) {
		take->pool += take->ring[take->first].space;
		take->first = (take->first + 1) % POP3_WINDOW;
	}
	take->listed = 0;
	space_give_back(collect);
}

void
take_reset(struct collect *collect)
{
	struct take *take = &collect->take;

	take_free(collect);
	take->asked = take->modest = take->starved = take->paused = false;
	take->estimates = false;
	take->put_off = 0;
}
