/*
 * doctor_advice.c - what a remote mailbox is like: what follows from all headers
 *
 * A header is advised only where it stands in nearly all messages, names people
 * of ours in nearly all of them, and not always the same one: what always names
 * the same is where the mailbox is, not whom a copy is for.
 */
#include <string.h>

#include "fetch/diagnosis.h"
#include "fetch/domain/doctor_inside.h"
#include "fetch/domain/explain.h"

#define NEARLY_ALL	90	/* per cent */
#define MOST_OF		66
#define UNSET_LEAST	20	/* messages without a header that is set */
#define DEPTH_MOST	4	/* a header further down may be anybody's */

static bool
is_share(unsigned part, unsigned of, unsigned percent)
{
	return of > 0 && (uint64_t)part * 100 >= (uint64_t)of * percent;
}

/* All but a few are the same. */
static bool
is_one(const struct ballot *ballot, unsigned percent)
{
	return ballot->used > 0 && is_share(ballot->count[ballot_top(ballot)],
	    ballot->total, percent);
}

/* What was found */

const struct affix *
doctor_affix(const struct doctor_header *header, bool is_tail)
{
	const struct affix *best = NULL;

	for (unsigned i = 0; i < header->affix_count; i++) {
		const struct affix *affix = &header->affixes[i];

		if (affix->is_tail == is_tail && affix->ours >
		    header->direct && is_share(affix->count,
		    header->whom.total, NEARLY_ALL) &&
		    (best == NULL || affix->ours > best->ours))
			best = affix;
	}
	return best;
}

/* In nearly all messages, and of ours there. */
static bool
is_everywhere(const struct doctor *doctor, const struct doctor_header *header)
{
	return doctor->looked >= DOCTOR_LEAST &&
	    is_share(header->seen, doctor->looked, NEARLY_ALL) &&
	    is_share(header->local, doctor->looked, NEARLY_ALL);
}

const struct doctor_header *
doctor_best(const struct doctor *doctor)
{
	const struct doctor_header *best = NULL;

	for (unsigned i = 0; i < doctor->header_count; i++) {
		const struct doctor_header *header = &doctor->headers[i];

		if (!is_everywhere(doctor, header) ||
		    is_one(&header->whom, NEARLY_ALL) ||
		    header->deepest > header->shallowest ||
		    header->deepest > DEPTH_MOST)
			continue;
		/* what stands higher was written later: by the provider */
		if (best == NULL || header->deepest < best->deepest ||
		    (header->deepest == best->deepest &&
		    header->local > best->local))
			best = header;
	}
	return best;
}

/* What names the same address of ours in all messages; or NULL. */
static const struct doctor_header *
find_constant(const struct doctor *doctor)
{
	for (unsigned i = 0; i < doctor->header_count; i++)
		if (is_everywhere(doctor, &doctor->headers[i]) &&
		    is_one(&doctor->headers[i].whom, NEARLY_ALL))
			return &doctor->headers[i];
	return NULL;
}

/* Is the mailbox a domain's, or one person's?  And what says so. */
struct kind {
	const char	*word, *by;
	unsigned	 recipients;
};

static struct kind
kind_by(const char *by, const struct ballot *ballot, unsigned percent)
{
	return (struct kind){ is_one(ballot, percent) ? "person" : "domain",
	    by, ballot->used };
}

static struct kind
find_kind(const struct doctor *doctor)
{
	const struct doctor_header *best = doctor_best(doctor);

	if (best != NULL)
		return kind_by(best->name, &best->whom, NEARLY_ALL);
	if (doctor->received.total >= DOCTOR_LEAST &&
	    is_share(doctor->received.total, doctor->looked, 50))
		return kind_by("Received", &doctor->received, NEARLY_ALL);
	/* people are written to together with others: of these, one is meant */
	if (doctor->visible.total >= DOCTOR_LEAST)
		return (struct kind){ is_share(doctor->visible.count[
		    ballot_top(&doctor->visible)], doctor->looked, MOST_OF) ?
		    "person" : "domain", "To", doctor->visible.used };
	best = find_constant(doctor);
	if (best != NULL)
		return kind_by(best->name, &best->whom, NEARLY_ALL);
	return (struct kind){ "unknown", "", 0 };
}

/* Messages that lie there several times. */
struct copies {
	unsigned	messages;	/* different ones */
	unsigned	several;	/* of them */
	unsigned	differ;		/* and so does who they are for */
};

static bool
is_same(const struct doctor_message *a, const struct doctor_message *b)
{
	return a->has_identity && b->has_identity && memcmp(a->identity,
	    b->identity, DIGEST_BYTES) == 0;
}

