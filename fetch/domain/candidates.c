/*
 * candidates.c - who may be meant: the first half of telling mail apart
 *
 * The header is walked once for each header that is looked for: a fixed number
 * of times.  What is counted is bounded before anything is compared with all
 * that was found, so a header of a million addresses costs no more than one of
 * a thousand.
 */
#include "fetch/domain/candidates.h"

#include <errno.h>
#include <string.h>

#include "fetch/domain/clean.h"
#include "fetch/domain/fields.h"
#include "filters/trusted_hop.h"
#include "lib/message/path.h"
#include "lib/message/real_name.h"
#include "lib/message/received.h"

#define NORMAL_MOST	(PATH_LOCAL_MAX + 1 + PATH_DOMAIN_MAX)
#define NAME_MOST	(REAL_NAME_MOST * 3)	/* folding may lengthen */
/* Words of a broken element that are looked at; an address has one. */
#define WORDS_MOST	16

/* The work on one message. */
struct gather {
	struct arena			*arena;
	const struct domain_rules	*rules;
	struct slice			 header;
	struct domain_candidates	*to;
	enum domain_source		 source;	/* being read */
	bool				 failed;	/* the arena is spent */
	struct slice			 hop;		/* of our provider's, in the
							   header; or empty */
};

/* Where an address stands. */
struct place {
	enum domain_source		 source;
	struct slice			 header;
	const struct domain_envelope	*envelope;	/* or NULL */
	unsigned			 number;	/* of a Received line */
	bool				 outside;
	struct slice			 by;
};

static struct slice
keep(struct gather *g, struct slice s)
{
	struct slice kept = slice_of(NULL, 0);

	if (s.len > 0 && arena_copy(g->arena, s, &kept) < 0)
		g->failed = true;
	return kept;
}

/* There is more than is read. */
static void
go_over(struct gather *g)
{
	if (!g->to->over)
		g->to->over_in = g->source;
	g->to->over = true;
}

/* FNV-1a: only to compare less; what is found is compared whole. */
static uint32_t
hash_of(struct slice s)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.at[i]) * 16777619u;
	return hash;
}

/* The question about `text`, which lives as long as the arena. */
static uint16_t
ask(struct gather *g, bool is_name, struct slice text)
{
	struct domain_candidates *to = g->to;
	uint32_t hash = hash_of(text);

	for (unsigned i = 0; i < to->ask_count; i++)
		if (to->asks[i].hash == hash &&
		    to->asks[i].is_name == is_name &&
		    slice_is(to->asks[i].text, text))
			return (uint16_t)i;
	if (to->ask_count == DOMAIN_ASKS_MOST ||
	    text.len + 8 > DOMAIN_ASKS_BYTES - to->ask_bytes) {
		go_over(g);
		return DOMAIN_NONE;
	}
	to->ask_bytes += text.len + 8;
	to->asks[to->ask_count] = (struct domain_ask){ is_name, text, hash };
	return (uint16_t)to->ask_count++;
}

/* Ask about the people of a rule, the first time it fits. */
static void
ask_targets(struct gather *g, struct domain_rule_asks *asks,
    const struct domain_targets *targets)
{
	if (asks->asked)
		return;
	asks->asked = true;
	for (unsigned i = 0; i < targets->count; i++)
		asks->ask[i] = ask(g, false, targets->address[i]);
}

/* The rule learned about `key`, its people asked about; or DOMAIN_NONE. */
static uint16_t
find_learned(struct gather *g, enum domain_key by, struct slice key)
{
	const struct domain_rules *rules = g->rules;

	for (unsigned i = 0; key.len > 0 && i < rules->learned_count; i++) {
		if (rules->learned[i].by != by ||
		    !slice_is(rules->learned[i].key, key))
			continue;
		ask_targets(g, &g->to->learned[i], &rules->learned[i].to);
		return (uint16_t)i;
	}
	return DOMAIN_NONE;
}

/* A new candidate, or NULL when there are as many as are read. */
static struct domain_candidate *
new_candidate(struct gather *g, const struct place *place,
    struct slice written)
{
	struct domain_candidate *one;

	if (g->to->count == DOMAIN_ADDRESSES_MOST) {
		go_over(g);
		return NULL;
	}
	one = &g->to->all[g->to->count++];
	one->source = place->source;
	one->header = place->header;
	one->place = place->number;
	one->outside = place->outside;
	one->by = place->by;
	one->written = written;
	one->ask = one->ask_replaced = one->ask_name = DOMAIN_NONE;
	one->learned = DOMAIN_NONE;
	return one;
}

