/*
 * doctor.c - what a remote mailbox is like: one header after the other
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/domain/clean.h"
#include "fetch/domain/doctor_inside.h"
#include "fetch/domain/fields.h"
#include "filters/trusted_hop.h"
#include "lib/message/received.h"

#define NORMAL_MOST	(NORMAL_SIZE - 1)
#define AFFIXES_OF_ONE	5	/* prefixes of one address; and 2 tails */
#define TAILS_OF_ONE	2

_Static_assert(DOMAIN_KNOWN_COUNT + 1 + DOMAIN_ENVELOPES_MOST <=
    DOCTOR_HEADERS, "all headers have their place");

/* Counting */

void
ballot_add(struct ballot *ballot, uint64_t key)
{
	unsigned i = 0;

	ballot->total++;
	while (i < ballot->used && ballot->key[i] != key)
		i++;
	if (i == TALLY_MOST)
		return;		/* so many are different in any case */
	if (i == ballot->used)
		ballot->key[ballot->used++] = key;
	ballot->count[i]++;
}

unsigned
ballot_top(const struct ballot *ballot)
{
	unsigned top = 0;

	for (unsigned i = 1; i < ballot->used; i++)
		if (ballot->count[i] > ballot->count[top])
			top = i;
	return top;
}

/* FNV-1a with its highest bit set: it is no account. */
static uint64_t
hash_of(struct slice s)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < s.len; i++)
		hash = (hash ^ (unsigned char)s.at[i]) *
		    UINT64_C(1099511628211);
	return hash | (UINT64_C(1) << 63);
}

static void
show(char shown[SHOWN_SIZE], struct slice s)
{
	TEXT_AUTO text = TEXT_INIT(SHOWN_SIZE);
	struct slice trimmed = slice_trim(s);

	text_add_escaped(&text, trimmed, SHOWN_MOST);
	if (text_slice(&text).len == 0 || text_failed(&text) ||
	    slice_cstr(text_slice(&text), shown, SHOWN_SIZE) < 0)
		shown[0] = '\0';
}

/* Beginning and end */

static void
add_header(struct doctor *doctor, struct slice name, bool is_set)
{
	struct doctor_header *header;

	for (unsigned i = 0; i < doctor->header_count; i++)
		if (slice_is_nocase(name,
		    slice_str(doctor->headers[i].name))) {
			doctor->headers[i].is_set |= is_set;
			return;
		}
	header = &doctor->headers[doctor->header_count++];
	(void)slice_cstr(name, header->name, sizeof(header->name));
	header->is_set = is_set;
}

struct doctor *
doctor_new(const struct domain_rules *rules, bool is_domain,
    struct slice host)
{
	struct doctor *doctor = calloc(1, sizeof(*doctor));

	if (doctor == NULL)
		return NULL;
	doctor->rules = rules;
	doctor->is_domain = is_domain;
	doctor->host = host;
	doctor->arena = arena_new(DOMAIN_RULES_ARENA);
	if (doctor->arena == NULL || identity_open(&doctor->identity) < 0) {
		doctor_free(doctor);
		return NULL;
	}
	for (size_t i = 0; i < DOMAIN_KNOWN_COUNT; i++)
		add_header(doctor, slice_str(domain_known_envelopes[i]),
		    false);
	/* an old one, which is read with To where no rule names it */
	add_header(doctor, slice_str("Apparently-To"), false);
	for (unsigned i = 0; i < rules->envelope_count; i++)
		add_header(doctor, rules->envelopes[i].name, true);
	return doctor;
}

void
doctor_free(struct doctor *doctor)
{
	if (doctor == NULL)
		return;
	identity_close(&doctor->identity);
	arena_free(doctor->arena);
	free(doctor);
}

/* What is to be asked */

static void
add_form(struct arena *arena, struct doctor_look *look, unsigned header,
    struct slice local, struct slice domain, struct slice affix, bool is_tail)
{
	TEXT_AUTO normal = TEXT_INIT(NORMAL_MOST);
	struct slice kept;

