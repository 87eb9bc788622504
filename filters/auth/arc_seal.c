/*
 * arc_seal.c - what we found of a message that we pass on, to be sealed
 */
#include "filters/auth/arc_seal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "filters/auth/dkim_shape.h"
#include "filters/auth/results.h"
#include "lib/base/sasl.h"

/*
 * RFC 8617 4.1.2: those of its author and of others on the way.  Honest mail has
 * up to four, and of a hundred not all fit into our field.
 */
#define SIGNATURES_SIGNED	4

static const char *const chain_words[] = {
	[DKIM_CHAIN_NONE] = "none", [DKIM_CHAIN_PASS] = "pass",
	[DKIM_CHAIN_FAIL] = "fail",
};

/* The chain */

/* 0, or why it gets no set of ours. */
static int
judge_chain(const struct dkim_fields *fields, const struct arc_sets *sets,
    enum origin_result found, enum dkim_chain *chain_out)
{
	/* who reads the header in another way may see another author */
	if (fields->is_broken || fields->from_count != 1)
		return -EINVAL;
	if (arc_sets_failed(sets, fields))
		return -EALREADY;
	if (sets->newest == ARC_SETS)
		return -ERANGE;
	if (found == ORIGIN_PASS && sets->count > 0)
		*chain_out = DKIM_CHAIN_PASS;
	else if (found == ORIGIN_FAIL && sets->count > 0)
		*chain_out = DKIM_CHAIN_FAIL;
	else if (found == ORIGIN_NONE && sets->count == 0)
		*chain_out = DKIM_CHAIN_NONE;
	else
		return -EAGAIN;
	return 0;
}

static void
copy_chain(const struct dkim_fields *fields, const struct arc_sets *sets,
    struct text *before)
{
	size_t at[ARC_SETS * ARC_PARTS];
	size_t count = arc_sets_order(sets, sets->newest, at);

	for (size_t i = 0; i < count; i++) {
		struct slice whole = fields->field[at[i]].whole;

		text_add(before, whole);
		/* the last of a header without a body */
		if (!slice_has_suffix(whole, "\n"))
			text_add_str(before, "\r\n");
	}
}

static int
read_chain(const struct dkim_shape *shape, enum origin_result found,
    struct arc_seal *seal)
{
	struct dkim_fields *fields = malloc(sizeof(*fields));
	struct arc_sets sets;
	int r = fields == NULL ? -ENOMEM :
	    dkim_fields_read(text_slice(&shape->header), fields);

	if (r == 0) {
		arc_sets_find(fields, &sets);
		r = judge_chain(fields, &sets, found, &seal->chain);
	}
	if (r == 0) {
		seal->number = sets.newest + 1;
		/* 5.1.2: what is broken is not sealed again */
		if (seal->chain == DKIM_CHAIN_PASS)
			copy_chain(fields, &sets, &seal->before);
	}
	free(fields);
	return r < 0 ? r : text_failed(&seal->before) ? -ENOMEM : 0;
}

/* The fields */

static int
keep_value(struct arc_seal *seal, enum arc_part part, const struct text *value)
{
	return text_failed(value) || slice_cstr(text_slice(value),
	    seal->values[part], sizeof(seal->values[part])) < 0 ? -E2BIG : 0;
}

/* What both that are signed begin with. */
static void
begin_value(const struct arc_seal *seal, struct text *value)
{
	text_addf(value, "i=%u; a=%s; d=%s; s=%s; t=%" PRId64 "; ",
	    seal->number, dkim_shape_algorithm(seal->algorithm), seal->domain,
	    seal->selector, seal->now_utc);
}

/* RFC 8617 4.1.1: what our line of results says, behind its number. */
static int
write_results(struct arc_seal *seal, const struct origin_found *found,
    const char *host)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	text_addf(&value, "i=%u; ", seal->number);
	results_write(&value, host, found);
	return keep_value(seal, ARC_RESULTS, &value);
}

/* 4.1.2: like a signature of DKIM, over those that there are, too. */
static int
write_message(struct arc_seal *seal, const struct dkim_shape *shape)
{
	size_t others = header_count(text_slice(&shape->header),
	    VERDICT_SIGNATURE);
	TEXT_AUTO names = TEXT_INIT(VERDICT_VALUE_MAX);
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	dkim_shape_names(shape, &names);
	for (size_t i = 0; i < others && i < SIGNATURES_SIGNED; i++)
		text_addf(&names, ":%s", VERDICT_SIGNATURE);
	begin_value(seal, &value);
	text_addf(&value, "c=relaxed/relaxed; h=%.*s; bh=",
	    SLICE_FMT(slice_after(text_slice(&names), 1)));
	sasl_encode(&value, slice_of(shape->body_hash, DKIM_HASH_BYTES));
	text_add_str(&value, "; b=");
	return text_failed(&names) ? -E2BIG :
	    keep_value(seal, ARC_MESSAGE, &value);
}

