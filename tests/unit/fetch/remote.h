/*
 * remote.h - a POP3 server that behaves as badly as it is told to
 *
 * It runs in a thread of its own, on loopback, for as many conversations as a
 * test has.  What it was told to be is read before it starts; what it heard and
 * did, after remote_stop().
 */
#ifndef TESTS_UNIT_FETCH_REMOTE_H
#define TESTS_UNIT_FETCH_REMOTE_H

#include <pthread.h>
#include <stdint.h>

#include "lib/base/text.h"

#define REMOTE_MAIL	4096

struct remote_mail {
	struct slice	 bytes;		/* with CRLF; dots are doubled by it */
	const char	*uidl;		/* NULL: its number */
	const char	*listed;	/* NULL: the true size */
	bool		 is_raw;	/* sent as it is, with its own end */
	bool		 is_gone;	/* -ERR to RETR */
	bool		 varies;	/* another first line each time */
	bool		 is_once;	/* -ERR to the second RETR */
	unsigned	 retrs;		/* heard */
};

struct remote {
	/* told before */
	struct remote_mail mail[REMOTE_MAIL + 1];	/* from 1 */
	unsigned	 count;
	const char	*greeting;
	const char	*capa;		/* the list; NULL: -ERR */
	const char	*user, *pass;	/* replies; NULL: +OK */
	const char	*list, *uidl;	/* instead of the lists, whole */
	const char	*top;		/* a refusal */
	const char	*dele, *quit;	/* replies; "": none */
	unsigned	 in_use;	/* so many are, behind the first */
	size_t		 cut_after;	/* bytes of RETR, then hang up; 0: no */
	size_t		 mute_after;	/* the same, then silence */
	/* heard */
	struct text	 heard;		/* every command line, LF behind */
	unsigned	 conversations, retrs, deleted, most_at_once;
	unsigned	 most_retrs;	/* at once */
	bool		 has_quit;
	/* its own */
	int		 listener;
	uint16_t	 port;
	pthread_t	 thread;
	int		 stop[2];
	size_t		 sent;		/* of RETR */
};

/* An empty mailbox of a server that knows PIPELINING. */
struct remote	*remote_new(void);
/* Add a message; `bytes` must stay. */
struct remote_mail *remote_add(struct remote *, struct slice bytes);
void		 remote_start(struct remote *);
void		 remote_stop(struct remote *);
void		 remote_free(struct remote *);

#endif