	if (local.len == 0 || address_normal(&normal, local, domain) < 0 ||
	    arena_copy(arena, text_slice(&normal), &kept) < 0)
		return;		/* it can be nobody's */
	look->forms[look->form_count++] = (struct doctor_form){ header, affix,
	    is_tail, (uint16_t)look->ask_count };
	look->asks[look->ask_count++] = (struct domain_ask){ false, kept, 0 };
}

static bool
is_seam(char c)
{
	return c == '-' || c == '+' || c == '=' || c == '_';
}

/* The address as it stands, then with one prefix or tail less. */
static void
add_forms(struct arena *arena, struct doctor_look *look, unsigned header,
    struct slice local, struct slice domain)
{
	unsigned prefixes = 0, tails = 0;

	add_form(arena, look, header, local, domain, slice_of(NULL, 0),
	    false);
	for (size_t i = 0; i + 1 < local.len && prefixes < AFFIXES_OF_ONE; i++)
		if (is_seam(local.at[i]) && i + 1 < AFFIX_SIZE) {
			add_form(arena, look, header, slice_after(local,
			    i + 1), domain, slice_first(local, i + 1), false);
			prefixes++;
		}
	for (size_t i = local.len; i-- > 1 && tails < TAILS_OF_ONE;)
		if (is_seam(local.at[i]) && local.len - i < AFFIX_SIZE) {
			add_form(arena, look, header, slice_first(local, i),
			    domain, slice_after(local, i), true);
			tails++;
		}
}
_Static_assert(1 + AFFIXES_OF_ONE + TAILS_OF_ONE <= DOCTOR_FORMS,
    "all forms have their place");

/* The one address of a header field: its parts copied, for the list is short-
   lived.  False: there is none. */
static bool
read_only_address(struct arena *arena, const struct domain_rules *rules,
    struct slice value, struct slice *local_out, struct slice *domain_out)
{
	struct address_list list;
	struct address address;
	struct slice word = slice_trim(value), domain = rules->domain;

	addresses_begin(&list, value);
	if (!addresses_next(&list, &address))
		return false;
	if (address.kind == ADDRESS_MAILBOX) {
		word = address.local;
		domain = address.domain;
	} else if (slice_find(word, '@') != SIZE_MAX ||
	    slice_find(word, ' ') != SIZE_MAX || domain.len == 0) {
		return false;
	}
	return word.len > 0 && word.len <= ADDRESS_LOCAL_MOST &&
	    arena_copy(arena, word, local_out) == 0 &&
	    arena_copy(arena, domain, domain_out) == 0;
}

/* The topmost field of that name that says more than where it was put. */
static void
look_at_header(const struct doctor *doctor, struct arena *arena,
    struct doctor_look *look, unsigned place)
{
	struct slice name = slice_str(doctor->headers[place].name);
	struct slice rest = look->header, local, domain;
	struct header_field field;
	unsigned received = 0;

	while (domain_field(&rest, &field)) {
		TEXT_AUTO normal = TEXT_INIT(NORMAL_MOST);

		received += slice_is_word(field.name, "received");
		if (!slice_is_nocase(field.name, name) ||
		    !read_only_address(arena, doctor->rules, field.value,
		    &local, &domain))
			continue;
		if (address_normal(&normal, local, domain) == 0 &&
		    slice_is(text_slice(&normal), doctor->rules->mailbox)) {
			look->is_own[place] = true;
			continue;
		}
		look->depth[place] = received + 1;
		look->written[place] = slice_trim(field.value);
		add_forms(arena, look, place, local, domain);
		return;
	}
}

int
doctor_ask(struct doctor *doctor, struct arena *arena, struct slice header,
    struct doctor_look *look_out)
{
	struct doctor_look *look = look_out;
	unsigned most;
	int r;

