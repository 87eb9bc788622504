/*
 * arc_sets.c - the sets of fields in which those who passed a message on have
 * sealed it
 */
#include "filters/auth/arc_sets.h"

#include "filters/auth/arc.h"
#include "filters/auth/dkim_tags.h"

static const char *const names[ARC_PARTS] = {
	[ARC_RESULTS] = "ARC-Authentication-Results",
	[ARC_MESSAGE] = "ARC-Message-Signature",
	[ARC_SEAL] = "ARC-Seal",
};

const char *
arc_part_name(enum arc_part part)
{
	return names[part];
}

/* The number of a field; 0: it has none that can be one. */
static unsigned
number_of(const struct header_field *field, enum arc_part part)
{
	const struct dkim_tag *tag;
	struct dkim_tags tags;
	unsigned instance;
	uint64_t number;
	bool passed;

	if (part == ARC_RESULTS)
		return arc_results_read(field->value, "", &instance,
		    &passed) ? instance : 0;
	if (dkim_tags_read(field->value, &tags) < 0)
		return 0;
	tag = dkim_tags_find(&tags, "i");
	return tag != NULL && slice_u64(tag->value, ARC_SETS, &number) == 0 ?
	    (unsigned)number : 0;
}

/* False: it has no number, or there is one like it. */
static bool
add_field(struct arc_sets *sets, const struct dkim_fields *fields, size_t i,
    enum arc_part part)
{
	unsigned number = number_of(&fields->field[i], part);
	bool is_there;

	sets->count++;
	if (number == 0)
		return false;
	is_there = sets->at[number - 1][part] != ARC_ABSENT;
	sets->at[number - 1][part] = i;
	if (number > sets->newest)
		sets->newest = number;
	return !is_there;
}

void
arc_sets_find(const struct dkim_fields *fields, struct arc_sets *sets_out)
{
	struct arc_sets *sets = sets_out;
	bool is_right = true;

	sets->newest = 0;
	sets->count = 0;
	for (unsigned i = 0; i < ARC_SETS; i++)
		for (unsigned part = 0; part < ARC_PARTS; part++)
			sets->at[i][part] = ARC_ABSENT;
	for (size_t i = 0; i < fields->count; i++) {
		unsigned part = 0;

		while (part < ARC_PARTS &&
		    !slice_is_word(fields->field[i].name, names[part]))
			part++;
		if (part < ARC_PARTS && !add_field(sets, fields, i,
		    (enum arc_part)part))
			is_right = false;
	}
	sets->is_whole = is_right && sets->count == sets->newest * ARC_PARTS;
}

bool
arc_sets_failed(const struct arc_sets *sets, const struct dkim_fields *fields)
{
	size_t at = sets->newest == 0 ? ARC_ABSENT :
	    sets->at[sets->newest - 1][ARC_SEAL];
	const struct dkim_tag *tag;
	struct dkim_tags tags;

	if (at == ARC_ABSENT ||
	    dkim_tags_read(fields->field[at].value, &tags) < 0)
		return false;
	tag = dkim_tags_find(&tags, "cv");
	return tag != NULL && slice_is_word(tag->value, "fail");
}

size_t
arc_sets_order(const struct arc_sets *sets, unsigned number,
    size_t at_out[ARC_SETS * ARC_PARTS])
{
	size_t count = 0;

	for (unsigned i = 0; i < number; i++)
		for (unsigned part = 0; part < ARC_PARTS; part++)
			if (sets->at[i][part] != ARC_ABSENT)
				at_out[count++] = sets->at[i][part];
	return count;
}
