/*
 * names_texts.c - the TXT records of a name
 *
 * The answer comes from libunbound's thread through names.c's pipe; whoever
 * asked is called from the lookup's own timer, for a name that is known may be
 * answered while it is still being asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/host.h"
#include "lib/base/names_inside.h"

#define TYPE_TXT	16	/* RFC 1035 3.2.2 */

struct texts_lookup {
	LIST_ENTRY(texts_lookup) next;
	struct names	*names;
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

static size_t
read_texts(const struct ub_result *result, char bytes[NAMES_TEXTS_BYTES],
    struct slice texts[NAMES_TEXTS])
{
	size_t count = 0, used = 0, len;

	for (int i = 0; result->havedata && result->data[i] != NULL &&
	    count < NAMES_TEXTS; i++) {
		if (result->len[i] < 0 ||
		    (size_t)result->len[i] > NAMES_TEXTS_BYTES - used ||
		    !put_together(slice_of(result->data[i],
		    (size_t)result->len[i]), bytes + used, &len))
			continue;
		texts[count++] = slice_of(bytes + used, len);
		used += len;
	}
	return count;
}

/* What libunbound says, when it holds no text. */
static enum names_found
found_none(const struct ub_result *result)
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
	enum names_found found = found_none(lookup->result);
	bool is_secure = lookup->result != NULL && lookup->result->secure;
	char *bytes = malloc(NAMES_TEXTS_BYTES);
	struct slice texts[NAMES_TEXTS];
	size_t count = 0;

	if (bytes == NULL)
		found = NAMES_LATER;
	else if (lookup->result != NULL && !lookup->result->bogus)
		count = read_texts(lookup->result, bytes, texts);
	if (count > 0)
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

int
names_ask_texts(struct names *names, struct slice name, names_texts_fn *fn,
    void *arg)
{
	struct texts_lookup *lookup;
	char plain[HOST_NAME_MOST + 2];

	if (!host_is_name(name))
		return -EINVAL;
	lookup = calloc(1, sizeof(*lookup));
	if (lookup == NULL)
		return -ENOMEM;
	lookup->names = names;
	lookup->fn = fn;
	lookup->arg = arg;
	LIST_INSERT_HEAD(&names->texts, lookup, next);
	lookup->timer = timer_new(names->loop, on_timer, lookup);
	(void)slice_cstr(name, plain, sizeof(plain));
	if (lookup->timer == NULL || ub_resolve_async(names->unbound, plain,
	    TYPE_TXT, CLASS_IN, lookup, on_answer, &lookup->number) != 0) {
		texts_free(lookup);
		return -ENOMEM;
	}
	lookup->is_asked = true;
	timer_set(lookup->timer, NAMES_MOST_MS);
	return 0;
}
