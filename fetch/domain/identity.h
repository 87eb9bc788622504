/*
 * identity.h - is this another copy of a message that came before?
 *
 * SMTP puts one copy per recipient into a domain's mailbox.  What all copies
 * share is their identity: Message-ID, Date, From, Subject, To, Cc, Sender,
 * Reply-To, what Content- fields say of the body, and the
 * body.  Trace fields and envelope headers differ between them and are left
 * out, and so are the form of line ends, how a field is folded, and empty lines
 * at the very end.  A copy whose body was changed on its way (a list's footer)
 * is another message, and arrives.
 *
 * Duplicates are per (identity, recipient), across runs (DESIGN.md, issue 3):
 * who has it already does not get it again, a new recipient does.
 *
 * Without a Message-ID the other fields and the body say who it is.  Without a
 * Date as well nothing tells two equal messages of a scanner or a meter from
 * one that is here twice: such a message has no identity, and arrives.
 */
#ifndef POSTROOM_FETCH_DOMAIN_IDENTITY_H
#define POSTROOM_FETCH_DOMAIN_IDENTITY_H

#include "fetch/digest.h"
#include "fetch/domain/decide.h"

/* What is kept of a header to find its fields; what is behind counts as body:
   then copies may differ, and both arrive. */
#define IDENTITY_HEADER_BYTES	DOMAIN_HEADER_BYTES

/* Private but for its size; to be used again for each message. */
struct identity {
	struct digest	digest;
	struct text	header;		/* until it is over */
	bool		in_body;
	bool		is_known;	/* it has what tells it apart */
	bool		cr;		/* the last byte was one */
	bool		in_line;	/* of the body, with something on it */
	uint64_t	empty_lines;	/* that may yet be the last */
	bool		failed;
};

/* 0 or -ENOMEM. */
int	identity_open(struct identity *);
/* A zeroed one is fine. */
void	identity_close(struct identity *);

/* Begin with another message. */
void	identity_begin(struct identity *);
/* More bytes of the message. */
void	identity_add(struct identity *, struct slice);
/* 0, -ENOENT (it has no identity), -ENOMEM or -EIO. */
int	identity_end(struct identity *,
	    unsigned char identity_out[DIGEST_BYTES]);

#endif
