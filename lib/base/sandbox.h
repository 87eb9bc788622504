/*
 * sandbox.h - what a role gives up before it reads a peer's first byte
 *
 * Three walls: another user, Landlock on the file tree, seccomp on the system
 * calls.  Each stands alone, so that a test can raise one at a time.
 */
#ifndef POSTROOM_BASE_SANDBOX_H
#define POSTROOM_BASE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define WALL_USER	1u
#define WALL_LANDLOCK	2u
#define WALL_SECCOMP	4u
#define WALLS_ALL	7u

/* System calls beyond what every role needs. */
#define CALLS_FILES	0x01u	/* open, make, rename, unlink files */
#define CALLS_ACCEPT	0x02u	/* accept connections from a listener */
#define CALLS_MEMFD	0x04u	/* make and seal memory files */
#define CALLS_PAIR	0x08u	/* make socket pairs of its own (AF_UNIX) */
#define CALLS_CONNECT	0x10u	/* connect to the world by TCP */
#define CALLS_DATAGRAM	0x20u	/* ask it by UDP */
#define CALLS_FORK	0x40u	/* processes of its own, and end them */
#define CALLS_LOCAL	0x80u	/* connect to sockets of this machine (AF_UNIX) */

struct sandbox {
	unsigned	 walls;		/* WALL_ bits */
	uid_t		 uid;		/* WALL_USER: become this; 0: stay */
	gid_t		 gid;
	const int	*folders;	/* WALL_LANDLOCK: only below these */
	size_t		 folder_count;
	const int	*reading;	/* and only to read, below these */
	size_t		 reading_count;
	unsigned	 calls;		/* WALL_SECCOMP: CALLS_ bits */
};

/*
 * First half: user, limits, Landlock.  Threads started after this are behind
 * the same walls.  *landlock_out says whether Landlock could be had.
 * 0, or a negative errno with the step that failed in `*step_out`.
 */
int	sandbox_enter_files(const struct sandbox *, bool *landlock_out,
	    const char **step_out);
/*
 * Second half: system calls, for every thread.  From now on an unknown call
 * returns ENOSYS and its number can be read with sandbox_refused(); a call on
 * the short list of what no role ever does kills the process.
 */
int	sandbox_enter_calls(const struct sandbox *, const char **step_out);

/* The first system call that was refused since the start, or -1. */
int	sandbox_refused(void);

/* This build confines nothing (sanitizers cannot live behind the walls). */
bool	sandbox_is_relaxed(void);

#endif
