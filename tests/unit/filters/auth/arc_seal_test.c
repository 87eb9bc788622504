/*
 * arc_seal_test.c - what is sealed here is right for whoever checks seals
 *
 * The checker is the code of arc.c, for which others sealed (peers/arc.sh); that
 * others find ours right is tested by peers/seal.sh.
 */
#include "filters/auth/arc_seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/auth/results.h"
#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/unit.h"

#define NOW	1700000000
#define HOST	"mx.office.test"
#define LETTER	"From: ann@a.example\r\nSubject: hello\r\n\r\ntext\r\n"

static struct signer signer;
static struct text key, key_ed;
static const struct edits no_edits = { .count = 0 };

static void
set_up(void)
{
	signer_open(&signer);
	key = (struct text)TEXT_INIT(4096);
	key_ed = (struct text)TEXT_INIT(4096);
	signer_record(signer.rsa, "v=DKIM1; p=KEY", &key);
	signer_record(signer.ed25519, "v=DKIM1; k=ed25519; p=KEY", &key_ed);
}

static void
tear_down(void)
{
	text_free(&key);
	text_free(&key_ed);
	signer_close(&signer);
}

/* As the keeper signs. */
static struct slice
sign(enum dkim_algorithm algorithm, const unsigned char *hash)
{
	static unsigned char data[512];

	return slice_of(data, signer_sign(algorithm == DKIM_RSA_SHA256 ?
	    signer.rsa : signer.ed25519, hash, data, sizeof(data)));
}

static struct arc *
check(struct slice message)
{
	struct arc *arc = arc_new(signer.tools, NOW, message);

	ck_assert_ptr_nonnull(arc);
	while (arc_wants(arc) != NULL) {
		const char *name = arc_wants(arc)->name;
		struct slice record = text_slice(strncmp(name, "rsa.", 4) ==
		    0 ? &key : &key_ed);
		const struct dns_answer answer = { .found = DNS_FOUND,
		    .records = &record, .count = 1 };

		arc_answer(arc, &answer);
	}
	return arc;
}

/* What the hub finds of it, who sees it pass as a.example's. */
static struct origin_found
find(struct slice message)
{
	static const enum origin_result words[] = {
		[ARC_NONE] = ORIGIN_NONE, [ARC_PASS] = ORIGIN_PASS,
		[ARC_FAIL] = ORIGIN_FAIL, [ARC_TEMPERROR] = ORIGIN_TEMPERROR,
	};
	struct origin_found found = { .is_wanted = true,
	    .is_from_outside = true, .dmarc = ORIGIN_PASS,
	    .author = "a.example" };
	struct arc *arc = check(message);

	found.arc = words[arc_result(arc)];
	arc_free(arc);
	return found;
}

static struct arc_seal
seal_of(enum dkim_algorithm algorithm)
{
	struct arc_seal seal = { .algorithm = algorithm,
	    .domain = "office.test" };

	(void)snprintf(seal.selector, sizeof(seal.selector), "%s",
	    algorithm == DKIM_RSA_SHA256 ? "rsa" : "ed");
	return seal;
}

/* The verdict has our three lines then. */
static void
seal(struct slice message, const struct edits *edits,
    enum dkim_algorithm algorithm, struct verdict *verdict_out)
{
	const struct origin_found found = find(message);
	struct arc_seal one = seal_of(algorithm);

	verdict_init(verdict_out);
	ck_assert_int_eq(arc_seal_begin(signer.tools, message, edits, &found,
	    HOST, NOW, &one), 0);
	ck_assert_int_eq(arc_seal_message(signer.tools, &one, sign(algorithm,
	    one.hash)), 0);
	ck_assert_int_eq(arc_seal_add(&one, sign(algorithm, one.hash),
	    verdict_out), 0);
	arc_seal_free(&one);
}

/* Put the verdict's lines, and a trace of the hop, on top of it. */
static void
put_on_top(struct text *message, const struct verdict *verdict)
{
	TEXT_AUTO was = TEXT_INIT(1 << 20);

	text_add(&was, text_slice(message));
	text_clear(message);
	text_add_str(message, "Delivered-To: team@office.test\r\n");
	for (size_t i = 0; i < verdict->line_count; i++)
		text_addf(message, "%s: %s\r\n", verdict->lines[i].name,
		    verdict->lines[i].value);
	text_add_str(message, "Received: by mx.office.test; x\r\n");
	text_add(message, text_slice(&was));
	ck_assert(!text_failed(message) && !text_failed(&was));
}

