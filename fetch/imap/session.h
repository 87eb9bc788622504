/*
 * session.h - an IMAP conversation as a protocol of collections (protocol.h)
 *
 * login.c brings it to the point where folders can be selected, folders.c finds
 * them and goes from one to the next; session.c says what the steps of a
 * collection want to have said.  Messages are numbered by their UIDs.
 */
#ifndef POSTROOM_FETCH_IMAP_SESSION_H
#define POSTROOM_FETCH_IMAP_SESSION_H

#include "fetch/imap/choice.h"
#include "fetch/imap/imap.h"
#include "fetch/service.h"
#include "lib/base/arena.h"
#include "lib/base/text.h"

struct imap_watch;		/* opaque; see watch.c */

#define IMAP_FOLDERS_MOST	1000	/* as many as there may be here */
#define IMAP_FOLDERS_BYTES	(2u << 20)	/* their names, both forms */
#define IMAP_REMOVE_MOST	256	/* UIDs of one STORE: 2,816 bytes */

/* Capabilities; RFC 9051 6.1.1. */
#define IMAP_CAN_UIDPLUS	0x0001u		/* RFC 4315 */
#define IMAP_CAN_IDLE		0x0002u		/* RFC 2177 */
#define IMAP_CAN_COMPRESS	0x0004u		/* RFC 4978 */
#define IMAP_CAN_SPECIAL_USE	0x0008u		/* RFC 6154 */
#define IMAP_CAN_LIST_EXTENDED	0x0010u		/* RFC 5258 */
#define IMAP_CAN_ID		0x0020u		/* RFC 2971 */
#define IMAP_CAN_SASL_IR	0x0040u		/* RFC 4959 */
#define IMAP_CAN_PLAIN		0x0080u
#define IMAP_CAN_LOGIN		0x0100u		/* by SASL */
#define IMAP_CAN_CRAM_MD5	0x0200u
#define IMAP_CAN_XOAUTH2	0x0400u
#define IMAP_CAN_OAUTHBEARER	0x0800u
#define IMAP_NO_LOGIN		0x1000u		/* LOGINDISABLED */

struct imap_folder {
	struct slice	name;		/* as it was said */
	struct slice	utf8;
	struct slice	into;		/* here; empty: INBOX */
};

struct imap_session {
	struct imap	*imap;		/* NULL: it is being opened */
	unsigned	 can;		/* IMAP_ bits */
	bool		 is_known;	/* they were said since TLS, or login */
	bool		 is_preauth;	/* it lets in whoever comes */
	unsigned	 asked;		/* a step of login.c */
	/* the folders */
	struct arena	*arena;
	struct imap_choice choice;
	struct imap_folder *folders;
	unsigned	 count, at;	/* the one selected */
	bool		 is_selected;
	uint32_t	 exists, uidvalidity, uid_next;
	struct imap_watch *watch;	/* NULL: it collects */
	bool		 is_fickle;	/* its UIDs are new each time */
	uint32_t	*marked;	/* \Deleted there; UIDs that grow */
	size_t		 marked_count, marked_size;
	/* what is heard of messages, one at a time */
	const struct heard *heard_message, *heard_header, *heard_shape,
			*heard_section, *heard_sample, *heard_remove, *heard_ping,
			*heard_leave;
	struct text	 keywords;
	/* to be removed: of this STORE, and said already */
	uint32_t	 removing[IMAP_REMOVE_MOST], removed[IMAP_REMOVE_MOST];
	unsigned	 removing_count, removed_count;
};

/* login.c: begin a conversation. */
int	imap_begin(struct collect *);
/* The step after the login: find the folders, and list the first one. */
void	imap_folders(struct collect *);
/* Capabilities as they are said: a list of words. */
void	imap_can_read(struct imap_session *, struct slice words);
/* watch.c: the step after the login of a watch; what it hears. */
void	imap_watch(struct collect *);
void	imap_watch_heard(struct collect *, const struct imap_reply *);
void	imap_watch_free(struct imap_watch *);
/* watch.c: the folder selected, as an outcome says it; never 0. */
uint64_t imap_mark(const struct imap_session *);
/* Say what is to be removed, if that can be said now. */
void	imap_remove_flush(struct collect *);
/* The listing of the folder that is selected comes now: may it? */
void	imap_list(struct collect *);
/* folders.c: this one is marked \Deleted there. */
bool	imap_is_marked(const struct collect *, uint32_t uid);
/* folders.c: the next one, or good-bye. */
void	imap_next(struct collect *);
/* What NO means: pop3_refusal(), with the codes of RFC 9051 7.1. */
enum fetch_end imap_refusal(struct slice words, bool at_login);
/* The words of a status with their code in brackets, for people. */
void	imap_refuse(struct collect *, const struct imap_reply *,
	    bool at_login);

#endif
