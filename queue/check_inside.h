/*
 * check_inside.h - what check.c and check_journal.c share
 */
#ifndef POSTROOM_QUEUE_CHECK_INSIDE_H
#define POSTROOM_QUEUE_CHECK_INSIDE_H

#include "queue/check.h"
#include "queue/conductor_inside.h"

#define CHECK_LOOKS	3	/* at a thing before it is called wrong */
#define CHECK_PAUSE_US	20000	/* between two */

/* A growing list of ids. */
struct id_list {
	struct message_id	*at;
	size_t			 count, size;
};

struct queue_check {
	int			 folder_fd;	/* borrowed */
	int			 journal_fd, kept_fd, big_fd;
	struct rows		*rows;
	struct ledger		*ledger;	/* NULL: from before it was, or
						   damaged */
	bool			 has_damaged_ledger;
	queue_check_fn		*say;
	void			*arg;
	int			 faults;	/* 0 or 1 */
	struct queue_check_counts counts;
	struct id_list		 standing;	/* big files of records */
	struct id_list		 leaving;	/* records that leave */
	struct id_list		 kept;		/* what is to have a file */
};

/* 0 or -ENOMEM. */
int	id_list_add(struct id_list *, const struct message_id *);
/* Tell what was found of message `id`. */
void	check_tell(struct queue_check *, enum queue_found,
	    const struct message_id *id);
/* Tell of a place in the journal. */
void	check_tell_at(struct queue_check *, const struct queue_finding *);
/*
 * The big file of a record or kept message is there, whole and of its digest:
 * 0, -ENOENT, -EBADMSG, or -errno.
 */
int	check_big(const struct queue_check *, const struct transit *);
/* What a record or kept file says of `id` makes sense. */
bool	check_head(const struct message_id *id, struct slice head,
	    struct slice bytes, struct transit **transit_out);
/* check_half.c: what is kept of messages that were cut.  0, or -errno. */
int	check_halves(struct queue_check *);
/* check_archive.c: what is in the archive can be had.  0, or -errno. */
int	check_archive(struct queue_check *);
/* check_journal.c: all records.  0, or -errno. */
int	check_journal(struct queue_check *);

#endif
