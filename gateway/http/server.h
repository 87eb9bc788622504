/*
 * server.h - HTTP/1.1 on connections that somebody else has accepted
 *
 * libmicrohttpd speaks HTTP, without its TLS and its threads: the door ends TLS
 * and passes the plain side of each connection here.  A request comes to its
 * owner whole, with its body; it is answered at once or in a later turn of the
 * loop.
 *
 * What a slow or greedy client costs is bounded: so many connections, so many
 * bytes of a head and of a body, and a deadline for each of head, body and
 * answer, however busily it trickles (HARDENING A81).
 */
#ifndef POSTROOM_GATEWAY_HTTP_SERVER_H
#define POSTROOM_GATEWAY_HTTP_SERVER_H

#include "gateway/http/head.h"
#include "lib/base/loop.h"
#include "lib/base/text.h"

#define HTTP_CONNECTIONS	256u	/* an office at nine o'clock */
#define HTTP_HEAD_BYTES		(32 * 1024)	/* with its answer's head */
#define HTTP_BODY_BYTES		(64 * 1024)	/* forms of 2 KiB; API lines */
#define HTTP_TARGET_BYTES	2048
#define HTTP_PEER_SIZE		46		/* INET6_ADDRSTRLEN */
#define HTTP_HEAD_MS		20000	/* from one answer to the next head */
#define HTTP_BODY_MS		30000	/* 64 KiB on the thinnest line */
#define HTTP_ANSWER_MS		60000	/* a login waits 15 s at most */

struct http;			/* opaque; see server.c */
struct http_exchange;		/* a request that has no answer yet */

/* Good until it is answered, or gone. */
struct http_request {
	struct slice		 method;
	struct slice		 path;	/* as it came: nothing is decoded */
	struct slice		 query;	/* what follows "?" */
	struct http_head	 head;
	struct slice		 body;
	const char		*peer;	/* numeric address */
};

/* One more field of an answer's head; NULL name: none. */
struct http_field {
	const char	*name;
	const char	*value;
};
#define HTTP_FIELDS	4

struct http_answer {
	unsigned	 status;
	const char	*type;		/* Content-Type; NULL: no body */
	struct slice	 body;		/* copied */
	bool		 may_be_kept;	/* by a cache; else no-store */
	bool		 closes;	/* the connection, after it */
	struct http_field fields[HTTP_FIELDS];
};

struct http_ports {
	void	*arg;
	/* A request; http_answer() is due. */
	void	(*request)(void *arg, struct http_exchange *,
		    const struct http_request *);
	/* Nobody waits for that answer any more. */
	void	(*gone)(void *arg, struct http_exchange *);
};

/*
 * NULL when it cannot be had.  Opens an epoll descriptor and an eventfd: before
 * the calls of the role are confined.
 */
struct http	*http_new(struct loop *, const struct http_ports *);
/* End all connections; NULL is fine. */
void		 http_free(struct http *);
/*
 * Serve the connected `fd` (owned, closed on failure too), whose client is at
 * `peer`.  0, or -EAGAIN: HTTP_CONNECTIONS are open, -ENOMEM.
 */
int		 http_serve(struct http *, int fd, struct slice peer);
/* Answer it; the exchange is the server's again. */
void		 http_answer(struct http_exchange *,
		    const struct http_answer *);
/* Whoever asked; the owner's own, kept for it. */
void		 http_set_owner(struct http_exchange *, void *owner);
void		*http_owner(const struct http_exchange *);

#endif
