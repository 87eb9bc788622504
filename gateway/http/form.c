/*
 * form.c - the fields of a form, as a browser sends them
 */
#include "gateway/http/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* Decode `s` at `*to`, which moves on.  False: an escape is broken. */
static bool
decode(struct slice s, char **to, struct slice *decoded_out)
{
	char *start = *to;
	int byte;

	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] != '%') {
			*(*to)++ = s.at[i] == '+' ? ' ' : s.at[i];
			continue;
		}
		byte = slice_hex(slice_after(s, i + 1));
		if (byte < 0)
			return false;
		*(*to)++ = (char)byte;
		i += 2;
	}
	*decoded_out = slice_of(start, (size_t)(*to - start));
	return true;
}

static bool
take_pair(struct form *form, struct slice pair, char **to)
{
	struct slice name, value = pair;

	if (!slice_cut(&value, '=', &name)) {
		name = pair;
		value.len = 0;
	}
	if (form->count == FORM_FIELDS ||
	    !decode(name, to, &form->field[form->count].name) ||
	    !decode(value, to, &form->field[form->count].value))
		return false;
	for (unsigned i = 0; i < form->count; i++)
		if (slice_is(form->field[i].name,
		    form->field[form->count].name))
			return false;
	form->count++;
	return true;
}

int
form_read(struct slice encoded, struct form *form_out)
{
	struct form form = { .size = encoded.len + 1 };
	char *to;

	form.bytes = to = malloc(form.size);
	if (form.bytes == NULL)
		return -ENOMEM;
	while (encoded.len > 0) {
		struct slice pair;

		if (!slice_cut(&encoded, '&', &pair)) {
			pair = encoded;
			encoded.len = 0;
		}
		if (pair.len > 0 && !take_pair(&form, pair, &to)) {
			form_free(&form);
			return -EINVAL;
		}
	}
	*form_out = form;
	return 0;
}

void
form_free(struct form *form)
{
	if (form->bytes != NULL)
		OPENSSL_cleanse(form->bytes, form->size);
	free(form->bytes);
	*form = (struct form){ 0 };
}

static unsigned
place_of(const struct form *form, const char *name)
{
	unsigned i = 0;

	while (i < form->count && !slice_is_str(form->field[i].name, name))
		i++;
	return i;
}

struct slice
form_value(const struct form *form, const char *name)
{
	unsigned i = place_of(form, name);

	return i == form->count ? slice_of(NULL, 0) : form->field[i].value;
}

bool
form_has(const struct form *form, const char *name)
{
	return place_of(form, name) < form->count;
}
