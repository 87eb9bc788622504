/*
 * threads.c - letters put together to conversations: what answers what
 *
 * Step (1) of REFERENCES.  Each reference costs a look into the table and, when
 * a link could close a circle, a walk up from the parent to be; a letter whose
 * walks are longer than any honest conversation has no more of its references
 * linked.
 */
#include "lib/message/threads_inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/message/thread.h"

#define BUCKETS_LEAST	(1u << 16)	/* ids are more than letters */
/* RFC 5322 2.1.1: an id stands on one line.  What is longer is cut. */
#define ID_MOST		998
/* Nodes looked at on walks for one letter; some 2 ms. */
#define WALK_MOST	200000

static int
cut_budget(struct threads *threads, size_t bytes)
{
	if (bytes > threads->budget)
		return -ENOBUFS;
	threads->budget -= bytes;
	return 0;
}

struct threads *
threads_new(enum threads_how how, size_t most, size_t budget,
    const struct hash_key *key)
{
	struct threads *threads = calloc(1, sizeof(*threads));

	if (threads == NULL)
		return NULL;
	threads->how = how;
	threads->key = *key;
	threads->budget = budget;
	threads->bucket_count = BUCKETS_LEAST;
	while (threads->bucket_count < most && threads->bucket_count < 1u << 30)
		threads->bucket_count *= 2;
	if (most >= THREADS_NONE / 2 || cut_budget(threads, most *
	    (sizeof(*threads->letters) + 2 * sizeof(*threads->order)) +
	    threads->bucket_count * sizeof(*threads->buckets)) < 0) {
		free(threads);
		return NULL;
	}
	threads->most = (uint32_t)most;
	threads->texts.limit = UINT32_MAX;
	threads->letters = calloc(most + 1, sizeof(*threads->letters));
	threads->order = calloc(2 * most + 1, sizeof(*threads->order));
	threads->buckets = malloc(threads->bucket_count *
	    sizeof(*threads->buckets));
	threads->go = threads_begin;
	threads->root_first = threads->root_last = THREADS_NONE;
	if (threads->letters == NULL || threads->order == NULL ||
	    threads->buckets == NULL) {
		threads_free(threads);
		return NULL;
	}
	memset(threads->buckets, 0xff, threads->bucket_count *
	    sizeof(*threads->buckets));	/* NONE */
	return threads;
}

void
threads_free(struct threads *threads)
{
	if (threads == NULL)
		return;
	free(threads->letters);
	free(threads->order);
	free(threads->nodes);
	free(threads->buckets);
	text_free(&threads->texts);
	free(threads);
}

int
threads_node_new(struct threads *threads, uint32_t *node_out)
{
	struct threads_node *nodes = threads->nodes;
	uint32_t room = threads->node_room;

	if (threads->node_count == room) {
		room = room == 0 ? 1024 : room + room / 2;
		if (room < threads->node_room || cut_budget(threads,
		    (room - threads->node_room) * sizeof(*nodes)) < 0)
			return -ENOBUFS;
		nodes = realloc(nodes, room * sizeof(*nodes));
		if (nodes == NULL)
			return -ENOMEM;
		threads->nodes = nodes;
		threads->node_room = room;
	}
	*node_out = threads->node_count++;
	nodes[*node_out] = (struct threads_node){
		THREADS_NONE, THREADS_NONE, THREADS_NONE, THREADS_NONE,
		THREADS_NONE, THREADS_NONE, THREADS_NONE,
	};
	return 0;
}

int
threads_text_new(struct threads *threads, struct slice s, uint32_t *at_out)
{
	size_t at = threads->texts.len;
	char length[2];
	int r;

	s = slice_first(s, UINT16_MAX);
	r = cut_budget(threads, sizeof(length) + s.len);
	if (r < 0)
		return r;
	length[0] = (char)(s.len >> 8);
	length[1] = (char)(s.len & 0xff);
	text_add(&threads->texts, slice_of(length, sizeof(length)));
	text_add(&threads->texts, s);
	if (text_failed(&threads->texts))
		return -ENOMEM;
	*at_out = (uint32_t)at;
	return 0;
}

struct slice
threads_text(const struct threads *threads, uint32_t at)
{
	const char *length = threads->texts.at + at;

	return slice_of(length + 2, (size_t)(unsigned char)length[0] << 8 |
	    (unsigned char)length[1]);
}

uint32_t *
threads_bucket(struct threads *threads, struct slice s)
{
	return threads->buckets + (hash_slice(&threads->key, s) &
	    (threads->bucket_count - 1));
}

