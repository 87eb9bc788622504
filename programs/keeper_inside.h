/*
 * keeper_inside.h - the keeper as its own files see it
 *
 * role_keeper.c hears what is asked, keeper_login.c answers who logs in,
 * keeper_forwards.c has people told where their mail goes, keeper_sending.c who may
 * send as whom and signs for them, keeper_blocks.c says
 * who is kept out, keeper_grey.c who is to come again later, and
 * keeper_answers.c answers what takes no time.  An answer that takes a while is
 * an errand, and who asked may be gone by then.
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_INSIDE_H
#define POSTROOM_PROGRAMS_KEEPER_INSIDE_H

#include <sys/queue.h>

#include "lib/base/pool.h"
#include "policy/blocks.h"
#include "policy/greylist.h"
#include "policy/login_cache.h"
#include "policy/login_delay.h"
#include "policy/seal.h"
#include "policy/send_rate.h"
#include "policy/session_cache.h"
#include "policy/whose_cache.h"
#include "programs/roles.h"

/* A door, which remembers what it was told of addresses. */
struct keeper_door {
	LIST_ENTRY(keeper_door) next;
	struct ipc	*ipc;
};

struct keeper {
	struct process		*process;
	struct policy		*policy;
	struct ipc		*schedule;	/* or NULL: not there now */
	struct ipc		*queue;		/* the same */
	LIST_HEAD(, keeper_door) doors;
	struct pool		*pool;
	struct login_delay	*delays;
	struct login_cache	*cache;
	struct whose_cache	*whose;
	struct session_cache	*sessions;
	struct blocks		*blocks;
	struct timer		*blocks_timer;	/* set: they are to be saved */
	struct send_rate	*sent;
	struct greylist		*greylist;
	struct timer		*greylist_timer;	/* the same */
	struct seal_key		 seal_key;
	unsigned		 logins;	/* attempts in all */
	unsigned		 hashing;	/* of them in the pool */
	LIST_HEAD(, errand)	 errands;	/* not answered yet */
};

/* Who asked, and may be gone when the answer is ready. */
struct errand {
	LIST_ENTRY(errand) next;
	struct keeper	*keeper;
	struct ipc	*from;		/* NULL: gone */
	uint64_t	 serial;
};

/* The keeper whose handler has been given `arg`. */
static inline struct keeper *
keeper_of(void *arg)
{
	struct process *process = arg;

	return process->state;
}

/* role_keeper.c: it is asked from here on, and answered once. */
void	keeper_errand_begin(struct errand *, struct keeper *,
	    struct ipc *from, uint64_t serial);
/* It is the caller's to free afterwards. */
void	keeper_errand_answer(struct errand *, const struct text *body);

/* It asks for all fetch accounts when it comes, if it is not there now. */
void	keeper_tell_schedule(struct keeper *);

/* keeper_answers.c: a question has come that is answered at once. */
int	keeper_on_asked(void *process, struct ipc *, struct ipc_message *);
/*
 * May `asker` have remote mailboxes?  Nobody may who is not there.  0, or what
 * reading says.
 */
int	keeper_may_fetch(struct keeper *, uint64_t asker, bool *may_out);

/* keeper_sending.c: answers of KEEPER_SENDER, _OWNED, _SIGN. */
int	keeper_answer_sender(struct keeper *, struct slice asked,
	    struct text *body);
int	keeper_answer_owned(struct keeper *, struct slice asked,
	    struct text *body);
int	keeper_answer_sealer(struct keeper *, struct slice asked,
	    struct text *body);
int	keeper_answer_sign(struct keeper *, struct slice asked,
	    struct text *body);

/*
 * The answer of KEEPER_SMARTHOST; nothing when it cannot be read, and
 * KEEPER_SMARTHOST_BYTES of the body are for the caller to wipe.
 */
#define KEEPER_SMARTHOST_BYTES	4096
int	keeper_answer_smarthost(struct keeper *, struct slice asked,
	    struct text *body);

/*
 * What changes with a password, and tells nothing about it: of the one that the
 * account has now (-ENOENT: nobody logs in), or of that.  0 or what reading says.
 */
int	keeper_stamp(struct policy *, const struct policy_account *,
	    uint64_t *stamp_out);
int	keeper_stamp_of(const struct password_secret *, uint64_t *stamp_out);

/* keeper_groups.c: answers of KEEPER_RCPT, _EXPAND. */
int	keeper_answer_rcpt(struct keeper *, struct slice asked,
	    struct text *body);
int	keeper_answer_expand(struct keeper *, struct slice asked,
	    struct text *body);
/*
 * Is that address the account's, or that of an alias with it behind?  0 or what
 * reading says.
 */
int	keeper_is_own(struct keeper *, uint64_t account, struct slice address,
	    bool *is_out);

/* keeper_forwards.c: the schedule is to tell people of what was set as them. */
void	keeper_tell_forwards(struct keeper *);
/* A forward of that account is another, or ended: that is logged, and told. */
void	keeper_forward_changed(struct keeper *, uint64_t account);
/* A KEEPER_FORWARD_TOLD has come.  0 or -EBADMSG. */
int	keeper_forward_told(struct keeper *, struct slice body);

/* keeper_login.c: a KEEPER_LOGIN has come. */
int	keeper_on_login(void *process, struct ipc *, struct ipc_message *);

#endif