static bool
is_for_other(const struct doctor *doctor, const struct doctor_message *a,
    const struct doctor_message *b)
{
	for (unsigned i = 0; i < doctor->header_count; i++)
		if (a->whom[i] != b->whom[i])
			return true;
	return false;
}

static struct copies
find_copies(const struct doctor *doctor)
{
	struct copies copies = { 0 };

	for (unsigned i = 0; i < doctor->looked; i++) {
		const struct doctor_message *one = &doctor->messages[i];
		bool is_first = true, is_several = false, differs = false;

		for (unsigned k = 0; k < doctor->looked; k++) {
			const struct doctor_message *other =
			    &doctor->messages[k];

			if (k == i || !is_same(one, other))
				continue;
			is_first = is_first && k > i;
			is_several = true;
			differs = differs || is_for_other(doctor, one, other);
		}
		copies.messages += is_first;
		copies.several += is_first && is_several;
		copies.differ += is_first && differs;
	}
	return copies;
}

/* Advice */

/* `value` was made whole; a rule that cannot be set is not advised. */
static void
advise(struct doctor *doctor, const char *name, const struct text *value)
{
	struct doctor_option *option = &doctor->options[doctor->option_count];
	struct domain_fault fault;

	if (doctor->option_count == OPTIONS_MOST || text_failed(value) ||
	    !slice_is_printable_ascii(text_slice(value)) ||
	    slice_cstr(text_slice(value), option->value,
	    sizeof(option->value)) < 0 ||
	    domain_rules_set(doctor->arena, &doctor->advised, slice_str(name),
	    slice_str(option->value), &fault) < 0)
		return;
	option->name = name;
	doctor->option_count++;
}

static void
advise_word(struct doctor *doctor, const char *name, const char *word)
{
	TEXT_AUTO value = TEXT_INIT(NORMAL_SIZE);

	text_add_str(&value, word);
	advise(doctor, name, &value);
}

static bool
is_set_so(const struct domain_rules *rules, const struct doctor_header *best,
    const struct affix *prefix, const struct affix *tail)
{
	const struct domain_envelope *set = &rules->envelopes[0];

	return rules->envelope_count > 0 &&
	    slice_is_nocase(set->name, slice_str(best->name)) &&
	    slice_is_nocase(set->prefix, slice_str(prefix == NULL ? "" :
	    prefix->text)) &&
	    slice_is_nocase(set->tail, slice_str(tail == NULL ? "" :
	    tail->text));
}

static void
add_pattern(struct text *text, const struct doctor_header *header)
{
	const struct affix *prefix = doctor_affix(header, false);
	/* one of the two; both at once nobody was seen to write */
	const struct affix *tail = prefix != NULL ? NULL :
	    doctor_affix(header, true);

	if (prefix != NULL || tail != NULL)
		text_add_byte(text, ':');
	if (prefix != NULL)
		text_add_str(text, prefix->text);
	if (tail != NULL) {
		text_add_byte(text, ':');
		text_add_str(text, tail->text);
	}
}

/* The header that says for whom each copy is comes first, and so decides. */
static void
advise_envelope(struct doctor *doctor, const struct doctor_header *best)
{
	const struct affix *prefix = doctor_affix(best, false);
	const struct affix *tail = prefix != NULL ? NULL :
	    doctor_affix(best, true);
	unsigned depth = best->deepest - 1;

	if (!is_set_so(doctor->rules, best, prefix, tail)) {
		TEXT_AUTO value = TEXT_INIT(2 * DOMAIN_WORD_MOST);

		if (doctor->rules->envelope_count > 0)
			advise_word(doctor, "envelope-header", "none");
		text_add_str(&value, best->name);
		add_pattern(&value, best);
		advise(doctor, "envelope-header", &value);
	}
	if (depth > doctor->rules->envelope_depth) {
		TEXT_AUTO value = TEXT_INIT(16);

		text_addf(&value, "%u", depth);
		advise(doctor, "envelope-depth", &value);
	}
}

/* None of those that are set stands anywhere. */
static bool
is_unset(const struct doctor *doctor)
{
	for (unsigned i = 0; i < doctor->header_count; i++)
		if (doctor->headers[i].is_set && doctor->headers[i].seen > 0)
			return false;
	return doctor->rules->envelope_count > 0 &&
	    doctor->looked >= UNSET_LEAST;
}

/* A mailbox of one person becomes a domain's with any rule: the usual list. */
static void
advise_usual(struct doctor *doctor)
{
	TEXT_AUTO value = TEXT_INIT(2 * DOMAIN_WORD_MOST);

	for (unsigned i = 0; i < doctor->rules->header_count; i++) {
		if (i > 0)
			text_add_byte(&value, ',');
		text_add(&value, doctor->rules->headers[i]);
	}
	advise(doctor, "headers", &value);
}