/* The node that is called so, made when there is none. */
static int
find_node(struct threads *threads, struct slice id, uint32_t *node_out)
{
	uint32_t *bucket = threads_bucket(threads, id), node, at;
	int r;

	for (node = *bucket; node != THREADS_NONE;
	    node = threads->nodes[node].hash_next) {
		if (slice_is(threads_text(threads,
		    threads->nodes[node].id_at), id)) {
			*node_out = node;
			return 0;
		}
	}
	r = threads_text_new(threads, id, &at);
	if (r == 0)
		r = threads_node_new(threads, &node);
	if (r < 0)
		return r;
	threads->nodes[node].id_at = at;
	threads->nodes[node].hash_next = *bucket;
	*bucket = node;
	*node_out = node;
	return 0;
}

/* May `child`, which has no parent, be linked below `parent`? */
static bool
can_link(const struct threads *threads, uint32_t parent, uint32_t child,
    size_t *walks)
{
	if (parent == child)
		return false;
	/* nothing is below it: no circle */
	if (threads->nodes[child].first == THREADS_NONE)
		return true;
	while (parent != child && parent != THREADS_NONE && *walks > 0) {
		parent = threads->nodes[parent].parent;
		(*walks)--;
	}
	return parent == THREADS_NONE;
}

static void
link_node(struct threads *threads, uint32_t parent, uint32_t child,
    size_t *walks)
{
	if (!can_link(threads, parent, child, walks))
		return;
	threads->nodes[child].parent = parent;
	threads->nodes[parent].first = child;
}

/* (1) (A): the references are a chain; *last_out is its end, or NONE. */
static int
link_references(struct threads *threads, struct slice value, bool only_first,
    size_t *walks, uint32_t *last_out)
{
	TEXT_AUTO id = TEXT_INIT(value.len);
	uint32_t last = THREADS_NONE, node;

	while (thread_id_next(&value, &id)) {
		int r = text_failed(&id) ? -ENOMEM : find_node(threads,
		    slice_first(text_slice(&id), ID_MOST), &node);

		if (r < 0)
			return r;
		/* a parent that is known stays */
		if (last != THREADS_NONE &&
		    threads->nodes[node].parent == THREADS_NONE)
			link_node(threads, last, node, walks);
		last = node;
		if (only_first)
			break;
		text_clear(&id);
	}
	*last_out = last;
	return 0;
}

/* The letter's own node; one without an id where the id is another's. */
static int
own_node(struct threads *threads, struct slice message_id, uint32_t *node_out)
{
	TEXT_AUTO id = TEXT_INIT(message_id.len);
	uint32_t node;
	int r;

	if (!thread_id_next(&message_id, &id))
		return threads_node_new(threads, node_out);
	r = text_failed(&id) ? -ENOMEM : find_node(threads,
	    slice_first(text_slice(&id), ID_MOST), &node);
	if (r < 0)
		return r;
	if (threads->nodes[node].letter != THREADS_NONE)
		return threads_node_new(threads, node_out);
	*node_out = node;
	return 0;
}

static int
link_letter(struct threads *threads, const struct threads_letter *letter,
    uint32_t node)
{
	size_t walks = WALK_MOST;
	uint32_t last;
	int r;

	r = link_references(threads, letter->references, false, &walks, &last);
	/* no reference that is an id: the first one that it replies to */
	if (r == 0 && last == THREADS_NONE)
		r = link_references(threads, letter->in_reply_to, true, &walks,
		    &last);
	if (r < 0)
		return r;
	/* (1) (B): its own word counts more than that of others */
	threads->nodes[node].parent = THREADS_NONE;
	if (last != THREADS_NONE)
		link_node(threads, last, node, &walks);
	return 0;
}

int
threads_add(struct threads *threads, const struct threads_letter *letter)
{
	struct threads_entry entry = {
		.sent = letter->sent, .subject_next = THREADS_NONE,
		.holder = THREADS_NONE, .is_reply = letter->is_reply,
	};
	int r;

	if (threads->count == threads->most)
		return -ENOBUFS;
	r = threads_text_new(threads, letter->subject, &entry.subject_at);
	if (r == 0)
		r = threads->how == THREADS_REFERENCES ?
		    own_node(threads, letter->message_id, &entry.node) :
		    threads_node_new(threads, &entry.node);
	if (r == 0 && threads->how == THREADS_REFERENCES)
		r = link_letter(threads, letter, entry.node);
	if (r < 0)
		return r;
	threads->nodes[entry.node].letter = threads->count;
	threads->letters[threads->count++] = entry;
	return 0;
}

int
threads_step(struct threads *threads, size_t most)
{
	return threads->go(threads, most);
}
