/*
 * search_file.h - search.db: the blocks of the search index, a row each
 *
 * A block knows the letters with a number above `after` and up to `last`, all
 * that there were; the one behind it begins where it ends.  The file may be
 * deleted at any time, and nothing is ever synced for it: each row has a
 * checksum, and where a power cut tore the file, a row or the chain of rows
 * does not fit.  Then, and when texts are not read as they were (another
 * version, other charsets) or belong to another index.db, it is made anew.
 *
 * Errors: -EUCLEAN (the file is damaged, to be removed), -ENOSPC, -EIO,
 * -ENOMEM.
 */
#ifndef POSTROOM_STORE_SEARCH_FILE_H
#define POSTROOM_STORE_SEARCH_FILE_H

#include "lib/base/text.h"

#define SEARCH_FILE	"search.db"

struct search_file;		/* opaque; see search_file.c */

/*
 * Open search.db in `folder_fd` (borrowed), made when it is not there, and made
 * anew when it is damaged or another's.  `reader` says how texts are read; it
 * is borrowed for the call.
 */
int	search_file_open(int folder_fd, struct slice reader,
	    struct search_file **file_out);
/* NULL is fine. */
void	search_file_close(struct search_file *);
/* As db_rest(). */
void	search_file_rest(struct search_file *);
/* Remove search.db, which nobody has open.  0 (also: there was none), -errno. */
int	search_file_remove(int folder_fd);

/* What a row says of its block. */
struct search_row {
	uint64_t	after, last;	/* numbers of letters */
	uint64_t	letters;
	uint64_t	bytes;		/* of the packed block */
};

/* The first row with a `last` above `after`: 1, 0 (none) or -errno. */
int	search_file_row(struct search_file *, uint64_t after,
	    struct search_row *row_out);
/* The highest `last`; 0 when there is no row. */
int	search_file_last(struct search_file *, uint64_t *last_out);
/*
 * The block of the first row with a `last` above `after`, added to `packed`.
 * 1, 0 (none) or -errno; -EUCLEAN also when it does not begin at `after`, nor
 * below.
 */
int	search_file_read(struct search_file *, uint64_t after,
	    struct search_row *row_out, struct text *packed);
/*
 * Write a block of `row` (its `bytes` are not looked at) in place of all blocks
 * from row->after to row->last.  In one transaction.
 */
int	search_file_write(struct search_file *, const struct search_row *row,
	    struct slice packed);

/*
 * As account_check() tells of search.db in `folder_fd`: each fault as one
 * sentence to `say`.  0 no fault, 1 faults, or -errno.
 */
typedef void search_fault_fn(void *arg, const char *sentence);
int	search_file_check(int folder_fd, search_fault_fn *say, void *arg);

#endif