static void
pass_on(struct text *message, unsigned hands)
{
	struct verdict verdict;

	for (unsigned i = 0; i < hands; i++) {
		seal(text_slice(message), &no_edits, DKIM_RSA_SHA256,
		    &verdict);
		put_on_top(message, &verdict);
	}
}

static enum arc_result
result_of(struct slice message)
{
	struct arc *arc = check(message);
	enum arc_result result = arc_result(arc);

	arc_free(arc);
	return result;
}

static const struct {
	const char	*letter;
	unsigned	 hands;
} letters[] = {
	{ LETTER, 1 }, { LETTER, 2 }, { LETTER, 3 }, { LETTER, 12 },
	{ "From: ann@a.example\r\n", 2 },
	{ "From: ann@a.example\r\n\r\n", 2 },
	{ "DKIM-Signature: v=1; b=abc\r\nFrom: ann@a.example\nTo:\r\n x@y\r\n"
	  "\r\n blanks \t and no end", 3 },
};

/* RFC 8617 5.1, 5.2 */
START_TEST(what_is_passed_on_by_hands_like_ours_passes)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	struct arc *arc;

	text_add_str(&message, letters[_i].letter);
	for (unsigned i = 0; i < letters[_i].hands; i++) {
		pass_on(&message, 1);
		arc = check(text_slice(&message));
		ck_assert_int_eq(arc_result(arc), ARC_PASS);
		ck_assert_str_eq(arc_sealer(arc), "office.test");
		ck_assert(arc_vouches(arc, "a.example"));
		ck_assert(!arc_vouches(arc, "b.example"));
		arc_free(arc);
	}
}
END_TEST

/* One letter, as others on its way may write it (RFC 6376 3.4.2, 3.4.4). */
static const char *const writings[] = {
	"From: ann@a.example\r\nSubject: hello  you\r\n\r\na text\r\n",
	"From: ann@a.example\r\nSubject: hello  you\r\n\r\na text  \r\n",
	"From: ann@a.example\r\nSubject: hello  you\r\n\r\na\t text\r\n",
	"From: ann@a.example\r\nSubject: hello  you\r\n\r\na text\r\n\r\n",
	"From: ann@a.example\r\nSubject: hello  you\r\n\r\na text",
	"FROM: ann@a.example\r\nsubject: hello  you\r\n\r\na text\r\n",
	"From: ann@a.example\r\nSubject: hello\r\n you\r\n\r\na text\r\n",
	"From: ann@a.example  \r\nSubject: hello you\r\n\r\na text\r\n",
	"From :  ann@a.example\r\nSubject:hello you\r\n\r\na text\r\n",
	"X: y\r\nSubject: hello you\r\nFrom: ann@a.example\r\n\r\na text\r\n",
};

START_TEST(one_letter_in_many_writings_has_one_signature)
{
	struct verdict one, other;

	seal(slice_str(writings[0]), &no_edits, DKIM_RSA_SHA256, &one);
	seal(slice_str(writings[_i]), &no_edits, DKIM_RSA_SHA256, &other);
	for (size_t i = 0; i < 3; i++)
		ck_assert_str_eq(one.lines[i].value, other.lines[i].value);
}
END_TEST

/* Of a letter that two hands had. */
static const struct {
	const char	*was, *is;
	enum arc_result	 result;
} changes[] = {
	{ "text\r\n", "other\r\n", ARC_FAIL },
	{ "Subject: hello", "Subject: hallo", ARC_FAIL },
	{ "Subject: hello", "Subject: hello\r\nTo: ben", ARC_FAIL },
	{ "Subject: hello", "Subject: hello\r\nSubject: hello", ARC_FAIL },
	{ "DKIM-Signature: v=1", "DKIM-Signature: v=2", ARC_FAIL },
	{ "ARC-Authentication-Results: i=1; " HOST,
	  "ARC-Authentication-Results: i=1; x", ARC_FAIL },
	{ "ARC-Authentication-Results: i=2; " HOST,
	  "ARC-Authentication-Results: i=2; x", ARC_FAIL },
	{ "cv=none", "cv=nonE", ARC_FAIL },
	/* what each hop adds, and what relaxed forms let pass */
	{ "Subject: hello", "List-Id: <x>\r\nSubject:  hello ", ARC_PASS },
	{ "text\r\n", "text  \r\n\r\n", ARC_PASS },
};

