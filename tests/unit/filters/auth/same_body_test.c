/*
 * same_body_test.c - a signature elsewhere verifies over the body that is here
 */
#include "filters/auth/same_body.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/filters/auth/signer.h"
#include "tests/unit/unit.h"

#define NOW	1700000000
#define ROWS(table)	((int)(sizeof(table) / sizeof(*(table))))
#define TAGS	"v=1; a=rsa-sha256; c=relaxed/relaxed; d=news.example; s=k; " \
		"h=From:To:Subject"
#define FIELDS	"From: news@news.example\r\nTo: %s@office.test\r\n" \
		"Subject: all of it\r\n"
#define BODY	"What is new.\r\nAnd more.\r\n"

static struct signer signer;

static void
set_up(void)
{
	signer_open(&signer);
}

static void
tear_down(void)
{
	signer_close(&signer);
}

/* One message as two have it. */
struct copies {
	struct text	here, there, record;
	size_t		here_at, there_at;	/* where their bodies begin */
	struct same_body *same;
	struct same_body_answer answer;
};

struct how {
	const char	*tags_here, *tags_there;	/* NULL: TAGS */
	const char	*body_there;			/* NULL: BODY */
	const char	*record;	/* NULL: a good one; "": none */
	enum dkim_lookup lookup;
	EVP_PKEY	**key;		/* of there; NULL: the RSA key */
	/* expected */
	bool		 is_same;
	enum dkim_reason reason;
	bool		 asks;		/* for the key */
};

static void
sign(struct text *message, EVP_PKEY *key, const char *tags, const char *to,
    const char *trace, const char *body, size_t *body_at)
{
	TEXT_AUTO header = TEXT_INIT(4096);

	text_addf(&header, FIELDS "%s", to, trace);
	text_add_byte(&header, '\0');
	*message = (struct text)TEXT_INIT(1 << 20);
	signer_write(&signer, key, tags, header.at, body, message);
	*body_at = message->len - strlen(body);
}

static void
copies_free(struct copies *copies)
{
	same_body_free(copies->same);
	text_free(&copies->here);
	text_free(&copies->there);
	text_free(&copies->record);
}

/* Ask whether they are the same, and answer for the key. */
static void
compare(struct copies *copies, const struct how *how)
{
	const char *body = how->body_there == NULL ? BODY : how->body_there;
	EVP_PKEY *key = how->key == NULL ? signer.rsa : *how->key;
	struct slice record, header;
	const char *name;
	unsigned which;

	memset(copies, 0, sizeof(*copies));
	sign(&copies->here, signer.rsa, how->tags_here == NULL ? TAGS :
	    how->tags_here, "ann", "X-Trace: one\r\n", BODY,
	    &copies->here_at);
	sign(&copies->there, key, how->tags_there == NULL ? TAGS :
	    how->tags_there, "ben", "X-Other: and longer\r\n", body,
	    &copies->there_at);
	header = slice_first(text_slice(&copies->there), copies->there_at);
	copies->record = (struct text)TEXT_INIT(4096);
	signer_record(key, how->record == NULL ? "v=DKIM1; p=KEY" :
	    how->record, &copies->record);
	record = text_slice(&copies->record);
	ck_assert_int_eq(same_body_new(signer.tools, NOW, header,
	    text_slice(&copies->here), copies->here_at, &copies->same), 0);
	name = same_body_wants_key(copies->same, &which);
	ck_assert_int_eq(name != NULL, how->asks);
	if (name != NULL) {
		ck_assert_str_eq(name, "k._domainkey.news.example");
		same_body_key(copies->same, which, how->lookup, false,
		    &record, how->lookup == DKIM_LOOKUP_FOUND);
		ck_assert_ptr_null(same_body_wants_key(copies->same, &which));
	}
	ck_assert_int_eq(same_body_end(copies->same, &copies->answer), 0);
}

