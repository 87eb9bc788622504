/*
 * etrn.h - the argument of ETRN (RFC 1985 5)
 */
#ifndef POSTROOM_GATEWAY_SMTP_ETRN_H
#define POSTROOM_GATEWAY_SMTP_ETRN_H

#include "policy/gateway.h"
#include "queue/service.h"

/*
 * "branch.test", "@branch.test" or "#queue"; the name in one form, in `name_out`.
 * 0, or -EINVAL: it is none of these (HARDENING A09).
 */
int	etrn_read(struct slice args, enum etrn_kind *kind_out,
	    char name_out[GATEWAY_NAME_SIZE]);

#endif