	memset(look, 0, sizeof(*look));
	look->header = header;
	r = domain_candidates(arena, header, doctor->is_second ?
	    &doctor->advised : doctor->rules, &look->candidates);
	if (r < 0)
		return r;
	/* what the candidates ask, and then the forms; one message holds all */
	most = look->candidates.ask_count + DOCTOR_HEADERS * DOCTOR_FORMS;
	look->asks = arena_array(arena, most, sizeof(*look->asks));
	if (look->asks == NULL)
		return -ENOBUFS;
	memcpy(look->asks, look->candidates.asks,
	    look->candidates.ask_count * sizeof(*look->asks));
	look->ask_count = look->candidates.ask_count;
	/* all fit one message to the keeper; so many recipients say enough */
	if (doctor->is_second || most > DOMAIN_ASKS_MOST ||
	    look->candidates.ask_bytes > DOMAIN_ASKS_BYTES / 2)
		return 0;
	for (unsigned i = 0; i < doctor->header_count; i++)
		look_at_header(doctor, arena, look, i);
	return 0;
}

/* What was answered */

static void
note_affix(struct doctor_header *header, const struct doctor_form *form,
    bool is_ours)
{
	struct affix *affix = header->affixes;
	unsigned i = 0;

	/* it could not be written in a rule */
	if (slice_find(form->affix, ':') != SIZE_MAX ||
	    !slice_is_printable_ascii(form->affix))
		return;
	while (i < header->affix_count && (affix[i].is_tail != form->is_tail ||
	    !slice_is_nocase(form->affix, slice_str(affix[i].text))))
		i++;
	if (i == AFFIXES_MOST)
		return;		/* what all have was among the first */
	if (i == header->affix_count) {
		if (slice_cstr(form->affix, affix[i].text, AFFIX_SIZE) < 0)
			return;
		affix[i].is_tail = form->is_tail;
		header->affix_count++;
	}
	affix[i].count++;
	affix[i].ours += is_ours;
}

static bool
is_local(const struct domain_answer *answer)
{
	return answer->whose == DOMAIN_OURS || answer->whose == DOMAIN_UNKNOWN;
}

/* Who is meant: an account, else the address. */
static uint64_t
key_of(const struct domain_answer *answer, struct slice address)
{
	return answer->whose == DOMAIN_OURS ? answer->account :
	    hash_of(address);
}

static void
note_whole(struct doctor *doctor, const struct doctor_look *look,
    const struct doctor_form *form, const struct domain_answer *answer,
    struct doctor_message *message)
{
	struct doctor_header *header = &doctor->headers[form->header];
	struct slice address = look->asks[form->ask].text;
	uint64_t key = key_of(answer, address);

	header->local += is_local(answer);
	header->direct += answer->whose == DOMAIN_OURS;
	message->whom[form->header] = hash_of(address);
	ballot_add(&header->whom, key);
	if (header->example[0] == '\0' ||
	    header->whom.key[ballot_top(&header->whom)] == key)
		if (slice_cstr(address, header->address,
		    sizeof(header->address)) == 0)
			show(header->example, look->written[form->header]);
}

/* Its envelope headers. */
static void
note_headers(struct doctor *doctor, const struct doctor_look *look,
    const struct domain_answer *answers, struct doctor_message *message)
{
	for (unsigned i = 0; i < doctor->header_count; i++) {
		struct doctor_header *header = &doctor->headers[i];
		unsigned depth = look->depth[i];

		header->seen += depth > 0 || look->is_own[i];
		header->own += depth == 0 && look->is_own[i];
		if (depth == 0)
			continue;
		if (depth > header->deepest)
			header->deepest = depth;
		if (header->shallowest == 0 || depth < header->shallowest)
			header->shallowest = depth;
	}
	for (unsigned i = 0; i < look->form_count; i++) {
		const struct doctor_form *form = &look->forms[i];
		const struct domain_answer *answer = &answers[form->ask];

		if (form->affix.len == 0)
			note_whole(doctor, look, form, answer, message);
		else
			note_affix(&doctor->headers[form->header], form,
			    answer->whose == DOMAIN_OURS);
	}
}

