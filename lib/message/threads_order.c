/*
 * threads_order.c - letters put together to conversations: order and telling
 *
 * Steps (2) to (6) of REFERENCES, and ORDEREDSUBJECT.  All is done in walks over
 * the letters by date, so that lists of children come out in order: dummies
 * below the root are passed over (who is below them belongs to what is above),
 * and a dummy stands in the root with at least two letters.
 */
#include <errno.h>
#include <string.h>

#include "lib/message/threads_inside.h"

static struct threads_node *
node_at(struct threads *threads, uint32_t node)
{
	return threads->nodes + node;
}

static bool
is_dummy(const struct threads *threads, uint32_t node)
{
	return threads->nodes[node].letter == THREADS_NONE;
}

/* The letter whose turn it is, in the order of dates. */
static struct threads_entry *
letter_at(struct threads *threads)
{
	return threads->letters + merge_items(&threads->merge)[threads->at];
}

/* RFC 5256 2.2: who came first is first where dates are the same */
static int
by_date(void *arg, uint32_t a, uint32_t b)
{
	const struct threads *threads = arg;
	int64_t one = threads->letters[a].sent, two = threads->letters[b].sent;

	return one < two ? -1 : one > two;
}

/*
 * Walk over the letters from threads->at; at the end `then` is next.  1, or the
 * error of `each`.
 */
static int
walk(struct threads *threads, size_t most,
    int (*each)(struct threads *, struct threads_entry *),
    int (*then)(struct threads *, size_t))
{
	int r = 0;

	for (; r == 0 && most > 0 && threads->at < threads->count; most--) {
		r = each(threads, letter_at(threads));
		threads->at++;
	}
	if (r == 0 && threads->at == threads->count) {
		threads->at = 0;
		threads->go = then;
	}
	return r < 0 ? r : 1;
}

/*
 * (3): the parent of a letter is another, or a dummy without a parent.  Dummies
 * passed on the way are shortened, so that no way is gone twice.
 */
static void
climb(struct threads *threads, uint32_t node)
{
	uint32_t top = node_at(threads, node)->parent, at = node, above;

	if (top == THREADS_NONE)
		return;
	while (is_dummy(threads, top) &&
	    node_at(threads, top)->parent != THREADS_NONE)
		top = node_at(threads, top)->parent;
	while ((above = node_at(threads, at)->parent) != top) {
		node_at(threads, at)->parent = top;
		at = above;
	}
}

/* The dummy in the root that the letter is below of, or NONE. */
static uint32_t
dummy_of(const struct threads *threads, const struct threads_entry *letter)
{
	uint32_t parent = threads->nodes[letter->node].parent;

	return parent != THREADS_NONE && is_dummy(threads, parent) ? parent :
	    THREADS_NONE;
}

/*
 * What stands in the root and begins with this letter: the dummy above it, whose
 * first letter it is, or itself.  NONE: it stands below something else.
 */
static uint32_t
head_of(const struct threads *threads, const struct threads_entry *letter)
{
	uint32_t dummy = dummy_of(threads, letter);

	if (dummy != THREADS_NONE)
		return threads->nodes[dummy].first == letter->node ? dummy :
		    THREADS_NONE;
	return threads->nodes[letter->node].parent == THREADS_NONE ?
	    letter->node : THREADS_NONE;
}

static int
forget_children(struct threads *threads, struct threads_entry *letter)
{
	struct threads_node *node = node_at(threads, letter->node);
	uint32_t dummy;

	node->first = node->last = node->next = THREADS_NONE;
	climb(threads, letter->node);
	dummy = dummy_of(threads, letter);
	if (dummy != THREADS_NONE)
		node_at(threads, dummy)->first =
		    node_at(threads, dummy)->last = THREADS_NONE;
	return 0;
}

