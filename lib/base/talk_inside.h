/*
 * talk_inside.h - an outgoing conversation as its own files see it
 *
 * talk.c opens it and says how it went, talk_options.c tells libcurl what it
 * must know, talk_drive.c gives it its turns on the loop, talk_tls.c judges
 * the certificate by what talk_trust.c trusts or talk_dane.c was told,
 * talk_session.c has that resumed, talk_bytes.c moves what is said once it is
 * open, talk_line.c counts that and holds it back.  A handler may free the
 * conversation; who calls one asks talk_tell...() whether it is still there.
 */
#ifndef POSTROOM_BASE_TALK_INSIDE_H
#define POSTROOM_BASE_TALK_INSIDE_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/queue.h>

#include "lib/base/bucket.h"
#include "lib/base/host.h"
#include "lib/base/talk.h"
#include "lib/base/text.h"

/* What a server may say before it is open; CAPA has some twenty lines. */
#define TALK_SAID_MOST	(64u * 1024)

struct talk_hall {
	struct loop	*loop;
	struct talk_trust *trust;
	uint64_t	 share;		/* of each, bytes a second */
	LIST_HEAD(, talk) talks;
};

/* One of the sockets with which libcurl tries to connect. */
struct talk_socket {
	SLIST_ENTRY(talk_socket) next;
	struct talk	*talk;
	curl_socket_t	 fd;
	struct watch	*watch;
};

/* What was seen of the other side's certificate. */
struct talk_certificate {
	bool		 is_pinned;
	unsigned char	 pin[TALK_PRINT_BYTES];
	const struct talk_dane *dane;	/* borrowed, or NULL */
	bool		 was_seen;
	unsigned char	 print[TALK_PRINT_BYTES];
	const char	*fault;		/* NULL: nothing is wrong with it */
	char		 tls_words[80];
};

/* A session that it begins with, and the one that comes of it. */
struct talk_resumption {
	struct talk_session *kept;	/* borrowed; NULL: none is wanted */
	unsigned char	 bond[TALK_PRINT_BYTES];	/* to what is trusted */
	bool		 was_offered, is_resumed;
	int64_t		 judged_utc_ms;	/* the certificates of the resumed */
};

/* What libcurl does not tell of a protocol. */
struct talk_protocol {
	const char	*scheme, *clear, *implicit;	/* of URLs */
	const char	*greets[2];	/* how a greeting may begin */
	/* or, of one that wants nobody now; if no tags, any line that says no */
	const char	*sends_away[2];
	bool		 has_tags;	/* before commands and their answers */
	const char	*logs_in[2];	/* how a login begins */
};

struct talk {
	struct talk_hall *hall;
	const struct talk_protocol *protocol;
	struct talk_events events;
	char		 host[HOST_NAME_MOST + 2];	/* no bracket, no dot */
	enum talk_tls	 tls;
	/*
	 * A multi handle of its own: libcurl looks through the connections of
	 * a handle when another is begun there, and ends those it has not used
	 * itself for two minutes (CURLOPT_MAXAGE_CONN), ours among them.
	 */
	CURLM		*multi;
	CURL		*easy;
	struct curl_slist *addresses;	/* of the host, and of the proxy */
	SLIST_HEAD(, talk_socket) sockets;
	struct timer	*tick;		/* libcurl's */
	struct timer	*deadline;	/* until it is open */
	struct timer	*soon;		/* readable, drained and failed */
	bool		*gone;		/* set when freed inside a handler */
	bool		 is_open;
	bool		 is_over;	/* failed() was called */

	/* while it is opened */
	uint64_t	 open_ms;
	bool		 is_connected;	/* some address has answered */
	bool		 waits_longer;	/* and libcurl was told so */
	bool		 tried_login;
	size_t		 said_bytes;	/* by the server, all together */
	bool		 is_nonsense;
	bool		 was_sent_away;	/* -ERR was all that it said */
	struct text	 lines;		/* not told yet, each ended by LF */
	char		 last[TALK_WORDS_MOST];	/* line that says something */
	size_t		 last_len;
	char		 error[CURL_ERROR_SIZE];
	struct talk_certificate certificate;
	struct talk_resumption resumption;

	/* once it is open */
	struct watch	*watch;
	int		 fd;		/* curl's */
	struct text	 out;
	size_t		 retry_bytes;	/* as many as were not taken last */
	bool		 tell_drained;
	bool		 held;
	bool		 may_have_more;	/* reading did not come to an end */
	bool		 is_deaf;	/* writing broke */
	bool		 broke;		/* reading did: it is over */

