/*
 * conductor.h - the queue itself: from submission to settling (DESIGN.md 1, 3)
 *
 * The one road of every message: arrive, be judged, be received (journal),
 * be delivered once for each recipient, be settled.  It knows no other role:
 * what it wants of them goes out through its ports, and what they answer comes
 * back through the functions here.
 *
 * What stays true: 250 is said only for a message that is durable; what is
 * durable is delivered or kept where `status` and `trace` show it; a delivery
 * that is done twice is one letter.
 */
#ifndef POSTROOM_QUEUE_CONDUCTOR_H
#define POSTROOM_QUEUE_CONDUCTOR_H

#include "lib/base/loop.h"
#include "lib/base/pool.h"
#include "queue/outbound_plan.h"
#include "queue/service.h"
#include "queue/session_step.h"

struct archive_io;
struct journal_io;
struct ledger;
struct conductor;		/* opaque; see conductor_inside.h */

/* Who handed a message in, and which of his requests it was. */
struct asker {
	void		*from;		/* NULL: gone */
	uint64_t	 serial;
	bool		 is_fetch;	/* collected mail is all he brings */
	bool		 is_own;	/* what the hub itself has made is */
	const char	*reports_from;	/* reports of that address are all he
					   brings, "": none; NULL: other mail */
	bool		 is_mailbox;	/* what its owner saves is */
	uint64_t	 owner;		/* and it is for this account alone */
};

/*
 * All return 0 or a negative errno: then nothing was asked.  A `ticket` comes
 * back exactly once through the function named.
 */
struct conductor_ports {
	void	*arg;
	/* Judge it -> conductor_judged() */
	int	(*judge)(void *arg, void *ticket, struct slice packed_env,
		    int fd);
	/* Whose is that address? -> conductor_whose() */
	int	(*whose)(void *arg, void *ticket, struct slice address);
	/* What do these wish of that author? -> conductor_wished(); NULL:
	 * there is nobody to ask */
	int	(*wishes)(void *arg, void *ticket, struct slice author,
		    const uint64_t *accounts, size_t count);
	/* Who gets it (policy/groups.h: expand_ask)? -> conductor_expanded();
	 * NULL: there is nobody to ask */
	int	(*expand)(void *arg, void *ticket, struct slice packed_ask);
	/* Deliver it -> conductor_delivered() */
	int	(*deliver)(void *arg, void *ticket, uint64_t account,
		    struct slice packed_delivery, int fd);
	/* Settle -> conductor_settled() */
	int	(*settle)(void *arg, uint64_t account, uint64_t upto,
		    uint64_t prune_below);
	/* A channel to that mailbox is needed -> conductor_account_up() */
	void	(*want)(void *arg, uint64_t account);
	/* Is it the same body?  (same_body.h) -> conductor_compared() */
	int	(*compare)(void *arg, void *ticket, struct slice packed_ask,
		    int header_fd, int whole_fd);
	/* The disk failed for good: this process has to start anew. */
	void	(*broken)(void *arg, const char *what);
	/* Send it to another host (relay_job.h) -> conductor_relayed() */
	int	(*relay)(void *arg, void *ticket, struct slice packed_job,
		    int fd);
	/* What the relay has said, under that number, is durable. */
	void	(*noted)(void *arg, uint64_t number);
	/*
	 * Speak to the host that waits at `fd` (borrowed; relay_turn_pack()) ->
	 * conductor_turn_over(), once, if it is 0; and: nothing more is for it.
	 */
	int	(*turn)(void *arg, uint64_t number, struct slice packed_turn,
		    int fd);
	void	(*turn_done)(void *arg, uint64_t number);
	/* Who has that account, or (0) that address, or (empty) the
	 * postmaster's? -> conductor_person() */
	int	(*person)(void *arg, void *ticket, uint64_t account,
		    struct slice address);
	/* That account has answered what it was told of held mail, and this came
	 * of it: held_replied_pack() each; none: nothing of it could be read.
	 * NULL: nobody hears of it. */
	void	(*replied)(void *arg, uint64_t account, uint32_t count,
		    struct slice packed);
	/* Mail is late that has no way out; or NULL: nobody is to know. */
	void	(*wayless)(void *arg);
	/* What conductor_save() was asked for: 0 with its bytes, or -errno. */
	void	(*saved)(void *arg, const struct asker *, int status,
		    uint64_t bytes);
	/* QUEUE_IT_IS, with a descriptor that is borrowed. */
	void	(*made)(void *arg, const struct asker *,
		    const struct shared_made *, int fd);
	/* The answer to a submission or a request for space. */
	void	(*answer)(void *arg, const struct asker *,
		    const struct queue_answer *);
};

