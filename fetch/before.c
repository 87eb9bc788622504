/*
 * before.c - what is done with each message before it is downloaded
 *
 * Rows wait in their order: the first goes on when it is known what is to be
 * done with it.  Headers are asked for while messages come in, but for a server
 * whose answers cannot be told apart from what stands in messages (doubt.h):
 * there never between a RETR and the status line after it.
 */
#include "fetch/before.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"

int
before_open(struct collect *collect, struct slice rules,
    const struct calendar *night, bool is_night, const char *language)
{
	struct before *before = calloc(1, sizeof(*before));
	struct before_fault fault;
	int r;

	if (before == NULL)
		return -ENOMEM;
	collect->before = before;
	before->arena = arena_new(BEFORE_ARENA);
	if (before->arena == NULL)
		return -ENOMEM;
	before->night = *night;
	before->is_night = is_night;
	before->language = language_of(language);
	r = before_rules_read(before->arena, rules, &before->rules, &fault);
	return r == -ENOBUFS ? -ENOMEM : r;
}

bool
before_deletes(const struct collect *collect)
{
	const struct before *before = collect->before;

	for (unsigned i = 0; before != NULL && i < before->rules.rule_count;
	    i++)
		if (before->rules.rules[i].action == BEFORE_DELETE)
			return true;
	return false;
}

void
before_close(struct collect *collect)
{
	if (collect->before == NULL)
		return;
	arena_free(collect->before->arena);
	free(collect->before);
	collect->before = NULL;
}

void
before_forget(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	for (unsigned i = 0; i < queue->count; i++) {
		note_free(queue->rows[i].note);
		share_header_free(queue->rows[i].header);
	}
	free(queue->header);
	*queue = (struct before_queue){ 0 };
}

/* Rows */

void
before_drop(struct before_queue *queue, struct before_row *row)
{
	size_t after = (size_t)(&queue->rows[queue->count] - row) - 1;

	note_free(row->note);
	share_header_free(row->header);
	memmove(row, row + 1, after * sizeof(*row));
	queue->count--;
}

/* The first that others do not go past, or NULL. */
static struct before_row *
first_of(struct before_queue *queue)
{
	for (unsigned i = 0; i < queue->count; i++)
		if (queue->rows[i].state != BEFORE_SHARING)
			return &queue->rows[i];
	return NULL;
}

/* It stays there, and no byte of it, but maybe its header, is carried now. */
static void
put_off(struct collect *collect, const struct listed *row,
    enum before_action action, uint64_t header_bytes)
{
	struct fetch_outcome *outcome = &collect->outcome;
	bool is_left = action == BEFORE_LEAVE;

	spares_add(collect, row, is_left ? SPARED_SKIPPED : SPARED_DEFERRED,
	    header_bytes);
	outcome->waiting--;
	outcome->waiting_bytes -= row->bytes;
	if (is_left) {
		outcome->skipped++;
		outcome->skipped_bytes += row->bytes;
	} else {
		outcome->deferred++;
		outcome->deferred_bytes += row->bytes;
	}
}

static bool
is_night(const struct before *before)
{
	return before->is_night || calendar_is_open(&before->night,
	    clock_utc_ms() / 1000, "night");
}

/* A note of it; false: there is none, and the message itself is taken. */
static bool
make_note(struct collect *collect, struct before_row *row,
    struct slice header, const struct before_rule *rule)
{
	unsigned char digest[DIGEST_BYTES];
	const struct note_of of = {
		.language = collect->before->language, .header = header,
		.bytes = row->row.bytes, .rule = rule,
		.is_placed = rule->action == BEFORE_PLACEHOLDER,
		.to = slice_str(collect->account.owner_address),
		.header_digest = digest, .now_utc_ms = clock_utc_ms()
	};

	/* for whom a domain's mail is, only all of it says */
	return header.len > 0 && collect->address == NULL &&
	    digest_end(&collect->header, digest) == 0 &&
	    note_new(&of, &row->note) == 0;
}

/* A note of it is here, and stands for it as long as some rule wants that. */
static bool
is_held_back(const struct before *before, const struct listed *row)
{
	if (row->note == LISTING_NOTE_NONE || is_night(before))
		return false;
	for (unsigned i = 0; i < before->rules.rule_count; i++)
		if (before->rules.rules[i].action == BEFORE_PLACEHOLDER)
			return true;
	return false;
}

/*
 * A note instead of it; false: its header is wanted for that.  A note that
 * cannot be made lets the message itself be taken: nothing is lost so.
 */
static bool
note_it(struct collect *collect, struct before_row *row, bool has_header,
    struct slice header, const struct before_rule *rule)
{
	uint64_t carried = collect->conversation->before_queue.header_bytes;

