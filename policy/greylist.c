/*
 * greylist.c - who has sent whom mail before (RFC 6647)
 *
 * An entry is found by a keyed hash of network, sender and recipient; one
 * without sender and recipient stands for the whole network.  Each is in one of
 * two lists, the oldest first, and in that of its network.
 */
#include "policy/greylist.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "lib/base/hash.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#define MAGIC		"postroom greylist 1\n"
#define MAGIC_BYTES	(sizeof(MAGIC) - 1)
#define KEY_BYTES	(BLOCK_NET_SIZE + 2 * GREY_TEXT + 2)

TAILQ_HEAD(entries, entry);

struct network {
	char		name[BLOCK_NET_SIZE];
	struct entries	entries;	/* the oldest first */
	unsigned	waiting, known;
	UT_hash_handle	hh;
};

struct entry {
	uint64_t	hash;
	struct network	*network;
	bool		 is_known;
	int64_t		 at_utc_ms;	/* it came first, or was seen last */
	size_t		 sender_len, recipient_len;
	TAILQ_ENTRY(entry) of_all, of_network;
	UT_hash_handle	 hh;
	char		 text[];	/* sender, recipient */
};

struct greylist {
	struct hash_key	 key;
	struct entry	*by_hash;
	struct network	*by_name;	/* in the order in which they came */
	struct entries	 waiting, known;	/* the oldest first */
	unsigned	 waiting_count, known_count;
};

/* Who brings what: in the letter case in which it is compared. */
struct triple {
	struct slice	net, sender, recipient;
	uint64_t	hash;
};

struct greylist *
greylist_new(void)
{
	struct greylist *list = calloc(1, sizeof(*list));

	if (list == NULL || hash_key_new(&list->key) < 0) {
		free(list);
		return NULL;
	}
	TAILQ_INIT(&list->waiting);
	TAILQ_INIT(&list->known);
	return list;
}

/* Out of the list of all that wait, or are known, and of the counts. */
static void
unlist(struct greylist *list, struct entry *entry)
{
	if (entry->is_known) {
		TAILQ_REMOVE(&list->known, entry, of_all);
		list->known_count--;
		entry->network->known--;
	} else {
		TAILQ_REMOVE(&list->waiting, entry, of_all);
		list->waiting_count--;
		entry->network->waiting--;
	}
	TAILQ_REMOVE(&entry->network->entries, entry, of_network);
}

/* The youngest of them from now on. */
static void
enlist(struct greylist *list, struct entry *entry)
{
	if (entry->is_known) {
		TAILQ_INSERT_TAIL(&list->known, entry, of_all);
		list->known_count++;
		entry->network->known++;
	} else {
		TAILQ_INSERT_TAIL(&list->waiting, entry, of_all);
		list->waiting_count++;
		entry->network->waiting++;
	}
	TAILQ_INSERT_TAIL(&entry->network->entries, entry, of_network);
}

static void
drop(struct greylist *list, struct entry *entry)
{
	struct network *network = entry->network;

	unlist(list, entry);
	HASH_DEL(list->by_hash, entry);
	free(entry);
	if (!TAILQ_EMPTY(&network->entries))
		return;
	HASH_DEL(list->by_name, network);
	free(network);
}

void
greylist_clear(struct greylist *list)
{
	struct entry *entry;

	while ((entry = TAILQ_FIRST(&list->waiting)) != NULL)
		drop(list, entry);
	while ((entry = TAILQ_FIRST(&list->known)) != NULL)
		drop(list, entry);
}

void
greylist_free(struct greylist *list)
{
	if (list != NULL)
		greylist_clear(list);
	free(list);
}

static bool
is_over(const struct entry *entry, int64_t now_utc_ms)
{
	return now_utc_ms - entry->at_utc_ms >=
	    (entry->is_known ? GREY_KEEP_MS : GREY_RETRY_MS);
}

void
greylist_age(struct greylist *list, int64_t now_utc_ms)
{
	struct entry *entry;

	while ((entry = TAILQ_FIRST(&list->waiting)) != NULL &&
	    is_over(entry, now_utc_ms))
		drop(list, entry);
	while ((entry = TAILQ_FIRST(&list->known)) != NULL &&
	    is_over(entry, now_utc_ms))
		drop(list, entry);
}

/* `s` in small letters, no longer than is kept, and whole characters of it. */
static struct slice
add_lower(struct text *text, struct slice s)
{
	const size_t before = text->len;

	s = slice_first(s, GREY_TEXT);
	while (s.len > 0 && !slice_is_utf8(s))
		s.len--;
	for (size_t i = 0; i < s.len; i++)
		text_add_byte(text, s.at[i] >= 'A' && s.at[i] <= 'Z' ?
		    (char)(s.at[i] - 'A' + 'a') : s.at[i]);
	text_add_byte(text, '\0');
	return slice_of(NULL, text->len - before - 1);
}

