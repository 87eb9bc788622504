/*
 * diagnosis.c - what was found about a remote mailbox, in rows
 */
#include "fetch/diagnosis.h"

#include <errno.h>

const char *const diagnosis_words[DIAGNOSIS_TOPIC_COUNT] = {
	[DIAGNOSIS_MESSAGES] = "messages",
	[DIAGNOSIS_SHAPE] = "shape",
	[DIAGNOSIS_HEADER] = "header",
	[DIAGNOSIS_COPIES] = "copies",
	[DIAGNOSIS_HOP] = "hop",
	[DIAGNOSIS_NOW] = "now",
	[DIAGNOSIS_THEN] = "then",
	[DIAGNOSIS_CASE] = "case",
	[DIAGNOSIS_OPTION] = "option",
};

void
diagnosis_pack(struct text *text, const struct diagnosis_row *row)
{
	pack_u8(text, (uint8_t)row->topic);
	pack_slice(text, slice_first(row->name, DIAGNOSIS_TEXT_MOST));
	pack_slice(text, slice_first(row->value, DIAGNOSIS_TEXT_MOST));
	pack_slice(text, slice_first(row->extra, DIAGNOSIS_TEXT_MOST));
	pack_u64(text, row->count);
	pack_u64(text, row->of);
	pack_u64(text, row->ours);
	pack_u64(text, row->different);
}

static struct slice
unpack_words(struct unpack *u)
{
	struct slice words = unpack_slice(u);

	if (words.len > DIAGNOSIS_TEXT_MOST ||
	    !slice_is_printable_ascii(words))
		u->bad = true;
	return words;
}

int
diagnosis_unpack(struct unpack *u, struct diagnosis_row *row_out)
{
	struct diagnosis_row row = { 0 };

	if (u->bad || u->rest.len == 0)
		return u->bad ? -EBADMSG : 0;
	row.topic = unpack_enum(u, DIAGNOSIS_TOPIC_COUNT);
	row.name = unpack_words(u);
	row.value = unpack_words(u);
	row.extra = unpack_words(u);
	row.count = unpack_u64(u);
	row.of = unpack_u64(u);
	row.ours = unpack_u64(u);
	row.different = unpack_u64(u);
	if (u->bad)
		return -EBADMSG;
	*row_out = row;
	return 1;
}

int
diagnosis_count(struct slice rows)
{
	struct unpack u = unpack_of(rows);
	struct diagnosis_row row;
	int count = 0, r;

	while ((r = diagnosis_unpack(&u, &row)) == 1)
		if (++count > DIAGNOSIS_ROWS_MOST)
			return -EBADMSG;
	return r < 0 ? r : count;
}
