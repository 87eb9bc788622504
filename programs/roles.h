/*
 * roles.h - one table: what each role is, holds and may do (DESIGN.md 2)
 *
 * The parent reads it to start a role and to hand it its holdings; the role
 * reads it to build its walls; the confinement test reads it to prove that the
 * walls stand.
 */
#ifndef POSTROOM_PROGRAMS_ROLES_H
#define POSTROOM_PROGRAMS_ROLES_H

#include "lib/base/ipc.h"
#include "lib/base/sandbox.h"
#include "policy/accounts.h"
#include "policy/config.h"

/* Which part of the data directory a role works in. */
enum role_folder {
	FOLDER_NONE,
	FOLDER_POLICY,		/* DATA/policy */
	FOLDER_QUEUE,		/* DATA/queue: journal, kept, big, trail */
	FOLDER_ACCOUNT		/* DATA/accounts/INSTANCE */
};

/* One role at work, as its own code sees it. */
struct process {
	const struct role_row	*row;
	uint64_t		 instance;
	struct loop		*loop;
	struct ipc		*parent;
	struct config		 config;
	unsigned char		 hub_id[HUB_ID_BYTES];
	uid_t			 owner;		/* who started the hub */
	int			 folder_fd;	/* or -1 */
	int			 control_fd;	/* console: its listener */
	int			 listener_fd[CONFIG_LISTENERS];	/* door */
	struct slice		 certificate;	/* door: PEM */
	struct slice		 tls_key;
	struct slice		 seal_key;	/* keeper; wiped once taken */
	void			*state;		/* the role's own */
};

struct role_row {
	enum role		 role;
	const char		*user;		/* postroom-USER */
	enum role_folder	 folder;
	unsigned		 calls;		/* CALLS_ of sandbox.h */
	bool			 has_listeners;
	bool			 has_tls;
	bool			 has_control;
	bool			 has_seal_key;
	unsigned		 links;		/* FROM(): always connected to */
	const struct ipc_rule	*rules;		/* what others may say to it */
	/* Before any wall: what libraries open lazily later; or NULL. */
	int	(*open)(struct process *);
	/* Open what needs its folder or a thread; Landlock stands already. */
	int	(*start)(struct process *);
	/* A new channel.  0; or a negative errno: it is not wanted, freed. */
	int	(*peer)(struct process *, struct ipc *);
	/* The channel is gone; the role forgets it, the caller frees it. */
	void	(*lost)(struct process *, struct ipc *);
	/* End in good order, then loop_stop(); may take some turns. */
	void	(*stop)(struct process *);
	/* End if nobody needs it (mailbox); NULL: never. */
	void	(*if_idle)(struct process *);
};

/* The row of a role, or NULL for the parent. */
const struct role_row *role_row(enum role);

extern const struct role_row keeper_row, door_row, mailbox_row, queue_row,
    judge_row, console_row;

/* Be the role `row`, instance `instance`, and end with its exit status. */
_Noreturn void process_main(const struct role_row *, uint64_t instance);

/* The role behind this channel broke the rules or hangs: it is ended. */
void	process_accuse(struct process *, const struct ipc *,
	    const char *words);
/* Tell the parent that this role ends by itself now. */
void	process_retire(struct process *);
/* Ask the parent for a channel to the mailbox of `account`. */
int	process_want_mailbox(struct process *, uint64_t account);

#endif