/* What the rules say about this address, as far as there is to ask. */
static void
ask_rules(struct gather *g, struct domain_candidate *one)
{
	const struct domain_rules *rules = g->rules;

	for (unsigned i = 0; i < rules->route_count; i++)
		if (domain_route_fits(&rules->routes[i], one->address,
		    one->replaced))
			ask_targets(g, &g->to->routes[i],
			    &rules->routes[i].copy_to);
	one->learned = find_learned(g, DOMAIN_KEY_ADDRESS, one->address);
}

/* The person named beside the address, where names count. */
static void
ask_name(struct gather *g, struct domain_candidate *one,
    const struct address *address)
{
	TEXT_AUTO name = TEXT_INIT(REAL_NAME_MOST);
	TEXT_AUTO folded = TEXT_INIT(NAME_MOST);
	const struct domain_rules *rules = g->rules;
	int r;

	/* "Smith, Ann <...>" leaves half a name */
	if (rules->match_names == DOMAIN_NO || address->odd ||
	    one->source == DOMAIN_ENVELOPE || one->source == DOMAIN_RECEIVED ||
	    (rules->match_names == DOMAIN_ONLY &&
	    !slice_is(one->address, rules->match_address)))
		return;
	address_name(&name, address);
	if (text_failed(&name))
		return;		/* longer than a name */
	r = real_name_fold(&folded, text_slice(&name));
	if (r == -ENOMEM)
		g->failed = true;
	if (r < 0 || text_failed(&folded) || folded.len == 0)
		return;
	one->name = keep(g, text_slice(&name));
	one->ask_name = ask(g, true, keep(g, text_slice(&folded)));
}

/* Add an address that is one; 0 or -EINVAL. */
static int
add_clean(struct gather *g, const struct place *place,
    const struct address *address)
{
	TEXT_AUTO normal = TEXT_INIT(NORMAL_MOST);
	TEXT_AUTO replaced = TEXT_INIT(NORMAL_MOST);
	struct domain_candidate *one;
	int r = domain_clean(&normal, g->rules, place->envelope, address);

	if (r == -ENOBUFS)
		g->failed = true;
	if (r < 0)
		return r;
	one = new_candidate(g, place, address->whole);
	if (one == NULL)
		return 0;
	one->address = keep(g, text_slice(&normal));
	one->own = slice_is(one->address, g->rules->mailbox);
	if (domain_replace(&replaced, g->rules, one->address) &&
	    !text_failed(&replaced)) {
		one->replaced = keep(g, text_slice(&replaced));
		one->ask_replaced = ask(g, false, one->replaced);
	}
	one->ask = ask(g, false, one->address);
	ask_name(g, one, address);
	ask_rules(g, one);
	return 0;
}

/* A word without the marks that people and mailers put around addresses. */
static struct slice
bare_word(struct slice s)
{
	static const char marks[] = "<>\"'()[],;:.";

	while (s.len > 0 && s.at[0] != '\0' && strchr(marks, s.at[0]) != NULL)
		s = slice_after(s, 1);
	while (s.len > 0 && s.at[s.len - 1] != '\0' &&
	    strchr(marks, s.at[s.len - 1]) != NULL)
		s.len--;
	return s;
}

/*
 * Look for the address in what is none.  It is believed when it is the only
 * one there, or when every word is one: who writes "ann@x for ben@x" cannot be
 * understood.
 */
static bool
add_salvaged(struct gather *g, const struct place *place, struct slice whole)
{
	struct slice words[WORDS_MOST], rest = slice_trim(whole), word;
	unsigned count = 0, addresses = 0, at_signs = 0;
	struct path path;

	while (slice_word(&rest, &word)) {
		if (count == WORDS_MOST)
			return false;
		word = bare_word(slice_trim(word));
		at_signs += slice_find(word, '@') != SIZE_MAX;
		if (address_parse(word, true, &path) == 0)
			words[addresses++] = word;
		count++;
	}
	if (addresses == 0 || addresses != at_signs ||
	    (addresses > 1 && addresses < count))
		return false;
	for (unsigned i = 0; i < addresses; i++) {
		struct address address = { .whole = whole, .odd = true };

		if (address_parse(words[i], true, &path) < 0 || path.quoted)
			return false;
		address.local = path.local;
		address.domain = path.domain;
		if (add_clean(g, place, &address) < 0)
			return false;
	}
	return true;
}