	if (!has_header)
		return false;
	if (!make_note(collect, row, header, rule))
		return true;
	if (rule->action == BEFORE_PLACEHOLDER)
		put_off(collect, &row->row, rule->action, carried);
	else
		spares_add(collect, &row->row, SPARED_SKIPPED, carried);
	before_note(collect, row);
	return true;
}

/* What is known of it decides; false: it does not. */
static bool
settle(struct collect *collect, struct before_row *row, bool has_header,
    struct slice header)
{
	struct before *before = collect->before;
	const struct before_message message = {
		.bytes = row->row.bytes, .has_header = has_header,
		.header = header, .now_utc_s = clock_utc_ms() / 1000
	};
	const struct before_rule *rule;
	enum before_action action;

	row->state = BEFORE_TAKE;
	/* whatever rules say */
	if (before == NULL || row->row.note == LISTING_NOTE_WANTED)
		return true;
	if (is_held_back(before, &row->row)) {
		put_off(collect, &row->row, BEFORE_PLACEHOLDER, 0);
		before_drop(&collect->conversation->before_queue, row);
		return true;
	}
	if (before_rules_judge(&before->rules, &message, &action, &rule) !=
	    BEFORE_DECIDED)
		return false;
	/* of a domain's mail there are no notes: it waits without one */
	if (action == BEFORE_DELETE || (action == BEFORE_PLACEHOLDER &&
	    collect->address == NULL && !is_night(before))) {
		return note_it(collect, row, has_header, header, rule);
	} else if (action == BEFORE_LEAVE || (action != BEFORE_NOW &&
	    !is_night(before))) {
		put_off(collect, &row->row, action, has_header ?
		    collect->conversation->before_queue.header_bytes : 0);
		before_drop(&collect->conversation->before_queue, row);
	}
	return true;
}

/* Headers */

static struct before_row *
row_of(struct before_queue *queue, uint32_t number, enum before_state state)
{
	for (unsigned i = 0; i < queue->count; i++)
		if (queue->rows[i].row.number == number &&
		    queue->rows[i].state == state)
			return &queue->rows[i];
	return NULL;
}

/* `mended` is NULL, and `header` empty, where it could not be had. */
static void
header_came(struct collect *collect, uint32_t number, struct slice header,
    const struct mended *mended)
{
	struct before_queue *queue = &collect->conversation->before_queue;
	struct before_row *row = row_of(queue, number, BEFORE_ASKED);
	struct before_row *sharing = row_of(queue, number, BEFORE_SHARING);

	queue->asked -= queue->asked > 0;
	line_bill_move(collect->bill, LINE_HEADERS, queue->header_bytes);
	if (sharing != NULL)
		share_header_came(collect, sharing, header, mended);
	if (row == NULL)
		return;
	/* with its header, or without any, it is always decided */
	(void)settle(collect, row, true, header);
	row = row_of(queue, number, BEFORE_TAKE);
	if (row != NULL && row->row.bytes >= SHARED_LEAST_BYTES)
		share_header_came(collect, row, header, mended);
}

static void
on_top(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;
	struct before_queue *queue = &collect->conversation->before_queue;

	(void)words;
	doubt_confirm(collect);
	queue->header_len = 0;
	queue->header_bytes = 0;
	digest_begin(&collect->header);
	if (!ok)
		header_came(collect, number, slice_of(NULL, 0), NULL);
}

static void
on_top_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;
	struct before_queue *queue = &collect->conversation->before_queue;

	(void)number;
	if (!top_grows(collect, &queue->header_bytes, s.len) ||
	    queue->header == NULL)
		return;
	digest_add_header(&collect->header, s);
	s = slice_first(s, BIG_BYTES - queue->header_len);
	if (s.len > 0)
		memcpy(queue->header + queue->header_len, s.at, s.len);
	queue->header_len += s.len;
}

static void
on_top_end(void *arg, uint32_t number, const struct mended *mended)
{
	struct collect *collect = arg;
	struct before_queue *queue = &collect->conversation->before_queue;

	header_came(collect, number, slice_of(queue->header,
	    queue->header_len), mended);
}

static const struct heard heard_top = {
	.status = on_top, .part = on_top_part, .end = on_top_end
};

/* May a header be asked for now? */
static bool
may_ask(struct collect *collect)
{
	const struct protocol *protocol = collect->protocol;
	struct before_queue *queue = &collect->conversation->before_queue;
	const struct before_row *first = first_of(queue);

	if (protocol->room(collect) == 0)
		return false;
	if (!doubt_is_lock_step(collect))
		return true;
	/* a message that may be asked for waits for an end of headers */
	if (first != NULL && first != &queue->rows[queue->count - 1] &&
	    first->state != BEFORE_ASKED)
		return false;
	return protocol->under_way(collect) == 0 ||
	    (protocol->under_way(collect) == queue->asked &&
	    collect->conversation->doubt.first == NULL);
}

