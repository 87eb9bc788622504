/*
 * domain_rules.c - how the mail of a whole domain is told apart (DomainPOP)
 *
 * Each option is read into the form it is compared in, so a rule that is kept
 * is a rule that works, whoever wrote it.
 */
#include "policy/domain_rules.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/message/path.h"
#include "policy/unit.h"

/* The usual list.  Who leaves a Bcc in has named him to everybody himself. */
static const char usual_headers[] = "received,resent-to,resent-cc,resent-bcc,"
    "to,cc,bcc,apparently-to";

static const char *const test_words[DOMAIN_TEST_COUNT] = {
	[DOMAIN_EQUALS] = "equals",
	[DOMAIN_NOT_EQUALS] = "not-equals",
	[DOMAIN_CONTAINS] = "contains",
	[DOMAIN_NOT_CONTAINS] = "not-contains",
};

const char *const domain_key_words[DOMAIN_KEY_COUNT] = {
	[DOMAIN_KEY_ADDRESS] = "address",
	[DOMAIN_KEY_LIST] = "list",
	[DOMAIN_KEY_FROM] = "from",
};

/* What an option's reader works with. */
struct setting {
	struct arena		*arena;
	struct domain_rules	*rules;
	struct slice		 value;		/* trimmed, one line, UTF-8 */
	enum sentence		 want;
};

/* The row of `words` that `s` is, or `count`. */
static unsigned
word_place(struct slice s, const char *const *words, unsigned count)
{
	unsigned place = 0;

	while (place < count && !slice_is_word(s, words[place]))
		place++;
	return place;
}

static bool
has_blank(struct slice s)
{
	return slice_find(s, ' ') != SIZE_MAX || slice_find(s, '\t') !=
	    SIZE_MAX;
}

/* RFC 5322 3.6.8, and no comma, which parts them in a list */
static bool
is_field_name(struct slice s)
{
	return s.len > 0 && s.len <= DOMAIN_WORD_MOST &&
	    slice_is_printable_ascii(s) && !has_blank(s) &&
	    slice_find(s, ':') == SIZE_MAX && slice_find(s, ',') == SIZE_MAX;
}

/* A copy with ASCII letters in lower case. */
static int
copy_lower(struct arena *arena, struct slice s, struct slice *copy_out)
{
	char *at = arena_alloc(arena, s.len + 1);

	if (at == NULL)
		return -ENOBUFS;
	for (size_t i = 0; i < s.len; i++)
		at[i] = s.at[i] >= 'A' && s.at[i] <= 'Z' ?
		    (char)(s.at[i] | 0x20) : s.at[i];
	*copy_out = slice_of(at, s.len);
	return 0;
}

/* An address in normal form; one with blanks or a comma could not be read
   again from a line. */
static int
read_address(struct setting *set, struct slice s, struct slice *address_out)
{
	TEXT_AUTO normal = TEXT_INIT(PATH_LOCAL_MAX + PATH_DOMAIN_MAX + 1);
	struct path path;

	set->want = SAY_WANT_ADDRESS;
	if (address_parse(s, true, &path) < 0 ||
	    address_normal(&normal, path.local, path.domain) < 0 ||
	    has_blank(text_slice(&normal)) ||
	    slice_find(text_slice(&normal), ',') != SIZE_MAX ||
	    address_parse(text_slice(&normal), true, &path) < 0)
		return -EINVAL;
	return arena_copy(set->arena, text_slice(&normal), address_out);
}

static int
read_domain(struct setting *set, struct slice s, struct slice *domain_out)
{
	TEXT_AUTO normal = TEXT_INIT(PATH_LOCAL_MAX + PATH_DOMAIN_MAX + 1);

	set->want = SAY_WANT_DOMAIN;
	if (address_normal(&normal, slice_str("x"), s) < 0)
		return -EINVAL;
	return arena_copy(set->arena, slice_after(text_slice(&normal), 2),
	    domain_out);
}

static int
set_domain(struct setting *set)
{
	return read_domain(set, set->value, &set->rules->domain);
}