/* An envelope header may hold a bare name: "mbox-ann". */
static bool
add_bare_name(struct gather *g, const struct place *place,
    const struct address *address)
{
	struct address bare = *address;

	bare.local = bare_word(address->whole);
	bare.domain = slice_of(NULL, 0);
	return place->envelope != NULL && bare.local.len > 0 &&
	    slice_find(address->whole, '@') == SIZE_MAX &&
	    add_clean(g, place, &bare) == 0;
}

/* Add the addresses of a value, and what stands there in their place. */
static void
add_value(struct gather *g, const struct place *place, struct slice value)
{
	struct address_list list;
	struct address address;

	g->source = place->source;
	addresses_begin(&list, value);
	while (!g->to->over && !g->failed &&
	    addresses_next(&list, &address)) {
		if (address.kind == ADDRESS_GROUP ||
		    address.kind == ADDRESS_GROUP_END)
			continue;
		if ((address.kind == ADDRESS_MAILBOX &&
		    add_clean(g, place, &address) == 0) ||
		    add_salvaged(g, place, address.whole) ||
		    add_bare_name(g, place, &address))
			continue;
		(void)new_candidate(g, place, address.whole);
	}
}

/* Every candidate from number `first` on is the mailbox itself. */
static bool
all_own(const struct domain_candidates *to, unsigned first)
{
	for (unsigned i = first; i < to->count; i++)
		if (!to->all[i].own)
			return false;
	return to->count > first;
}

/*
 * The topmost field of this name, for those below it may be forged (HARDENING
 * F43).  One that names the mailbox itself says where it was put, not for
 * whom: then the next one counts.
 */
static void
gather_envelope(struct gather *g, const struct domain_envelope *envelope)
{
	struct place place = { .source = DOMAIN_ENVELOPE,
	    .header = envelope->name, .envelope = envelope };
	struct slice rest = g->header;
	struct header_field field;
	unsigned received = 0, first;

	while (!g->to->has_envelope && domain_field(&rest, &field)) {
		received += slice_is_word(field.name, "received");
		if (!slice_is_nocase(field.name, envelope->name))
			continue;
		first = g->to->count;
		add_value(g, &place, field.value);
		if (all_own(g->to, first))
			continue;
		g->to->has_envelope = true;
		g->to->too_deep = received > g->rules->envelope_depth;
	}
}

/*
 * Our provider's lines end with the one that names a stranger; where no line
 * does, they are those of the site that wrote the topmost.
 */
static bool
is_outside(const struct gather *g, const struct received *line, bool was)
{
	if (was || g->hop.len > 0)
		return was;
	return slice_find(line->by, '.') != SIZE_MAX &&
	    !received_same_site(line->by, g->to->top_by);
}

/*
 * What the topmost host with a domain wrote, and all below it; what stands above
 * is a machine's own ("by localhost").
 */
static void
find_provider(struct gather *g)
{
	struct slice rest = g->header;
	struct header_field field;
	struct received received;

	while (g->to->top_by.len == 0 && domain_field_named(&rest,
	    slice_str("received"), &field)) {
		received_read(field.value, &received);
		if (slice_find(received.by, '.') == SIZE_MAX)
			continue;
		g->to->top_by = received.by;
		g->hop = trusted_hop_find(slice_after(g->header,
		    (size_t)(field.whole.at - g->header.at)),
		    slice_of(NULL, 0)).peer;
	}
}

static void
gather_received(struct gather *g)
{
	struct slice rest = g->header;
	struct header_field field;
	struct received received;
	struct place place = { .source = DOMAIN_RECEIVED,
	    .header = slice_str("Received") };

	find_provider(g);

	while (place.number < 2 * DOMAIN_HOPS_MOST &&
	    domain_field_named(&rest, place.header, &field)) {
		received_read(field.value, &received);
		place.by = received.by;
		place.number++;
		place.outside = is_outside(g, &received, place.outside);
		if (place.number > g->rules->skip_received)
			add_value(g, &place, received.address);
		if (g->hop.len > 0 && received.peer.at == g->hop.at)
			place.outside = true;	/* all that follows */
	}
}

static bool
is_known(struct slice name, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is_word(name, domain_known_envelopes[i]))
			return true;
	return false;
}

/*
 * Above the first Received line only the last host can have written; below it
 * stands in which mailbox it was before, and to whom it was sent on from there.
 */
