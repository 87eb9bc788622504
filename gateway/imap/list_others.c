/*
 * list_others.c - names of mailboxes of other accounts, in a LIST
 *
 * They come behind all of one's own.  A level above a mailbox that may not be
 * seen, or is none, is told as a name only: that it is there says the mailbox
 * below it, and nothing else is said.
 */
#include "gateway/imap/list_others.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/imap/relay.h"
#include "policy/shares.h"
#include "store/rights.h"

struct others {
	struct imapd_session *session;
	struct folder	*folders;	/* the first of others' */
	size_t		 count;
};

bool
imapd_wants_others(const struct slice *patterns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (patterns[i].len == 0 || strchr("*%UP",
		    patterns[i].at[0]) != NULL)
			return true;
	return false;
}

/* The separator before every other byte: what is below comes right behind. */
static int
order(const void *a, const void *b)
{
	struct slice left = ((const struct folder *)a)->name;
	struct slice right = ((const struct folder *)b)->name;
	size_t i = 0;

	while (i < left.len && i < right.len && left.at[i] == right.at[i])
		i++;
	if (i == left.len || i == right.len)
		return left.len < right.len ? -1 : left.len > right.len;
	if (left.at[i] == FOLDER_SEPARATOR || right.at[i] == FOLDER_SEPARATOR)
		return left.at[i] == FOLDER_SEPARATOR ? -1 : 1;
	return (unsigned char)left.at[i] < (unsigned char)right.at[i] ? -1 : 1;
}

/* Subscriptions to what is elsewhere go to the end; so many stay before. */
static size_t
part(struct imapd_session *session, struct folder *folders, size_t count)
{
	struct folder *away = calloc(count + 1, sizeof(*away));
	size_t own = 0, others = 0;
	struct slice prefix;

	if (away == NULL)
		return SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		if (folders[i].mailbox == 0 && imapd_is_elsewhere(session,
		    folders[i].name, &prefix))
			away[others++] = folders[i];
		else
			folders[own++] = folders[i];
	memcpy(folders + own, away, others * sizeof(*away));
	free(away);
	return own;
}

static void
add(struct others *others, const struct folder *folder)
{
	/* the rest is not listed; it is there all the same */
	if (others->count < IMAPD_OTHERS_MOST)
		others->folders[others->count++] = *folder;
}

/* The mailbox, and the levels above it. */
static int
add_share(struct others *others, const struct share *share)
{
	TEXT_AUTO whole = TEXT_INIT(IMAPD_PREFIX_SIZE + FOLDER_MAX_BYTES + 1);
	struct folder folder = { .mailbox = IMAPD_MAILBOX_ELSEWHERE,
	    .is_name = true };
	struct slice prefix;

	imapd_add_prefix(&whole, share);
	text_add_byte(&whole, FOLDER_SEPARATOR);
	text_add(&whole, share->mailbox);
	if (text_failed(&whole) || arena_copy(others->session->arena,
	    text_slice(&whole), &folder.name) < 0)
		return -ENOMEM;
	if (!imapd_is_elsewhere(others->session, folder.name, &prefix))
		return 0;	/* one's own has that name */
	add(others, &folder);
	folder.mailbox = 0;
	folder.has_children = true;
	while ((folder.name.len = slice_find_last(folder.name,
	    FOLDER_SEPARATOR)) != SIZE_MAX)
		add(others, &folder);
	return 0;
}

/* Of several of one name one stays, with what all of them say. */
static void
merge(struct others *others)
{
	size_t kept = 0;

	for (size_t i = 0; i < others->count; i++) {
		struct folder *folder = &others->folders[i], *last;

		if (kept == 0 || !slice_is(others->folders[kept - 1].name,
		    folder->name)) {
			others->folders[kept++] = *folder;
			continue;
		}
		last = &others->folders[kept - 1];
		if (folder->mailbox != 0)
			last->mailbox = folder->mailbox;
		last->is_name |= folder->is_name;
		last->is_subscribed |= folder->is_subscribed;
		last->has_children |= folder->has_children;
	}
	others->count = kept;
}

int
imapd_list_others(struct imapd_session *session, struct slice shares,
    struct folder *folders, size_t *count)
{
	size_t own = part(session, folders, *count);
	struct others others = { .session = session };
	struct unpack u = unpack_of(shares);
	struct share share;
	int r = 0;

	if (own == SIZE_MAX)
		return -ENOMEM;
	others.folders = folders + own;
	others.count = *count - own;
	while (r == 0 && u.rest.len > 0 && share_unpack(&u, &share) == 0)
		if (share.rights & RIGHT_LOOKUP)
			r = add_share(&others, &share);
	if (others.count > 0)
		qsort(others.folders, others.count, sizeof(*folders), order);
	merge(&others);
	*count = own + others.count;
	return r;
}
