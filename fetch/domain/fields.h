/*
 * fields.h - the header of a collected message, whatever stands between
 *
 * header.h ends at the first line that can be no field.  In mail that was
 * stored and moved about such lines occur in the middle ("From " of an mbox, a
 * line folded without its blank), and the fields behind them count.
 */
#ifndef POSTROOM_FETCH_DOMAIN_FIELDS_H
#define POSTROOM_FETCH_DOMAIN_FIELDS_H

#include "lib/message/header.h"

/* Cut the next field off; lines that are none are passed over. */
bool	domain_field(struct slice *rest, struct header_field *field_out);
/* The next one of this name, in any letter case. */
bool	domain_field_named(struct slice *rest, struct slice name,
	    struct header_field *field_out);

#endif