static void
gather_witnesses(struct gather *g)
{
	struct place place = { .source = DOMAIN_WITNESS };
	struct slice rest = g->header;
	struct header_field field;
	bool below = false;

	while (domain_field(&rest, &field)) {
		below = below || slice_is_word(field.name, "received");
		place.header = field.name;
		place.source = !below || slice_is_word(field.name,
		    "x-forwarded-to") ? DOMAIN_WITNESS : DOMAIN_PASSED;
		if (is_known(field.name, below ? DOMAIN_KNOWN_PASSED :
		    DOMAIN_KNOWN_COUNT) || slice_is_word(field.name, "x-forwarded-to"))
			add_value(g, &place, field.value);
	}
}

/*
 * "bounces+ann=office.test@lists.test": whom a list, or a mailbox that sends mail
 * on, has sent this copy to.  The name begins behind the last "+", or "-".
 */
static bool
find_recipient(struct slice local, struct slice *name_out,
    struct slice *domain_out)
{
	size_t eq = slice_find_last(local, '='), at;
	struct slice name = slice_first(local, eq);

	if (eq == SIZE_MAX)
		return false;
	at = slice_find_last(name, '+');
	if (at == SIZE_MAX)
		at = slice_find_last(name, '-');
	name = slice_after(name, at == SIZE_MAX ? name.len : at + 1);
	if (slice_has_prefix(name, "caf_="))	/* Gmail */
		name = slice_after(name, 5);
	*name_out = name;
	*domain_out = slice_after(local, eq + 1);
	return name.len > 0 && slice_find(*domain_out, '.') != SIZE_MAX;
}

/* What the address that it came from says of its way: VERP, and SRS. */
static void
gather_sender(struct gather *g)
{
	struct place place = { .source = DOMAIN_WITNESS,
	    .header = slice_str("Return-Path") };
	struct slice rest = g->header, name, domain;
	TEXT_AUTO whole = TEXT_INIT(NORMAL_MOST);
	struct address_list list;
	struct address address;
	struct header_field field;

	if (!domain_field_named(&rest, place.header, &field))
		return;
	addresses_begin(&list, field.value);
	if (!addresses_next(&list, &address) ||
	    address.kind != ADDRESS_MAILBOX)
		return;
	if (slice_has_prefix(address.local, "SRS0") ||
	    slice_has_prefix(address.local, "SRS1")) {
		place.source = DOMAIN_PASSED;
		add_value(g, &place, field.value);
	} else if (find_recipient(address.local, &name, &domain)) {
		text_add(&whole, name);
		text_add_byte(&whole, '@');
		text_add(&whole, domain);
		if (!text_failed(&whole))
			add_value(g, &place, keep(g, text_slice(&whole)));
	}
}

/* All fields called `name` in `block`. */
static void
gather_named(struct gather *g, enum domain_source source, struct slice name,
    struct slice block)
{
	struct place place = { .source = source, .header = name };
	struct header_field field;

	while (!g->to->over && domain_field_named(&block, name, &field))
		add_value(g, &place, field.value);
}

/* RFC 5322 3.6.6: the fields of the newest resending stand together on top. */
static struct slice
resent_block(struct slice header)
{
	struct slice rest = header, block = slice_of(NULL, 0);
	struct header_field field;

	while (domain_field(&rest, &field)) {
		if (slice_has_prefix(field.name, "resent-")) {
			if (block.len == 0)
				block.at = field.whole.at;
			block.len = (size_t)(field.whole.at +
			    field.whole.len - block.at);
		} else if (block.len > 0) {
			break;
		}
	}
	return block;
}

/* "Order (ann@office.test)": only what is an address and nothing else. */
static void
gather_subject(struct gather *g)
{
	struct place place = { .source = DOMAIN_SUBJECT,
	    .header = slice_str("Subject") };
	struct slice rest = g->header, value, inside;
	struct header_field field;
	struct path path;

	if (!domain_field_named(&rest, place.header, &field))
		return;
	value = field.value;
	while (slice_cut(&value, '(', &inside))
		if (slice_cut(&value, ')', &inside) &&
		    address_parse(inside, true, &path) == 0)
			add_value(g, &place, inside);
}

/* The Resent- fields of the list, or all that there are to contradict it. */
static void
gather_resent(struct gather *g)
{
	static const char *const all[] = { "resent-to", "resent-cc",
	    "resent-bcc" };
	const struct domain_rules *rules = g->rules;
	struct slice block = resent_block(g->header);
	unsigned before = g->to->count;

	for (unsigned i = 0; i < rules->header_count; i++)
		if (slice_has_prefix(rules->headers[i], "resent-")) {
			g->to->resent_counts = true;
			gather_named(g, DOMAIN_RESENT, rules->headers[i],
			    block);
		}
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) &&
	    !g->to->resent_counts; i++)
		gather_named(g, DOMAIN_RESENT, slice_str(all[i]), block);
	g->to->has_resent = g->to->count > before;
	g->to->resent_blind = block.len > 0 && !g->to->has_resent;
}

