/*
 * dkim_sign.c - a message on its way to be signed
 */
#include "filters/auth/dkim_sign.h"

#include <errno.h>
#include <inttypes.h>

#include "filters/auth/dkim_shape.h"
#include "lib/base/sasl.h"

/* All of the field's value but the signature. */
static int
write_value(const struct dkim_shape *shape, const char *domain,
    int64_t now_utc, struct dkim_draft *draft)
{
	TEXT_AUTO names = TEXT_INIT(VERDICT_VALUE_MAX);
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	dkim_shape_names(shape, &names);
	text_addf(&value, "v=1; a=%s; c=relaxed/relaxed; d=%s; s=%s; t=%"
	    PRId64 "; x=%" PRId64 "; h=%.*s; bh=",
	    dkim_shape_algorithm(draft->algorithm), domain, draft->selector,
	    now_utc, now_utc + DKIM_SIGNATURE_SECONDS,
	    SLICE_FMT(slice_after(text_slice(&names), 1)));
	sasl_encode(&value, slice_of(shape->body_hash, DKIM_HASH_BYTES));
	text_add_str(&value, "; b=");
	return text_failed(&names) || text_failed(&value) ||
	    slice_cstr(text_slice(&value), draft->value,
	    sizeof(draft->value)) < 0 ? -E2BIG : 0;
}

int
dkim_draft(const struct dkim_tools *tools, struct slice message,
    const struct edits *edits, const char *domain, int64_t now_utc,
    struct dkim_draft *drafts, unsigned count)
{
	struct dkim_shape shape;
	int r = dkim_shape_read(tools, message, edits, &shape);

	if (r < 0)
		return r;
	for (unsigned i = 0; r == 0 && i < count; i++) {
		r = write_value(&shape, domain, now_utc, &drafts[i]);
		if (r == 0)
			r = dkim_shape_hash(&shape, tools,
			    DKIM_FIELD_SIGNATURE, VERDICT_SIGNATURE,
			    drafts[i].value, drafts[i].hash);
	}
	dkim_shape_free(&shape);
	return r;
}

int
dkim_draft_add(const struct dkim_draft *draft, struct slice signature,
    struct verdict *verdict)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	text_add_str(&value, draft->value);
	sasl_encode(&value, signature);
	return text_failed(&value) ? -E2BIG : verdict_add_line(verdict,
	    slice_str(VERDICT_SIGNATURE), text_slice(&value));
}
