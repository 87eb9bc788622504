/*
 * append.h - a message that is put in place of another (RFC 8508)
 */
#ifndef POSTROOM_GATEWAY_IMAP_APPEND_H
#define POSTROOM_GATEWAY_IMAP_APPEND_H

#include "gateway/imap/session.h"

/* It is there, durably, and `code` says where: "APPENDUID 38505 3955". */
typedef void imapd_instead_fn(struct imapd_session *, void *arg,
	    struct slice code);

struct imapd_instead {
	uint32_t	 uid;		/* goes in the same commit from the
					   selected mailbox; 0: nothing does */
	imapd_instead_fn	*kept;		/* says the last words; NULL: as APPEND */
	void		*arg;
	/* why it is refused, after its message was taken off the input */
	const char	*no, *fault;	/* the words behind NO, BAD; or NULL */
	int		 error;		/* of the store */
};

/*
 * Append one message, which `parse` has come to the flags of, to mailbox `name`
 * of this account.  `instead` is lent until the command ends.
 */
void	imapd_append_instead(struct imapd_session *, struct imapd_parse *,
	    struct slice name, const struct imapd_instead *instead);

#endif
