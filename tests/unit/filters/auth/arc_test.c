/*
 * arc_test.c - is the chain of those who passed a message on unbroken?
 */
#include "filters/auth/arc.h"

#include "tests/unit/filters/auth/sealer.h"
#include "tests/unit/unit.h"

#define NOW	1700000000
#define LETTER	"From: ann@a.example\r\nSubject: hello\r\n\r\ntext\r\n"
#define PASSED	"hub.l.example; dmarc=pass header.from=a.example"

static struct signer signer;
static struct text key;

static void
set_up(void)
{
	signer_open(&signer);
	key = (struct text)TEXT_INIT(4096);
	signer_record(signer.rsa, "v=DKIM1; p=KEY", &key);
}

static void
tear_down(void)
{
	text_free(&key);
	signer_close(&signer);
}

#define TAGS	"a=rsa-sha256; d=l.example; s=k; t=1700000000; "
#define MESSAGE_TAGS	TAGS "c=relaxed/relaxed; h=From:Subject; "
static const struct sealer_hand first = {
	PASSED, MESSAGE_TAGS, TAGS "cv=none; "
};
static const struct sealer_hand later = {
	PASSED, MESSAGE_TAGS, TAGS "cv=pass; "
};

static void
chain(struct text *message, unsigned count)
{
	text_clear(message);
	text_add_str(message, LETTER);
	for (unsigned i = 1; i <= count; i++)
		sealer_pass_on(&signer, message, i, i == 1 ? &first : &later);
}

/* What is found, when DNS has the key of "k" only; `*asked` may be NULL. */
static struct arc *
check(struct slice message, unsigned *asked_out)
{
	struct arc *arc = arc_new(signer.tools, NOW, message);
	const struct dns_question *question;
	struct slice record = text_slice(&key);
	unsigned asked = 0;

	ck_assert_ptr_nonnull(arc);
	for (; (question = arc_wants(arc)) != NULL; asked++) {
		struct dns_answer answer = { .records = &record };
		struct slice name = slice_str(question->name);

		ck_assert_int_eq(question->kind, DNS_TXT);
		answer.found = slice_has_prefix(name, "late") ? DNS_LATER :
		    slice_has_prefix(name, "k") ? DNS_FOUND : DNS_NOTHING;
		answer.count = answer.found == DNS_FOUND;
		arc_answer(arc, &answer);
	}
	if (asked_out != NULL)
		*asked_out = asked;
	return arc;
}

static enum arc_result
result_of(struct slice message)
{
	struct arc *arc = check(message, NULL);
	enum arc_result result = arc_result(arc);

	arc_free(arc);
	return result;
}

/* RFC 8617 5.2: hands that did right, up to the fiftieth */
START_TEST(an_unbroken_chain_passes)
{
	static const unsigned counts[] = { 0, 1, 2, 3, 10, ARC_SETS };
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	struct arc *arc;
	unsigned asked;

	chain(&message, counts[_i]);
	arc = check(text_slice(&message), &asked);
	ck_assert_int_eq(arc_result(arc), counts[_i] == 0 ? ARC_NONE :
	    ARC_PASS);
	ck_assert_str_eq(arc_sealer(arc), counts[_i] == 0 ? "" : "l.example");
	ck_assert_int_eq(arc_vouches(arc, "a.example"), counts[_i] > 0);
	ck_assert(!arc_vouches(arc, "b.example"));
	/* one key, one question */
	ck_assert_uint_eq(asked, counts[_i] > 0);
	arc_free(arc);
}
END_TEST