static int
write_seal(struct arc_seal *seal)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	begin_value(seal, &value);
	text_addf(&value, "cv=%s; b=", chain_words[seal->chain]);
	return keep_value(seal, ARC_SEAL, &value);
}

/* Whoever has the key has signed it. */
static int
sign_value(struct arc_seal *seal, enum arc_part part, struct slice signature)
{
	TEXT_AUTO value = TEXT_INIT(VERDICT_VALUE_MAX);

	text_add_str(&value, seal->values[part]);
	sasl_encode(&value, signature);
	return keep_value(seal, part, &value);
}

int
arc_seal_begin(const struct dkim_tools *tools, struct slice message,
    const struct edits *edits, const struct origin_found *found,
    const char *host, int64_t now_utc, struct arc_seal *seal)
{
	struct dkim_shape shape = { .header = TEXT_INIT(0) };
	int r;

	seal->now_utc = now_utc;
	seal->is_message_signed = false;
	seal->before = (struct text)TEXT_INIT(DKIM_HEADER_BYTES);
	r = dkim_shape_read(tools, message, edits, &shape);
	if (r == 0)
		r = read_chain(&shape, found->arc, seal);
	if (r == 0)
		r = write_results(seal, found, host);
	if (r == 0)
		r = write_message(seal, &shape);
	if (r == 0)
		r = dkim_shape_hash(&shape, tools, DKIM_FIELD_ARC_MESSAGE,
		    arc_part_name(ARC_MESSAGE), seal->values[ARC_MESSAGE],
		    seal->hash);
	dkim_shape_free(&shape);
	if (r < 0)
		arc_seal_free(seal);
	return r;
}

void
arc_seal_free(struct arc_seal *seal)
{
	text_free(&seal->before);
}

/* The seal */

/* Our set in front of those before it, its seal on top, as it will stand. */
static void
write_sets(const struct arc_seal *seal, struct text *header)
{
	text_addf(header, "%s: %sAAAA\r\n", arc_part_name(ARC_SEAL),
	    seal->values[ARC_SEAL]);
	text_addf(header, "%s: %s\r\n", arc_part_name(ARC_MESSAGE),
	    seal->values[ARC_MESSAGE]);
	text_addf(header, "%s: %s\r\n", arc_part_name(ARC_RESULTS),
	    seal->values[ARC_RESULTS]);
	text_add(header, text_slice(&seal->before));
}

/* It is read back by the code that checks seals. */
static int
hash_seal(struct arc_seal *seal, const struct dkim_tools *tools,
    struct slice header, struct dkim_fields *fields)
{
	struct dkim_signature says;
	size_t at[ARC_SETS * ARC_PARTS], count;
	struct arc_sets sets;
	int r = dkim_fields_read(header, fields);

	if (r < 0)
		return r;
	arc_sets_find(fields, &sets);
	count = arc_sets_order(&sets, seal->number, at);
	if (count == 0 || at[count - 1] != 0 || dkim_signature_read_as(
	    &fields->field[0], DKIM_FIELD_ARC_SEAL, &says) != DKIM_VERIFIED)
		return -EINVAL;
	return dkim_fields_hash_seal(fields, at, count - 1, 0, &says, tools,
	    seal->hash);
}

int
arc_seal_message(const struct dkim_tools *tools, struct arc_seal *seal,
    struct slice signature)
{
	TEXT_AUTO header = TEXT_INIT(DKIM_HEADER_BYTES + 4096);
	struct dkim_fields *fields;
	int r = sign_value(seal, ARC_MESSAGE, signature);

	if (r == 0)
		r = write_seal(seal);
	if (r < 0)
		return r;
	write_sets(seal, &header);
	fields = malloc(sizeof(*fields));
	r = fields == NULL || text_failed(&header) ? -ENOMEM :
	    hash_seal(seal, tools, text_slice(&header), fields);
	free(fields);
	seal->is_message_signed = r == 0;
	return r;
}

int
arc_seal_add(struct arc_seal *seal, struct slice signature,
    struct verdict *verdict)
{
	int r = verdict->line_count + ARC_PARTS > VERDICT_LINES ? -E2BIG :
	    sign_value(seal, ARC_SEAL, signature);

	/* the newest on top, as everybody has them */
	for (unsigned part = ARC_PARTS; r == 0 && part-- > 0;)
		r = verdict_add_line(verdict, slice_str(arc_part_name(
		    (enum arc_part)part)), slice_str(seal->values[part]));
	return r;
}