	/* what it may cost the line, and has cost it: talk_line.c */
	LIST_ENTRY(talk) in_hall;
	struct bucket	 share;
	struct timer	*fed;		/* its share has grown again; NULL: not
					   in the hall's list */
	bool		 is_starved;	/* until then */
	bool		 is_paced;	/* writing waits, too */
	struct talk_counts *counts;	/* borrowed, or NULL */
	uint64_t	 told_received, told_sent;	/* put into them */
	uint64_t	 wire_received, wire_sent;	/* the system says */
	int		 wire_fd;	/* of the socket looked at last: */
	uint64_t	 fd_received, fd_sent;
};

/* talk_drive.c: set libcurl's multi handle up on the loop.  0, -ENOMEM. */
int	talk_drive_open(struct talk *);
/* The connection is closed; what is known of it stays. */
void	talk_drive_stop(struct talk *);
void	talk_drive_close(struct talk *);

/* talk_options.c: the protocol of that scheme, or NULL. */
const struct talk_protocol *talk_protocol_of(const char *scheme);
/* These may be asked for. */
bool	talk_options_fit(const struct talk_options *);
/* Tell libcurl.  0, -EINVAL (an address is none) or -ENOMEM. */
int	talk_options_set(struct talk *, const struct talk_options *);
/* A greeting of one that wants nobody; see struct talk_protocol. */
bool	talk_sends_away(const struct talk *, struct slice line);
/* Keep these as the last words: printable, no longer than they may be. */
void	talk_keep_words(struct talk *, struct slice);

/* talk.c: libcurl has been given a turn; look what came of it. */
void	talk_look(struct talk *, CURLMcode);
/* Tell the end, from the loop; the conversation may be gone afterwards. */
void	talk_fail(struct talk *, enum talk_fault, struct slice words);

/* talk_bytes.c: what needs memory.  0, -ENOMEM. */
int	talk_bytes_new(struct talk *);
/* It is open; bytes go both ways from now on.  0, or a negative errno. */
int	talk_bytes_open(struct talk *);
void	talk_bytes_close(struct talk *);
/* Reading may go on. */
void	talk_bytes_resume(struct talk *);

/* talk_line.c: into the hall's list, out of it.  0, -ENOMEM. */
int	talk_line_new(struct talk *);
void	talk_line_free(struct talk *);
/* The hall has another share for it. */
void	talk_line_share(struct talk *);
/* Of `size` bytes so many may be read now; 0: `fed` comes. */
size_t	talk_line_room(struct talk *, size_t size);
/* So many were; what does the system say of `fd`, which is about to go? */
void	talk_line_received(struct talk *, size_t bytes);
void	talk_line_sent(struct talk *, size_t bytes);
void	talk_line_look(struct talk *, int fd);
/* It has ended: put what the system counted beyond it where it belongs. */
void	talk_line_settle(struct talk *);
/* CURLOPT_CLOSESOCKETFUNCTION: the last bytes, TLS's farewell, are counted. */
int		 talk_line_close(void *talk, curl_socket_t);
/* CURLOPT_SOCKOPTFUNCTION, with the conversation as its data. */
int	talk_line_socket(void *arg, curl_socket_t, curlsocktype);

/* talk_trust.c: of a hall, or NULL with the fault set or not; NULL is fine. */
struct talk_trust *talk_trust_new(struct slice pem, const char **fault_out);
void	talk_trust_free(struct talk_trust *);
/* SHA-256 of the PEM that it was made of. */
const unsigned char *talk_trust_print(const struct talk_trust *);
/* How many of its certificates no chain has needed yet. */
size_t	talk_trust_unread(const struct talk_trust *);
/* Is the chain shown one to be trusted, for that host?  An X509_V_ code. */
int	talk_trust_judge(struct talk_trust *, X509_STORE_CTX *shown,
	    const char *host);
/*
 * talk_dane.c: is it one that was published?  An X509_V_ code; `is_proved_out`:
 * a record says so, and not only that none is of use.
 */
int	talk_dane_judge(const struct talk_dane *, SSL *,
	    X509_STORE_CTX *shown, const char *host, bool *is_proved_out);
/* What of the certificate must be so, as talk_trust.c has it. */
bool	talk_trust_demand(X509_STORE_CTX *, const char *host);
/* talk_tls.c: CURLOPT_SSL_CTX_FUNCTION, with the conversation as its data. */
CURLcode talk_tls_prepare(CURL *, void *ssl_ctx, void *arg);
/* Keep what a handshake came to, and whose certificate it is about. */
void	talk_tls_note(struct talk *, const SSL *, const X509 *leaf);

/* talk_session.c: what a session is bound to.  0 or -EIO. */
int	talk_session_open(struct talk *, const struct talk_options *);
/* Before the handshake: have the session that is kept offered. */
void	talk_session_prepare(struct talk *, SSL_CTX *);
/* It has failed.  If it was never open, it is not tried with that again. */
void	talk_session_spoil(struct talk *);

#endif