/* False: memory is out.  It points into `text`. */
static bool
triple_make(const struct greylist *list, struct slice net, struct slice sender,
    struct slice recipient, struct text *text, struct triple *triple_out)
{
	text_clear(text);
	triple_out->net = add_lower(text, net);
	triple_out->sender = add_lower(text, sender);
	triple_out->recipient = add_lower(text, recipient);
	if (text_failed(text))
		return false;
	triple_out->net.at = text->at;
	triple_out->sender.at = triple_out->net.at + triple_out->net.len + 1;
	triple_out->recipient.at = triple_out->sender.at +
	    triple_out->sender.len + 1;
	triple_out->hash = hash_slice(&list->key, text_slice(text));
	return true;
}

static struct entry *
find(const struct greylist *list, const struct triple *triple)
{
	struct entry *entry;

	HASH_FIND(hh, list->by_hash, &triple->hash, sizeof(triple->hash),
	    entry);
	return entry;
}

static struct network *
network_find(const struct greylist *list, struct slice name)
{
	struct network *network;

	HASH_FIND(hh, list->by_name, name.at, name.len, network);
	return network;
}

static struct network *
network_new(struct greylist *list, struct slice name)
{
	struct network *network = calloc(1, sizeof(*network));

	if (network == NULL ||
	    slice_cstr(name, network->name, sizeof(network->name)) < 0) {
		free(network);
		return NULL;
	}
	TAILQ_INIT(&network->entries);
	HASH_ADD_KEYPTR(hh, list->by_name, network->name, name.len, network);
	if (network->hh.tbl == NULL) {
		free(network);
		return NULL;
	}
	return network;
}

/* The oldest of a full table go: of this network's share, or of all. */
static void
make_room(struct greylist *list, struct slice net, bool is_known)
{
	const struct network *network = network_find(list, net);
	struct entry *entry;

	if (is_known) {
		if (list->known_count >= GREY_KNOWN_MOST)
			drop(list, TAILQ_FIRST(&list->known));
		return;
	}
	if (network != NULL && network->waiting >= GREY_SHARE) {
		TAILQ_FOREACH(entry, &network->entries, of_network)
			if (!entry->is_known)
				break;
		drop(list, entry);
	} else if (list->waiting_count >= GREY_WAITING_MOST) {
		drop(list, TAILQ_FIRST(&list->waiting));
	}
}

/* False: memory is out. */
static bool
add(struct greylist *list, const struct triple *triple, bool is_known,
    int64_t at_utc_ms)
{
	const size_t len = triple->sender.len + triple->recipient.len;
	struct network *network;
	struct entry *entry;

	make_room(list, triple->net, is_known);
	entry = calloc(1, sizeof(*entry) + len);
	if (entry == NULL)
		return false;
	entry->hash = triple->hash;
	entry->is_known = is_known;
	entry->at_utc_ms = at_utc_ms;
	entry->sender_len = triple->sender.len;
	entry->recipient_len = triple->recipient.len;
	memcpy(entry->text, triple->sender.at, triple->sender.len);
	memcpy(entry->text + triple->sender.len, triple->recipient.at,
	    triple->recipient.len);
	HASH_ADD(hh, list->by_hash, hash, sizeof(entry->hash), entry);
	if (entry->hh.tbl == NULL) {
		free(entry);
		return false;
	}
	network = network_find(list, triple->net);
	if (network == NULL)
		network = network_new(list, triple->net);
	if (network == NULL) {
		HASH_DEL(list->by_hash, entry);
		free(entry);
		return false;
	}
	entry->network = network;
	enlist(list, entry);
	return true;
}

static void
touch(struct greylist *list, struct entry *entry, int64_t now_utc_ms)
{
	unlist(list, entry);
	entry->at_utc_ms = now_utc_ms;
	enlist(list, entry);
}

/* Whoever writes from there comes: what else is known of it is said by that. */
static void
let_through(struct greylist *list, struct network *network,
    const struct triple *whole, int64_t now_utc_ms)
{
	unsigned left = network->waiting + network->known;

	while (left-- > 0)	/* the last one takes the network along */
		drop(list, TAILQ_FIRST(&network->entries));
	(void)add(list, whole, true, now_utc_ms);
}

/* It has come again in time. */
static void
pass(struct greylist *list, struct entry *entry, const struct triple *whole,
    int64_t now_utc_ms)
{
	make_room(list, slice_str(entry->network->name), true);
	unlist(list, entry);
	entry->is_known = true;
	entry->at_utc_ms = now_utc_ms;
	enlist(list, entry);
	if (entry->network->known >= GREY_NETWORK_LEAST)
		let_through(list, entry->network, whole, now_utc_ms);
}

static struct entry *
find_good(struct greylist *list, const struct triple *triple,
    int64_t now_utc_ms)
{
	struct entry *entry = find(list, triple);

	if (entry == NULL || !is_over(entry, now_utc_ms))
		return entry;
	drop(list, entry);
	return NULL;
}

