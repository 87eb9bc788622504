/*
 * names_inside.h - what the files of names.h share
 */
#ifndef POSTROOM_BASE_NAMES_INSIDE_H
#define POSTROOM_BASE_NAMES_INSIDE_H

#include <sys/queue.h>
#include <unbound.h>

#include "lib/base/host.h"
#include "lib/base/names.h"

#define CLASS_IN	1	/* RFC 1035 3.2.4 */
#define TYPE_A		1	/* RFC 1035 3.2.2 */

struct names {
	struct loop	*loop;
	struct ub_ctx	*unbound;
	struct watch	*watch;
	LIST_HEAD(, lookup) lookups;		/* names.c */
	LIST_HEAD(, texts_lookup) texts;	/* names_texts.c */
	LIST_HEAD(, proof) proofs;		/* names_proofs.c */
	char		 anchor[HOST_NAME_MOST + 2];	/* "": there is none */
};

/* Whoever waits for texts is not called any more. */
void	names_texts_forget(struct names *);
void	names_proofs_forget(struct names *);

/* What libunbound says, when there is nothing of what was asked for. */
enum names_found names_none(const struct ub_result *);

#endif