static void
gather_list(struct gather *g)
{
	const struct domain_rules *rules = g->rules;
	bool subject = false, bcc = false;

	gather_received(g);
	gather_witnesses(g);
	gather_sender(g);
	gather_resent(g);
	for (unsigned i = 0; i < rules->header_count; i++) {
		struct slice name = rules->headers[i];

		if (slice_is_str(name, "received"))
			g->to->received_counts = true;
		else if (slice_is_str(name, "subject"))
			subject = true;
		else if (!slice_has_prefix(name, "resent-"))
			gather_named(g, DOMAIN_VISIBLE, name, g->header);
		if (slice_is_str(name, "bcc"))
			bcc = true;
	}
	if (!bcc)	/* he who is named there is meant, too */
		gather_named(g, DOMAIN_WITNESS, slice_str("Bcc"), g->header);
	if (subject)
		gather_subject(g);
}

/* The normal form of the first address in a field, or "". */
static struct slice
first_address(struct gather *g, const char *name)
{
	TEXT_AUTO normal = TEXT_INIT(NORMAL_MOST);
	const struct domain_rules plain = { 0 };
	struct slice rest = g->header;
	struct header_field field;
	struct address_list list;
	struct address address;

	if (!domain_field_named(&rest, slice_str(name), &field))
		return slice_of(NULL, 0);
	addresses_begin(&list, field.value);
	if (!addresses_next(&list, &address) ||
	    address.kind != ADDRESS_MAILBOX ||
	    domain_clean(&normal, &plain, NULL, &address) < 0)
		return slice_of(NULL, 0);
	return keep(g, text_slice(&normal));
}

/* What was learned about a list or sender stands as a candidate too. */
static void
gather_learned(struct gather *g, enum domain_source source, const char *header,
    enum domain_key by, struct slice key)
{
	struct place place = { .source = source, .header = slice_str(header) };
	uint16_t learned = find_learned(g, by, key);
	struct domain_candidate *one;

	if (learned == DOMAIN_NONE)
		return;
	one = new_candidate(g, &place, key);
	if (one == NULL)
		return;
	one->address = key;
	one->learned = learned;
}

static int
make_room(struct gather *g)
{
	struct domain_candidates *to = g->to;

	to->all = arena_array(g->arena, DOMAIN_ADDRESSES_MOST,
	    sizeof(*to->all));
	to->asks = arena_array(g->arena, DOMAIN_ASKS_MOST, sizeof(*to->asks));
	to->routes = arena_array(g->arena, g->rules->route_count + 1,
	    sizeof(*to->routes));
	to->learned = arena_array(g->arena, g->rules->learned_count + 1,
	    sizeof(*to->learned));
	return to->all == NULL || to->asks == NULL || to->routes == NULL ||
	    to->learned == NULL ? -ENOBUFS : 0;
}

int
domain_candidates(struct arena *arena, struct slice header,
    const struct domain_rules *rules,
    struct domain_candidates *candidates_out)
{
	struct domain_candidates to = { 0 };
	struct gather g = { .arena = arena, .rules = rules,
	    .header = slice_first(header, DOMAIN_HEADER_BYTES), .to = &to };
	int r = make_room(&g);

	if (r < 0)
		return r;
	r = domain_lists_read(arena, g.header, &to.lists);
	if (r < 0)
		return r;
	to.from = first_address(&g, "from");
	/* they come first, so that no length of a To can push them out */
	for (unsigned i = 0; i < rules->envelope_count && !to.has_envelope;
	    i++)
		gather_envelope(&g, &rules->envelopes[i]);
	if (!to.has_envelope) {
		gather_learned(&g, DOMAIN_LIST, "List-Id", DOMAIN_KEY_LIST,
		    to.lists.id);
		gather_learned(&g, DOMAIN_FROM, "From", DOMAIN_KEY_FROM,
		    to.from);
		gather_list(&g);
		if (header.len > DOMAIN_HEADER_BYTES) {
			g.source = DOMAIN_VISIBLE;
			go_over(&g);
		}
	}
	if (g.failed)
		return -ENOBUFS;
	*candidates_out = to;
	return 0;
}
