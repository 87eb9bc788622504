/*
 * clam_inside.h - what loading the library and looking with it share
 */
#ifndef POSTROOM_FILTERS_CLAM_INSIDE_H
#define POSTROOM_FILTERS_CLAM_INSIDE_H

#include <clamav.h>

#include "filters/clam.h"
#include "filters/layers.h"

struct clam {
	struct cl_engine	*engine;	/* or NULL, and */
	const struct clamd	*clamd;		/* that one looks; or NULL */
	struct layers_tools	*tools;		/* with an engine */
	uint64_t		 looks;
	uint64_t		 signatures;
	struct clam_limits	 limits;
	bool			 has_unrar;
};

/* Have the library tell what it comes upon to the look that it is in. */
void	clam_tell_looks(struct cl_engine *);

#endif
