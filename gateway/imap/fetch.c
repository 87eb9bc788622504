/*
 * fetch.c - FETCH (RFC 9051 6.4.5): over the messages, one after the other
 *
 * Most messages are told in runs (fetch_run.c).  One that is not is opened here,
 * a big one's file asked for, and its sections leave in pieces as the client
 * takes them.  A letter that cannot be read is passed over, and the command ends
 * with NO; when it breaks off in the middle the connection is cut, so that no
 * client takes half a letter for a whole one.
 */
#include "gateway/imap/fetch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/imap/parse_sync.h"
#include "gateway/imap/reply.h"
#include "store/rights.h"

static void	go_message(struct imapd_session *);

static void
drop(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	imapd_letter_end(&fetch->letter);
	imapd_vanished_end(&fetch->vanished);
	text_free(&fetch->out);
	text_free(&fetch->fields);
	free(fetch->places);
}

void
imapd_fetch_flush(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	if (fetch->out.len > 0 || text_failed(&fetch->out))
		imapd_write(session, &fetch->out);
	text_clear(&fetch->out);
}

void
imapd_fetch_pass_over(struct imapd_session *session, int error)
{
	struct imapd_fetch *fetch = session->work;

	fetch->failed = error == -EBADMSG || error == -EUCLEAN ?
	    "a letter is damaged: tell the postmaster" :
	    "a letter cannot be read now";
	if (error == -EIO || error == -ENOMEM)
		session->ports.failed(session->ports.arg, error);
	imapd_fetch_next(session);
}

void
imapd_fetch_next(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	imapd_letter_end(&fetch->letter);
	fetch->next++;
	fetch->go = go_message;
}

bool
imapd_fetch_is_newly_seen(const struct imapd_fetch *fetch)
{
	return fetch->sets_seen && fetch->next >= fetch->newly_from &&
	    fetch->next < fetch->seen_upto &&
	    fetch->newly[fetch->next - fetch->newly_from];
}

/* RFC 9051 6.4.5: who fetches a body has seen the message. */
static void
mark_seen(struct imapd_session *session)
{
	static const struct flag_change seen = {
		.how = FLAG_ADD, .flags = LETTER_SEEN,
		.unchanged_since = UINT64_MAX,
	};
	struct imapd_fetch *fetch = session->work;
	size_t places[IMAPD_FETCH_SEEN], count = 0, i;
	uint64_t modseq;

	memset(fetch->newly, 0, sizeof(fetch->newly));
	fetch->newly_from = fetch->next;
	for (i = 0; i < IMAPD_FETCH_SEEN && fetch->next + i < fetch->count;
	    i++) {
		size_t n = fetch->places[fetch->next + i];

		if ((selected_at(session->selected, n)->flags & LETTER_SEEN) ||
		    selected_is_expunged(session->selected, n))
			continue;
		fetch->newly[i] = 1;
		places[count++] = n;
	}
	fetch->seen_upto = fetch->next + i;
	/* that it cannot be marked keeps nobody from reading */
	if (count > 0 && selected_flag(session->selected, places, count,
	    &seen, NULL, NULL, &modseq) < 0)
		memset(fetch->newly, 0, sizeof(fetch->newly));
	session->ports.wrote(session->ports.arg);
}

/* Items are told; then come those that need bytes. */
static void
open_response(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	int r = imapd_letter_try(&fetch->letter);

	if (r == 0)
		r = imapd_letter_structure(&fetch->letter);
	if (r < 0) {
		imapd_fetch_pass_over(session, r);
		return;
	}
	if (imapd_fetch_is_newly_seen(fetch))
		session->ports.step(session->ports.arg,
		    &fetch->letter.facts.id, 1, "read");
	imapd_fetch_items(session, fetch->letter.n, &fetch->letter.facts,
	    &fetch->letter.structure);
	if (text_failed(&fetch->out) || fetch->out.len > IMAPD_FETCH_ITEMS) {
		text_clear(&fetch->out);
		imapd_fetch_pass_over(session, -ENOBUFS);
		return;
	}
	fetch->item = 0;
	fetch->go = imapd_fetch_section;
}