bool
doctor_advise(struct doctor *doctor)
{
	const struct doctor_header *best = doctor_best(doctor);
	const struct doctor_header *constant = find_constant(doctor);
	bool is_domain = strcmp(find_kind(doctor).word, "domain") == 0;

	doctor->advised = *doctor->rules;
	if (!is_domain)
		return false;
	if (best != NULL)
		advise_envelope(doctor, best);
	else if (is_unset(doctor))
		advise_word(doctor, "envelope-header", "none");
	if (best == NULL && constant != NULL && constant->direct == 0)
		advise_word(doctor, "mailbox", constant->address);
	if (!doctor->is_domain && doctor->option_count == 0)
		advise_usual(doctor);
	doctor->is_second = doctor->is_domain && doctor->option_count > 0;
	return doctor->is_second;
}

/* The report */

static void
report_header(const struct doctor *doctor, const struct doctor_header *header,
    struct text *rows)
{
	TEXT_AUTO extra = TEXT_INIT(2 * AFFIX_SIZE);
	struct diagnosis_row row = { .topic = DIAGNOSIS_HEADER,
	    .name = slice_str(header->name),
	    .value = slice_str(header->example), .count = header->seen,
	    .of = doctor->looked, .ours = header->local,
	    .different = header->whom.used };

	if (header->seen == 0 && !header->is_set)
		return;
	add_pattern(&extra, header);
	row.extra = text_slice(&extra);
	if (row.extra.len > 0)
		row.extra = slice_after(row.extra, 1);
	/* it may hold what a peer wrote */
	if (!slice_is_printable_ascii(row.extra))
		row.extra = slice_of(NULL, 0);
	diagnosis_pack(rows, &row);
}

static void
report_copies(const struct doctor *doctor, struct text *rows)
{
	struct copies copies = find_copies(doctor);
	const char *word = copies.several == 0 ? doctor->named_many >= 3 ?
	    "one" : "unknown" : copies.differ > 0 ||
	    doctor_best(doctor) == NULL ? "each" : "unknown";

	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_COPIES, .name = slice_str(word),
	    .count = copies.several, .of = copies.messages,
	    .different = copies.differ });
}

static void
report_decisions(enum diagnosis_topic topic,
    const unsigned counts[DOMAIN_HOLD_COUNT], unsigned of, struct text *rows)
{
	for (unsigned i = 0; i < DOMAIN_HOLD_COUNT; i++)
		if (counts[i] > 0)
			diagnosis_pack(rows, &(struct diagnosis_row){
			    .topic = topic, .name = slice_str(i ==
			    DOMAIN_FOUND ? "delivered" :
			    domain_hold_words[i]),
			    .count = counts[i], .of = of });
}

static void
report_case(const struct doctor_case *one, struct text *rows)
{
	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_CASE,
	    .name = slice_str(domain_hold_words[one->hold]),
	    .value = slice_str(one->from), .extra = slice_str(one->subject),
	    .count = one->number });
}

static void
report_option(const struct doctor_option *option, struct text *rows)
{
	TEXT_AUTO name = TEXT_INIT(32);

	text_add_str(&name, "--");
	text_add_str(&name, option->name);
	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_OPTION, .name = text_slice(&name),
	    .value = slice_str(option->value) });
}

void
doctor_report(const struct doctor *doctor, uint64_t listed, struct text *rows)
{
	struct kind kind = find_kind(doctor);

	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_MESSAGES, .count = doctor->looked,
	    .of = listed });
	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_SHAPE, .name = slice_str(kind.word),
	    .value = slice_str(kind.by), .count = kind.recipients });
	for (unsigned i = 0; i < doctor->header_count; i++)
		report_header(doctor, &doctor->headers[i], rows);
	report_copies(doctor, rows);
	diagnosis_pack(rows, &(struct diagnosis_row){
	    .topic = DIAGNOSIS_HOP, .name = slice_str(doctor->by),
	    .value = slice_str(doctor->peer), .count = doctor->hops,
	    .of = doctor->looked });
	if (doctor->is_domain)
		report_decisions(DIAGNOSIS_NOW, doctor->now, doctor->looked,
		    rows);
	for (unsigned i = 0; doctor->is_domain && i < doctor->case_count; i++)
		report_case(&doctor->cases[i], rows);
	if (doctor->is_second)
		report_decisions(DIAGNOSIS_THEN, doctor->then,
		    doctor->looked_then, rows);
	for (unsigned i = 0; i < doctor->option_count; i++)
		report_option(&doctor->options[i], rows);
}
