/*
 * signed.h - a name server whose zone "far.test" is signed, in a thread
 *
 * The signatures are made as it answers (Ed25519, RFC 8080), over what a table
 * holds; what is not of that zone is not signed.  Each name is there, if only
 * with nothing (RFC 4470): it proves no such name by NODATA.
 */
#ifndef TESTS_UNIT_BASE_SIGNED_H
#define TESTS_UNIT_BASE_SIGNED_H

#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNED_ZONE	"far.test"

enum signed_type {
	SIGNED_A = 1, SIGNED_CNAME = 5, SIGNED_MX = 15, SIGNED_TLSA = 52
};

enum signed_as {
	SIGNED_WELL,
	SIGNED_WRONG,		/* over other bytes */
	SIGNED_NOT,		/* its signature was taken away */
	SIGNED_FAILS		/* SERVFAIL */
};

struct signed_row {
	const char	*name;
	enum signed_type type;
	/* of CNAME a name; of MX the preference in front of one; else bytes */
	const char	*data;
	size_t		 bytes;
	enum signed_as	 as;
};

struct signed_server {
	const struct signed_row *rows;	/* the last one has no name */
	EVP_PKEY	*key;
	int		 fd;
	uint16_t	 port;
	pthread_t	 thread;
	atomic_bool	 strips;	/* as a router that knows no DNSSEC */
	atomic_uint	 asked[256];	/* for that type */
	char		 anchor[64];	/* a file with its key */
};

/* Answer from these rows (borrowed), at a port of 127.0.0.1. */
void	signed_open(struct signed_server *, const struct signed_row *);
/* Its anchor's file goes, too. */
void	signed_close(struct signed_server *);

#endif