static int
set_mailbox(struct setting *set)
{
	if (slice_is_word(set->value, "none")) {
		set->rules->mailbox = slice_of(NULL, 0);
		return 0;
	}
	return read_address(set, set->value, &set->rules->mailbox);
}

static int
set_envelope(struct setting *set)
{
	struct domain_rules *rules = set->rules;
	struct domain_envelope envelope = { 0 };
	struct slice rest = set->value;
	int r;

	set->want = SAY_WANT_ENVELOPE_HEADER;
	if (slice_is_word(rest, "none")) {
		rules->envelope_count = 0;
		return 0;
	}
	if (slice_cut(&rest, ':', &envelope.name)) {
		if (!slice_cut(&rest, ':', &envelope.prefix))
			envelope.prefix = rest;
		else
			envelope.tail = rest;
	} else {
		envelope.name = rest;
	}
	if (!is_field_name(envelope.name) ||
	    envelope.prefix.len > DOMAIN_WORD_MOST ||
	    envelope.tail.len > DOMAIN_WORD_MOST ||
	    has_blank(envelope.prefix) || has_blank(envelope.tail) ||
	    slice_find(envelope.tail, ':') != SIZE_MAX)
		return -EINVAL;
	if (rules->envelope_count == DOMAIN_ENVELOPES_MOST) {
		set->want = SAY_WANT_FEWER;
		return -EINVAL;
	}
	r = arena_copy(set->arena, envelope.name, &envelope.name);
	if (r == 0)
		r = copy_lower(set->arena, envelope.prefix, &envelope.prefix);
	if (r == 0)
		r = copy_lower(set->arena, envelope.tail, &envelope.tail);
	if (r == 0)
		rules->envelopes[rules->envelope_count++] = envelope;
	return r;
}

static int
read_hops(struct setting *set, unsigned *hops_out)
{
	uint64_t hops;

	set->want = SAY_WANT_HOPS;
	if (slice_u64(set->value, DOMAIN_HOPS_MOST, &hops) < 0)
		return -EINVAL;
	*hops_out = (unsigned)hops;
	return 0;
}

static int
set_depth(struct setting *set)
{
	if (slice_is_word(set->value, "any")) {
		set->rules->envelope_depth = UINT_MAX;
		return 0;
	}
	return read_hops(set, &set->rules->envelope_depth);
}

static int
set_headers(struct setting *set)
{
	struct slice rest = set->value, name, names[DOMAIN_HEADERS_MOST];
	unsigned count = 0;
	bool more = true;
	int r;

	set->want = SAY_WANT_HEADERS;
	while (more) {
		more = slice_cut(&rest, ',', &name);
		name = slice_trim(more ? name : rest);
		if (!is_field_name(name) || count == DOMAIN_HEADERS_MOST)
			return -EINVAL;
		for (unsigned i = 0; i < count; i++)
			if (slice_is_nocase(names[i], name))
				return -EINVAL;
		r = copy_lower(set->arena, name, &names[count++]);
		if (r < 0)
			return r;
	}
	memcpy(set->rules->headers, names, count * sizeof(names[0]));
	set->rules->header_count = count;
	return 0;
}

static int
set_archive(struct setting *set)
{
	set->want = SAY_WANT_ARCHIVE;
	return unit_read_bool(set->value, &set->rules->archive) < 0 ? -EINVAL :
	    0;
}

static int
set_skip(struct setting *set)
{
	return read_hops(set, &set->rules->skip_received);
}

static int
set_match(struct setting *set)
{
	struct slice address;
	int r;

	if (slice_is_word(set->value, "no") ||
	    slice_is_word(set->value, "yes")) {
		set->rules->match_names = slice_is_word(set->value, "yes") ?
		    DOMAIN_YES : DOMAIN_NO;
		return 0;
	}
	r = read_address(set, set->value, &address);
	set->want = SAY_WANT_MATCH_NAMES;
	if (r < 0)
		return r;
	set->rules->match_names = DOMAIN_ONLY;
	set->rules->match_address = address;
	return 0;
}