START_TEST(what_is_changed_afterwards_is_found)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20), other = TEXT_INIT(1 << 20);

	text_add_str(&message, "DKIM-Signature: v=1; b=abc\r\n" LETTER);
	pass_on(&message, 2);
	signer_replace(text_slice(&message), changes[_i].was, changes[_i].is,
	    &other);
	ck_assert_int_eq(result_of(text_slice(&other)), changes[_i].result);
}
END_TEST

/* RFC 8463: who checks them at all may check these */
START_TEST(a_key_of_the_other_kind_seals_too)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20);
	struct verdict verdict;

	text_add_str(&message, LETTER);
	for (unsigned i = 0; i < 3; i++) {
		seal(text_slice(&message), &no_edits, i == 1 ?
		    DKIM_RSA_SHA256 : DKIM_ED25519_SHA256, &verdict);
		put_on_top(&message, &verdict);
	}
	ck_assert_uint_ne(slice_find_str(text_slice(&message),
	    "ARC-Seal: i=3; a=ed25519-sha256; d=office.test; s=ed; t=1700000000"
	    "; cv=pass; b="), SIZE_MAX);
	ck_assert_int_eq(result_of(text_slice(&message)), ARC_PASS);
}
END_TEST

START_TEST(the_set_says_what_our_line_of_results_does)
{
	const struct origin_found found = find(slice_str(LETTER));
	TEXT_AUTO said = TEXT_INIT(VERDICT_VALUE_MAX);
	struct verdict verdict, results;

	seal(slice_str(LETTER), &no_edits, DKIM_RSA_SHA256, &verdict);
	results_judge(&found, HOST, &results);
	text_addf(&said, "i=1; %s", results.lines[0].value);
	text_add_byte(&said, '\0');
	ck_assert_uint_eq(verdict.line_count, 3);
	ck_assert_str_eq(verdict.lines[0].name, "ARC-Seal");
	ck_assert_str_eq(verdict.lines[1].name, "ARC-Message-Signature");
	ck_assert_str_eq(verdict.lines[2].name, "ARC-Authentication-Results");
	ck_assert_str_eq(verdict.lines[2].value, said.at);
	ck_assert_ptr_eq(strstr(verdict.lines[0].value, "i=1; a=rsa-sha256; "
	    "d=office.test; s=rsa; t=1700000000; cv=none; b="),
	    verdict.lines[0].value);
}
END_TEST

/* Other hands sign what leaves, with the edits of the verdict. */
START_TEST(an_edited_message_is_sealed_as_it_will_be)
{
	static const char came[] = "Authentication-Results: " HOST "; spf=pass"
	    "\r\n" LETTER;
	TEXT_AUTO message = TEXT_INIT(4096);
	struct edits edits = { .count = 0 };
	struct verdict verdict;

	ck_assert_int_eq(edits_add(&edits, 0, sizeof(came) - sizeof(LETTER),
	    slice_of(NULL, 0)), 0);
	ck_assert_int_eq(edits_add(&edits, sizeof(came) - 1, 0,
	    slice_str("a note\r\n")), 0);
	seal(slice_str(came), &edits, DKIM_RSA_SHA256, &verdict);
	text_add_str(&message, LETTER "a note\r\n");
	put_on_top(&message, &verdict);
	ck_assert_int_eq(result_of(text_slice(&message)), ARC_PASS);
	text_clear(&message);
	text_add_str(&message, came);
	put_on_top(&message, &verdict);
	ck_assert_int_eq(result_of(text_slice(&message)), ARC_FAIL);
}
END_TEST

/* What is broken is, of a letter that two hands had. */
static const struct {
	const char	*was, *is;
	unsigned	 number;	/* of the set that says so */
} breaks[] = {
	{ "text\r\n", "other\r\n", 3 },
	{ "ARC-Seal: i=2;", "X-Seal: i=2;", 3 },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=2;", 3 },
	{ "ARC-Seal: i=1;", "ARC-Seal: i=7;", 8 },
	{ "ARC-Seal: i=1;", "ARC-Seal: x=1;", 3 },
	{ "Subject: hello", "ARC-Seal: i=2; cv=pass\r\nSubject: hello", 3 },
	{ "Subject: hello", "ARC-Message-Signature: \r\nSubject: hello", 3 },
};

