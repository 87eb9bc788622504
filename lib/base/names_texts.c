/*
 * names_texts.c - the records of a name, of one kind
 *
 * The answer comes from libunbound's thread through names.c's pipe; whoever
 * asked is called from the lookup's own timer, for a name that is known may be
 * answered while it is still being asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/names_inside.h"

#define LABEL_MOST	63	/* RFC 1035 2.3.4 */

/* RFC 1035 3.2.2, RFC 3596 2.1, RFC 4034 2 */
static const int types[NAMES_KINDS] = {
	[NAMES_A] = 1, [NAMES_AAAA] = 28, [NAMES_MX] = 15, [NAMES_PTR] = 12,
	[NAMES_TXT] = 16, [NAMES_ROUTES] = 15, [NAMES_KEYS] = 48,
};

struct texts_lookup {
	LIST_ENTRY(texts_lookup) next;
	struct names	*names;
	enum names_kind	 kind;
	struct timer	*timer;		/* it is told when this runs */
	names_texts_fn	*fn;
	void		*arg;
	bool		 is_asked;	/* and not answered: `number` is it */
	int		 number;	/* libunbound's */
	struct ub_result *result;	/* owned; NULL: nobody could say */
};

static void
texts_free(struct texts_lookup *lookup)
{
	LIST_REMOVE(lookup, next);
	if (lookup->is_asked)
		(void)ub_cancel(lookup->names->unbound, lookup->number);
	ub_resolve_free(lookup->result);
	timer_free(lookup->timer);
	free(lookup);
}

void
names_texts_forget(struct names *names)
{
	struct texts_lookup *lookup;

	while ((lookup = LIST_FIRST(&names->texts)) != NULL)
		texts_free(lookup);
}

/*
 * Put the strings of a record together (RFC 1035 3.3.14: each a length and its
 * bytes).  *used_out of `bytes_out`, which has room for all of `data`, are it.
 * False: it is no such record.
 */
static bool
put_together(struct slice data, char *bytes_out, size_t *used_out)
{
	size_t used = 0;

	if (data.len == 0)
		return false;
	while (data.len > 0) {
		size_t len = (unsigned char)data.at[0];

		if (len >= data.len)
			return false;
		memcpy(bytes_out + used, data.at + 1, len);
		used += len;
		data = slice_after(data, len + 1);
	}
	*used_out = used;
	return true;
}

/* What stands in a name that is looked up in its text form. */
static bool
is_plain(char c)
{
	return c >= ' ' && c <= '~' && c != '\\' && c != '"';
}

/*
 * The name that is all of `data` (RFC 1035 3.1; libunbound has undone what was
 * compressed).  False: it is none, or cannot be written with dots.
 */
static bool
write_name(struct slice data, char *bytes_out, size_t *used_out)
{
	size_t used = 0;

	while (data.len > 1) {
		size_t len = (unsigned char)data.at[0];

		if (len == 0 || len > LABEL_MOST || len >= data.len)
			return false;
		if (used > 0)
			bytes_out[used++] = '.';
		for (size_t i = 1; i <= len; i++) {
			if (!is_plain(data.at[i]) || data.at[i] == '.')
				return false;
			bytes_out[used++] = data.at[i];
		}
		data = slice_after(data, len + 1);
	}
	*used_out = used;
	return data.len == 1 && data.at[0] == '\0';
}

/* One record in the form of names.h, never longer than it came. */
static bool
read_record(enum names_kind kind, struct slice data, char *bytes_out,
    size_t *used_out)
{
	switch (kind) {
	case NAMES_A:
	case NAMES_AAAA:
		if (data.len != (kind == NAMES_A ? 4 : 16))
			return false;
		memcpy(bytes_out, data.at, data.len);
		*used_out = data.len;
		return true;
	case NAMES_MX:		/* RFC 1035 3.3.9: behind the preference */
		return data.len > 2 && write_name(slice_after(data, 2),
		    bytes_out, used_out);
	case NAMES_ROUTES:
		if (data.len <= 2 || !write_name(slice_after(data, 2),
		    bytes_out + 2, used_out))
			return false;
		memcpy(bytes_out, data.at, 2);
		*used_out += 2;
		return true;
	case NAMES_PTR:
		return write_name(data, bytes_out, used_out);
	case NAMES_KEYS:
		memcpy(bytes_out, data.at, data.len);
		*used_out = data.len;
		return true;
	default:
		return put_together(data, bytes_out, used_out);
	}
}

