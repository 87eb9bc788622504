/*
 * transfer.h - messages of other programs on their way into an account
 *
 * Who reads them (transfer_maildir.c, transfer_mbox.c) hands over folders and
 * messages in their order; they are saved in batches with APPEND, each with the
 * key it is known by (store/imported.h), so that what was brought before is
 * passed over and a second run goes on where the first one stopped.
 *
 * What cannot be taken is noted with its place and the reason, told at once and
 * counted; nothing else stops for it.  A function that returns an exit code has
 * told the reason of any but CLI_OK, and the import ends there.
 */
#ifndef POSTROOM_PROGRAMS_TRANSFER_H
#define POSTROOM_PROGRAMS_TRANSFER_H

#include "lib/message/marks.h"
#include "lib/message/mbox.h"
#include "programs/own_session.h"
#include "programs/transfer_progress.h"
#include "store/imported.h"

struct transfer_batch;		/* opaque; see transfer.c */

struct transfer {
	struct cli	*cli;
	const char	*address;	/* whose */
	const char	*into;		/* a folder above all; NULL: none */
	bool		 is_dry;	/* only look */
	enum mbox_quoting quoting;
	uint64_t	 message_bytes;	/* of the largest that is taken */

	struct own_session *session;	/* NULL when it is dry */
	struct transfer_batch *batch;
	struct text	 folder;	/* the one that messages go into */
	struct text	 notes;		/* JSON: what could not be taken */
	struct transfer_progress progress;

	/* counts */
	uint64_t	 folders;
	uint64_t	 found, found_bytes;
	uint64_t	 found_above;	/* in folders before this one */
	uint64_t	 taken;
	uint64_t	 before;	/* were brought before */
	uint64_t	 gone;		/* had been deleted there */
	uint64_t	 refused;	/* could not be taken */
	uint64_t	 lost_words;	/* keywords that IMAP cannot have */
};

struct transfer_message {
	struct slice	 bytes;		/* its line ends are LF or CRLF */
	unsigned char	 key[IMPORT_KEY_BYTES];
	unsigned	 marks;
	struct slice	 keywords;	/* a space between; any bytes */
	int64_t		 received_at_utc_ms;
	const char	*where;		/* for people: its file */
};

/* Everything is there to begin; `cli`, `address`, ... are set.  Exit code. */
int	transfer_begin(struct transfer *);
/* What stands in batches goes; the last words are said.  Exit code. */
int	transfer_finish(struct transfer *);
/* What came of it, for programs: one line of JSON. */
void	transfer_print(const struct transfer *);
/* Give all back. */
void	transfer_end(struct transfer *);

/*
 * What comes now goes into this folder (UTF-8, levels behind "/"; "INBOX"), or
 * below the one that is above all.  It is made, and subscribed to if asked.
 */
int	transfer_folder(struct transfer *, struct slice name,
	    bool is_subscribed);
/* One more. */
int	transfer_message(struct transfer *, const struct transfer_message *);
/* One that cannot be taken: `words` say why. */
void	transfer_refuse(struct transfer *, const char *where,
	    const char *words);
/* Something is to be known, and no message is lost by it. */
void	transfer_note(struct transfer *, const char *where,
	    const char *words);

/*
 * The key of a message: of the folder it goes into, and of `parts` (each with a
 * NUL behind it) that say which it is there.  0 or -EIO.
 */
int	transfer_key(const struct transfer *, const struct slice *parts,
	    size_t count, unsigned char key_out[IMPORT_KEY_BYTES]);
/* Add the name in a file system as one here: modified UTF-7, UTF-8, or Latin 1;
 * levels behind `delimiter` (0: it has none). */
void	transfer_name(struct text *, struct slice name, char delimiter);

/* All of a Maildir, Maildir++ or with folders in folders.  Exit code. */
int	transfer_maildir(struct transfer *, const char *path);
/* A mbox file, or a folder of them.  Exit code. */
int	transfer_mbox(struct transfer *, const char *path);

#endif
