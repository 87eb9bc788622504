/*
 * door_scene.h - a door, a client that has logged in, and its mailboxes
 *
 * The test plays the parent, the mailboxes and the client.
 */
#ifndef TESTS_UNIT_PROGRAMS_DOOR_SCENE_H
#define TESTS_UNIT_PROGRAMS_DOOR_SCENE_H

#include "programs/door.h"
#include "store/service.h"
#include "tests/unit/programs/play.h"

#define DOOR_GUARD_MS	120000	/* only so that a hang becomes a failure */
#define DOOR_ACCOUNT	7

/* A mailbox that is played: what it was given and has not answered. */
struct door_mailbox {
	struct ipc	*ipc;
	unsigned	 sessions;
	uint64_t	 serial;	/* of the last one */
	uint64_t	 number;
	uint64_t	 quiet_ms;
	char		 state[64];
	int		 fd;		/* its socket, or -1 */
};

extern struct door_scene {
	struct play	 play;
	int		 client;	/* the far end of its connection */
} door_scene;

/* A fixture: somebody has just logged in; and the end of it. */
void	door_scene_begin(void);
void	door_scene_end(void);

/* The process of an account is there; or gone, with all that it held. */
void	door_mailbox_comes(struct door_mailbox *, uint64_t account);
void	door_mailbox_goes(struct door_mailbox *);
/* It says whether it serves the session. */
void	door_mailbox_answers(struct door_mailbox *, bool is_served);
/* Until it is so many. */
void	door_wait_for(const unsigned *count, unsigned wanted);
/* All that comes on `fd` is these words; and nothing at all. */
void	door_wait_words(int fd, const char *words);
void	door_say(int fd, const char *words);
void	door_wait_end(int fd);
void	door_wait_nothing(int fd);

#endif