/* Recipients of ours that Received lines, or To and Cc, name. */
static void
note_named(struct doctor *doctor, const struct doctor_look *look,
    const struct domain_answer *answers)
{
	struct ballot here = { .used = 0 };
	bool has_received = false;

	for (unsigned i = 0; i < look->candidates.count; i++) {
		const struct domain_candidate *one = &look->candidates.all[i];
		const struct domain_answer *answer;

		if (one->ask == DOMAIN_NONE || one->own ||
		    !is_local(&answers[one->ask]))
			continue;
		answer = &answers[one->ask];
		if (one->source == DOMAIN_RECEIVED && !has_received) {
			/* the topmost that names somebody here */
			ballot_add(&doctor->received, key_of(answer,
			    one->address));
			has_received = true;
		} else if (one->source == DOMAIN_VISIBLE) {
			ballot_add(&here, key_of(answer, one->address));
		}
	}
	for (unsigned i = 0; i < here.used; i++)
		ballot_add(&doctor->visible, here.key[i]);
	doctor->named_many += here.used > 1;
}

static void
note_hop(struct doctor *doctor, struct slice header)
{
	struct trusted_hop hop = trusted_hop_find(header, doctor->host);
	struct header_field field;
	struct received received;

	doctor->hops += hop.peer.len > 0;
	if (doctor->peer[0] == '\0' && hop.peer.len > 0)
		show(doctor->peer, hop.peer);
	if (doctor->by[0] != '\0' || !domain_field_named(&header,
	    slice_str("received"), &field))
		return;
	received_read(field.value, &received);
	show(doctor->by, received.by);
}

static int
note_identity(struct doctor *doctor, struct slice header,
    struct doctor_message *message)
{
	int r;

	identity_begin(&doctor->identity);
	identity_add(&doctor->identity, header);
	r = identity_end(&doctor->identity, message->identity);
	message->has_identity = r == 0;
	return r == -ENOENT ? 0 : r;
}

static void
show_field(char shown[SHOWN_SIZE], struct slice header, const char *name)
{
	struct header_field field;

	shown[0] = '\0';
	if (domain_field_named(&header, slice_str(name), &field))
		show(shown, field.value);
}

static void
note_case(struct doctor *doctor, uint32_t number, struct slice header,
    enum domain_hold hold)
{
	struct doctor_case *one;

	if (hold == DOMAIN_FOUND || doctor->case_count == CASES_MOST)
		return;
	one = &doctor->cases[doctor->case_count++];
	one->number = number;
	one->hold = hold;
	show_field(one->from, header, "from");
	show_field(one->subject, header, "subject");
}

int
doctor_tell(struct doctor *doctor, struct arena *arena, uint32_t number,
    const struct doctor_look *look, const struct domain_answer *answers)
{
	struct domain_decision decision;
	struct doctor_message *message;
	int r = domain_decide(arena, doctor->is_second ? &doctor->advised :
	    doctor->rules, &look->candidates, answers, &decision);

	if (r < 0)
		return r;
	if (doctor->is_second) {
		doctor->then[decision.hold]++;
		doctor->looked_then++;
		return 0;
	}
	if (doctor->looked == DOCTOR_MESSAGES_MOST)
		return 0;
	message = &doctor->messages[doctor->looked];
	r = note_identity(doctor, look->header, message);
	if (r < 0)
		return r;
	doctor->looked++;
	doctor->now[decision.hold]++;
	note_case(doctor, number, look->header, decision.hold);
	note_headers(doctor, look, answers, message);
	note_named(doctor, look, answers);
	note_hop(doctor, look->header);
	return 0;
}
