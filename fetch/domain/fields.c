/*
 * fields.c - the header of a collected message, whatever stands between
 */
#include "fetch/domain/fields.h"

const char *const domain_known_envelopes[DOMAIN_KNOWN_COUNT] = {
	"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To",
	"X-RCPT-TO", "X-Deliver-To", "X-Delivered-To", "X-Apparently-To",
	"X-Real-To", "X-Recipient", "Original-Recipient"
};

bool
domain_field(struct slice *rest, struct header_field *field_out)
{
	while (rest->len > 0) {
		size_t lf;

		if (header_next(rest, field_out))
			return true;
		lf = slice_find(*rest, '\n');
		*rest = slice_after(*rest, lf == SIZE_MAX ? rest->len :
		    lf + 1);
	}
	return false;
}

bool
domain_field_named(struct slice *rest, struct slice name,
    struct header_field *field_out)
{
	while (domain_field(rest, field_out))
		if (slice_is_nocase(field_out->name, name))
			return true;
	return false;
}
