/*
 * submit.h - whole messages, on their way into the queue
 *
 * A parcel is a message that has come to its end: a small one is sealed in a
 * memfd, a big one is in the queue's file already.  It holds space for its
 * bytes.  250 is its receipt, and only after that it may be deleted where it
 * came from.
 */
#ifndef POSTROOM_FETCH_SUBMIT_H
#define POSTROOM_FETCH_SUBMIT_H

#include <sys/queue.h>

#include "fetch/digest.h"
#include "fetch/protocol.h"
#include "lib/base/text.h"

struct collect;
struct envelope;
struct incoming;
struct ipc_message;
struct listed;
struct note;
struct recipient;
struct shared_made;

/* A size may count a line end as two octets, or as one. */
#define EXACT_CRLF	0x01u
#define EXACT_LF	0x02u

struct parcel {
	STAILQ_ENTRY(parcel) next;	/* of those in doubt */
	uint32_t	number;
	uint64_t	listed, bytes;	/* as stored */
	unsigned	exact;		/* EXACT_ bits: of the listed size */
	bool		not_carried;	/* a note, or put together here */
	bool		is_short;	/* much shorter than listed, or cut */
	unsigned char	digest[DIGEST_BYTES];
	int		memfd;		/* -1: in the big file `ticket` */
	uint64_t	ticket;
	struct text	envelope;	/* packed */
	/* of a domain's mail (address.h) */
	struct text	header;
	int		original_fd;	/* to be archived first; or -1 */
	bool		has_identity;
	unsigned char	identity[DIGEST_BYTES];
};

/* In the order in which they came. */
STAILQ_HEAD(parcels, parcel);

struct submissions {
	unsigned	unanswered;
	unsigned	put_off;	/* in a row */
};

/*
 * Of a message that has come to its end.  It takes over space for its bytes,
 * and the big file.  NULL: it cannot be had, and nothing was taken.
 */
struct parcel	*parcel_new(struct collect *, struct incoming *,
		    const struct mended *);
/*
 * A note instead of the message of that row; it takes over space for it.  NULL:
 * memory is out.
 */
struct parcel	*parcel_note(struct collect *, const struct listed *,
		    const struct note *);
/*
 * Of a domain's message that was put together here, as `made`: it takes over its
 * space and `fd`, and the packed envelope.  NULL: nothing was taken.
 */
struct parcel	*parcel_made(const struct listed *,
		    const struct shared_made *, int fd, struct text *envelope);
/*
 * It is no whole message: so it is stored, and the whole one left there.  When
 * memory is out it stays what it was, in doubt.
 */
void		 parcel_cut(struct parcel *);
/* It is not wanted: its file and its space go back. */
void		 parcel_drop(struct collect *, struct parcel *);
/*
 * The envelope of that row's message, but for what its bytes say;
 * `recipient_out` is the one it has.
 */
struct envelope	 submission_envelope(const struct collect *,
		    struct recipient *recipient_out, uint32_t number,
		    uint64_t listed);
/*
 * A submission was answered, of `bytes` that have not come over the line: a
 * note, or what was here; message NULL: the queue is lost.  The collection may
 * be over, and freed, with it.
 */
void		 submission_answered(struct collect *, uint64_t bytes,
		    struct ipc_message *message);
/* Whole messages of which it is not known yet that they are stored. */
unsigned	 parcels_pending(const struct collect *);
/*
 * To the queue; it is gone with that.  A domain's mail is addressed before
 * (address.h), and submitted now after that.
 */
void		 parcel_submit(struct collect *, struct parcel *);
void		 parcel_submit_now(struct collect *, struct parcel *);

#endif