static int
set_replace(struct setting *set)
{
	struct slice domain;
	int r;

	if (slice_is_word(set->value, "no") ||
	    slice_is_word(set->value, "yes")) {
		set->rules->replace = slice_is_word(set->value, "yes") ?
		    DOMAIN_YES : DOMAIN_NO;
		return 0;
	}
	r = read_domain(set, set->value, &domain);
	set->want = SAY_WANT_REPLACE_DOMAIN;
	if (r < 0)
		return r;
	set->rules->replace = DOMAIN_ONLY;
	set->rules->replace_only = domain;
	return 0;
}

static int
set_strip(struct setting *set)
{
	set->want = SAY_WANT_STRIP;
	if (slice_is_word(set->value, "none")) {
		set->rules->strip = slice_of(NULL, 0);
		return 0;
	}
	if (set->value.len > DOMAIN_WORD_MOST || has_blank(set->value))
		return -EINVAL;
	return copy_lower(set->arena, set->value, &set->rules->strip);
}

/* ann@office.test,ben@office.test */
static int
read_targets(struct setting *set, struct slice s,
    struct domain_targets *targets_out)
{
	struct domain_targets targets = { 0 };
	struct slice one;
	bool more = true;
	int r;

	while (more) {
		more = slice_cut(&s, ',', &one);
		if (targets.count == DOMAIN_TARGETS_MOST) {
			set->want = SAY_WANT_FEWER;
			return -EINVAL;
		}
		r = read_address(set, more ? one : s,
		    &targets.address[targets.count++]);
		if (r < 0)
			return r;
	}
	*targets_out = targets;
	return 0;
}

/* Cut "left -> right"; what stands left may hold an arrow itself. */
static bool
cut_arrow(struct slice s, struct slice *left_out, struct slice *right_out)
{
	for (size_t i = s.len; i >= 4; i--) {
		if (memcmp(s.at + i - 4, " -> ", 4) != 0)
			continue;
		*left_out = slice_trim(slice_first(s, i - 4));
		*right_out = slice_trim(slice_after(s, i));
		return left_out->len > 0 && right_out->len > 0;
	}
	return false;
}

/* "equals", "not-equals" or, as people say it, "not equals". */
static bool
cut_test(struct slice *rest, enum domain_test *test_out)
{
	struct slice word;
	unsigned place, not = 0;

	if (!slice_word(rest, &word))
		return false;
	if (slice_is_word(word, "not")) {
		not = 1;
		if (!slice_word(rest, &word))
			return false;
	}
	place = word_place(word, test_words, DOMAIN_TEST_COUNT);
	if (place == DOMAIN_TEST_COUNT ||
	    (not == 1 && place != DOMAIN_EQUALS && place != DOMAIN_CONTAINS))
		return false;
	*test_out = (enum domain_test)(place + not);
	return true;
}

static int
set_route(struct setting *set)
{
	struct domain_rules *rules = set->rules;
	struct domain_route route = { 0 };
	struct slice left, right, word;
	int r;

	set->want = SAY_WANT_ROUTE;
	if (slice_is_word(set->value, "none")) {
		rules->route_count = 0;
		return 0;
	}
	if (!cut_arrow(set->value, &left, &right) ||
	    !cut_test(&left, &route.test))
		return -EINVAL;
	left = slice_trim(left);
	if (left.len == 0 || left.len > DOMAIN_WORD_MOST ||
	    !slice_word(&right, &word))
		return -EINVAL;
	if (slice_is_word(word, "copy")) {
		r = read_targets(set, right, &route.copy_to);
		if (r < 0)
			return r;
	} else if (!slice_is_word(word, "drop") || slice_trim(right).len > 0) {
		return -EINVAL;
	}
	if (rules->route_count == DOMAIN_ROUTES_MOST) {
		set->want = SAY_WANT_FEWER;
		return -EINVAL;
	}
	r = copy_lower(set->arena, left, &route.text);
	if (r == 0)
		rules->routes[rules->route_count++] = route;
	return r;
}

/* The rule learned by this key, or NULL. */
static struct domain_learned *
learned_find(struct domain_rules *rules, enum domain_key by, struct slice key)
{
	for (unsigned i = 0; i < rules->learned_count; i++)
		if (rules->learned[i].by == by &&
		    slice_is_nocase(rules->learned[i].key, key))
			return &rules->learned[i];
	return NULL;
}