/* The seal of number `number`, over its own set and nothing else (5.1.2). */
static void
check_alone(struct slice message, unsigned number)
{
	struct dkim_fields *fields = calloc(1, sizeof(*fields));
	unsigned char hash[DKIM_HASH_BYTES];
	struct dkim_signature says;
	struct dkim_key public = { 0 };
	struct arc_sets sets;

	ck_assert_int_eq(dkim_fields_read(slice_first(message,
	    header_bytes(message)), fields), 0);
	arc_sets_find(fields, &sets);
	ck_assert_uint_eq(sets.newest, number);
	ck_assert(arc_sets_failed(&sets, fields));
	ck_assert_int_eq(dkim_signature_read_as(
	    &fields->field[sets.at[number - 1][ARC_SEAL]],
	    DKIM_FIELD_ARC_SEAL, &says), DKIM_VERIFIED);
	ck_assert_int_eq(says.chain, DKIM_CHAIN_FAIL);
	ck_assert_int_eq(dkim_fields_hash_seal(fields, sets.at[number - 1],
	    ARC_SEAL, sets.at[number - 1][ARC_SEAL], &says, signer.tools,
	    hash), 0);
	ck_assert_int_eq(dkim_key_read(text_slice(&key), &public),
	    DKIM_VERIFIED);
	ck_assert_int_eq(dkim_is_signed(signer.tools, &public, hash,
	    slice_of(says.data, says.data_len)), 1);
	dkim_key_free(&public);
	free(fields);
}

START_TEST(a_broken_chain_is_sealed_as_broken_and_never_again)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20), other = TEXT_INIT(1 << 20);
	struct arc_seal again = seal_of(DKIM_RSA_SHA256);
	struct origin_found found;

	text_add_str(&message, LETTER);
	pass_on(&message, 2);
	signer_replace(text_slice(&message), breaks[_i].was, breaks[_i].is,
	    &other);
	ck_assert_int_eq(result_of(text_slice(&other)), ARC_FAIL);
	pass_on(&other, 1);
	ck_assert_int_eq(result_of(text_slice(&other)), ARC_FAIL);
	check_alone(text_slice(&other), breaks[_i].number);
	/* nobody after that */
	found = find(text_slice(&other));
	ck_assert_int_eq(arc_seal_begin(signer.tools, text_slice(&other),
	    &no_edits, &found, HOST, NOW, &again), -EALREADY);
}
END_TEST

/* What is not sealed, and why. */
static const struct {
	const char	*message;
	enum origin_result arc;
	const char	*domain;
	int		 want;
} never[] = {
	{ LETTER, ORIGIN_TEMPERROR, "office.test", -EAGAIN },
	/* nobody looked at its chain, or not at this one */
	{ "ARC-Seal: i=1; cv=none\r\n" LETTER, ORIGIN_NONE, "office.test",
	    -EAGAIN },
	{ LETTER, ORIGIN_PASS, "office.test", -EAGAIN },
	{ LETTER, ORIGIN_FAIL, "office.test", -EAGAIN },
	{ "ARC-Seal: i=3; cv=Fail\r\n" LETTER, ORIGIN_FAIL, "office.test",
	    -EALREADY },
	{ "ARC-Seal: i=50; cv=pass\r\n" LETTER, ORIGIN_FAIL, "office.test",
	    -ERANGE },
	{ "From: x@y\r\n" LETTER, ORIGIN_NONE, "office.test", -EINVAL },
	{ "no field\r\n" LETTER, ORIGIN_NONE, "office.test", -EINVAL },
	{ "Subject: no author\r\n\r\n", ORIGIN_NONE, "office.test", -EINVAL },
	{ "", ORIGIN_NONE, "office.test", -EINVAL },
	{ LETTER, ORIGIN_NONE, "no name", -EINVAL },
};

START_TEST(what_cannot_be_sealed_is_told)
{
	const struct origin_found found = { .is_wanted = true,
	    .is_from_outside = true, .arc = never[_i].arc };
	struct arc_seal one = seal_of(DKIM_RSA_SHA256);

	(void)snprintf(one.domain, sizeof(one.domain), "%s",
	    never[_i].domain);
	ck_assert_int_eq(arc_seal_begin(signer.tools,
	    slice_str(never[_i].message), &no_edits, &found, HOST, NOW, &one),
	    never[_i].want);
	arc_seal_free(&one);
}
END_TEST