/* How many letters a dummy has: `first`, and `last` when there is another. */
static int
count_children(struct threads *threads, struct threads_entry *letter)
{
	uint32_t dummy = dummy_of(threads, letter);

	if (dummy == THREADS_NONE)
		return 0;
	if (node_at(threads, dummy)->first == THREADS_NONE)
		node_at(threads, dummy)->first = letter->node;
	else
		node_at(threads, dummy)->last = letter->node;
	return 0;
}

/* (3): a dummy in the root with one child gives its place to it. */
static int
free_only_child(struct threads *threads, struct threads_entry *letter)
{
	uint32_t dummy = dummy_of(threads, letter);

	if (dummy != THREADS_NONE &&
	    node_at(threads, dummy)->last == THREADS_NONE)
		node_at(threads, letter->node)->parent = THREADS_NONE;
	return 0;
}

/* The letter that stands in the subject table for this subject, or NONE. */
static struct threads_entry *
find_subject(struct threads *threads, struct threads_entry *letter,
    bool may_add)
{
	struct slice subject = threads_text(threads, letter->subject_at);
	uint32_t *bucket = threads_bucket(threads, subject);

	for (uint32_t i = *bucket; i != THREADS_NONE;
	    i = threads->letters[i].subject_next)
		if (slice_is(subject, threads_text(threads,
		    threads->letters[i].subject_at)))
			return threads->letters + i;
	if (!may_add)
		return NULL;
	letter->subject_next = *bucket;
	*bucket = (uint32_t)(letter - threads->letters);
	return letter;
}

static bool
is_reply(const struct threads *threads, uint32_t node)
{
	return !is_dummy(threads, node) &&
	    threads->letters[threads->nodes[node].letter].is_reply;
}

/* (5) (B): the table has one conversation for each subject. */
static int
choose_holder(struct threads *threads, struct threads_entry *letter)
{
	uint32_t head = head_of(threads, letter);
	struct threads_entry *row;

	if (head == THREADS_NONE ||
	    threads_text(threads, letter->subject_at).len == 0)
		return 0;
	row = find_subject(threads, letter, true);
	if (row->holder == THREADS_NONE || (!is_dummy(threads, row->holder) &&
	    (is_dummy(threads, head) || (is_reply(threads, row->holder) &&
	    !is_reply(threads, head)))))
		row->holder = head;
	return 0;
}

/* (5) (C): a conversation joins the one that its subject has in the table. */
static int
join_holder(struct threads *threads, struct threads_entry *letter)
{
	uint32_t head = head_of(threads, letter), dummy;
	struct threads_entry *row;
	int r;

	if (head == THREADS_NONE ||
	    threads_text(threads, letter->subject_at).len == 0)
		return 0;
	row = find_subject(threads, letter, false);
	if (row == NULL || row->holder == head)
		return 0;
	/* a dummy below another is passed over: their children are brothers */
	if (!is_dummy(threads, row->holder) && (!is_reply(threads, head) ||
	    is_reply(threads, row->holder))) {
		r = threads_node_new(threads, &dummy);
		if (r < 0)
			return r;
		node_at(threads, row->holder)->parent = dummy;
		row->holder = dummy;
	}
	node_at(threads, head)->parent = row->holder;
	return 0;
}

/* ORDEREDSUBJECT: all are below the first of their subject. */
static int
join_first(struct threads *threads, struct threads_entry *letter)
{
	struct threads_entry *row = find_subject(threads, letter, true);

	if (row != letter)
		node_at(threads, letter->node)->parent = row->node;
	return 0;
}

static void
append(struct threads *threads, uint32_t *first, uint32_t *last, uint32_t node)
{
	if (*first == THREADS_NONE)
		*first = node;
	else
		node_at(threads, *last)->next = node;
	*last = node;
}

/* (6): brothers in order, and what stands in the root. */
static int
list_children(struct threads *threads, struct threads_entry *letter)
{
	uint32_t parent = node_at(threads, letter->node)->parent, head;
	struct threads_node *above;

	if (parent != THREADS_NONE) {
		above = node_at(threads, parent);
		append(threads, &above->first, &above->last, letter->node);
	}
	head = head_of(threads, letter);
	if (head != THREADS_NONE)
		append(threads, &threads->root_first, &threads->root_last,
		    head);
	return 0;
}

