/*
 * mail_files.h - the messages in files that somebody has named
 *
 * A file is a message or an mbox; of a folder, a Maildir among them, all files
 * are taken, in any order.  Of a letter that the hub delivered, what it wrote on
 * top is left out: the judge has not seen that.
 */
#ifndef POSTROOM_PROGRAMS_MAIL_FILES_H
#define POSTROOM_PROGRAMS_MAIL_FILES_H

#include "lib/base/slice.h"

/* One message; everything in it lives until the function returns. */
struct mail_file {
	const char	*path;
	unsigned	 number;	/* in an mbox, from 1; 0: it is the file */
	struct slice	 on_top;	/* what the hub wrote; mostly empty */
	struct slice	 message;	/* as it came */
};

/* 0, or what ends the walk. */
typedef int	mail_files_fn(void *arg, const struct mail_file *);

/*
 * Hand every message at `path` to `fn`, without the lines that the hub called
 * `hostname` has put on top.  A link is followed only at `path` itself.  A file
 * that holds no message is counted in *passed, and one that goes meanwhile is
 * passed over.  0; what `fn` has returned; or a negative errno: something there
 * cannot be read.
 */
int	mail_files_walk(const char *path, const char *hostname,
	    mail_files_fn *fn, void *arg, uint64_t *passed);

#endif
