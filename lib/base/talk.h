/*
 * talk.h - an outgoing conversation, opened and logged in by libcurl
 *
 * libcurl brings the connection up (CURLOPT_CONNECT_ONLY): addresses, TLS, the
 * greeting, CAPA and the login.  From there on the bytes are ours: what is
 * written goes out as it is, what comes is read until nothing is left.  Nothing
 * is shared between two conversations but the trust store (HARDENING A23), and
 * a TLS session where whoever opens them gives it (struct talk_session).
 *
 * Names are resolved before; credentials are given as options, never as part of
 * a URL (A56).  A conversation of which TLS is required sends no byte of the
 * login before it (A22).  Every wait of the beginning has a deadline.
 *
 * Events come from the loop, never from inside a call.  A handler may call
 * talk_free(); nothing is called for that conversation afterwards.  Once failed()
 * was called nothing is said to the other side any more.
 */
#ifndef POSTROOM_BASE_TALK_H
#define POSTROOM_BASE_TALK_H

#include "lib/base/loop.h"
#include "lib/base/slice.h"
#include "lib/base/talk_session.h"

#define TALK_WORDS_MOST	512	/* of what the other side said; longer is cut */
#define TALK_PRINT_BYTES 32	/* SHA-256 of a certificate (DER) */
#define TALK_WAITING_MOST (1024u * 1024)	/* bytes that wait to be sent */

struct talk_hall;		/* what the conversations of a loop share */
struct talk;			/* one of them; opaque, see talk.c */

enum talk_tls {
	TALK_CLEAR,		/* none: only if the owner said so */
	TALK_STARTTLS,		/* STLS first; without it there is no login */
	TALK_IMPLICIT,		/* from the first byte (RFC 8314) */
	/* where it is offered, whoever shows whatever certificate (RFC 7435);
	 * never with a login */
	TALK_MAYBE,
	TALK_TLS_COUNT
};

/* How libcurl logs in; the first one leaves that to whoever opened it. */
enum talk_login {
	TALK_LOGIN_NONE,	/* greeting, TLS and CAPA, no more */
	TALK_LOGIN_PLAIN,	/* RFC 4616 */
	TALK_LOGIN_LOGIN,
	TALK_LOGIN_CRAM_MD5,	/* RFC 2195 */
	TALK_LOGIN_APOP,	/* RFC 1939 7; POP3 only */
	/* the password is an access token (RFC 6750); only with TLS */
	TALK_LOGIN_XOAUTH2,	/* Google's, Microsoft's: no RFC */
	TALK_LOGIN_OAUTHBEARER,	/* RFC 7628 */
	TALK_LOGIN_ANY,		/* CRAM-MD5, PLAIN or LOGIN, what is offered */
	TALK_LOGIN_COUNT
};

/* Why there is no conversation (any more). */
enum talk_fault {
	TALK_UNREACHABLE,	/* no address answered */
	TALK_TIMED_OUT,		/* a deadline of the beginning has passed */
	TALK_NO_TLS,		/* TLS is required, the server offers none */
	TALK_TLS_FAILED,	/* the handshake did not come to an end */
	TALK_DISTRUSTED,	/* its certificate is not to be trusted */
	TALK_LOGIN_REFUSED,	/* the server said no to name and password */
	TALK_NO_MECHANISM,	/* it does not offer that way of logging in */
	TALK_NONSENSE,		/* what it said is not the protocol */
	TALK_CLOSED,		/* it hung up */
	TALK_LOCAL,		/* memory, descriptors: ours */
	TALK_FAULT_COUNT
};

/* Who carries it to the server; names are told to none but the last two. */
enum talk_proxy_kind {
	TALK_PROXY_NONE,
	TALK_PROXY_SOCKS5,	/* RFC 1928, with the server's address */
	TALK_PROXY_SOCKS5H,	/* with its name, which is looked up there */
	TALK_PROXY_HTTP,	/* CONNECT (RFC 9110 9.3.6), with its name */
	TALK_PROXY_COUNT
};

struct talk_proxy {
	enum talk_proxy_kind kind;
	const char	*host;
	uint16_t	 port;
	const char	*addresses;	/* of the proxy */
	const char	*user;		/* NULL: it wants no login */
	const char	*password;
};

/*
 * What a host has published of its certificate (DANE: RFC 7671, RFC 7672), in
 * place of what is trusted.  Records of usage 2 and 3 count; where there is
 * none of them, any certificate will do, and TLS is still to be had.
 */
struct talk_dane {
	const struct slice *records;	/* TLSA (RFC 6698 2.1) */
	size_t		 count;
	/* where no record is of use, it must be trusted as without any */
	bool		 or_trusted;
	const char	*also;		/* a name that an authority which was
					   published may have signed, beside
					   the host's own; or NULL */
};

/*
 * What conversations have carried, by what it was for: numbers of the caller's,
 * below TALK_CAUSES.  The first one gets what belongs to none: TLS, greeting,
 * login.  In all it is what the system counts (wire.h), or, where it does not,
 * what was read and written once it was open.
 */