struct conductor_options {
	const char	*hostname;	/* in the Received line */
	unsigned char	 hub_id[16];
	uint32_t	 segment_bytes;
	unsigned	 segments;
	uint64_t	 transit_bytes;
	uint64_t	 ballast_bytes;
	uint64_t	 free_bytes;
	uint64_t	 message_bytes;	/* of a big file; 0: 64 MiB */
	uint64_t	 half_bytes;	/* kept of messages that were cut */
	unsigned	 settle_seconds;
	unsigned	 trail_days;
	unsigned	 quarantine_days;	/* of what is held; 0: for ever */
	unsigned	 archive_days;	/* of archive/; 1 at least */
	bool		 shares;	/* a second copy is taken from here */
	struct outbound_plan outbound_plan;
	const struct outbound_domain *outbound_domains;	/* borrowed */
	size_t		 outbound_domain_count;
	struct outbound_line outbound_line;
	unsigned	 outbound_per_host;	/* conversations; 1 at least */
	unsigned	 outbound_most;		/* of all; the same */
	bool		 has_smarthost;	/* all that leaves goes there */
	/* without one nothing goes to the hosts that DNS names */
	bool		 never_direct;
	const struct journal_io *journal_io;	/* NULL: the disk */
	const struct archive_io *archive_io;	/* the same */
};

/*
 * Open everything below `folder_fd` (borrowed) and replay the journal.
 * 0, -EPROTO (a newer Postroom wrote it), -EXDEV (another hub's), or a negative
 * errno; the sentence is in the log.
 */
int	conductor_open(int folder_fd, const struct conductor_options *,
	    const struct conductor_ports *, struct loop *,
	    struct conductor **conductor_out);
/*
 * Settle nothing more, write the trail, close.  Waits for a running sync; what
 * was not answered yet stays unanswered.
 */
void	conductor_close(struct conductor *);

/*
 * May a message of `bytes` come?  Answered at once, through ports->answer: 250,
 * or 452.  One collector never holds more than the largest message and 8 MiB.
 */
void	conductor_grant(struct conductor *, const struct asker *,
	    uint64_t bytes);
/* The same for `count` messages of BIG_BYTES: all of them, or none. */
void	conductor_grants(struct conductor *, const struct asker *,
	    unsigned count);
/* `from` will not use the grant; one he was never given changes nothing. */
void	conductor_release(struct conductor *, void *from, uint64_t bytes);

/*
 * Begin a big file.  0, -ENOSPC (`from` has too many already) or a negative
 * errno: say "try again".
 */
int	conductor_big_begin(struct conductor *, void *from,
	    uint64_t *ticket_out);
/*
 * The same for a message of that listing, in a remote mailbox whose messages can
 * be asked for from an offset on: what comes of it is kept if it is cut (half.h).
 * Where `wants_half`, and something of it is kept, half_out->length is not 0 and
 * *half_fd_out is a read-only descriptor of it, owned by the caller.
 */
struct conductor_row {
	uint64_t	listing;
	uint32_t	number;
	bool		wants_half;
};
struct ledger_half;
int	conductor_big_begin_of(struct conductor *, void *from,
	    const struct conductor_row *, uint64_t *ticket_out,
	    struct ledger_half *half_out, int *half_fd_out);
/* From now on its bytes are not those of the wire.  It goes on. */
void	conductor_big_mended(struct conductor *, void *from, uint64_t ticket);
/* What is kept of that message is of no use, nor what comes of it (or 0). */
void	conductor_half_drop(struct conductor *, void *from, uint64_t listing,
	    uint32_t number, uint64_t ticket);
