/*
 * held_digest.h - people are told once a day what is held for them
 *
 * At the office's digest_hour, one account after the other: the queue says what
 * is held for it that it was not told of, a mail tells that, and when the queue
 * has the mail it notes that they know.  So nothing is told twice, but where the
 * hub ended in between, and whom nothing is new for hears nothing.  A hub that
 * was off at that hour tells it when it is back.  The postmaster may have it
 * told at any time.
 */
#ifndef POSTROOM_PROGRAMS_HELD_DIGEST_H
#define POSTROOM_PROGRAMS_HELD_DIGEST_H

#include "fetch/notice.h"
#include "lib/base/ipc.h"
#include "policy/config.h"

#define HELD_DIGEST_NEVER	24u	/* as an hour: nobody is told */
#define HELD_DIGEST_LOOK_MS	(60u * 1000)
/* After the hub began: whoever starts it looks at other things first. */
#define HELD_DIGEST_FIRST_MS	(600u * 1000)
/* Between two looks whether a mail is in the queue. */
#define HELD_DIGEST_NOTE_MS	500u
/* Of those looks; then it is left, and told again another day. */
#define HELD_DIGEST_LOOKS	240u

struct held_digest;		/* opaque; see held_digest.c */

struct held_digest_ports {
	void	*arg;
	bool	 takes_replies;		/* people send by this hub */
	/* Have it said to that account: notice_post_send(). */
	int	(*send)(void *arg, uint64_t account, const struct notice *);
	/* Where that is: notice_post_where(). */
	int	(*where)(void *arg, uint64_t account);
	/* Who was told today may be told again: notice_post_anew(). */
	void	(*anew)(void *arg);
};

/*
 * Links in it begin with `url`, borrowed: held_digest_url().  NULL when memory is
 * out.
 */
struct held_digest *held_digest_new(struct loop *, unsigned hour,
		    const char *url, const struct held_digest_ports *);
/*
 * Where people are sent: "https://hub.office.example/held/".  Empty: this hub
 * listens nowhere for HTTPS.
 */
#define HELD_DIGEST_URL_SIZE	320
void	held_digest_url(const struct config *,
	    char url_out[HELD_DIGEST_URL_SIZE]);
/* People who answer it have logged in here: there is a door for that. */
bool	held_digest_takes_replies(const struct config *);
/* NULL is fine. */
void		 held_digest_free(struct held_digest *);
/* The queue is there, or (NULL) gone. */
void		 held_digest_queue(struct held_digest *, struct ipc *);
/* The postmaster wants it told now.  0, or -EAGAIN: there is no queue. */
int		 held_digest_now(struct held_digest *);
/* Look whether it is time: its timer does that, and tests. */
void		 held_digest_look(struct held_digest *);

#endif
