/*
 * names_inside.h - what the files of names.h share
 */
#ifndef POSTROOM_BASE_NAMES_INSIDE_H
#define POSTROOM_BASE_NAMES_INSIDE_H

#include <sys/queue.h>
#include <unbound.h>

#include "lib/base/names.h"

#define CLASS_IN	1	/* RFC 1035 3.2.4 */

struct names {
	struct loop	*loop;
	struct ub_ctx	*unbound;
	struct watch	*watch;
	LIST_HEAD(, lookup) lookups;		/* names.c */
	LIST_HEAD(, texts_lookup) texts;	/* names_texts.c */
};

/* Whoever waits for texts is not called any more. */
void	names_texts_forget(struct names *);

#endif
