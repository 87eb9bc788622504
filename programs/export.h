/*
 * export.h - letters of an account on their way into files of other programs
 *
 * Where they come from: an IMAP session of the account (export.c), or, when its
 * index is damaged, the segments themselves (export_letters.c).  Where they go:
 * a Maildir (export_maildir.c) or mbox files (export_mbox.c).  Counts, words and
 * the session are those of an import (transfer.h).
 *
 * What is there already is left as it is, so that an export goes on where it was
 * broken off.
 */
#ifndef POSTROOM_PROGRAMS_EXPORT_H
#define POSTROOM_PROGRAMS_EXPORT_H

#include "programs/transfer.h"

struct export_message {
	struct slice	 bytes;		/* with CRLF */
	unsigned	 marks;
	struct slice	 keywords;	/* a space between */
	int64_t		 received_at_utc_ms;
	uint32_t	 uid;
};

struct export;

/* A form of files.  Each function: 0 or -errno, which ends the export. */
struct export_form {
	const char	*kind;		/* "maildir:", as it is said */
	/* A folder (UTF-8) begins; 1: it is there and whole, nothing of it is
	 * to come. */
	int		(*begin)(struct export *, struct slice folder,
			    uint32_t uidvalidity);
	/* Has it come before? */
	bool		(*has)(struct export *, uint32_t uid);
	int		(*add)(struct export *, const struct export_message *);
	/* The folder is over: all that was added is on the disk. */
	int		(*end)(struct export *);
	/* Give back what is open; nothing is kept of a folder that is not over,
	 * if it could not be gone on with. */
	void		(*close)(struct export *);
};

extern const struct export_form export_maildir, export_mbox;

struct export {
	struct transfer	*transfer;
	const struct export_form *form;
	const char	*path;		/* where to */
	const char	*only;		/* this folder alone; NULL: all */
	int		 fd;		/* of that folder */
	void		*state;		/* of the form */
};

/* All the folders of the account, from its session.  Exit code. */
int	export_account(struct export *);
/* Whatever letters there are, from their segments, into one folder. */
int	export_letters(struct export *, const char *number);

/* The form could not go on: say so.  Exit code. */
int	export_failed(struct export *, int error);
/*
 * Whoever owns the target may put into it what he likes while root writes there:
 * no link is followed, and nothing that stands there is written into.
 */
/* Make a folder that is not there, and open it: a descriptor or -errno. */
int	export_folder(int above_fd, const char *name);
/* A new file to write, in the place of what has its name: likewise. */
int	export_file(int folder_fd, const char *name);

#endif
