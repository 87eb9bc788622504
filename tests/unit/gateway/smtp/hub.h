/*
 * hub.h - a hub of fakes around one SMTP session, and a client to talk to it
 *
 * Each request to another role is answered in a later turn of the loop, or
 * never.  hub_free() holds the test to it that the session has ended, that no
 * space is left granted and no request left open.
 */
#ifndef TESTS_UNIT_GATEWAY_SMTP_HUB_H
#define TESTS_UNIT_GATEWAY_SMTP_HUB_H

#include "gateway/smtp/limits.h"
#include "gateway/smtp/smtp.h"
#include "lib/base/text.h"

#define MOST_BYTES	(1024 * 1024)	/* of a message */
#define ROOM		5		/* recipients */

struct pending;			/* a request that waits for its answer */

/* The client, and everything around the session. */
struct hub {
	struct loop	*loop;
	struct smtp_options options;
	struct smtp_limits limits;
	struct smtp_ports ports;
	struct smtp_session *session;	/* NULL: it has ended */
	int		 client;
	struct watch	*watch;
	struct timer	*deadline;
	struct text	 heard;
	bool		 eof;
	bool		 timed_out;
	struct pending	*pending;
	bool		 hangs;		/* nobody answers */
	bool		 fails;		/* requests cannot even be made */
	int		 grant_code;	/* of the grants to come */
	int		 submit_code;
	uint64_t	 granted;	/* and not given back */
	unsigned	 grants;
	bool		 holds_enough;	/* the client, of space */
	bool		 has_room;	/* granted ahead: nothing is answered */
	unsigned	 unknown;	/* recipients it has asked for so far */
	enum smtp_grey	 grey;		/* what hub_grey() says */
	bool		 greys_fail;
	struct login_ports login;	/* ann's password is "se cret" */
	unsigned	 logins;	/* that were checked */
	struct text	 grey_asked;	/* "SENDER>RECIPIENT " of each */
	int		 big_fd;	/* our end of the pipe */
	bool		 breaks_pipe;
	bool		 reads_late;
	struct watch	*big_watch;
	struct text	 big;		/* what came through it */
	unsigned	 abandoned;
	unsigned	 messages;
	struct text	 message;	/* the last one submitted */
	struct text	 envelope;	/* and its envelope in words */
	struct text	 log;
};

/* A port for `ports.grey`, which is NULL at first. */
int		 hub_grey(void *, struct slice sender, struct slice recipient,
		    smtp_grey_fn *, void *reply_arg);
/* A hub nobody has connected to; change it before hub_connect(). */
struct hub	*hub_new(void);
/* Connect; `first` is said before the session begins. */
void		 hub_connect(struct hub *, const char *first);
/* The client closes without a word. */
void		 hub_hang_up(struct hub *);
/* Hang up, see the session end, and look for what was left behind. */
void		 hub_free(struct hub *);
/* Let the loop run until something is heard, or for `ms`. */
void		 hub_run(struct hub *, uint64_t ms);
/* The pipe of the big file can be read. */
void		 hub_on_big(void *arg, unsigned what);

/* The client says these bytes; the same, a byte in each turn of the loop. */
void		 hub_say(struct hub *, struct slice);
void		 hub_say_slowly(struct hub *, struct slice);
/*
 * Wait for one whole reply and hold it to `want`, the beginning of its last
 * line; "eof" is the end of the connection.
 */
void		 hub_hear(struct hub *, const char *want);
/* Say the line and wait for each of the replies, which "|" divides. */
void		 hub_talk(struct hub *, struct slice line, const char *wants);
void		 hub_talk_str(struct hub *, const char *line,
		    const char *wants);
/* From the greeting as far as the 354. */
void		 hub_talk_to_data(struct hub *);

#endif
