/*
 * spam_file.h - the file of a spam model, mapped
 *
 * DATA/spam.model is what the whole site has learnt.  Only `postroom spam
 * learn` writes it, one at a time; judges and mailboxes map the same bytes
 * read-only through a descriptor from the parent, and know at once what was
 * learnt.  What a person has said of mail is in a file of that name in the
 * account's folder, smaller, and written by the account's mailbox, or with --for.
 */
#ifndef POSTROOM_PROGRAMS_SPAM_FILE_H
#define POSTROOM_PROGRAMS_SPAM_FILE_H

#include "filters/spam/model.h"

#define SPAM_FILE_NAME	"spam.model"

struct spam_file {
	struct spam_model	 model;
	void			*map;		/* NULL: it is not open */
	size_t			 bytes;
};

enum spam_use {
	SPAM_TO_ASK,		/* read-only, and all of it is looked at */
	SPAM_TO_LOOK,		/* read-only, with a look at its head */
	SPAM_TO_LEARN
};

/*
 * Map the model in `fd`, which can be closed then.  All of it is read before: a
 * bad sector is an error here, and a signal in a mapping.  Not so that of a site
 * which is only looked at: the judges have read it, and it takes 12 ms.
 *
 *  0        it is open.
 * -EBADMSG  it is no model, or a broken one.
 * -ENOTSUP  a newer program made it.
 * else what reading it gives.
 */
int	spam_file_map(int fd, enum spam_use, struct spam_file *file_out);

/*
 * Open the model below the folder `folder_fd` to learn.  One that is not there
 * is made, with 1 << `bits` places, which *is_new_out tells.  -EWOULDBLOCK: somebody learns
 * just now.  Else as spam_file_map().  *fd_out is the lock, to be closed last.
 */
int	spam_file_learn(int folder_fd, unsigned bits, int64_t now_utc,
	    struct spam_file *file_out, int *fd_out, bool *is_new_out);

/*
 * Is all of it still in the file `fd`?  To read in the mapping what somebody has
 * cut off would end us by a signal.
 */
bool	spam_file_is_whole(int fd, const struct spam_file *);

/* Fine when it is not open. */
void	spam_file_close(struct spam_file *);

#endif
