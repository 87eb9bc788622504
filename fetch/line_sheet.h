/*
 * line_sheet.h - what was carried and has not been written down yet
 *
 * The keeper writes it; until it says that it has, nothing is forgotten here.
 * Figures of an answer that was lost with its channel may be there twice: some
 * bytes of a budget, on the careful side.
 */
#ifndef POSTROOM_FETCH_LINE_SHEET_H
#define POSTROOM_FETCH_LINE_SHEET_H

#include "policy/line_counts.h"

/* Rows of one message: 288 bytes each, IPC_MAX_BYTES in all. */
#define LINE_SHEET_PAGE	500

struct line_sheet;		/* opaque; see line_sheet.c */

/* NULL when memory is out. */
struct line_sheet *line_sheet_new(void);
void	line_sheet_free(struct line_sheet *);

/* Add for the account of that month.  0 or -ENOMEM: then it is lost. */
int	line_sheet_add(struct line_sheet *, unsigned month, uint64_t account,
	    const struct line_counts *);
/* Is there something that nobody writes at the moment? */
bool	line_sheet_has_more(const struct line_sheet *);
/*
 * Pack a page of it, of one month, as KEEPER_LINE_ADD has it; it is being
 * written from now on.  False: nothing is left, or another page is under way.
 */
bool	line_sheet_take(struct line_sheet *, struct text *body);
/* That page: it stands there, or it does not and is to be written again. */
void	line_sheet_written(struct line_sheet *, bool is_written);

#endif
