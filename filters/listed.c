/*
 * listed.c - what the lists in DNS say of who sent a message, and of its links
 */
#include "filters/listed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/rule_value.h"
#include "filters/trusted_hop.h"

struct part {
	unsigned		 list;
	bool			 is_wanted;	/* and not answered */
	struct dns_question	 question;
	char			 what[DNS_NAME_SIZE];
};

struct listed {
	const struct dns_lists	*lists;
	unsigned		 count;
	struct part		 part[LISTED_PARTS];
	struct listed_found	 found;
};

bool
listed_is(const struct listed_found *found, struct slice name)
{
	for (unsigned i = 0; i < found->count; i++)
		if (slice_is_word(name, found->list[i].name))
			return found->list[i].result == LISTED_YES;
	return false;
}

/* What is done */

static void
add_answer(struct text *line, uint32_t answer)
{
	text_addf(line, " (%u.%u.%u.%u)", answer >> 24, answer >> 16 & 255,
	    answer >> 8 & 255, answer & 255);
}

static void
add_words(struct text *text, const struct listed_one *one)
{
	text_addf(text, "%s", one->name);
	switch (one->result) {
	case LISTED_NO:
		text_add_str(text, ": not listed");
		break;
	case LISTED_YES:
		text_addf(text, "%s lists %s", one->allows ? " (allow)" : "",
		    one->what);
		add_answer(text, one->answer);
		break;
	case LISTED_REFUSED:
		text_add_str(text, ": it refuses us");
		if (one->answer != 0)
			add_answer(text, one->answer);
		break;
	case LISTED_BROKEN:
		text_add_str(text, ": it is broken, and not used");
		break;
	default:
		text_add_str(text, ": no answer");
		break;
	}
}

/* Those that list it come first; what there is no room for is left out. */
static void
write_line(const struct listed_found *found, struct text *line)
{
	for (unsigned i = 0; i < 2 * found->count; i++) {
		const struct listed_one *one = &found->list[i % found->count];
		TEXT_AUTO words = TEXT_INIT(VERDICT_VALUE_MAX);

		if (one->result == LISTED_UNASKED ||
		    (one->result == LISTED_YES) != (i < found->count))
			continue;
		add_words(&words, one);
		if (text_failed(&words) ||
		    line->len + words.len + 2 > VERDICT_VALUE_MAX)
			continue;
		text_add_str(line, line->len == 0 ? "" : "; ");
		text_add(line, text_slice(&words));
	}
}

/* The severest list that is not answered by one that allows; or NULL. */
static const struct listed_one *
decisive(const struct listed_found *found)
{
	const struct listed_one *most = NULL;

	for (unsigned i = 0; i < found->count; i++) {
		const struct listed_one *one = &found->list[i];

		if (one->result != LISTED_YES)
			continue;
		if (one->allows)
			return NULL;
		if (one->action != VERDICT_ACCEPT &&
		    (most == NULL || one->action > most->action))
			most = one;
	}
	return most;
}

void
listed_judge(const struct listed_found *found, struct verdict *verdict_out)
{
	TEXT_AUTO line = TEXT_INIT(VERDICT_VALUE_MAX);
	const struct listed_one *one = decisive(found);
	bool refuses = one != NULL && one->action == VERDICT_REFUSE;

	verdict_init(verdict_out);
	write_line(found, &line);
	if (one != NULL)
		verdict_set(verdict_out, one->action, refuses ? 550 : 250,
		    refuses ? "5.7.1" : "2.0.0", "%s is on the list %s",
		    one->what, one->name);
	if (line.len > 0 && !text_failed(&line))
		(void)verdict_add_line(verdict_out, slice_str(LISTED_LINE),
		    text_slice(&line));
}

/* Asking */

static bool
is_among(const char *nets, struct slice peer)
{
	struct slice rest = slice_str(nets), word;
	struct rule_net net;

	while (slice_word(&rest, &word))
		if (rule_net_read(word, &net) == NULL &&
		    rule_net_has(&net, peer))
			return true;
	return false;
}

/* Who brought it; empty: nobody knows. */
static struct slice
peer_of(const struct envelope *env)
{
	return envelope_is_taken_on(env->source) ? env->hop.peer : env->peer;
}

