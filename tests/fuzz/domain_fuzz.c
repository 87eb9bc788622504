/*
 * domain_fuzz.c - any header and any rules: an owner, or a reason to hold
 *
 * The input is rules in their text form, an empty line, and a header.  Rules
 * that are read are written and read back the same.  The keeper knows every
 * address that has an "a" in it.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "fetch/diagnosis.h"
#include "fetch/domain/doctor.h"
#include "fetch/domain/explain.h"
#include "fetch/domain/identity.h"
#include "fetch/domain/learn.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_rules(const struct domain_rules *rules)
{
	ARENA_AUTO arena = arena_new(2 * DOMAIN_RULES_ARENA);
	TEXT_AUTO one = TEXT_INIT(2 * DOMAIN_TEXT_MOST);
	TEXT_AUTO two = TEXT_INIT(2 * DOMAIN_TEXT_MOST);
	struct domain_rules again;
	struct domain_fault fault;

	domain_rules_write(&one, rules);
	assert(!text_failed(&one));
	if (one.len > DOMAIN_TEXT_MOST)
		return;
	assert(domain_rules_read(arena, text_slice(&one), &again,
	    &fault) == 0);
	domain_rules_write(&two, &again);
	assert(slice_is(text_slice(&one), text_slice(&two)));
}

static void
check_decision(struct arena *arena, struct domain_rules *rules,
    struct slice header)
{
	static struct domain_answer answers[DOMAIN_ASKS_MOST];
	TEXT_AUTO text = TEXT_INIT(DOMAIN_EXPLAIN_MOST);
	const struct domain_learned *learned;
	struct domain_candidates from;
	struct domain_decision to;
	struct domain_fault fault;
	int r;

	assert(domain_candidates(arena, header, rules, &from) == 0);
	assert(from.count <= DOMAIN_ADDRESSES_MOST);
	assert(from.ask_bytes <= DOMAIN_ASKS_BYTES);
	for (unsigned i = 0; i < from.ask_count; i++) {
		answers[i].whose = slice_find(from.asks[i].text, 'a') !=
		    SIZE_MAX ? DOMAIN_OURS : slice_find(from.asks[i].text,
		    'b') != SIZE_MAX ? DOMAIN_UNKNOWN : DOMAIN_FOREIGN;
		answers[i].account = 1 + i % 7;
		answers[i].address = from.asks[i].text;
	}
	assert(domain_decide(arena, rules, &from, answers, &to) == 0);
	assert((to.hold == DOMAIN_FOUND) == (to.owner_count > 0));
	assert(to.owner_count <= 7);
	domain_explain(&text, rules, &to);
	assert(!text_failed(&text));
	r = domain_learn(arena, rules, &from, answers, &to,
	    slice_str("a@b.test"), &learned, &fault);
	assert(r == 0 || r == -ENOENT || r == -EINVAL);
}

static void
check_identity(struct slice message)
{
	unsigned char one[DIGEST_BYTES], two[DIGEST_BYTES];
	struct identity id;
	int r;

	if (identity_open(&id) < 0)
		return;
	identity_begin(&id);
	identity_add(&id, message);
	r = identity_end(&id, one);
	identity_begin(&id);
	for (size_t i = 0; i < message.len; i++)
		identity_add(&id, slice_of(message.at + i, 1));
	assert(identity_end(&id, two) == r);
	assert(r != 0 || memcmp(one, two, DIGEST_BYTES) == 0);
	identity_close(&id);
}

/* What is told of a mailbox whose newest messages are all like this one. */
static void
check_doctor(const struct domain_rules *rules, struct slice header)
{
	static struct domain_answer answers[DOMAIN_ASKS_MOST];
	static struct doctor_look look;
	struct doctor *doctor = doctor_new(rules, header.len % 2 == 0,
	    slice_str("pop.b.test"));
	TEXT_AUTO rows = TEXT_INIT(DIAGNOSIS_BYTES);

	if (doctor == NULL)
		return;
	for (unsigned round = 0; round == 0 || (round == 1 &&
	    doctor_advise(doctor)); round++)
		for (unsigned n = 1; n <= DOCTOR_LEAST; n++) {
			ARENA_AUTO arena = arena_new(DOMAIN_ARENA +
			    512 * 1024);

			assert(doctor_ask(doctor, arena, header, &look) == 0);
			assert(look.ask_count <= DOMAIN_ASKS_MOST);
			for (unsigned i = 0; i < look.ask_count; i++)
				answers[i] = (struct domain_answer){
					.whose = look.asks[i].text.len % 2 ==
					    0 ? DOMAIN_OURS : DOMAIN_UNKNOWN,
					.account = 1 + (i + n) % 7,
					.address = look.asks[i].text
				};
			assert(doctor_tell(doctor, arena, n, &look,
			    answers) == 0);
		}
	doctor_report(doctor, DOCTOR_LEAST, &rows);
	assert(!text_failed(&rows));
	assert(diagnosis_count(text_slice(&rows)) > 0);
	doctor_free(doctor);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	ARENA_AUTO arena = arena_new(4 * DOMAIN_RULES_ARENA + DOMAIN_ARENA);
	struct slice input = slice_of(bytes, len);
	size_t at = slice_find_str(input, "\n\n");
	struct slice form = slice_first(input, at == SIZE_MAX ? 0 : at + 1);
	struct slice header = slice_after(input, at == SIZE_MAX ? 0 : at + 2);
	struct domain_rules rules;
	struct domain_fault fault;
	int r;

	if (arena == NULL)
		return 0;
	r = domain_rules_read(arena, form, &rules, &fault);
	assert(r == 0 || r == -EINVAL || r == -ENOBUFS);
	if (r < 0)
		r = domain_rules_new(arena, &rules);
	if (r < 0)
		return 0;
	check_rules(&rules);
	check_decision(arena, &rules, header);
	check_identity(header);
	check_doctor(&rules, header);
	return 0;
}
