/*
 * stage.h - a conductor with nobody around it but the test
 *
 * Real folder, real loop, real journal; the judge, the mailboxes and the door
 * are lists that the test looks at and answers from.  Everything the conductor
 * asked of them stands in one list, in order.
 */
#ifndef TESTS_UNIT_QUEUE_STAGE_H
#define TESTS_UNIT_QUEUE_STAGE_H

#include "filters/auth/same_body.h"
#include "policy/gateway.h"
#include "queue/conductor_inside.h"
#include "tests/unit/queue/scratch.h"

#define STAGE_MOST	2048
#define STAGE_ANN		7	/* accounts */
#define STAGE_BEN		8
#define STAGE_MESSAGE_BYTES	(4u * 1024 * 1024)

enum stage_what {
	STAGE_JUDGE, STAGE_DELIVER, STAGE_SETTLE, STAGE_WANT, STAGE_ANSWER,
	STAGE_WHOSE, STAGE_COMPARE, STAGE_SAVED, STAGE_WISHES, STAGE_RELAY,
	STAGE_PERSON, STAGE_EXPAND, STAGE_TURN, STAGE_TURN_DONE
};

/* One call of a port. */
struct stage_call {
	enum stage_what	 what;
	void		*ticket;
	uint64_t	 account;
	uint64_t	 upto, prune_below;	/* settle */
	struct message_id id;			/* judge, deliver */
	uint64_t	 position;		/* deliver */
	uint64_t	 bytes;			/* deliver: in the descriptor;
						   saved */
	int		 status;		/* saved */
	char		 first;			/* and the first of them */
	uint64_t	 serial;		/* answer, saved: of the asker */
	unsigned	 code;
	bool		 held, known;
	char		 words[256];		/* "STATUS WORDS"; whose, person,
						   deliver: address, folder */
	/* compare: what was shown, and what header and body digest to */
	struct same_body_ask ask;
	unsigned char	 digest[BIG_DIGEST_BYTES];
	char		 orcpt[64];		/* relay: of the first */
	bool		 is_released, is_decided, is_spam;	/* deliver */
	uint64_t	 turn;			/* turn, relay: its number */
	bool		 by_turn;		/* relay */
	bool		 is_done;		/* the test has answered it */
};

struct stage {
	struct scratch	 scratch;
	struct loop	*loop;
	struct conductor *conductor;
	struct conductor_options options;
	struct stage_call	 call[STAGE_MOST];
	size_t		 count;
	int		 judge_fault;	/* what the judge port returns */
	int		 deliver_fault;
	int		 whose_fault;
	int		 compare_fault;
	int		 wishes_fault;
	struct gateway	 gateways[4];	/* from stage_open() on */
	size_t		 gateway_count;
	bool		 is_keeper_away;	/* and they are not told */
	bool		 has_lists;	/* from stage_open() on: the keeper is
					   asked for wishes */
	bool		 has_groups;	/* the same: it is asked who gets it */
	const char	*author;	/* of the next verdicts, or NULL */
	bool		 author_is_shown, is_junk;
	unsigned	 recall_seconds;	/* of the next verdicts */
	enum verdict_action unless_spam;	/* of those with an author */
	const char	*folder;	/* of the next verdicts, or NULL */
	const char	*redirect;
	const char	*line, *value;	/* one of their header lines, or NULL */
	const struct edits *edits;
	uint64_t	 serial;
	unsigned	 noted;		/* results of the relay */
	unsigned	 wayless;	/* so often the postmaster was told */
	struct text	 ask;		/* the last that was asked: who gets it */
	char		 last[16384];	/* how the last delivery begins */
};

/* A hub in an empty folder; options may be changed before stage_open(). */
void	stage_new(struct stage *);
void	stage_drop(struct stage *);
/* Open the conductor; close it as a process that ends; both. */
void	stage_open(struct stage *);
/* The keeper says the gateway domains. */
void	stage_gateways(struct stage *);
void	stage_close(struct stage *);
void	stage_restart(struct stage *);
/* Killed and begun again: queue.db has what was committed, and no more. */
void	stage_kill(struct stage *);

/* Let the loop run until `what` was called `n` times more; fails if not. */
void	stage_wait(struct stage *, enum stage_what, size_t n);
/* Let the loop run so long. */
void	stage_run(struct stage *, unsigned ms);
/* Calls of this kind, and the n-th of them. */
size_t	stage_count(const struct stage *, enum stage_what);
struct stage_call *stage_call(struct stage *, enum stage_what, size_t n);
/* Forget all calls. */
void	stage_forget(struct stage *);

/* Submit `bytes` bytes of `fill` to ann (and ben); 0 or -errno. */
int	stage_submit(struct stage *, void *from, char fill, size_t bytes,
	    bool to_ben);
/* The same as a big file whose envelope says `said` bytes. */
int	stage_submit_big(struct stage *, void *from, size_t bytes, uint64_t said,
	    bool to_ben);
/* Answer the judging `n`. */
void	stage_judge(struct stage *, size_t n, enum verdict_action);
/* A message from submission to its 250, judged mild. */
void	stage_receive(struct stage *, char fill, bool to_ben);
/* Answer lookup `n`: `account` 0 is nobody. */
void	stage_whose(struct stage *, size_t n, int status, uint64_t account);
/* Answer what is wished `n`: `status`, and with 0 these bytes. */
void	stage_wish(struct stage *, size_t n, int status, struct slice wishes);
/* Answer comparing `n`: `status`, and with 0 whether it is the same. */
void	stage_compare(struct stage *, size_t n, int status, bool is_same);
/* Answer delivery `n`, settling `n`. */
void	stage_deliver(struct stage *, size_t n, int status);
void	stage_settle(struct stage *, size_t n, int status);
/* Damage the record there; the journal has one segment. */
void	stage_damage(struct stage *, uint64_t position);
/* Files in a folder below its own. */
size_t	stage_files(const struct stage *, const char *folder);
/* Are these words in the trail's files, as a crash would leave them now? */
bool	stage_trail_stands(const struct stage *, const char *words);
/* The same when all is written. */
bool	stage_trail_has(const struct stage *, const char *words);

#endif