static void
on_big(void *arg, int fd)
{
	struct imapd_session *session = arg;
	struct imapd_fetch *fetch = session->work;
	int r;

	session->asked = false;
	r = imapd_letter_take_file(&fetch->letter, fd);
	if (r < 0)
		imapd_fetch_pass_over(session, r);
	else
		fetch->go = open_response;
	timer_set(session->turn, 0);
}

unsigned
imapd_fetch_wants_saved(const struct imapd_fetch *fetch)
{
	return imapd_items_have(&fetch->items, IMAPD_SAVEDATE) ?
	    FACTS_SAVED : 0u;
}

/* One message by itself. */
static void
go_letter(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	struct message_id id;
	int r;

	r = imapd_letter_find(&fetch->letter, session->selected,
	    fetch->places[fetch->next], imapd_fetch_wants_saved(fetch));
	if (r < 0) {
		imapd_fetch_pass_over(session, r);
		return;
	}
	fetch->go = open_response;
	if (!imapd_letter_lacks_file(&fetch->letter, &id))
		return;
	r = session->ports.big(session->ports.arg, &id, on_big, session);
	if (r < 0)
		imapd_fetch_pass_over(session, r);
	else
		session->asked = true;
}

static void
go_message(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	int r;

	if (fetch->next == fetch->count) {
		if (fetch->failed != NULL)
			imapd_finish(session, "NO %s", fetch->failed);
		else
			imapd_finish(session, "OK that is all");
		return;
	}
	if (fetch->sets_seen && fetch->next >= fetch->seen_upto)
		mark_seen(session);
	r = imapd_fetch_run(session);
	if (r == 1)
		go_letter(session);
	else if (r < 0)
		imapd_fetch_pass_over(session, r);
}

static void
more(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;

	fetch->go(session);
	imapd_fetch_flush(session);
}

/* What the items need. */
static void
look_at_items(struct imapd_session *session, struct imapd_fetch *fetch)
{
	for (size_t i = 0; i < fetch->items.count; i++) {
		const struct imapd_item *item = &fetch->items.items[i];

		switch (item->kind) {
		case IMAPD_FLAGS:
		case IMAPD_UID:
		case IMAPD_MODSEQ:
		case IMAPD_THREADID:
			break;
		case IMAPD_ENVELOPE:
		case IMAPD_BODY:
		case IMAPD_BODYSTRUCTURE:
			fetch->wants_structure = true;
			break;
		case IMAPD_INTERNALDATE:
		case IMAPD_SAVEDATE:
		case IMAPD_SIZE:
		case IMAPD_EMAILID:
			fetch->wants_facts = true;
			break;
		case IMAPD_PREVIEW:
		case IMAPD_BINARY:
		case IMAPD_BINARY_SIZE:
			fetch->wants_parts = true;
			/* FALLTHROUGH */
		case IMAPD_SECTION:
			if (item->section.count > 0)
				fetch->wants_parts = true;
			fetch->sections++;
			break;
		}
		if (!item->peeks && !session->is_read_only &&
		    (session->rights & RIGHT_SEEN) != 0)
			fetch->sets_seen = true;
	}
}

/* RFC 9394 3.3: only some of the letters. */
static void
keep_page(struct imapd_fetch *fetch, const struct imapd_partial *partial)
{
	size_t first;

	fetch->count = imapd_partial_of(partial, fetch->count, &first);
	memmove(fetch->places, fetch->places + first,
	    fetch->count * sizeof(*fetch->places));
}

