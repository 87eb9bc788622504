/*
 * fate_inside.h - what the files of fate.h share; for them alone
 *
 * fate.c has the jobs and their clock, fate_case.c reads what there is to be
 * told, fate_make.c makes the notice.
 */
#ifndef POSTROOM_QUEUE_FATE_INSIDE_H
#define POSTROOM_QUEUE_FATE_INSIDE_H

#include "lib/base/heap.h"
#include "lib/base/say.h"
#include "lib/message/dsn.h"
#include "queue/fate.h"

/* Of a notice: it is a small message, and no file in big/. */
#define FATE_NOTICE_BYTES	(120 * 1024)

/* What is told in one notice: rows of one message that came to the same. */
struct fate_case {
	struct arena		*arena;
	enum dsn_action		 action;
	struct rows_outbound	*rows;
	size_t			 count;
	struct transit		*about;	/* the message; NULL: it is damaged */
	/* one of a list's copies, of whose failure its owner hears; or NULL */
	const struct recipient	*list;
	bool			 is_to_list;	/* DELIVERED, or RELAYED: to that */
	struct slice		 original;	/* what there is of it */
};

/* A message of which somebody is to hear. */
struct fate_job {
	struct heap_entry	 due;		/* not while somebody is asked */
	struct fates		*fates;
	struct message_id	 id;
	struct fate_case	 what;
	bool			 is_last;	/* the postmaster is asked about */
	struct transit		*notice;	/* in the journal; or NULL */
	UT_hash_handle		 hh;
};

struct fates {
	struct conductor	*conductor;
	struct heap		 ready;
	struct fate_job		*jobs;
	struct timer		*timer;
	unsigned		 moving;
};

/* Who is told. */
struct fate_person {
	uint64_t	account;
	struct slice	address;
	enum language	language;
	bool		is_sender;	/* of the message; else in their place */
};

/*
 * What is to be told of that message next.  Rows of which nobody wants to hear
 * are done with.  0, -ENOENT (nothing), or -errno; fate_case_end() in any case.
 */
int	fate_case_begin(struct fate_case *, struct conductor *,
	    const struct message_id *);
void	fate_case_end(struct fate_case *);
/* The account of who has sent it; 0: nobody here. */
uint64_t fate_sender(const struct fate_case *);
/*
 * Who else is told, by address: who looks after the list, or who sent it from a
 * trusted network; empty: nobody.
 */
struct slice fate_address(const struct fate_case *);
/* In which state rows are that came to that. */
enum outbound_state fate_state(enum dsn_action);
/*
 * Those rows are told, whoever it was: of that, and of nothing that they came to
 * meanwhile.  0 or -errno.
 */
int	fate_case_told(struct conductor *, const struct message_id *,
	    const struct fate_case *);

/*
 * The notice as a transit that is in no list yet, with all or the first of the
 * rows: the case has no more than those afterwards.  0 or -errno.
 */
int	fate_make(struct conductor *, struct fate_case *,
	    const struct fate_person *, struct transit **notice_out);

#endif