/* Ask for a header: `heard_top` hears it.  False: the conversation is over. */
static bool
say_top(struct collect *collect, uint32_t number)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	if (queue->header == NULL)
		queue->header = malloc(BIG_BYTES);
	if (queue->header == NULL) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return false;
	}
	queue->asked++;
	collect->protocol->header(collect, number, &heard_top);
	return true;
}

static bool
ask(struct collect *collect, struct before_row *row)
{
	if (!may_ask(collect) || !say_top(collect, row->row.number))
		return false;
	row->state = BEFORE_ASKED;
	return true;
}

/* In lock-step nothing else is under way: others go past it meanwhile. */
static bool
may_ask_beside(const struct collect *collect)
{
	const struct protocol *protocol = collect->protocol;

	return protocol->room(collect) > 0 &&
	    (!doubt_is_lock_step(collect) || protocol->under_way(collect) ==
	    collect->conversation->before_queue.asked);
}

bool
before_ask_header(struct collect *collect, const struct before_row *row)
{
	return may_ask_beside(collect) && say_top(collect, row->row.number);
}

bool
before_ask_sample(struct collect *collect, const struct before_row *row,
    uint64_t *from, const struct heard *heard)
{
	if (!may_ask_beside(collect))
		return false;
	collect->conversation->before_queue.asked++;
	collect->protocol->sample(collect, row->row.number, from, heard);
	return true;
}

void
before_sample_came(struct collect *collect, uint64_t bytes)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	queue->asked -= queue->asked > 0;
	line_bill_move(collect->bill, LINE_HEADERS, bytes);
}

/*
 * The next page is asked for when something is to be decided ahead, or nothing
 * is left to be said of this one.
 */
static bool
wants_more(const struct collect *collect)
{
	struct conversation *conversation = collect->conversation;
	const struct listing_page *page = &conversation->page;

	return collect->before != NULL || page->at < page->count ||
	    first_of(&conversation->before_queue) == NULL;
}

/* Rows of the page, as far as there is room; all that can be, are decided. */
static void
fill(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;
	const struct listed *listed;

	while (queue->count < BEFORE_AHEAD && wants_more(collect) &&
	    (listed = listing_page_row(collect)) != NULL) {
		struct before_row *row = &queue->rows[queue->count];

		if (!take_is_left(collect, listed)) {
			*row = (struct before_row){ .row = *listed };
			queue->count++;
			if (!settle(collect, row, false, slice_of(NULL, 0)) &&
			    !ask(collect, row)) {
				queue->count--;
				return;
			}
		}
		listing_page_next(collect);
	}
}

/* What is taken */

const struct before_row *
before_row(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;
	struct before_row *row;

	share_turn(collect);
	fill(collect);
	while (conversation_is_open(collect) &&
	    (row = first_of(queue)) != NULL && row->state >= BEFORE_TAKE) {
		switch (share_begin(collect, row)) {
		case SHARE_NOT:
			return row;
		case SHARE_LATER:
			return NULL;
		case SHARE_BEGUN:
			fill(collect);
			break;
		}
	}
	return NULL;
}

void
before_next(struct collect *collect)
{
	struct before_queue *queue = &collect->conversation->before_queue;

	before_drop(queue, first_of(queue));
}

bool
before_is_over(const struct collect *collect)
{
	return collect->conversation->before_queue.count == 0 &&
	    listing_page_is_over(collect);
}

bool
before_is_asking(const struct collect *collect)
{
	return collect->conversation->before_queue.asked > 0;
}

uint64_t
before_space(const struct collect *collect, uint64_t most)
{
	const struct before_queue *queue =
	    &collect->conversation->before_queue;
	const struct listing_page *page = &collect->conversation->page;
	uint64_t sum = 0;

	for (unsigned i = 0; i < queue->count && sum < most; i++)
		if (queue->rows[i].state == BEFORE_TAKE)
			sum += space_for(collect, queue->rows[i].row.bytes);
		else if (queue->rows[i].state == BEFORE_NOTE)
			sum += queue->rows[i].note->bytes.len;
	/* with rules, more is not known to be taken */
	if (collect->before != NULL)
		return sum;
	for (unsigned i = page->at; i < page->count && sum < most; i++)
		sum += space_for(collect, page->rows[i].bytes);
	return sum;
}