/*
 * More of it; a fault is kept and told at the submission.  One that grows
 * beyond message_bytes is dropped at once.
 */
void	conductor_big_feed(struct conductor *, uint64_t ticket, struct slice);
/* Its pipe has been closed by the writer: a submission may name it now. */
void	conductor_big_end(struct conductor *, uint64_t ticket);
/* No submission will name it; of a remote mailbox it may be kept as half. */
void	conductor_big_abandon(struct conductor *, void *from, uint64_t ticket);

/*
 * A big message that a person puts into the mailbox `asker` (APPEND) walks no
 * road: it is written as any other, within a grant of `bytes` that grows with
 * it, and named `id` by the letter that is made of it.
 * 0; -EDQUOT (this account has all the room that one may have), -ENOSPC, or
 * -errno.
 */
struct conductor_saving {
	uint64_t		ticket;
	struct message_id	id;
};
int	conductor_save_begin(struct conductor *, const struct asker *,
	    uint64_t bytes, struct conductor_saving *saving_out);
/*
 * All of it is here, and its pipe closed.  0: it is being made durable and
 * counted as the account's, see ports->saved(); conductor_big_abandon() takes
 * it back until then.  Else there is nothing of it: -ESTALE (no such ticket),
 * -EBADMSG (a breach: it is another's), -EFBIG, -ENOSPC, or -errno.
 */
int	conductor_save(struct conductor *, const struct asker *,
	    uint64_t ticket);

/*
 * A whole message, in `memfd` (sealed; owned from now on) or, when that is -1,
 * in big file `ticket`.  0: the answer comes through ports->answer, code 0
 * meaning that nobody may say anything.  -EBADMSG: the envelope or the file is
 * not what the door promises (a breach), names a collected message that no
 * listing of this asker has, or is not what this asker brings.
 */
int	conductor_submit(struct conductor *, const struct asker *,
	    uint64_t granted, struct slice packed_env, int memfd,
	    uint64_t ticket);

/*
 * The same, of one whose original is archived before anything else (archive.h):
 * the answer is another than 250, or that is durable.
 */
struct conductor_original {
	uint64_t	granted;
	int		memfd;		/* owned from now on; -1: it is big */
	uint64_t	ticket;		/* and there */
	int		original_fd;	/* borrowed, sealed: original_pack() */
};
int	conductor_submit_archived(struct conductor *, const struct asker *,
	    const struct conductor_original *, struct slice packed_env);

/*
 * May another copy of that row be here (QUEUE_HELD)?  Answered through
 * ports->answer, perhaps much later.  0 or -EBADMSG (a breach).
 */
int	conductor_held(struct conductor *, const struct asker *,
	    uint64_t listing, uint32_t number);
/*
 * Take the body from here (QUEUE_SHARED): `header_fd` (sealed; owned from now
 * on) is the header of that message, `sample` some of its body.  Answers as
 * conductor_submit(), and QUEUE_FETCH_IT.
 */
int	conductor_shared(struct conductor *, const struct asker *,
	    const struct shared_sample *sample, struct slice packed_env,
	    int header_fd);
void	conductor_compared(struct conductor *, void *ticket, int status,
	    struct slice packed_answer);

/* `status` < 0: the judge is gone, or did not answer in its form. */
void	conductor_judged(struct conductor *, void *ticket, int status,
	    struct slice packed_verdict);
/* A judge is there (again). */
void	conductor_judge_up(struct conductor *);

/*
 * The address that was asked for is that account's; 0: nobody's here.
 * `status` < 0: it cannot be said now.
 */
void	conductor_whose(struct conductor *, void *ticket, int status,
	    uint64_t account);

/*
 * What each of the accounts that were asked about wishes, a byte of enum
 * sender_wish each.  `status` < 0: it cannot be said now.
 */
void	conductor_wished(struct conductor *, void *ticket, int status,
	    struct slice wishes);
/* Does anybody keep a list of senders?  Asked for none while nobody does. */
void	conductor_has_senders(struct conductor *, bool has);
/*
 * Who has the account that was asked for; account 0: nobody has it.  `status`
 * < 0: it cannot be said now.
 */
