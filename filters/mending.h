/*
 * mending.h - what is missing in a message that people send, or must not leave
 *
 * RFC 6409 8: Date and Message-ID are added where a mail program has left them
 * out, of a device (TRUST_DEVICE) From, too, and Bcc goes, which is for the
 * sender's own copy alone.  Return-Path is written by whoever delivers (RFC 5321
 * 4.4), so one that comes along goes too.
 * Nothing else is changed, and nothing of mail that comes from elsewhere.
 */
#ifndef POSTROOM_FILTERS_MENDING_H
#define POSTROOM_FILTERS_MENDING_H

#include "filters/verdict.h"
#include "lib/message/envelope.h"

/*
 * ACCEPT, with the edits that do it; 554 when there are too many for that.  The
 * message has a From field; `host` is what we call ourselves.
 */
void	mending_judge(struct slice message, const struct envelope *,
	    const char *host, struct verdict *verdict_out);

#endif
