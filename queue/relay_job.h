/*
 * relay_job.h - what the queue asks of the relay, and what that answers
 *
 * One message for one destination and all its recipients there.  The bytes come
 * beside it as a descriptor that cannot be written.
 */
#ifndef POSTROOM_QUEUE_RELAY_JOB_H
#define POSTROOM_QUEUE_RELAY_JOB_H

#include "lib/message/envelope.h"

enum relay_kind {
	/*
	 * queue -> relay, 1 descriptor: relay_job_pack(); reply when it is over:
	 * relay_result_pack().  A queue that lost its answer asks the same, byte
	 * for byte, and hears what came of it: it is not sent twice.
	 */
	RELAY_SEND = 700,
	/*
	 * queue -> relay, news: u64 number of a result, which is durable here now;
	 * until then the relay keeps it
	 */
	RELAY_NOTED,
	/*
	 * queue -> relay, 1 descriptor: a host waits there to be spoken to (RFC
	 * 2645): relay_turn_pack(); reply, empty, when it is over
	 */
	RELAY_TURN,
	/* queue -> relay, news: u64 turn; nothing more is for it */
	RELAY_TURN_OVER
};

/* A connection that its host has made. */
struct relay_turn {
	uint64_t	number;		/* not 0 */
	struct slice	peer;		/* numeric address */
	struct slice	tls;		/* "TLSv1.3 ...", or empty */
};

/* RFC 5321 4.5.3.1.8: every host takes so many. */
#define RELAY_RECIPIENTS	100
#define RELAY_WORDS_MOST	512	/* of a reply */
#define RELAY_STATUS_MOST	16
#define RELAY_HOST_MOST		256
#define RELAY_JOB_BYTES		(120 * 1024)
#define RELAY_RESULT_BYTES	(100 * 1024)

struct relay_job {
	struct message_id	 id;
	struct slice		 domain;	/* empty: to the smarthost */
	/* "host:port": there, and nowhere else; empty: as `domain` says */
	struct slice		 via;
	/* of whom it is (policy/smarthosts.h); empty: the hub's */
	struct slice		 way;
	bool			 by_turn;	/* or not at all */
	struct slice		 sender;	/* empty: the null path */
	enum envelope_body	 body;
	bool			 utf8;		/* SMTPUTF8 was asked for */
	enum envelope_ret	 ret;
	struct slice		 envid;
	uint64_t		 bytes;		/* in the descriptor */
	struct slice		 trace;		/* lines to be put before them */
	struct recipient	*recipients;	/* their account is 0 */
	size_t			 recipient_count;
	uint64_t		 turn;		/* on that one; 0: on ours */
};

enum relay_outcome {
	RELAY_DONE,		/* 2xx to the end of the data */
	RELAY_LATER,
	RELAY_FAILED,		/* nobody need try again */
	RELAY_OUTCOME_COUNT
};

/* What came of one recipient. */
struct relay_reply {
	enum relay_outcome	 outcome;
	uint16_t		 code;		/* 0: these are our words */
	struct slice		 status;	/* "5.1.1"; may be empty */
	struct slice		 words;		/* printable, one line */
};

struct relay_result {
	uint64_t		 number;	/* the relay's; 0: it keeps none */
	bool			 was_reached;	/* a host was connected to */
	bool			 has_dsn;	/* it tells the sender (RFC 3461) */
	struct slice		 host;		/* that said it; may be empty */
	struct slice		 tls;		/* version and cipher; or empty */
	struct relay_reply	*replies;	/* in the order of the job's */
	size_t			 count;		/* 0: it was no try */
};

/* As bytes, and back: 0, -EBADMSG or -ENOBUFS (the arena). */
void	relay_job_pack(struct text *, const struct relay_job *);
int	relay_job_unpack(struct arena *, struct slice, struct relay_job *job_out);
/* It is the same message for the same recipients, on whatever connection. */
bool	relay_job_is_same(struct slice packed, struct slice other);
void	relay_turn_pack(struct text *, const struct relay_turn *);
/* 0 or -EBADMSG. */
int	relay_turn_unpack(struct slice, struct relay_turn *turn_out);
void	relay_result_pack(struct text *, const struct relay_result *);
int	relay_result_unpack(struct arena *, struct slice,
	    struct relay_result *result_out);

#endif
