/*
 * atrn.h - the argument of ATRN (RFC 2645 5.2.1)
 */
#ifndef POSTROOM_GATEWAY_SMTP_ATRN_H
#define POSTROOM_GATEWAY_SMTP_ATRN_H

#include "policy/gateway.h"
#include "queue/service.h"

struct atrn_names {
	char	at[ATRN_NAMES_MOST][GATEWAY_NAME_SIZE];
	size_t	count;		/* 0: all that are the client's */
};

/*
 * "branch.test,shop.test", or nothing; each in one form.  0, or -EINVAL: one is
 * none, or there are too many.
 */
int	atrn_read(struct slice args, struct atrn_names *names_out);

#endif
