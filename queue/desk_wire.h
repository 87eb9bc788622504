/*
 * desk_wire.h - what the console asks of the postmaster's desk, as bytes
 *
 * The desk itself is outbound_desk.h.  What is packed here is read again with 0
 * or -EBADMSG.
 */
#ifndef POSTROOM_QUEUE_DESK_WIRE_H
#define POSTROOM_QUEUE_DESK_WIRE_H

#include "lib/base/pack.h"
#include "queue/outbound_desk.h"
#include "queue/recall.h"

#define DESK_PAGE	40	/* rows of an answer: of 2,600 bytes at most */

enum desk_status {
	DESK_OK,
	DESK_NONE,		/* no such message leaves, or none can */
	DESK_LATER,		/* memory, the disk */
	DESK_DAMAGED,		/* its file cannot be read */
	DESK_OURS,		/* that host is this hub itself */
	DESK_TOO_MANY,		/* so many domains go another way already */
	DESK_TELLING,		/* its sender is just being told of it */
	DESK_STATUS_COUNT
};

/* A question of any of them; what one does not need is empty. */
struct desk_ask {
	enum desk_act		act;
	struct desk_which	which;
	bool			all;	/* every message: nothing names one */
	bool			routes;	/* what comes for which.domain, too */
	struct slice		via, who;
	struct desk_place	place;	/* behind it */
};
void	desk_ask_pack(struct text *, const struct desk_ask *);
int	desk_ask_unpack(struct slice, struct desk_ask *ask_out);

/* One recipient. */
struct desk_row {
	struct rows_outbound	row;
	bool			is_sending;
	struct line_waits	waits;
	enum desk_way		way;
	struct slice		way_name;	/* whose smarthost, or which host */
};
void	desk_row_pack(struct text *, const struct desk_row *);
int	desk_row_unpack(struct unpack *, struct desk_row *row_out);

/* One that can be taken back. */
void	recall_row_pack(struct text *, const struct recall_row *);
int	recall_row_unpack(struct unpack *, struct recall_row *row_out);

/* Where it stopped. */
void	desk_place_pack(struct text *, const struct desk_place *);
int	desk_place_unpack(struct unpack *, struct desk_place *place_out);

#endif