/* Of a chain of two, one thing is changed afterwards. */
static const struct {
	const char	*was, *is;
	enum arc_result	 result;
} changes[] = {
	{ "text\r\n", "other\r\n", ARC_FAIL },
	{ "Subject: hello", "Subject: hallo", ARC_FAIL },
	{ "From: ann", "From: ben", ARC_FAIL },
	/* what nobody signed, and what relaxed forms let pass */
	{ "Subject: hello", "To: ben\r\nSubject:  hello ", ARC_PASS },
	{ "text\r\n", "text  \r\n\r\n", ARC_PASS },
	/* what an earlier hand said, and the later one */
	{ "i=1; hub.l", "i=1; hub.x", ARC_FAIL },
	{ "i=2; hub.l", "i=2; hub.x", ARC_FAIL },
	{ "i=1; a=rsa-sha256; d=l.example; s=k; t=1700000000; c", "i=1; "
	    "a=rsa-sha256; d=l.example; s=k; t=1700000001; c", ARC_FAIL },
	{ "ARC-Seal: i=1; a=rsa-sha256", "ARC-Seal: i=1; A=rsa-sha256",
	    ARC_FAIL },
	/* 5.2 step 3: sets that are not whole, numbers that are none */
	{ "ARC-Seal: i=1;", "X-Seal: i=1;", ARC_FAIL },
	{ "ARC-Message-Signature: i=1;", "X: i=1;", ARC_FAIL },
	{ "ARC-Authentication-Results: i=1;", "X: i=1;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=3;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=2;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=0;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=51;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: ;", ARC_FAIL },
	{ "ARC-Seal: i=1;", "ARC-Seal: j=1;", ARC_FAIL },
	{ "ARC-Authentication-Results: i=1;",
	    "ARC-Authentication-Results: ", ARC_FAIL },
	{ "From: ann@a.example", "ARC-Seal: i=1; x\r\nFrom: ann@a.example",
	    ARC_FAIL },
	/* a header that others may read in another way */
	{ "From: ann@a.example", "From: ann@a.example\r\nFrom: x@y", ARC_FAIL },
	{ "From: ann@a.example", "no field\r\nFrom: ann@a.example", ARC_FAIL },
};

START_TEST(a_chain_in_which_something_was_changed_does_not)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20), other = TEXT_INIT(1 << 20);

	chain(&message, 2);
	signer_replace(text_slice(&message), changes[_i].was, changes[_i].is,
	    &other);
	ck_assert_int_eq(result_of(text_slice(&other)), changes[_i].result);
}
END_TEST

/* Right signatures of hands that do what they must not (A68). */
static const struct {
	struct sealer_hand	one, two;
	enum arc_result	result;
} hands[] = {
	/* 5.2 steps 2 and 3: cv= of the first is none, of others pass */
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " },
	    { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS "cv=none; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS "cv=fail; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS "cv=well; " }, ARC_FAIL },
	/* 4.1.3: a seal chooses no fields and no body */
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS "h=From; cv=pass; " }, ARC_FAIL },
	/* 4.1.2: a signature covers no seal, and all of the body */
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, TAGS "c=relaxed/relaxed; h=From:ARC-Seal; ",
	    TAGS "cv=pass; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS "l=2; ", TAGS "cv=pass; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, TAGS "c=relaxed/relaxed; h=Subject; ",
	    TAGS "cv=pass; " }, ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS "x=1700000001; ", TAGS "cv=pass; " },
	    ARC_PASS },
	/* of a signature that is not the newest only its place counts */
	{ { PASSED, MESSAGE_TAGS "x=1; ", TAGS "cv=none; " },
	    { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " }, ARC_PASS },
	/* keys */
	{ { PASSED, MESSAGE_TAGS, "a=rsa-sha256; d=l.example; s=x; "
	    "cv=none; " }, { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " },
	    ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, "a=rsa-sha256; d=l.example; s=late; "
	    "cv=none; " }, { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " },
	    ARC_TEMPERROR },
	{ { PASSED, MESSAGE_TAGS, "a=rsa-sha1; d=l.example; s=k; "
	    "cv=none; " }, { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " },
	    ARC_FAIL },
	{ { PASSED, MESSAGE_TAGS, "a=ed25519-sha256; d=l.example; s=k; "
	    "cv=none; " }, { PASSED, MESSAGE_TAGS, TAGS "cv=pass; " },
	    ARC_FAIL },
};

START_TEST(a_hand_that_does_what_it_must_not_breaks_it)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);

	text_add_str(&message, LETTER);
	sealer_pass_on(&signer, &message, 1, &hands[_i].one);
	sealer_pass_on(&signer, &message, 2, &hands[_i].two);
	ck_assert_int_eq(result_of(text_slice(&message)), hands[_i].result);
}
END_TEST

/* HARDENING A68: who seals with fifty keys has us ask for no fifty */
START_TEST(no_more_keys_are_asked_for_than_honest_chains_have)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	struct arc *arc;
	unsigned asked;

	for (unsigned count = ARC_KEYS - 1; count <= ARC_KEYS; count++) {
		text_clear(&message);
		text_add_str(&message, LETTER);
		for (unsigned i = 1; i <= count; i++) {
			TEXT_AUTO tags = TEXT_INIT(1024);

			text_addf(&tags, "a=rsa-sha256; d=l.example; "
			    "s=k%u; cv=%s; ", i, i == 1 ? "none" : "pass");
			text_add_byte(&tags, '\0');
			sealer_pass_on(&signer, &message, i,
			    &(struct sealer_hand){ PASSED, MESSAGE_TAGS,
			    tags.at });
		}
		arc = check(text_slice(&message), &asked);
		ck_assert_int_eq(arc_result(arc), count < ARC_KEYS ?
		    ARC_PASS : ARC_FAIL);
		ck_assert_uint_eq(asked, ARC_KEYS);
		arc_free(arc);
	}
}
END_TEST

