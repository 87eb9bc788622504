/*
 * keeper_grey.h - the keeper's word on who is to come again later
 */
#ifndef POSTROOM_PROGRAMS_KEEPER_GREY_H
#define POSTROOM_PROGRAMS_KEEPER_GREY_H

#include "programs/keeper_inside.h"

/* Answer KEEPER_GREY.  0 or -EBADMSG. */
int	keeper_grey_answer(struct keeper *, struct slice asked,
	    struct text *body);

/*
 * Who was known before the keeper began is known, and what changes from now on
 * is saved within a minute or so.  0 or -ENOMEM: a file that cannot be read is
 * told, and nobody is known.
 */
int	keeper_grey_open(struct keeper *);
/* It ends: save it now, if there is something new. */
void	keeper_grey_close(struct keeper *);

#endif
