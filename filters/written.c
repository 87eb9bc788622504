/*
 * written.c - who has written a message, for the lists that people keep
 */
#include "filters/written.h"

#include <string.h>

#include "filters/sender.h"

static bool
passes_for(const char *domain, enum origin_result result, const char *author)
{
	return result == ORIGIN_PASS && slice_is_word(slice_str(domain),
	    author);
}

static bool
is_shown(const struct origin_found *found, const char *author)
{
	if (!found->is_wanted)
		return false;
	if (passes_for(found->author, found->dmarc, author) ||
	    passes_for(found->spf_domain, found->spf, author))
		return true;
	for (unsigned i = 0; i < found->signature_count; i++)
		if (passes_for(found->signatures[i].domain,
		    found->signatures[i].result, author))
			return true;
	return false;
}

void
written_judge(struct slice message, const struct envelope *env,
    const struct origin_found *found, struct verdict *verdict)
{
	struct sender_found sender;
	const char *address = sender.address[0];

	/* a From that is at fault names nobody */
	if (sender_find(message, &sender) < 0 || sender.authors == 0)
		return;
	if (verdict_set_author(verdict, slice_str(address)) == 0)
		verdict->author_is_shown = sender.fault == NULL &&
		    sender.authors == 1 && (sender_concerns(env) ||
		    is_shown(found, strrchr(address, '@') + 1));
}
