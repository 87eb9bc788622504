/*
 * search.h - which letters of an account can contain a text?
 *
 * search.db beside index.db knows the words of all letters up to a number.  A
 * letter it excludes does not contain the text; any other has to be read, and
 * so have those it does not know yet.  It is made a step at a time when nothing
 * else is to be done, may be deleted at any time, and is made anew when it is
 * damaged: the answers are the same without it.
 */
#ifndef POSTROOM_STORE_SEARCH_H
#define POSTROOM_STORE_SEARCH_H

#include "store/account.h"

/*
 * Fewer letters, and of fewer bytes, are not worth a row: a search reads them.
 * A big one counts as so many bytes, for its file has to be asked for.
 */
#define SEARCH_TAIL_LETTERS	64
#define SEARCH_TAIL_BYTES	(1024 * 1024)
#define SEARCH_BIG_BYTES	(128 * 1024)

/* After a fault, and between two looks at a disk that is nearly full. */
#define SEARCH_AGAIN_MS		600000
/* Bytes that must be free on the disk for the index to grow. */
#define SEARCH_FREE_BYTES	(64ull * 1024 * 1024)

enum search_state {
	SEARCH_DONE,		/* there is nothing to do now */
	SEARCH_MORE,		/* call again */
	SEARCH_WANTS_BIG	/* search_big() first */
};

/*
 * A step of making it, of some 10 ms at the most; words_open() first.  A
 * search_state, or a negative errno: the next step is made in SEARCH_AGAIN_MS.
 * -EIO is no word about the account's own files.
 */
int	search_step(struct account *);
/*
 * After that errno it goes on where it was, for there was only no room, memory
 * or turn; after any other what there was of it is thrown away.
 */
bool	search_fault_passes(int error);
/* The big file that is wanted. */
struct message_id search_big(const struct account *);
/* Here it is (owned); or -1: its letter is not to be known by its words. */
void	search_take_big(struct account *, int fd);

struct search_query;		/* opaque; see search_query.c */

/* Texts of one query; what more is asked for is not looked up. */
#define SEARCH_QUERY_MOST	32

/* NULL: there is no index, or no memory: all letters are to be read. */
struct search_query	*search_query_new(struct account *);
/* NULL is fine. */
void	search_query_free(struct search_query *);
/*
 * One more text to look for, in UTF-8; before the first step.  Its number, or
 * -1: the index does not help to find it.
 */
int	search_query_add(struct search_query *, struct slice text);
/* Look at more of the index, some 5 ms.  True: there is more of it. */
bool	search_query_step(struct search_query *);
/* Text `number` is not in `letter` (selected.h), whatever case it is in. */
bool	search_query_excludes(const struct search_query *, int number,
	    uint64_t letter);

/* What search.db is, for tests and benches: 0, -ENOENT or -errno. */
struct search_figures {
	uint64_t	blocks, letters, bytes;
	uint64_t	upto;		/* number of the last letter known */
};
int	search_figures(struct account *, struct search_figures *figures_out);

#endif