static const struct {
	const char	*value;
	unsigned	 instance;	/* 0: it is none */
	bool		 passed;
} results[] = {
	{ "i=1; x.example; dmarc=pass header.from=a.example", 1, true },
	{ " i=50; x.example 1; dkim=fail; dmarc=pass (p=none; a) "
	    "header.from=A.example policy.dmarc=none", 50, true },
	{ "i=1; x.example; spf=pass;\r\n\tdmarc = pass "
	    "policy.x=y header.from=\"a.example\"", 1, true },
	{ "(c) i = 2 (c); x.example; none", 2, false },
	{ "i=1; x.example; dmarc=pass", 1, false },
	{ "i=1; x.example; dmarc=pass header.from=b.example", 1, false },
	{ "i=1; x.example; dmarc=fail header.from=a.example", 1, false },
	{ "i=1; x.example; x=y (; dmarc=pass header.from=a.example)", 1,
	    false },
	{ "i=1; x.example; x=\"; dmarc=pass header.from=a.example\"", 1,
	    false },
	{ "i=1; dmarc=pass header.from=a.example", 1, false },
	{ "i=0; x.example; none", 0, false },
	{ "i=51; x.example; none", 0, false },
	{ "i=1 2; x.example; none", 0, false },
	{ "i=1", 0, false },
	{ "x.example; i=1; none", 0, false },
	{ "", 0, false },
};

/* RFC 8617 4.1.1, RFC 8601 2.2 */
START_TEST(what_a_hand_found_is_read_without_what_stands_in_quotes)
{
	unsigned instance = 0;
	bool passed = false;

	ck_assert_int_eq(arc_results_read(slice_str(results[_i].value),
	    "a.example", &instance, &passed), results[_i].instance > 0);
	ck_assert_uint_eq(instance, results[_i].instance);
	ck_assert_int_eq(passed, results[_i].passed);
}
END_TEST

/* Beginnings of what never ends, one behind the other. */
static const char *const beginnings[] = {
	"a=b(", "a=\"b ", "(;", "\";", "a=(", "(", "a=b(\"",
};

/* A search from each of them to the end would take minutes. */
START_TEST(a_result_of_beginnings_is_read_in_linear_time)
{
	TEXT_AUTO value = TEXT_INIT(1 << 20);
	uint64_t start = cpu_ms();
	unsigned instance = 0;
	bool passed = true;

	text_add_str(&value, "i=1; x; dmarc=pass ");
	while (value.len < (1 << 20) - 16)
		text_add_str(&value, beginnings[_i]);
	ck_assert(arc_results_read(text_slice(&value), "a.example",
	    &instance, &passed));
	ck_assert(!passed);
	ck_assert_uint_lt(cpu_ms() - start, 5000);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/arc");
	TCase *tests = tcase_create("arc");

	tcase_set_timeout(tests, 60);
	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, an_unbroken_chain_passes, 0, 6);
	tcase_add_loop_test(tests,
	    a_chain_in_which_something_was_changed_does_not, 0,
	    ROWS(changes));
	tcase_add_loop_test(tests,
	    a_hand_that_does_what_it_must_not_breaks_it, 0, ROWS(hands));
	tcase_add_test(tests,
	    no_more_keys_are_asked_for_than_honest_chains_have);
	tcase_add_loop_test(tests,
	    what_a_hand_found_is_read_without_what_stands_in_quotes, 0,
	    ROWS(results));
	tcase_add_loop_test(tests,
	    a_result_of_beginnings_is_read_in_linear_time, 0,
	    ROWS(beginnings));
	suite_add_tcase(suite, tests);
	return suite;
}
