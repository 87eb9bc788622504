/*
 * arc_seal_fuzz.c - whatever a message has come with, the seal on it is a set
 *
 * The input is one byte, what was found of its chain, and the message.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/arc_seal.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct dkim_tools *tools;
static struct dkim_fields fields;

/* Our lines on top of it are one set more, and the newest. */
static void
check(const struct arc_seal *seal, const struct verdict *verdict,
    struct slice header)
{
	TEXT_AUTO whole = TEXT_INIT(DKIM_HEADER_BYTES + 4096);
	struct arc_sets sets;

	for (size_t i = 0; i < verdict->line_count; i++)
		text_addf(&whole, "%s: %s\r\n", verdict->lines[i].name,
		    verdict->lines[i].value);
	text_add(&whole, header);
	assert(!text_failed(&whole));
	if (dkim_fields_read(text_slice(&whole), &fields) < 0)
		return;
	arc_sets_find(&fields, &sets);
	assert(sets.newest == seal->number);
	for (size_t i = 0; i < ARC_PARTS; i++)
		assert(sets.at[sets.newest - 1][i] == ARC_PARTS - 1 - i);
	assert(arc_sets_failed(&sets, &fields) ==
	    (seal->chain == DKIM_CHAIN_FAIL));
}

static void
finish(struct arc_seal *seal, struct slice message)
{
	static const unsigned char signature[256] = { 7 };
	struct verdict verdict;

	verdict_init(&verdict);
	if (arc_seal_message(tools, seal, slice_of(signature,
	    sizeof(signature))) < 0)
		return;		/* too long, or too many fields */
	assert(arc_seal_add(seal, slice_of(signature, sizeof(signature)),
	    &verdict) == 0);
	assert(verdict.line_count == ARC_PARTS);
	check(seal, &verdict, slice_first(message, header_bytes(message)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct edits none = { .count = 0 };
	struct arc_seal seal = { .algorithm = DKIM_RSA_SHA256,
	    .domain = "office.test", .selector = "k" };
	struct origin_found found = { .is_wanted = true,
	    .is_from_outside = true };
	struct slice message;

	if (tools == NULL && dkim_tools_open(&tools) < 0)
		abort();
	if (len == 0)
		return 0;
	found.arc = (enum origin_result)(bytes[0] % ORIGIN_RESULTS);
	message = slice_of(bytes + 1, len - 1);
	if (arc_seal_begin(tools, message, &none, &found, "mx.office.test",
	    1700000000, &seal) == 0)
		finish(&seal, message);
	arc_seal_free(&seal);
	return 0;
}
