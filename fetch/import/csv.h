/*
 * csv.h - rows of fields (RFC 4180), as spreadsheets and databases export them
 *
 * Fields are separated by commas, semicolons or tabs, whichever the first line
 * has; lines end with CR LF or LF.  A quoted field may hold separators, line
 * ends and, doubled, quotes; blanks around it do not count.  A UTF-8 mark at the
 * beginning is passed over.
 */
#ifndef POSTROOM_FETCH_IMPORT_CSV_H
#define POSTROOM_FETCH_IMPORT_CSV_H

#include "lib/base/arena.h"

#define CSV_FIELDS	128	/* of a row; MDaemon's accounts have 60 */

struct csv {
	struct slice	rest;
	char		separator;
	unsigned	line;		/* where the row that was read begins */
	unsigned	next_line;
};

/* Begin to read `bytes`. */
struct csv csv_of(struct slice bytes);
/*
 * The next row that is not empty; fields live in the arena or point into the
 * bytes.
 *  1        a row, of *count_out fields.
 *  0        that was all.
 * -EINVAL   it has a quote that does not end, or goes on behind its end, or
 *           too many fields; the row has been passed over.
 * -ENOBUFS  the arena's budget is spent.
 */
int	csv_next(struct csv *, struct arena *, struct slice fields[CSV_FIELDS],
	    unsigned *count_out);

#endif