/* The steps, each of which sets the next; the last is done. */

static int
go_done(struct threads *threads, size_t most)
{
	(void)most;
	threads->telling = threads->root_first;
	return 0;
}

static int
go_list(struct threads *threads, size_t most)
{
	return walk(threads, most, list_children, go_done);
}

/* What was joined is below something else now, and has children anew. */
static int
go_forget_again(struct threads *threads, size_t most)
{
	return walk(threads, most, forget_children, go_list);
}

static int
go_join_first(struct threads *threads, size_t most)
{
	return walk(threads, most, join_first, go_forget_again);
}

static int
go_join(struct threads *threads, size_t most)
{
	return walk(threads, most, join_holder, go_forget_again);
}

static int
go_choose(struct threads *threads, size_t most)
{
	return walk(threads, most, choose_holder, go_join);
}

static int
go_free(struct threads *threads, size_t most)
{
	return walk(threads, most, free_only_child, go_choose);
}

static int
go_count(struct threads *threads, size_t most)
{
	return walk(threads, most, count_children, go_free);
}

static int
go_forget(struct threads *threads, size_t most)
{
	return walk(threads, most, forget_children, go_count);
}

static int
go_sort(struct threads *threads, size_t most)
{
	if (merge_step(&threads->merge, most))
		threads->go = threads->how == THREADS_REFERENCES ? go_forget :
		    go_join_first;
	return 1;
}

int
threads_begin(struct threads *threads, size_t most)
{
	(void)most;
	/* the table of ids is not wanted any more */
	memset(threads->buckets, 0xff, threads->bucket_count *
	    sizeof(*threads->buckets));
	for (uint32_t i = 0; i < threads->count; i++)
		threads->order[i] = i;
	merge_begin(&threads->merge, threads->order, threads->order +
	    threads->most, threads->count, by_date, threads);
	threads->go = go_sort;
	return 1;
}

/* It has brothers, and so each of them stands in parentheses. */
static bool
is_nested(const struct threads *threads, uint32_t node)
{
	uint32_t parent = threads->nodes[node].parent;

	return parent != THREADS_NONE && threads->nodes[parent].first !=
	    threads->nodes[parent].last;
}

/* All below `node` is told: close what closes here and find what is next. */
static uint32_t
leave(const struct threads *threads, struct text *text, uint32_t node)
{
	for (;;) {
		const struct threads_node *at = threads->nodes + node;

		if (at->parent == THREADS_NONE || is_nested(threads, node))
			text_add_byte(text, ')');
		if (at->next != THREADS_NONE) {
			text_add_byte(text, '(');
			return at->next;
		}
		if (at->parent == THREADS_NONE)
			return THREADS_NONE;
		node = at->parent;
	}
}

/* Tell one node; the "(" before it is there. */
static uint32_t
tell_node(const struct threads *threads, struct text *text,
    const uint32_t *numbers, uint32_t node)
{
	const struct threads_node *at = threads->nodes + node;

	if (at->letter != THREADS_NONE)
		text_addf(text, "%u", numbers[at->letter]);
	if (at->first == THREADS_NONE)
		return leave(threads, text, node);
	if (at->letter != THREADS_NONE)
		text_add_byte(text, ' ');
	if (at->first != at->last)
		text_add_byte(text, '(');
	return at->first;
}

bool
threads_tell(struct threads *threads, struct text *text,
    const uint32_t *numbers, size_t most)
{
	size_t end;

	if (threads->telling == THREADS_NONE)
		return false;
	if (threads->telling == threads->root_first)
		text_add_byte(text, '(');
	end = text->len + most;		/* of what follows: some of it comes */
	while (threads->telling != THREADS_NONE && text->len < end &&
	    !text_failed(text))
		threads->telling = tell_node(threads, text, numbers,
		    threads->telling);
	return threads->telling != THREADS_NONE;
}
