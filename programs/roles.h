/*
 * roles.h - one table: what each role is, holds and may do (DESIGN.md 2)
 *
 * The parent reads it to start a role and to hand it its holdings; the role
 * reads it to build its walls; the confinement test reads it to prove that the
 * walls stand.
 */
#ifndef POSTROOM_PROGRAMS_ROLES_H
#define POSTROOM_PROGRAMS_ROLES_H

#include <sys/queue.h>

#include "lib/base/ipc.h"
#include "lib/base/sandbox.h"
#include "policy/accounts.h"
#include "policy/config.h"

/* Which part of the data directory a role works in. */
enum role_folder {
	FOLDER_NONE,
	FOLDER_POLICY,		/* DATA/policy */
	FOLDER_QUEUE,		/* DATA/queue: journal, kept, big, trail */
	FOLDER_ACCOUNT,		/* DATA/accounts/INSTANCE */
	FOLDER_SCAN		/* DATA/scan: scratch */
};

/* The smallest program that can play a role (DESIGN.md 2). */
enum role_program {
	PROGRAM_POSTROOMD,
	PROGRAM_NET,		/* links libcurl, libunbound, libmicrohttpd */
	PROGRAM_SCAN,		/* links libclamav */
	PROGRAM_COUNT
};

/* What a role is and may have: for the parent, its walls and their test. */
struct role_row {
	enum role		 role;
	enum role_program	 program;
	const char		*user;		/* postroom-USER */
	enum role_folder	 folder;
	unsigned		 calls;		/* CALLS_ of sandbox.h */
	unsigned		 holds;		/* HOLDS() bits */
	unsigned		 links;		/* FROM(): always connected to */
	bool			 has_instances;	/* runs while it is wanted */
};

/* One role at work, as its own code sees it. */
struct process {
	const struct role_row	*row;
	const struct role_code	*code;
	uint64_t		 instance;
	struct loop		*loop;
	struct ipc		*parent;
	LIST_HEAD(, peer)	 peers;		/* peers.h */
	struct config		 config;
	unsigned char		 hub_id[HUB_ID_BYTES];
	uid_t			 owner;		/* who started the hub */
	int			 folder_fd;	/* or -1 */
	int			 reading_fd;	/* a folder only to be read, or -1:
						   opened by open() */
	int			 control_fd;	/* console: its listener */
	int			 listener_fd[CONFIG_LISTENERS];	/* door */
	struct slice		 certificate;	/* door: PEM */
	struct slice		 tls_key;
	struct slice		 seal_key;	/* keeper; wiped once taken */
	struct slice		 trust;		/* fetch, relay: PEM, who is
						   trusted */
	struct slice		 smarthost_password;	/* relay: its file */
	struct slice		 rules;		/* judge: rules_bundle.h */
	int			 spam_fd;	/* judge, mailbox: spam_file.h,
						   or -1 */
	int			 policies_fd;	/* relay: sts_cache.h, or -1 */
	int			 reports_fd;	/* relay: tls_counts.h, or -1 */
	unsigned		 more_calls;	/* beside the row's; set in open() */
	void			*state;		/* the role's own */
};

/* What a role does; the program that plays it links this. */
struct role_code {
	enum role		 role;
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
	/* An account has news (PARENT_CHANGED, door); NULL: no matter. */
	void	(*changed)(struct process *, uint64_t account,
		    uint64_t modseq);
};

/* The row of a role, or NULL for the parent. */
const struct role_row *role_row(enum role);

/* "postroomd", "postroom-net", ... */
const char *role_program_name(enum role_program);

/* Linked by postroomd. */
extern const struct role_code keeper_code, door_code, mailbox_code,
    queue_code, judge_code, schedule_code;
/* Linked by postroom-net, and by postroom-scan. */
extern const struct role_code fetch_code, resolver_code, console_code,
    relay_code, scan_code;

/*
 * Be the role of that name and number, if it is one of `codes` (up to a NULL),
 * and end with its exit status.  Returns only if it is none of them.
 */
void	process_play(const struct role_code *const *codes, const char *name,
	    const char *number);

/* The role behind this channel broke the rules or hangs: it is ended. */
void	process_accuse(struct process *, const struct ipc *,
	    const char *words);
/* Tell the parent that this role ends by itself now. */
void	process_retire(struct process *);
/* Tell the parent that this account has changed (mailbox). */
int	process_has_changed(struct process *, uint64_t modseq);
/* Ask the parent for a channel to the mailbox of `account`. */
int	process_want_mailbox(struct process *, uint64_t account);
/* Ask it for one to the process that collects for `owner` (schedule). */
int	process_want_fetch(struct process *, uint64_t owner);

#endif