#define TALK_CAUSES		9
#define TALK_CAUSE_SESSION	0
struct talk_counts {
	unsigned	cause;		/* of what is read and written now */
	struct {
		uint64_t	received, sent;		/* bytes */
	} bytes[TALK_CAUSES];
};

struct talk_options {
	const char	*scheme;	/* "pop3", "imap", "smtp", "https" */
	const char	*host;		/* as the owner typed it: for TLS too */
	uint16_t	 port;
	/* numeric, "192.0.2.1,[2001:db8::1]"; NULL: the proxy looks it up */
	const char	*addresses;
	struct talk_proxy proxy;
	enum talk_tls	 tls;
	enum talk_login	 login;
	const char	*called;	/* of SMTP: what EHLO says; else NULL */
	const char	*user;		/* copied; no control characters */
	const char	*password;	/* copied, wiped by talk_free() */
	/* the one certificate that is trusted, whatever it says; or NULL */
	const unsigned char *pin;	/* TALK_PRINT_BYTES */
	/* borrowed until it is open or has failed; or NULL.  Not with a pin, a
	 * session or TALK_MAYBE. */
	const struct talk_dane *dane;
	uint64_t	 connect_ms;	/* for all addresses together */
	uint64_t	 open_ms;	/* until it is open */
	/* bytes are added here, the last ones when it ends; or NULL */
	struct talk_counts *counts;
	bool		 is_paced;	/* the share holds writing back, too */
	/*
	 * Resumed, if it is fit; and what the server gives takes its place.  It
	 * is emptied when one that was offered it fails before it is open.
	 * Borrowed until talk_free(); or NULL.
	 */
	struct talk_session *session;
};

struct talk_events {
	void	*arg;
	/* A line the server said while it was opened, without its end. */
	void	(*line)(void *arg, struct slice line);
	/* It is open, and logged in if that was asked. */
	void	(*opened)(void *arg);
	/* Bytes can be read: talk_read() until -EAGAIN. */
	void	(*readable)(void *arg);
	/* All that was written has gone to the system; or NULL. */
	void	(*drained)(void *arg);
	/*
	 * It has ended: free it.  `words`: what the server said last, or what
	 * the TLS library says; for people, printable, maybe empty.
	 */
	void	(*failed)(void *arg, enum talk_fault, struct slice words);
};

/* Before any wall: what libcurl and OpenSSL open lazily later.  0, -errno. */
int	talk_global_open(void);

/*
 * A hall whose conversations trust the certificates in `trust_pem` (read now;
 * empty: none, only pins).  NULL when memory is out, or with `fault_out` set
 * (static words) when the PEM is not readable.
 */
struct talk_hall *talk_hall_new(struct loop *, struct slice trust_pem,
		    const char **fault_out);
/* After its last conversation; NULL is fine. */
void		 talk_hall_free(struct talk_hall *);

/*
 * From now on each conversation carries no more than so many bytes a second;
 * BUCKET_FREE (bucket.h): as many as it can, as in the beginning.  What libcurl
 * reads until it is open is not held back: some KiB; nor is what is written, though
 * it counts, but where that was asked for.
 */
void		 talk_hall_share(struct talk_hall *, uint64_t bytes_per_second);

/* Begin one.  0, -EINVAL (an option is not fit) or -ENOMEM. */
int		 talk_open(struct talk_hall *, const struct talk_options *,
		    const struct talk_events *, struct talk **talk_out);
/* Hang up and forget; NULL is fine. */
void		 talk_free(struct talk *);

/*
 * Queue bytes to be sent, once it is open; what the socket does not take now
 * waits here.  Once it is over they go nowhere: failed() comes.
 * 0, -ENOBUFS (more than TALK_WAITING_MOST) or -ENOMEM: then nothing was taken.
 */
int		 talk_write(struct talk *, struct slice);
size_t		 talk_waiting(const struct talk *);
/*
 * Read what has come, at most `size` bytes.  The count, -EAGAIN (nothing now:
 * readable() comes), or -ECONNRESET: it is over, failed() comes.
 */
int		 talk_read(struct talk *, char *bytes, size_t size);
/* While held, readable() does not come: the other side has to wait. */
void		 talk_hold(struct talk *, bool held);

/* The address in use, as text; "" before there is one. */
const char	*talk_peer(const struct talk *);
/*
 * "TLSv1.3 TLS_AES_256_GCM_SHA384", or "" without TLS; ", DANE" behind it: the
 * certificate is one that was published.
 */
const char	*talk_tls_words(const struct talk *);
/* A short name for that, SHA-256; zeros for NULL. */
void		 talk_dane_print(const struct talk_dane *,
		    unsigned char print_out[TALK_PRINT_BYTES]);
/* It began with that session: no certificate was shown. */
bool		 talk_is_resumed(const struct talk *);
/*
 * SHA-256 of the certificate that the server showed, trusted or not, or has
 * shown before where its session was resumed; false when none was seen.
 */
bool		 talk_print(const struct talk *,
		    unsigned char print_out[TALK_PRINT_BYTES]);

#endif
