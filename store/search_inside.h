/*
 * search_inside.h - what the files behind search.h share
 */
#ifndef POSTROOM_STORE_SEARCH_INSIDE_H
#define POSTROOM_STORE_SEARCH_INSIDE_H

#include "store/account_inside.h"
#include "store/search.h"
#include "store/search_block.h"
#include "store/search_file.h"
#include "store/search_read.h"

/* Blocks that are not written yet: each has twice the letters of the next. */
#define PENDING_MOST	16

struct pending {
	struct search_row	row;
	struct text		packed;
};

/* The letter that is being read. */
struct reading {
	uint64_t		letter;		/* 0: none is */
	struct search_read	read;
	/* of a big one */
	struct text		trace, piece;
	bool			is_big;
	int			fd;
};

struct search {
	int			 folder_fd;	/* ours */
	uint64_t		 unknown_from;	/* no row can know a letter of
						   that number: it came in
						   this life, and was not read */
	struct search_file	*file;		/* NULL: not open */
	struct search_terms	*terms;		/* while it is made */
	uint64_t		 again_at_ms;	/* not before: 0, at once */
	uint64_t		 reached;	/* letters up to this are known,
						   in a row or pending */
	struct pending		 pending[PENDING_MOST];
	size_t			 pending_count;
	struct reading		 reading;
	struct letter_row	 wanted;	/* whose big file is, or 0 */
	uint64_t		 merged;	/* rows up to here do not merge */
	uint64_t		 swept;		/* were looked at for garbage */
	unsigned		 looks;		/* rows still to be looked at, for
					   those that were written */
	bool			 is_building;	/* to the end of what there is */
};

/* Of an account just opened; NULL when memory is out. */
struct search	*search_new(int folder_fd, const struct index *);
/* NULL is fine; what is pending is forgotten. */
void	search_free(struct search *);
/* See that search->file is open: 1, 0: there is none and `make` is not said. */
int	search_open(struct search *, bool make);
/* Give back the memory of pages: nothing is asked for a while. */
void	search_rest(struct search *);
/* Forget what is not written, and close. */
void	search_close(struct search *);
/* The letter at hand was read, or is not to be. */
void	search_end_reading(struct search *);
/*
 * Remove search.db: a letter has become another under its number.  0 or -errno:
 * then that must not become durable.
 */
int	search_drop(struct search *);

/* Merge two neighbours that are alike in size: 1, 0: none are, or -errno. */
int	search_merge(struct search *);
/*
 * Look at one row for letters that are gone, and put them out of it if they are
 * most: 1, 0: it is none's turn, or -errno.
 */
int	search_sweep(struct search *, struct index *);

#endif
