/*
 * door_handover.h - a connection past its login, as the door holds it
 *
 * door_handover.c gives it to the process of an account; door_resting.c takes
 * it back from there, and keeps it while nobody has anything to say.
 *
 * It is served through a bridge, or it rests and is a stream alone.
 */
#ifndef POSTROOM_PROGRAMS_DOOR_HANDOVER_H
#define POSTROOM_PROGRAMS_DOOR_HANDOVER_H

#include "lib/base/bridge.h"
#include "programs/door.h"
#include "programs/door_reading.h"
#include "store/service.h"

struct handover {
	LIST_ENTRY(handover) next;
	struct door	*door;
	struct bridge	*bridge;	/* NULL: it rests */
	struct stream	*client;	/* of one that rests; else NULL */
	struct reading	*reading;	/* comes first, or NULL */
	struct timer	*patience;
	uint64_t	 number;	/* names it to the mailbox */
	uint64_t	 account;
	int		 inner_fd;	/* for the mailbox; -1: it serves it, or
					   it rests */
	struct ipc	*asked;		/* it was sent there; no answer yet */
	struct ipc	*server;	/* that serves it, or NULL */
	uint64_t	 news_modseq;	/* of the account, since it was sent */
	uint64_t	 parted_modseq;	/* up to which it was told of news */
	struct text	 kept;		/* what `carried` points into */
	struct session_carried carried;
	enum session_service service;
	char		 login[ADDRESS_SIZE];
	char		 tag[SESSION_TAG_BYTES + 1];
};

/* Where those of an account are, and those of a few others. */
const struct handover_list *handovers_of(const struct door *,
	    uint64_t account);
/* All that is left of it is `client`, which it owns now. */
void	handover_rests(struct handover *, struct stream *client);
/* It rests no longer: the caller owns its client. */
struct stream	*handover_wakes(struct handover *);
/* Close what it still has, and free it. */
void	handover_free(struct handover *);
/*
 * Join `client` (owned) to a mailbox that is still to be found: sets `bridge`
 * and `inner_fd`.  0; or -ENOMEM or -errno, and the client is closed.
 */
int	handover_join(struct handover *, struct stream *client);
/* Give it to the process of its account, as soon as that is there. */
void	handover_give(struct handover *);

/* One that rests: "* BYE words", and that is the end of it. */
void	handover_dismiss(struct handover *, const char *words);

#endif
