/*
 * threads_inside.h - what the files behind threads.h share
 *
 * A node is a letter, or a message that only others speak of (a dummy).  While
 * letters are linked a node knows its parent alone; lists of children are made
 * at the end, in the order of letters by date.
 */
#ifndef POSTROOM_MESSAGE_THREADS_INSIDE_H
#define POSTROOM_MESSAGE_THREADS_INSIDE_H

#include "lib/base/merge.h"
#include "lib/message/threads.h"

#define THREADS_NONE	UINT32_MAX

struct threads_node {
	uint32_t	parent;
	uint32_t	letter;		/* NONE: a dummy */
	uint32_t	id_at;		/* of its id in the texts; or NONE */
	uint32_t	hash_next;	/* in its bucket */
	uint32_t	first, last;	/* children; while letters are added:
					   `first` is NONE if it never had any */
	uint32_t	next;		/* brother */
};

struct threads_entry {
	int64_t		sent;
	uint32_t	subject_at;	/* in the texts */
	uint32_t	node;
	uint32_t	subject_next;	/* letter in its bucket */
	uint32_t	holder;		/* the node that stands for its subject
					   in the subject table */
	bool		is_reply;
};

struct threads {
	enum threads_how how;
	struct hash_key	 key;
	size_t		 budget;	/* bytes left for nodes and texts */
	struct threads_entry *letters;
	uint32_t	 count, most;	/* of them */
	struct threads_node *nodes;
	uint32_t	 node_count, node_room;
	struct text	 texts;		/* each a length (2) and its bytes */
	uint32_t	*buckets;	/* of ids, later of subjects */
	uint32_t	 bucket_count;	/* a power of two */
	/* the steps behind the last letter */
	int		(*go)(struct threads *, size_t most);
	uint32_t	 at;		/* letter, or place in `order` */
	struct merge	 merge;
	uint32_t	*order;		/* letters by date; in room for two */
	uint32_t	 root_first, root_last;	/* conversations */
	uint32_t	 telling;	/* node; NONE: the end */
};

/* A new dummy without an id.  0, -ENOBUFS or -ENOMEM. */
int	threads_node_new(struct threads *, uint32_t *node_out);
/* Keep `s`.  0, -ENOBUFS or -ENOMEM. */
int	threads_text_new(struct threads *, struct slice s, uint32_t *at_out);
/* A text that is kept. */
struct slice	threads_text(const struct threads *, uint32_t at);
/* The bucket of a text. */
uint32_t	*threads_bucket(struct threads *, struct slice s);
/* The first step. */
int	threads_begin(struct threads *, size_t most);

#endif