bool
listed_concerns(const struct envelope *env, const char *trusted)
{
	return env->source != SOURCE_OWN && env->source != SOURCE_LMTP &&
	    (envelope_is_taken_on(env->source) || env->login.len == 0) &&
	    !trusted_hop_is_private(peer_of(env)) &&
	    !is_among(trusted, peer_of(env));
}

static void
add_part(struct listed *listed, unsigned list, struct slice what,
    const struct dns_question *question)
{
	struct part *part = &listed->part[listed->count];

	if (listed->count == LISTED_PARTS ||
	    slice_cstr(what, part->what, sizeof(part->what)) < 0)
		return;
	part->list = list;
	part->is_wanted = true;
	part->question = *question;
	listed->count++;
	listed->found.is_wanted = true;
	listed->found.list[list].result = LISTED_NO;
}

/* The domain that stands first is asked of each list before the next one is. */
static void
add_links(struct listed *listed, const struct links *links)
{
	const struct dns_lists *lists = listed->lists;
	struct dns_question question;

	for (unsigned i = 0; i < links->count; i++)
		for (unsigned j = 0; j < lists->count; j++)
			if (lists->list[j].is_domains &&
			    dns_list_asks_domain(&lists->list[j],
			    links->domain[i], &question))
				add_part(listed, j,
				    slice_str(links->domain[i]), &question);
}

int
listed_new(const struct dns_lists *lists, const char *trusted,
    const struct envelope *env, const struct links *links,
    struct listed **listed_out)
{
	struct listed *listed;
	struct dns_question question;

	*listed_out = NULL;
	if (lists->count == 0 || !listed_concerns(env, trusted))
		return 0;
	listed = calloc(1, sizeof(*listed));
	if (listed == NULL)
		return -ENOMEM;
	listed->lists = lists;
	listed->found.count = lists->count;
	for (unsigned i = 0; i < lists->count; i++) {
		const struct dns_list *list = &lists->list[i];
		struct listed_one *one = &listed->found.list[i];

		memcpy(one->name, list->name, sizeof(one->name));
		one->allows = list->allows;
		one->action = list->action;
		if (!list->is_domains &&
		    dns_list_asks(list, peer_of(env), &question))
			add_part(listed, i, peer_of(env), &question);
	}
	if (links != NULL)
		add_links(listed, links);
	if (listed->count == 0) {
		listed_free(listed);
		return 0;
	}
	*listed_out = listed;
	return 0;
}

void
listed_free(struct listed *listed)
{
	free(listed);
}

unsigned
listed_list(const struct listed *listed, unsigned part)
{
	return listed->part[part].list;
}

const struct dns_question *
listed_wants(const struct listed *listed, unsigned part)
{
	return listed->part[part].is_wanted ? &listed->part[part].question :
	    NULL;
}

void
listed_answer(struct listed *listed, unsigned number,
    const struct dns_answer *answer)
{
	struct part *part = &listed->part[number];
	struct listed_one *one = &listed->found.list[part->list];
	uint32_t address = 0;
	enum listed_result result = dns_list_says(
	    &listed->lists->list[part->list], answer, &address);

	part->is_wanted = false;
	/* the first yes stays, unless the list turns out to be none */
	if (result == LISTED_NO || (one->result == LISTED_YES &&
	    result <= LISTED_SILENT))
		return;
	one->result = result;
	one->answer = address;
	memcpy(one->what, part->what, sizeof(one->what));
}

void
listed_skip(struct listed *listed, unsigned list,
    enum listed_result result)
{
	if (!listed_uses(listed, list))
		return;
	for (unsigned i = 0; i < listed->count; i++)
		if (listed->part[i].list == list)
			listed->part[i].is_wanted = false;
	if (listed->found.list[list].result != result)
		listed->found.list[list].answer = 0;
	listed->found.list[list].result = result;
}

void
listed_give_up(struct listed *listed)
{
	const struct dns_answer later = { .found = DNS_LATER };

	for (unsigned i = 0; i < listed->count; i++)
		if (listed->part[i].is_wanted)
			listed_answer(listed, i, &later);
}

bool
listed_is_decided(const struct listed *listed)
{
	for (unsigned i = 0; i < listed->count; i++)
		if (listed->part[i].is_wanted)
			return false;
	return true;
}

bool
listed_uses(const struct listed *listed, unsigned list)
{
	return listed->found.list[list].result != LISTED_UNASKED;
}

void
listed_end(const struct listed *listed, struct listed_found *found_out)
{
	*found_out = listed->found;
}
