/*
 * came.h - when a message came to the mailbox it is in, by its header
 */
#ifndef POSTROOM_MESSAGE_CAME_H
#define POSTROOM_MESSAGE_CAME_H

#include "lib/base/slice.h"

/*
 * Seconds since 1970: its newest Received line that has a date, else its Date;
 * -1: it does not say.
 */
int64_t	header_came_at(struct slice header);

#endif
