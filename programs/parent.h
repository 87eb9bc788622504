/*
 * parent.h - the parent's own parts
 *
 * parent.c starts and stops the hub, children.c starts and stops the roles,
 * switchboard.c hears and connects them, holdings.c opens what they are handed.
 */
#ifndef POSTROOM_PROGRAMS_PARENT_H
#define POSTROOM_PROGRAMS_PARENT_H

#include <sys/queue.h>
#include <sys/types.h>

#include "programs/roles.h"
#include "programs/switchboard.h"

struct children;

/* What the parent opens and hands out. */
struct holdings {
	struct config	 config;
	struct slice	 config_text;
	unsigned char	 hub_id[HUB_ID_BYTES];
	int		 data_fd;		/* the data directory */
	int		 lock_fd;		/* run_dir/lock, held */
	int		 listener_fd[CONFIG_LISTENERS];
	int		 fd[HOLDS_COUNT];	/* the other holdings, or -1 */
};

/*
 * Read the configuration, take the lock, make the folders, open listeners and
 * the certificate.  0, or a negative errno after saying why in the log.
 */
int	holdings_open(const char *config_path, struct holdings *holdings_out);
/*
 * Read the configuration anew and take what it says in place of the old; a
 * fault is told in the log and leaves everything as it was.  0 or -errno.
 */
int	holdings_reload(const char *config_path, struct holdings *);
/* The user a role becomes; 0 and 0 when it stays.  0 or -ENOENT. */
int	holdings_user(const struct holdings *, const struct role_row *,
	    uid_t *uid_out, gid_t *gid_out);
/* The folder a role works in, made and owned as it must be; -1: none. */
int	holdings_folder(const struct holdings *, const struct role_row *,
	    uint64_t instance, int *folder_out);
void	holdings_close(struct holdings *);

/*
 * The running roles; `ready` is called once: all that always run are at work,
 * or one of them could not begin at all.
 */
struct children	*children_new(struct loop *, const struct holdings *,
		    void (*ready)(void *arg, bool all_up), void *arg);
/* Start every role that always runs.  0 or a negative errno. */
int	children_start(struct children *);
/*
 * Stop everything in good order, step by step; `done` is called when the last
 * one has ended.
 */
void	children_stop(struct children *, void (*done)(void *arg));
/*
 * Stop every role in good order and start all again, with what the holdings
 * are now; the listeners stay open meanwhile.
 */
void	children_restart(struct children *);
/* SIGCHLD has come. */
void	children_reap(struct children *);

#endif