struct conductor_person {
	uint64_t	account;
	struct slice	address, language;
};
void	conductor_person(struct conductor *, void *ticket, int status,
	    const struct conductor_person *);
/* The same of mail that is sent on: then it is asked who gets each message. */
void	conductor_has_forwards(struct conductor *, bool has);
/* Who gets it, as policy_expand() packs them; status 0 or negative. */
void	conductor_expanded(struct conductor *, void *ticket, int status,
	    struct slice answer);
/*
 * Whose mail leaves by a smarthost of its own, as the keeper has it.  0, -EBADMSG
 * or -ENOMEM: it stays as it was.
 */
int	conductor_ways(struct conductor *, struct slice packed);
/*
 * The gateway domains there are, as gateways_unpack() has them; until it is said
 * first, or while what that means for the rows cannot be noted, nothing leaves.
 * That is tried again, by timer.  What waits for one that is none any more is
 * held.  0 or -EBADMSG.
 */
int	conductor_gateways(struct conductor *, struct slice packed);
/* Somebody asks for the mail of one of them (ETRN): answered at once. */
void	conductor_etrn(struct conductor *, const struct asker *,
	    const struct etrn_asked *);
/*
 * Somebody takes it on a connection of its own (ATRN), which waits at `fd` (owned
 * from now on); answered at once.
 */
void	conductor_atrn(struct conductor *, const struct asker *,
	    const struct atrn_asked *, int fd);
/* That connection has ended, or the relay has. */
void	conductor_turn_over(struct conductor *, uint64_t number);
/* What the relay says; -ECONNRESET: its channel was lost with the question. */
void	conductor_relayed(struct conductor *, void *ticket, int status,
	    struct slice packed_result);
/*
 * Whose mail leaves by a smarthost of its own, as the keeper has it (ways.h).
 * 0; -EBADMSG, -ENOBUFS or -ENOMEM: it stays as it was.
 */
int	conductor_ways(struct conductor *, struct slice packed);
/* How the line stands: line_state_pack().  0 or -EBADMSG. */
int	conductor_line(struct conductor *, struct slice packed_state);
/* A relay is there (again), or gone. */
void	conductor_relay_up(struct conductor *, bool is_up);

/* The mailbox of `account` is connected; is lost. */
void	conductor_account_up(struct conductor *, uint64_t account);
void	conductor_account_lost(struct conductor *, uint64_t account);
/*
 * -ECONNRESET: the channel was lost with the question.  `is_in_inbox`: though a
 * folder was named, for there are as many as there can be.
 */
void	conductor_delivered(struct conductor *, void *ticket, int status,
	    bool was_there, bool is_in_inbox);
void	conductor_settled(struct conductor *, uint64_t account, uint64_t upto,
	    int status);

/* Is something on its way to that mailbox that it has not committed? */
bool	conductor_is_delivering(const struct conductor *, uint64_t account);

/* A read-only descriptor of a big file that `account` refers to, or -errno. */
int	conductor_big_open(struct conductor *, uint64_t account,
	    const struct message_id *, int *fd_out);
void	conductor_big_unref(struct conductor *, uint64_t account,
	    const struct message_id *);
/*
 * A person has deleted these for good in their account.  0: noted where it
 * matters, durable; or -errno: to be told again.
 */
int	conductor_expunged(struct conductor *, uint64_t account,
	    const struct message_id *ids, size_t count);
/*
 * What that account has deleted matters now: its mailbox is asked for, unless
 * it is connected, for it tells what an earlier life of it could not.
 */
void	conductor_hear(struct conductor *, uint64_t account);
/* What was done in account `account`, for the trail.  0, -EBADMSG: no such
 * word. */
int	conductor_step(struct conductor *, uint64_t account,
	    const struct session_step *);

/* What a mailbox's index has settled, when its channel begins. */
void	conductor_account_at(struct conductor *, uint64_t account,
	    uint64_t position);
/* Listings are told to the ledger itself. */
struct ledger *conductor_ledger(struct conductor *);

/* `from` is gone: nobody waits for those answers any more. */
void	conductor_asker_lost(struct conductor *, void *from);

/* What `postroom status` shows of the queue. */
void	conductor_status(struct conductor *, struct queue_status *status_out);

#endif