static struct how cases[] = {
	/* the same, to somebody else */
	{ .is_same = true, .reason = DKIM_VERIFIED, .asks = true },
	{ .key = &signer.ed25519, .tags_there = "v=1; a=ed25519-sha256; "
	    "c=relaxed/relaxed; d=news.example; s=k; h=From:To:Subject",
	    .record = "v=DKIM1; k=ed25519; p=KEY",
	    .is_same = true, .reason = DKIM_VERIFIED, .asks = true },
	/* a twin: as long, and another body; no key is asked for */
	{ .body_there = "What is old.\r\nAnd more.\r\n",
	    .reason = DKIM_BODY_CHANGED },
	/* l= (A65): on either side */
	{ .tags_there = TAGS "; l=5", .reason = DKIM_LENGTH_UNWANTED },
	{ .tags_here = TAGS "; l=5", .reason = DKIM_AWAITED },
	/* another domain has signed the copy that is here: whoever has seen a
	 * bh= could sign it himself, and be given the body */
	{ .tags_here = "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=other.example; s=k; h=From:To:Subject",
	    .reason = DKIM_AWAITED },
	{ .tags_there = "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=news.example; s=k; h=To:Subject",
	    .reason = DKIM_FROM_UNSIGNED },
	{ .tags_there = TAGS "; t=1500000000; x=1600000000",
	    .reason = DKIM_EXPIRED, .asks = true },
	{ .tags_there = TAGS "; t=1800000000", .reason = DKIM_FROM_FUTURE,
	    .asks = true },
	/* its key */
	{ .lookup = DKIM_LOOKUP_NONE, .reason = DKIM_NO_KEY, .asks = true },
	{ .lookup = DKIM_LOOKUP_LATER, .reason = DKIM_KEY_LATER,
	    .asks = true },
	{ .record = "v=DKIM1; p=", .reason = DKIM_KEY_REVOKED, .asks = true },
	{ .record = "v=DKIM1; t=y; p=KEY", .reason = DKIM_VERIFIED,
	    .asks = true },
	{ .key = &signer.rsa512, .reason = DKIM_KEY_WEAK, .asks = true },
};

START_TEST(a_body_is_the_same_when_its_domain_has_signed_it_in_both_copies)
{
	struct copies copies;

	compare(&copies, &cases[_i]);
	ck_assert_int_eq(copies.answer.is_same, cases[_i].is_same);
	ck_assert_msg(copies.answer.reason == cases[_i].reason, "it says %s",
	    dkim_reason_code(copies.answer.reason));
	copies_free(&copies);
}
END_TEST

START_TEST(what_both_make_together_digests_to_what_is_said)
{
	const struct how how = { .asks = true };
	struct dkim_digest digest = { 0 };
	unsigned char want[DKIM_HASH_BYTES];
	struct copies copies;

	compare(&copies, &how);
	ck_assert(copies.answer.is_same);
	ck_assert(slice_is_str(copies.answer.domain, "news.example"));
	dkim_digest_begin(&digest, signer.tools, UINT64_MAX);
	dkim_digest_add(&digest, text_slice(&copies.there));
	ck_assert_int_eq(dkim_digest_end(&digest, want), 0);
	dkim_digest_free(&digest);
	ck_assert_mem_eq(copies.answer.digest, want, sizeof(want));
	copies_free(&copies);
}
END_TEST

/* The signed header was changed on its way: somebody else wrote it. */
START_TEST(a_header_that_was_changed_proves_nothing)
{
	TEXT_AUTO changed = TEXT_INIT(1 << 20), record = TEXT_INIT(4096);
	struct same_body_answer answer;
	struct same_body *same;
	struct text whole;
	struct slice text;
	unsigned which;
	size_t at;

	sign(&whole, signer.rsa, TAGS, "ann", "", BODY, &at);
	signer_replace(slice_first(text_slice(&whole), at), "all of it",
	    "something", &changed);
	signer_record(signer.rsa, "v=DKIM1; p=KEY", &record);
	text = text_slice(&record);
	ck_assert_int_eq(same_body_new(signer.tools, NOW,
	    text_slice(&changed), text_slice(&whole), at, &same), 0);
	ck_assert_ptr_nonnull(same_body_wants_key(same, &which));
	same_body_key(same, which, DKIM_LOOKUP_FOUND, false, &text, 1);
	ck_assert_int_eq(same_body_end(same, &answer), 0);
	ck_assert(!answer.is_same);
	ck_assert_int_eq(answer.reason, DKIM_SIGNATURE_WRONG);
	same_body_free(same);
	text_free(&whole);
}
END_TEST