/* RFC 7162 3.1.4.1: only letters that were changed since. */
static void
keep_changed(const struct imapd_session *session, struct imapd_fetch *fetch,
    uint64_t since)
{
	size_t kept = 0;

	for (size_t i = 0; i < fetch->count; i++) {
		size_t n = fetch->places[i];

		if (selected_at(session->selected, n)->modseq > since)
			fetch->places[kept++] = n;
	}
	fetch->count = kept;
}

/* RFC 7162 3.2.3, 3.2.6 */
static bool
may_ask_vanished(const struct imapd_session *session,
    struct imapd_parse *parse, const struct imapd_since *since)
{
	if (!since->has_vanished)
		return true;
	if (!imapd_is_uid(session))
		return imapd_parse_fault(parse, "VANISHED goes with UID FETCH");
	return session->qresync ||
	    imapd_parse_fault(parse, "ENABLE QRESYNC comes first");
}

/* Those of the set that have gone; "*" is the last UID there ever was. */
static int
find_vanished(struct imapd_session *session, const struct imapd_set *set,
    uint64_t since)
{
	struct imapd_fetch *fetch = session->work;
	struct imapd_set *all = &fetch->vanishable;

	imapd_vanished_begin(&fetch->vanished, since, set->is_saved ? NULL :
	    all);
	if (set->is_saved)
		return 0;
	*all = *set;
	all->ranges = arena_array(session->arena, set->count,
	    sizeof(*all->ranges));
	if (all->ranges == NULL)
		return -ENOMEM;
	memcpy(all->ranges, set->ranges, set->count * sizeof(*all->ranges));
	imapd_set_ranges(all, selected_uidnext(session->selected) - 1);
	return 0;
}

static void
go_vanished(struct imapd_session *session)
{
	struct imapd_fetch *fetch = session->work;
	int r = imapd_vanished_step(session, &fetch->vanished);

	if (r < 0)
		imapd_refuse(session, r);
	else if (r > 0)
		fetch->go = go_message;
}

/* What CONDSTORE and QRESYNC make of it; false: the command was ended. */
static bool
look_at_changes(struct imapd_session *session, struct imapd_set *set,
    const struct imapd_since *since)
{
	struct imapd_fetch *fetch = session->work;
	int r = 0;

	if (since->is_asked || imapd_items_have(&fetch->items, IMAPD_MODSEQ))
		imapd_condstore(session);
	if (since->has_vanished)
		r = find_vanished(session, set, since->modseq);
	if (r < 0) {
		imapd_refuse(session, r);
		return false;
	}
	if (!imapd_places(session, set, imapd_is_uid(session),
	    &fetch->places, &fetch->count))
		return false;
	/* RFC 9394 3.4: of the page those that were changed */
	if (since->is_partial)
		keep_page(fetch, &since->partial);
	if (since->is_asked)
		keep_changed(session, fetch, since->modseq);
	fetch->wants_modseq = since->is_asked || (session->condstore &&
	    imapd_items_have(&fetch->items, IMAPD_FLAGS));
	return true;
}

void
imapd_fetch(struct imapd_session *session, struct imapd_parse *parse)
{
	struct imapd_fetch *fetch;
	struct imapd_set set;
	struct imapd_items items;
	struct imapd_since since;

	if (!imapd_set(parse, &set) || !imapd_space(parse) ||
	    !imapd_items(parse, &items) || !imapd_since_read(parse, &since) ||
	    !imapd_end(parse) || !may_ask_vanished(session, parse, &since))
		return;
	fetch = imapd_work(session, sizeof(*fetch));
	if (fetch == NULL)
		return;
	fetch->items = items;
	fetch->letter.fd = -1;
	fetch->out = (struct text)TEXT_INIT(IMAPD_FETCH_OUT);
	fetch->go = go_vanished;
	session->drop = drop;
	if (!look_at_changes(session, &set, &since))
		return;
	look_at_items(session, fetch);
	if (imapd_fetch_prepare(session) < 0)
		imapd_refuse(session, -ENOMEM);
	else
		session->more = more;
}
