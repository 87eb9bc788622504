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

/*
 * What delivering hosts are known to write for each copy.  The first of them are
 * left in a message by mailboxes that it passed on its way.
 */
#define DOMAIN_KNOWN_COUNT	11
#define DOMAIN_KNOWN_PASSED	3
extern const char *const domain_known_envelopes[DOMAIN_KNOWN_COUNT];

/* Cut the next field off; lines that are none are passed over. */
bool	domain_field(struct slice *rest, struct header_field *field_out);
/* The next one of this name, in any letter case. */
bool	domain_field_named(struct slice *rest, struct slice name,
	    struct header_field *field_out);

#endif
