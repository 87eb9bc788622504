/*
 * server.h - an IMAP server that behaves as badly as it is told to
 *
 * It runs in a thread of its own, on loopback.  What it was told to be is read
 * before it starts; what it heard and did, after server_stop().
 */
#ifndef TESTS_UNIT_FETCH_IMAP_SERVER_H
#define TESTS_UNIT_FETCH_IMAP_SERVER_H

#include <pthread.h>
#include <stdint.h>

#include "lib/base/text.h"

#define SERVER_FOLDERS	8
#define SERVER_MAIL	4096

struct server_mail {
	uint32_t	 uid;
	struct slice	 bytes;
	const char	*flags;		/* NULL: none */
	const char	*listed;	/* NULL: the true size */
	bool		 is_deleted, is_gone, is_unreadable;
};

struct server_folder {
	const char	*name;		/* on the wire, quoted if need be */
	const char	*attributes;
	uint32_t	 uidvalidity;	/* 0: it says none */
	bool		 is_closed;	/* NO to SELECT */
	struct server_mail mail[SERVER_MAIL];
	unsigned	 count;
};

/* What it makes of BODY[]<from.count>. */
enum server_partial {
	PARTIAL_RIGHT,
	PARTIAL_IGNORED,		/* all of it comes */
	PARTIAL_OTHER,			/* it says another origin */
	PARTIAL_SHORT,			/* a byte is missing */
	PARTIAL_REFUSED			/* NO */
};

struct server {
	/* told before */
	struct server_folder folders[SERVER_FOLDERS];	/* INBOX first */
	unsigned	 folder_count;
	const char	*greeting, *capability, *login;	/* the answers */
	const char	*noise;		/* before each answer to FETCH */
	unsigned	 noise_times;
	enum server_partial partial;
	int		 literal_off;	/* its length is wrong by so much */
	const char	*literal;	/* or is this */
	uint32_t	 wrong_uid;	/* instead of the true one */
	const char	*fetch_end;	/* instead of "OK done" to a text */
	size_t		 cut_after;	/* bytes of texts, then hang up */
	unsigned	 bye_after;	/* texts, then BYE */
	bool		 is_mute;	/* after the login */
	bool		 is_hasty;	/* ends commands when no more wait */
	bool		 opens_late;	/* a folder, too: against the RFC */
	bool		 empty_is_bad;	/* it knows no 1:* where nothing is */
	/* heard */
	struct text	 heard;		/* every command, LF behind, no tag */
	unsigned	 conversations, texts, most_texts;
	unsigned	 flights;	/* reads, until a text is asked for */
	bool		 has_logged_out;
	/* its own */
	int		 listener;
	uint16_t	 port;
	pthread_t	 thread;
	int		 stop[2];
	size_t		 sent;
};

/* An empty INBOX. */
struct server	*server_new(void);
struct server_folder *server_folder(struct server *, const char *name,
		    const char *attributes);
struct server_mail *server_mail(struct server_folder *, struct slice bytes);
void		 server_start(struct server *);
void		 server_stop(struct server *);
void		 server_free(struct server *);
/* How often a command that begins so was heard. */
unsigned	 server_heard(const struct server *, const char *part);

#endif
