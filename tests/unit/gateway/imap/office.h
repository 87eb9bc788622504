/*
 * office.h - the process of one account, played by a test of IMAP sessions
 *
 * Two clients on socket pairs, and a real account in a folder of its own.  It
 * asserts, for the test.
 */
#ifndef TESTS_UNIT_GATEWAY_IMAP_OFFICE_H
#define TESTS_UNIT_GATEWAY_IMAP_OFFICE_H

#include "gateway/imap/imap.h"
#include "tests/unit/gateway/pop3/peer.h"

#define IMAP_TRACE	"Received: here\r\n"
#define IMAP_BIG_SIZE	(3 * 1024 * 1024)

/* A session that has left. */
struct imap_parted {
	unsigned	 count;		/* of those that have, so far */
	int		 refusal;	/* what who asks to leave is told, if not 0 */
	int		 fd;		/* of the last one, or -1 */
	struct text	 state;
	uint64_t	 quiet_ms;
};

extern struct imap_office {
	struct loop	*loop;
	char		 folder[64];
	int		 folder_fd;
	struct account	*account;
	uint64_t	 position;
	struct pop3_peer peer[2];
	struct imapd_session *session[2];
	unsigned	 ended, forgets, failures;
	int		 big_refusal;	/* what `big` returns, if not 0 */
	int		 big_fd;	/* what it gives then */
	bool		 silent;	/* it gives nothing */
	bool		 shrinks;	/* and soon after has lost its end */
	imapd_big_fn	*reply;
	void		*reply_arg;
	struct timer	*answer;
	struct text	 steps;
	uint64_t	 rest_ms;	/* of sessions that begin from now on */
	struct imap_parted parted;
	struct imapd_office_ports others;	/* none, if a test says none */
} imap_office;

/* A fixture: an empty account without sessions, and its end. */
void	imap_office_open(void);
void	imap_office_close(void);

/*
 * The next letter, whose id is its number: `body` behind IMAP_TRACE, or one of
 * `big_bytes` in the queue's file.
 */
void	imap_deliver(struct slice body, uint64_t big_bytes);
/*
 * A message of IMAP_BIG_SIZE bytes in a file, with "Needle" in its last line;
 * it begins with `head`, or is one with a subject.
 */
void	imap_deliver_big_with(const char *head);
void	imap_deliver_big(void);

/* Client `i` has logged in; and has selected INBOX. */
void	imap_log_in(int i);
void	imap_select(int i);
/* The process ends, in good order and with no session in it; then the next. */
void	imap_next_process(void);
/* The session of client `i`, which has left last, goes on here. */
void	imap_come_back(int i);
/*
 * Client `i` says it, and waits for a line with `ending`: "a OK"; all that came
 * since, which is there until the next.
 */
struct slice imap_ask(int i, const char *say, const char *ending);

#endif