static size_t
read_texts(enum names_kind kind, const struct ub_result *result,
    char bytes[NAMES_TEXTS_BYTES], struct slice texts[NAMES_TEXTS])
{
	size_t count = 0, used = 0, len;

	for (int i = 0; result->havedata && result->data[i] != NULL &&
	    count < NAMES_TEXTS; i++) {
		if (result->len[i] < 0 ||
		    (size_t)result->len[i] > NAMES_TEXTS_BYTES - used ||
		    !read_record(kind, slice_of(result->data[i],
		    (size_t)result->len[i]), bytes + used, &len))
			continue;
		texts[count++] = slice_of(bytes + used, len);
		used += len;
	}
	return count;
}

/* What libunbound says, when it holds no text. */
enum names_found
names_none(const struct ub_result *result)
{
	if (result == NULL || result->bogus)
		return NAMES_LATER;
	return result->nxdomain || result->rcode == 0 ? NAMES_NONE :
	    NAMES_LATER;
}

static void
on_timer(void *arg)
{
	struct texts_lookup *lookup = arg;
	names_texts_fn *fn = lookup->fn;
	void *fn_arg = lookup->arg;
	enum names_found found = names_none(lookup->result);
	bool is_secure = lookup->result != NULL && lookup->result->secure;
	char *bytes = malloc(NAMES_TEXTS_BYTES);
	struct slice texts[NAMES_TEXTS];
	size_t count = 0;

	if (bytes == NULL)
		found = NAMES_LATER;
	else if (lookup->result != NULL && !lookup->result->bogus)
		count = read_texts(lookup->kind, lookup->result, bytes,
		    texts);
	/* a host that cannot be read is none, but there is one */
	if (count > 0 || (found == NAMES_NONE && lookup->result->havedata &&
	    lookup->kind == NAMES_ROUTES))
		found = NAMES_FOUND;
	texts_free(lookup);
	fn(fn_arg, found, is_secure, texts, count);
	free(bytes);
}

/* Called by ub_process(). */
static void
on_answer(void *arg, int error, struct ub_result *result)
{
	struct texts_lookup *lookup = arg;

	lookup->is_asked = false;
	if (error == 0)
		lookup->result = result;
	else
		ub_resolve_free(result);
	timer_set(lookup->timer, 0);
}

/* Labels of 1 to 63 bytes that can be written as they are. */
static bool
is_record_name(struct slice name)
{
	size_t label = 0;

	if (name.len > 0 && name.at[name.len - 1] == '.')
		name = slice_first(name, name.len - 1);
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '.' && label == 0)
			return false;
		label = name.at[i] == '.' ? 0 : label + 1;
		if (label > LABEL_MOST || !is_plain(name.at[i]))
			return false;
	}
	return label > 0 && name.len <= HOST_NAME_MOST;
}

int
names_ask_texts(struct names *names, struct slice name, names_texts_fn *fn,
    void *arg)
{
	return !host_is_name(name) ? -EINVAL :
	    names_ask_records(names, NAMES_TXT, name, fn, arg);
}

int
names_ask_records(struct names *names, enum names_kind kind,
    struct slice name, names_texts_fn *fn, void *arg)
{
	struct texts_lookup *lookup;
	char plain[HOST_NAME_MOST + 2];

	if (!is_record_name(name) &&
	    (kind != NAMES_KEYS || !slice_is_str(name, ".")))
		return -EINVAL;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return -ENOMEM;
	lookup->names = names;
	lookup->kind = kind;
	lookup->fn = fn;
	lookup->arg = arg;
	LIST_INSERT_HEAD(&names->texts, lookup, next);
	lookup->timer = timer_new(names->loop, on_timer, lookup);
	(void)slice_cstr(name, plain, sizeof(plain));
	if (lookup->timer == NULL || ub_resolve_async(names->unbound, plain,
	    types[kind], CLASS_IN, lookup, on_answer, &lookup->number) != 0) {
		texts_free(lookup);
		return -ENOMEM;
	}
	lookup->is_asked = true;
	timer_set(lookup->timer, NAMES_MOST_MS);
	return 0;
}