/* What was said last about a key is what counts. */
static int
set_learn(struct setting *set)
{
	struct domain_rules *rules = set->rules;
	struct domain_learned learned = { 0 }, *old;
	struct slice left, right, word;
	unsigned place;
	int r;

	set->want = SAY_WANT_LEARN;
	if (slice_is_word(set->value, "none")) {
		rules->learned_count = 0;
		return 0;
	}
	if (!cut_arrow(set->value, &left, &right) || !slice_word(&left, &word))
		return -EINVAL;
	place = word_place(word, domain_key_words, DOMAIN_KEY_COUNT);
	left = slice_trim(left);
	if (place == DOMAIN_KEY_COUNT || left.len == 0 || has_blank(left))
		return -EINVAL;
	learned.by = (enum domain_key)place;
	if (learned.by != DOMAIN_KEY_LIST)
		r = read_address(set, left, &learned.key);
	else if (left.len > DOMAIN_WORD_MOST)
		r = -EINVAL;
	else
		r = copy_lower(set->arena, left, &learned.key);
	set->want = SAY_WANT_LEARN;
	if (r == 0)
		r = read_targets(set, right, &learned.to);
	if (r < 0)
		return r;
	old = learned_find(rules, learned.by, learned.key);
	if (old == NULL && rules->learned_count == DOMAIN_LEARNED_MOST) {
		set->want = SAY_WANT_FEWER;
		return -EINVAL;
	}
	*(old != NULL ? old : &rules->learned[rules->learned_count++]) =
	    learned;
	return 0;
}

static const struct option {
	const char	*name;
	int		(*set)(struct setting *);
} options[] = {
	{ "domain", set_domain },
	{ "mailbox", set_mailbox },
	{ "envelope-header", set_envelope },
	{ "envelope-depth", set_depth },
	{ "headers", set_headers },
	{ "skip-received", set_skip },
	{ "archive", set_archive },
	{ "match-names", set_match },
	{ "replace-domain", set_replace },
	{ "strip", set_strip },
	{ "route", set_route },
	{ "learn", set_learn },
};

#define OPTION_COUNT	(sizeof(options) / sizeof(options[0]))

