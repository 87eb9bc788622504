/*
 * dkim_fields.c - the fields of a header, as a signature chooses among them
 */
#include "filters/auth/dkim_fields.h"

#include <errno.h>
#include <string.h>

#include "filters/auth/dkim_tags.h"

int
dkim_fields_read(struct slice header, struct dkim_fields *fields)
{
	struct header_field field;
	struct slice line;

	memset(fields, 0, sizeof(*fields));
	while (header.len > 0) {
		if (header_next(&header, &field)) {
			if (fields->count == DKIM_FIELDS)
				return -E2BIG;
			fields->field[fields->count++] = field;
			fields->from_count += slice_is_word(field.name,
			    "From");
			continue;
		}
		if (!slice_cut(&header, '\n', &line)) {
			line = header;
			header.len = 0;
		}
		/* the empty line is the last there is */
		if (header.len > 0 || slice_trim(line).len > 0)
			fields->is_broken = true;
	}
	return 0;
}

/* The signature's own field, without what is in its b=. */
static int
hash_own(const struct header_field *own, const struct dkim_signature *signature,
    struct dkim_digest *digest)
{
	size_t at = (size_t)(signature->data_whole.at - own->whole.at);
	TEXT_AUTO text = TEXT_INIT(own->whole.len);
	struct header_field field;
	struct slice rest;

	text_add(&text, slice_first(own->whole, at));
	text_add(&text, slice_after(own->whole, at +
	    signature->data_whole.len));
	rest = text_slice(&text);
	if (text_failed(&text) || !header_next(&rest, &field))
		return -ENOMEM;
	dkim_canon_field(signature->header_canon, &field, true,
	    dkim_digest_add, digest);
	return 0;
}

/* The lowest field of this name that is not taken yet. */
static void
hash_lowest(struct dkim_fields *fields, struct slice name,
    enum dkim_canon canon, struct dkim_digest *digest)
{
	for (size_t i = fields->count; i-- > 0;) {
		if (fields->is_used[i] ||
		    !slice_is_nocase(fields->field[i].name, name))
			continue;
		fields->is_used[i] = true;
		dkim_canon_field(canon, &fields->field[i], false,
		    dkim_digest_add, digest);
		return;
	}
}

int
dkim_fields_hash(struct dkim_fields *fields, size_t own,
    const struct dkim_signature *signature, const struct dkim_tools *tools,
    unsigned char hash_out[DKIM_HASH_BYTES])
{
	struct slice rest = signature->names, name;
	struct dkim_digest digest = { 0 };
	int r;

	memset(fields->is_used, 0, sizeof(fields->is_used));
	/* it can sign others of its name, never itself */
	fields->is_used[own] = true;
	dkim_digest_begin(&digest, tools, UINT64_MAX);
	while (dkim_list_next(&rest, &name))
		hash_lowest(fields, name, signature->header_canon, &digest);
	r = hash_own(&fields->field[own], signature, &digest);
	if (r == 0)
		r = dkim_digest_end(&digest, hash_out);
	dkim_digest_free(&digest);
	return r;
}

int
dkim_fields_hash_seal(const struct dkim_fields *fields,
    const size_t *before, size_t count, size_t own,
    const struct dkim_signature *signature, const struct dkim_tools *tools,
    unsigned char hash_out[DKIM_HASH_BYTES])
{
	struct dkim_digest digest = { 0 };
	int r;

	dkim_digest_begin(&digest, tools, UINT64_MAX);
	for (size_t i = 0; i < count; i++)
		dkim_canon_field(signature->header_canon,
		    &fields->field[before[i]], false, dkim_digest_add,
		    &digest);
	r = hash_own(&fields->field[own], signature, &digest);
	if (r == 0)
		r = dkim_digest_end(&digest, hash_out);
	dkim_digest_free(&digest);
	return r;
}
