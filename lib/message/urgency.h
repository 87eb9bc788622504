/*
 * urgency.h - does its sender say that a message is urgent?
 *
 * As mail programs write it: Priority (RFC 2156 5.3.6), Importance (the same),
 * X-Priority and X-MSMail-Priority, for which there is no RFC.
 */
#ifndef POSTROOM_MESSAGE_URGENCY_H
#define POSTROOM_MESSAGE_URGENCY_H

#include "lib/base/slice.h"

#define URGENCY_HEADER_BYTES	65536	/* what stands further down is no say */

/* The message, or as much of its beginning as is there. */
bool	urgency_is_high(struct slice message);

#endif
