/*
 * packed.c - what the scanner saw in the archives and documents of a message
 */
#include "filters/packed.h"

#include <string.h>

#include "lib/message/words.h"

static bool
is_known(const struct packed *packed, struct slice name)
{
	struct slice one;
	size_t at = 0;

	while (packed_next(packed, &at, &one))
		if (slice_is(one, name))
			return true;
	return false;
}

/* Windows leaves such ends out: "a.exe. ." is a program. */
static struct slice
without_end(struct slice name)
{
	while (name.len > 0 && (name.at[name.len - 1] == ' ' ||
	    name.at[name.len - 1] == '.'))
		name.len--;
	return name;
}

void
packed_add(struct packed *packed, struct slice raw)
{
	TEXT_AUTO text = TEXT_INIT(PACKED_NAME_MOST);
	struct slice name;

	words_convert(&text, slice_of(NULL, 0), raw);
	name = without_end(text_slice(&text));
	if (text_failed(&text))
		packed->more = true;
	if (name.len == 0 || is_known(packed, name))
		return;
	if (name.len + 1 > sizeof(packed->names) - packed->len) {
		packed->more = true;
		return;
	}
	memcpy(packed->names + packed->len, name.at, name.len);
	packed->names[packed->len + name.len] = '\0';
	packed->len += name.len + 1;
}

bool
packed_next(const struct packed *packed, size_t *at, struct slice *name_out)
{
	struct slice rest = slice_after(slice_of(packed->names, packed->len),
	    *at);

	if (!slice_cut(&rest, '\0', name_out))
		return false;
	*at += name_out->len + 1;
	return true;
}

struct slice
packed_last(struct slice name)
{
	for (size_t i = name.len; i > 0; i--)
		if (name.at[i - 1] == '/' || name.at[i - 1] == '\\')
			return slice_after(name, i);
	return name;
}

void
packed_pack(struct text *text, const struct packed *packed)
{
	pack_u8(text, (uint8_t)packed->macros);
	pack_u8(text, packed->more);
	pack_slice(text, slice_of(packed->names, packed->len));
}

/* As packed_add() would have it. */
static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] < ' ' || name.at[i] == 0x7f)
			return false;
	return name.len > 0 && name.len <= PACKED_NAME_MOST &&
	    slice_is_utf8(name);
}

void
packed_unpack(struct unpack *u, struct packed *packed_out)
{
	struct slice names, one;
	size_t at = 0;

	packed_out->macros = unpack_enum(u, PACKED_ANSWERS);
	packed_out->more = unpack_bool(u);
	packed_out->len = 0;
	names = unpack_slice(u);
	if (names.len > sizeof(packed_out->names))
		u->bad = true;
	if (u->bad || names.len == 0)
		return;
	memcpy(packed_out->names, names.at, names.len);
	packed_out->len = names.len;
	while (packed_next(packed_out, &at, &one))
		if (!is_name(one))
			u->bad = true;
	/* the last one has no end */
	if (at != packed_out->len)
		u->bad = true;
}