/* One line of UTF-8 without controls, not longer than a line may be. */
static bool
is_line(struct slice s)
{
	if (s.len == 0 || s.len > DOMAIN_TEXT_MOST / 8 || !slice_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
			return false;
	return true;
}

int
domain_rules_set(struct arena *arena, struct domain_rules *rules,
    struct slice option, struct slice value, struct domain_fault *fault_out)
{
	struct setting set = { arena, rules, slice_trim(value),
	    SAY_WANT_OPTION };
	const struct option *row = NULL;
	int r = -EINVAL;

	for (size_t i = 0; i < OPTION_COUNT && row == NULL; i++)
		if (slice_is_str(option, options[i].name))
			row = &options[i];
	if (row != NULL) {
		set.want = SAY_UNFIT;
		if (is_line(set.value))
			r = row->set(&set);
	}
	if (r == -EINVAL) {
		fault_out->option = row == NULL ? NULL : row->name;
		fault_out->line = 0;
		fault_out->want = set.want;
	}
	return r;
}

int
domain_rules_new(struct arena *arena, struct domain_rules *rules_out)
{
	struct domain_rules rules = { 0 };
	struct domain_fault fault;
	int r;

	rules.learned = arena_array(arena, DOMAIN_LEARNED_MOST,
	    sizeof(*rules.learned));
	if (rules.learned == NULL)
		return -ENOBUFS;
	rules.envelope_depth = 1;
	r = domain_rules_set(arena, &rules, slice_str("headers"),
	    slice_str(usual_headers), &fault);
	if (r == 0)
		*rules_out = rules;
	return r;
}

int
domain_rules_read(struct arena *arena, struct slice text,
    struct domain_rules *rules_out, struct domain_fault *fault_out)
{
	struct domain_rules rules;
	struct slice line, word;
	unsigned number = 0;
	int r = domain_rules_new(arena, &rules);

	if (r == 0 && text.len > DOMAIN_TEXT_MOST) {
		*fault_out = (struct domain_fault){ NULL, 0, SAY_WANT_FEWER };
		return -EINVAL;
	}
	while (r == 0 && text.len > 0) {
		if (!slice_cut(&text, '\n', &line)) {
			line = text;
			text = slice_after(text, text.len);
		}
		number++;
		if (!slice_word(&line, &word))
			continue;
		r = domain_rules_set(arena, &rules, word, line, fault_out);
		if (r == -EINVAL)
			fault_out->line = number;
	}
	if (r == 0)
		*rules_out = rules;
	return r;
}

static void
write_line(struct text *text, const char *option, struct slice value)
{
	text_add_str(text, option);
	text_add_byte(text, ' ');
	text_add(text, value);
	text_add_byte(text, '\n');
}

/* A switch with its one address or domain. */
static void
write_switch(struct text *text, const char *option, enum domain_switch how,
    struct slice only)
{
	write_line(text, option, how == DOMAIN_ONLY ? only :
	    slice_str(how == DOMAIN_YES ? "yes" : "no"));
}

static void
write_targets(struct text *text, const struct domain_targets *targets)
{
	for (unsigned i = 0; i < targets->count; i++) {
		if (i > 0)
			text_add_byte(text, ',');
		text_add(text, targets->address[i]);
	}
}

void
domain_route_write(struct text *text, const struct domain_route *route)
{
	text_add_str(text, test_words[route->test]);
	text_add_byte(text, ' ');
	text_add(text, route->text);
	text_add_str(text, route->copy_to.count == 0 ? " -> drop" :
	    " -> copy ");
	write_targets(text, &route->copy_to);
}

void
domain_learned_write(struct text *text, const struct domain_learned *learned)
{
	text_add_str(text, domain_key_words[learned->by]);
	text_add_byte(text, ' ');
	text_add(text, learned->key);
	text_add_str(text, " -> ");
	write_targets(text, &learned->to);
}

static void
write_envelope(struct text *text, const struct domain_envelope *envelope)
{
	text_add_str(text, "envelope-header ");
	text_add(text, envelope->name);
	if (envelope->prefix.len > 0 || envelope->tail.len > 0) {
		text_add_byte(text, ':');
		text_add(text, envelope->prefix);
	}
	if (envelope->tail.len > 0) {
		text_add_byte(text, ':');
		text_add(text, envelope->tail);
	}
	text_add_byte(text, '\n');
}

void
domain_rules_write(struct text *text, const struct domain_rules *rules)
{
	if (rules->domain.len > 0)
		write_line(text, "domain", rules->domain);
	if (rules->mailbox.len > 0)
		write_line(text, "mailbox", rules->mailbox);
	if (rules->archive)
		write_line(text, "archive", slice_str("yes"));
	for (unsigned i = 0; i < rules->envelope_count; i++)
		write_envelope(text, &rules->envelopes[i]);
	if (rules->envelope_depth == UINT_MAX)
		text_add_str(text, "envelope-depth any\n");
	else
		text_addf(text, "envelope-depth %u\n", rules->envelope_depth);
	text_add_str(text, "headers ");
	for (unsigned i = 0; i < rules->header_count; i++) {
		if (i > 0)
			text_add_byte(text, ',');
		text_add(text, rules->headers[i]);
	}
	text_addf(text, "\nskip-received %u\n", rules->skip_received);
	write_switch(text, "match-names", rules->match_names,
	    rules->match_address);
	write_switch(text, "replace-domain", rules->replace,
	    rules->replace_only);
	if (rules->strip.len > 0)
		write_line(text, "strip", rules->strip);
	for (unsigned i = 0; i < rules->route_count; i++) {
		text_add_str(text, "route ");
		domain_route_write(text, &rules->routes[i]);
		text_add_byte(text, '\n');
	}
	for (unsigned i = 0; i < rules->learned_count; i++) {
		text_add_str(text, "learn ");
		domain_learned_write(text, &rules->learned[i]);
		text_add_byte(text, '\n');
	}
}
