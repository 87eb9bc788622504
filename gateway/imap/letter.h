/*
 * letter.h - the bytes of one letter, a piece at a time
 *
 * A letter is the account's trace lines, the message as it came, and the CRLF
 * that may lack at its end; offsets here go over all three.  A small letter is
 * lent by the store, a big one is read from its file.
 */
#ifndef POSTROOM_GATEWAY_IMAP_LETTER_H
#define POSTROOM_GATEWAY_IMAP_LETTER_H

#include "gateway/imap/session.h"
#include "lib/message/structure.h"

#define IMAPD_PIECE	32768	/* of a big letter, read at a time */

struct imapd_letter {
	struct selected	*selected;
	size_t		 n;		/* its place */
	struct letter_facts facts;	/* without `structure` */
	struct text	 packed;	/* the structure's bytes, or empty */
	struct structure structure;	/* when packed is not empty, or lent */
	struct text	 trace;		/* of a big one */
	char		*piece;		/* of a big one; IMAPD_PIECE bytes */
	int		 fd;		/* of a big one; -1: not open */
	bool		 is_lent;	/* `facts.text` is at hand */
};

/*
 * Look at the letter at place `n`; `wanted`: FACTS_SAVED, if it is.  0;
 * -EUCLEAN (its row makes no sense), or another negative errno.
 */
int	imapd_letter_find(struct imapd_letter *, struct selected *, size_t n,
	    unsigned wanted);
/*
 * The same with all that FACTS_STRUCTURE and FACTS_TEXT have told of it: lent as
 * long as the slices of `facts` are, and nothing more is read for it.  False: it
 * is big, cannot be read, or has no structure that can be used; nothing is lent.
 * `parts` false: only sections of the whole letter are wanted.
 */
bool	imapd_letter_lend(struct imapd_letter *, struct selected *, size_t n,
	    const struct letter_facts *facts, bool parts);
/* Forget it; what was never found, and one that was zeroed, are fine. */
void	imapd_letter_end(struct imapd_letter *);
/* Its bytes are wanted: must the file `*id_out` of a big one be had first? */
bool	imapd_letter_lacks_file(const struct imapd_letter *,
	    struct message_id *id_out);
/*
 * Here it is (owned; -1: it cannot be had).  0, or -EAGAIN, -EBADMSG (it is not
 * the file that the letter needs), -ENOMEM, ...
 */
int	imapd_letter_take_file(struct imapd_letter *, int fd);
/* Can it be read?  0, -EBADMSG (damaged) or another negative errno. */
int	imapd_letter_try(struct imapd_letter *);
/* See that `structure` is there: made of the message if it was not kept. */
int	imapd_letter_structure(struct imapd_letter *);

/* Add what it is called (RFC 8474 5.1): copies of it have the same id. */
void	imapd_add_email_id(struct text *, const struct letter_facts *);
/*
 * Bytes from offset `at` on, at most `most`, at least one if there are any:
 * valid until the next call here or of the store.  0 or -errno.
 */
int	imapd_letter_piece(struct imapd_letter *, uint64_t at, uint64_t most,
	    struct slice *piece_out);
/* Add all of those bytes to a text.  0 or -errno (-ENOBUFS: too many). */
int	imapd_letter_add(struct imapd_letter *, uint64_t at, uint64_t bytes,
	    struct text *);

#endif