enum grey
greylist_ask(struct greylist *list, struct slice net, struct slice sender,
    struct slice recipient, int64_t wait_ms, int64_t now_utc_ms)
{
	const struct slice none = slice_of("", 0);
	TEXT_AUTO one = TEXT_INIT(KEY_BYTES), all = TEXT_INIT(KEY_BYTES);
	struct triple triple, whole;
	struct entry *entry;

	greylist_age(list, now_utc_ms);
	if (!triple_make(list, net, none, none, &all, &whole) ||
	    !triple_make(list, net, sender, recipient, &one, &triple))
		return GREY_COMES;
	entry = find_good(list, &whole, now_utc_ms);
	if (entry == NULL)
		entry = find_good(list, &triple, now_utc_ms);
	if (entry == NULL)
		return add(list, &triple, false, now_utc_ms) ? GREY_NEW :
		    GREY_COMES;
	if (entry->is_known) {
		touch(list, entry, now_utc_ms);
		return GREY_COMES;
	}
	if (entry->at_utc_ms > now_utc_ms)	/* the clock was put back */
		entry->at_utc_ms = now_utc_ms;
	if (now_utc_ms - entry->at_utc_ms < wait_ms)
		return GREY_WAITS;
	pass(list, entry, &whole, now_utc_ms);
	return GREY_COMES;
}

static struct slice
sender_of(const struct entry *entry)
{
	return slice_of(entry->text, entry->sender_len);
}

static struct slice
recipient_of(const struct entry *entry)
{
	return slice_of(entry->text + entry->sender_len,
	    entry->recipient_len);
}

/* The whole network, and not one recipient of it. */
static bool
is_whole(const struct entry *entry)
{
	return entry->recipient_len == 0;
}

void
greylist_each(const struct greylist *list, bool waiting,
    bool (*fn)(void *arg, const struct grey_net *), void *arg)
{
	struct network *network, *next;
	const struct entry *entry;
	struct grey_net row;

	HASH_ITER(hh, list->by_name, network, next) {
		if ((network->waiting > 0) != waiting)
			continue;
		TAILQ_FOREACH(entry, &network->entries, of_network)
			if (entry->is_known != waiting)
				break;
		row = (struct grey_net){
		    .net = network->name, .through = is_whole(entry),
		    .waiting = network->waiting, .known = network->known,
		    .sender = sender_of(entry),
		    .recipient = recipient_of(entry),
		    .since_utc_ms = entry->at_utc_ms
		};
		if (!fn(arg, &row))
			return;
	}
}

static void
write_some(struct text *to, const struct entries *entries)
{
	const struct entry *entry;

	TAILQ_FOREACH(entry, entries, of_all) {
		pack_slice(to, slice_str(entry->network->name));
		pack_slice(to, sender_of(entry));
		pack_slice(to, recipient_of(entry));
		pack_u8(to, entry->is_known);
		pack_i64(to, entry->at_utc_ms);
	}
}

void
greylist_write(struct text *to, const struct greylist *list)
{
	text_add(to, slice_of(MAGIC, MAGIC_BYTES));
	write_some(to, &list->waiting);
	write_some(to, &list->known);
}

static bool
is_address(struct slice s)
{
	return s.len <= GREY_TEXT && slice_is_utf8(s) &&
	    slice_find(s, '\0') == SIZE_MAX;
}

/* 0 or -EBADMSG; what is over by now, and what memory has no room for, is
 * forgotten. */
static int
read_one(struct greylist *list, struct unpack *u, int64_t now_utc_ms)
{
	TEXT_AUTO text = TEXT_INIT(KEY_BYTES);
	struct slice net = unpack_slice(u), sender = unpack_slice(u);
	struct slice recipient = unpack_slice(u);
	struct triple triple;
	bool is_known = unpack_bool(u);
	int64_t at = unpack_i64(u);

	if (u->bad || net.len == 0 || net.len >= BLOCK_NET_SIZE ||
	    !slice_is_printable_ascii(net) || !is_address(sender) ||
	    !is_address(recipient) || at < 0 || (recipient.len == 0 &&
	    (sender.len > 0 || !is_known)))
		return -EBADMSG;
	if (at > now_utc_ms)		/* the clock was put back */
		at = now_utc_ms;
	if (now_utc_ms - at >= (is_known ? GREY_KEEP_MS : GREY_RETRY_MS) ||
	    !triple_make(list, net, sender, recipient, &text, &triple) ||
	    find(list, &triple) != NULL)
		return 0;
	(void)add(list, &triple, is_known, at);
	return 0;
}

int
greylist_read(struct greylist *list, struct slice bytes, int64_t now_utc_ms)
{
	struct unpack u = unpack_of(slice_after(bytes, MAGIC_BYTES));
	int r = slice_is(slice_first(bytes, MAGIC_BYTES),
	    slice_of(MAGIC, MAGIC_BYTES)) ? 0 : -EBADMSG;

	greylist_clear(list);
	while (r == 0 && u.rest.len > 0)
		r = read_one(list, &u, now_utc_ms);
	if (r < 0)
		greylist_clear(list);
	return r;
}