/* Known from the headers alone. */
START_TEST(headers_say_what_cannot_be_the_same)
{
	static const struct {
		const char	*tags, *body;
		bool		 may_be;
	} others[] = {
		{ TAGS, BODY, true },
		{ TAGS, "What is old.\r\n", false },
		{ TAGS "; l=5", BODY, false },
		{ "v=1; a=rsa-sha256; c=relaxed/relaxed; d=other.example; "
		    "s=k; h=From:To:Subject", BODY, false },
	};
	struct text one, two;
	size_t one_at, two_at;

	sign(&one, signer.rsa, TAGS, "ann", "", BODY, &one_at);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		sign(&two, signer.rsa, others[i].tags, "ben", "X: y\r\n",
		    others[i].body, &two_at);
		ck_assert_int_eq(same_body_may_be(
		    slice_first(text_slice(&one), one_at),
		    slice_first(text_slice(&two), two_at)),
		    others[i].may_be);
		text_free(&two);
	}
	text_free(&one);
}
END_TEST

START_TEST(messages_without_signatures_are_not_compared)
{
	const struct slice plain = SLICE("From: a@b.example\r\n\r\n" BODY);
	const struct slice header = SLICE("From: a@b.example\r\n\r\n");
	struct same_body_answer answer;
	struct same_body *same;
	unsigned which;

	ck_assert_int_eq(same_body_new(signer.tools, NOW, header, plain,
	    header.len, &same), 0);
	ck_assert_ptr_null(same_body_wants_key(same, &which));
	ck_assert_int_eq(same_body_end(same, &answer), 0);
	ck_assert(!answer.is_same);
	same_body_free(same);
}
END_TEST

START_TEST(questions_and_answers_come_back_as_they_went)
{
	const struct same_body_ask asked = { 100, 5000, 120 };
	struct same_body_answer said = { .is_same = true,
	    .reason = DKIM_VERIFIED, .domain = SLICE("news.example") };
	struct same_body_answer answer;
	TEXT_AUTO text = TEXT_INIT(SAME_BODY_ANSWER_BYTES);
	struct same_body_ask ask;

	same_body_ask_pack(&text, &asked);
	ck_assert_int_eq(same_body_ask_unpack(text_slice(&text), &ask), 0);
	ck_assert_uint_eq(ask.header_bytes, 100);
	ck_assert_uint_eq(ask.whole_bytes, 5000);
	ck_assert_uint_eq(ask.body_at, 120);
	/* a body that begins behind its end */
	text_clear(&text);
	same_body_ask_pack(&text, &(struct same_body_ask){ 100, 50, 51 });
	ck_assert_int_eq(same_body_ask_unpack(text_slice(&text), &ask),
	    -EBADMSG);
	text_clear(&text);
	memset(said.digest, 7, sizeof(said.digest));
	same_body_answer_pack(&text, &said);
	ck_assert_int_eq(same_body_answer_unpack(text_slice(&text), &answer),
	    0);
	ck_assert(answer.is_same);
	ck_assert_int_eq(answer.reason, DKIM_VERIFIED);
	ck_assert_mem_eq(answer.digest, said.digest, sizeof(said.digest));
	ck_assert(slice_is_str(answer.domain, "news.example"));
	for (size_t n = 0; n < text.len; n++)
		ck_assert_int_eq(same_body_answer_unpack(slice_first(
		    text_slice(&text), n), &answer), -EBADMSG);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("filters/auth/same_body");
	TCase *tcase = tcase_create("same_body");

	tcase_add_unchecked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase,
	    a_body_is_the_same_when_its_domain_has_signed_it_in_both_copies,
	    0, ROWS(cases));
	tcase_add_test(tcase, what_both_make_together_digests_to_what_is_said);
	tcase_add_test(tcase, a_header_that_was_changed_proves_nothing);
	tcase_add_test(tcase, headers_say_what_cannot_be_the_same);
	tcase_add_test(tcase, messages_without_signatures_are_not_compared);
	tcase_add_test(tcase, questions_and_answers_come_back_as_they_went);
	suite_add_tcase(suite, tcase);
	return suite;
}