START_TEST(what_only_the_queue_can_write_is_not_sealed)
{
	const struct origin_found found = find(slice_str(LETTER));
	struct arc_seal one = seal_of(DKIM_RSA_SHA256);
	struct edits edits = { .count = 0 };

	ck_assert_int_eq(edits_add_part(&edits, sizeof(LETTER) - 7, 6,
	    slice_str("x\r\n")), 0);
	ck_assert_int_eq(arc_seal_begin(signer.tools, slice_str(LETTER),
	    &edits, &found, HOST, NOW, &one), -ENOTSUP);
}
END_TEST

/* A hundred signatures, of which not all fit into ours. */
START_TEST(of_many_signatures_some_are_signed)
{
	TEXT_AUTO message = TEXT_INIT(1 << 20), other = TEXT_INIT(1 << 20);
	static const char names[] =
	    ":DKIM-Signature:DKIM-Signature:DKIM-Signature:DKIM-Signature;";

	for (unsigned i = 0; i < 100; i++)
		text_addf(&message, "DKIM-Signature: v=%u\r\n", i);
	text_add_str(&message, LETTER);
	pass_on(&message, 1);
	ck_assert_int_eq(result_of(text_slice(&message)), ARC_PASS);
	ck_assert_uint_ne(slice_find_str(text_slice(&message), names),
	    SIZE_MAX);
	/* the lowest of them, RFC 6376 5.4.2 */
	signer_replace(text_slice(&message), "v=0\r\n", "v=x\r\n", &other);
	ck_assert_int_eq(result_of(text_slice(&other)), ARC_PASS);
	text_clear(&other);
	signer_replace(text_slice(&message), "v=99\r\n", "v=x\r\n", &other);
	ck_assert_int_eq(result_of(text_slice(&other)), ARC_FAIL);
}
END_TEST

START_TEST(a_set_is_added_whole_or_not_at_all)
{
	const struct origin_found found = find(slice_str(LETTER));
	struct arc_seal one = seal_of(DKIM_RSA_SHA256);
	unsigned char much[1024] = { 0 };
	struct verdict verdict;

	verdict_init(&verdict);
	ck_assert_int_eq(arc_seal_begin(signer.tools, slice_str(LETTER),
	    &no_edits, &found, HOST, NOW, &one), 0);
	ck_assert_int_eq(arc_seal_message(signer.tools, &one, slice_of(much,
	    sizeof(much))), -E2BIG);
	ck_assert(!one.is_message_signed);
	ck_assert_int_eq(arc_seal_message(signer.tools, &one, slice_of(much,
	    64)), 0);
	ck_assert(one.is_message_signed);
	ck_assert_int_eq(arc_seal_add(&one, slice_of(much, sizeof(much)),
	    &verdict), -E2BIG);
	ck_assert_uint_eq(verdict.line_count, 0);
	for (unsigned i = 0; i < VERDICT_LINES - 2; i++)
		ck_assert_int_eq(verdict_add_line(&verdict,
		    slice_str("X-Postroom-X"), slice_str("v")), 0);
	ck_assert_int_eq(arc_seal_add(&one, slice_of(much, 64), &verdict),
	    -E2BIG);
	ck_assert_uint_eq(verdict.line_count, VERDICT_LINES - 2);
	arc_seal_free(&one);
}
END_TEST

#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/arc_seal");
	TCase *tests = tcase_create("arc_seal");

	tcase_set_timeout(tests, 60);
	tcase_add_unchecked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests,
	    what_is_passed_on_by_hands_like_ours_passes, 0, ROWS(letters));
	tcase_add_loop_test(tests,
	    one_letter_in_many_writings_has_one_signature, 0, ROWS(writings));
	tcase_add_loop_test(tests, what_is_changed_afterwards_is_found, 0,
	    ROWS(changes));
	tcase_add_test(tests, a_key_of_the_other_kind_seals_too);
	tcase_add_test(tests, the_set_says_what_our_line_of_results_does);
	tcase_add_test(tests, an_edited_message_is_sealed_as_it_will_be);
	tcase_add_loop_test(tests,
	    a_broken_chain_is_sealed_as_broken_and_never_again, 0,
	    ROWS(breaks));
	tcase_add_loop_test(tests, what_cannot_be_sealed_is_told, 0,
	    ROWS(never));
	tcase_add_test(tests, what_only_the_queue_can_write_is_not_sealed);
	tcase_add_test(tests, of_many_signatures_some_are_signed);
	tcase_add_test(tests, a_set_is_added_whole_or_not_at_all);
	suite_add_tcase(suite, tests);
	return suite;
}
