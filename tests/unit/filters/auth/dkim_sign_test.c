/*
 * dkim_sign_test.c - what is signed is the message as it will be
 *
 * That others find our signatures right is tested by tests/peers/submission.sh.
 */
#include "filters/auth/dkim_sign.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define HEADER	"From: ann@office.test\r\nTo: joe@example.com\r\n"
#define BODY	"\r\nhello\r\n\r\n\r\n"

static struct dkim_tools *tools;

static void
open_tools(void)
{
	ck_assert_int_eq(dkim_tools_open(&tools), 0);
}

static void
close_tools(void)
{
	dkim_tools_close(tools);
}

static struct dkim_draft
draft_of(struct slice message, const struct edits *edits, int want)
{
	struct dkim_draft draft = { .algorithm = DKIM_ED25519_SHA256,
	    .selector = "s" };

	ck_assert_int_eq(dkim_draft(tools, message, edits, "office.test", 7,
	    &draft, 1), want);
	return draft;
}

START_TEST(a_draft_names_what_it_signs)
{
	const struct edits none = { .count = 0 };
	struct dkim_draft draft = draft_of(slice_str(HEADER BODY), &none, 0);

	ck_assert_ptr_eq(strstr(draft.value, "v=1; a=ed25519-sha256; "
	    "c=relaxed/relaxed; d=office.test; s=s; t=7; x=604807; "
	    "h=From:From:Sender:Reply-To:To:To:Cc:Subject:Date:"),
	    draft.value);
	/* RFC 6376 3.4.4: the same without the empty lines at the end */
	ck_assert_mem_eq(draft.hash, draft_of(slice_str(HEADER "\r\nhello\r\n"),
	    &none, 0).hash, DKIM_HASH_BYTES);
	ck_assert_mem_ne(draft.hash, draft_of(slice_str(HEADER "\r\nHello\r\n"),
	    &none, 0).hash, DKIM_HASH_BYTES);
	ck_assert_mem_ne(draft.hash, draft_of(slice_str("Cc: x@y.test\r\n"
	    HEADER BODY), &none, 0).hash, DKIM_HASH_BYTES);
	/* and those that are added on the way are no matter */
	ck_assert_mem_eq(draft.hash, draft_of(slice_str("Received: x\r\n"
	    HEADER BODY), &none, 0).hash, DKIM_HASH_BYTES);
}
END_TEST

/* Where an edit stands, and what it comes to. */
static const struct {
	const char	*message;
	const char	*cut;		/* the first of these goes */
	const char	*put;		/* in front of this */
	const char	*text;
	const char	*comes_to;
} edited[] = {
{ HEADER "Bcc: x@y.test\r\n" BODY, "Bcc: x@y.test\r\n", "From", "Date: z\r\n",
  "Date: z\r\n" HEADER BODY },
{ "Bcc: x@y.test\r\n" HEADER BODY, "Bcc: x@y.test\r\n", "To", "Date: z\r\n",
  "From: ann@office.test\r\nDate: z\r\nTo: joe@example.com\r\n" BODY },
{ HEADER BODY, NULL, "hello", "Oh,\r\n", HEADER "\r\nOh,\r\nhello\r\n" },
{ HEADER BODY, "hello\r\n", NULL, NULL, HEADER "\r\n" },
{ HEADER "Bcc: x@y.test\r\n", "Bcc: x@y.test\r\n", NULL, NULL, HEADER },
};

START_TEST(an_edited_message_is_signed_as_it_will_be)
{
	const struct edits none = { .count = 0 };
	const char *message = edited[_i].message;
	struct edits edits = { .count = 0 };

	if (edited[_i].cut != NULL)
		ck_assert_int_eq(edits_add(&edits, (uint64_t)(strstr(message,
		    edited[_i].cut) - message), strlen(edited[_i].cut),
		    slice_of(NULL, 0)), 0);
	if (edited[_i].put != NULL)
		ck_assert_int_eq(edits_add(&edits, (uint64_t)(strstr(message,
		    edited[_i].put) - message), 0,
		    slice_str(edited[_i].text)), 0);
	ck_assert_mem_eq(draft_of(slice_str(message), &edits, 0).hash,
	    draft_of(slice_str(edited[_i].comes_to), &none, 0).hash,
	    DKIM_HASH_BYTES);
}
END_TEST

START_TEST(what_cannot_be_signed_is_told)
{
	TEXT_AUTO many = TEXT_INIT(65536);
	const struct edits none = { .count = 0 };
	struct edits edits = { .count = 0 };
	struct dkim_draft draft = { .algorithm = DKIM_RSA_SHA256,
	    .selector = "no name" };

	/* its note names the original, which only the queue can */
	ck_assert_int_eq(edits_add_part(&edits, strlen(HEADER) + 2, 7,
	    slice_str("x\r\n")), 0);
	(void)draft_of(slice_str(HEADER BODY), &edits, -ENOTSUP);
	for (int i = 0; i < 300; i++)
		text_add_str(&many, "To: x@y.test\r\n");
	text_add_str(&many, HEADER BODY);
	(void)draft_of(text_slice(&many), &none, -E2BIG);
	ck_assert_int_eq(dkim_draft(tools, slice_str(HEADER BODY), &none,
	    "office.test", 7, &draft, 1), -EINVAL);
}
END_TEST

START_TEST(a_signature_that_does_not_fit_is_left_out)
{
	const struct edits none = { .count = 0 };
	struct dkim_draft draft = draft_of(slice_str(HEADER BODY), &none, 0);
	unsigned char bytes[1024] = { 0 };
	struct verdict verdict;

	verdict_init(&verdict);
	ck_assert_int_eq(dkim_draft_add(&draft, slice_of(bytes, 64),
	    &verdict), 0);
	ck_assert_str_eq(verdict.lines[0].name, "DKIM-Signature");
	ck_assert_int_eq(dkim_draft_add(&draft, slice_of(bytes,
	    sizeof(bytes)), &verdict), -E2BIG);
	ck_assert_uint_eq(verdict.line_count, 1);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("dkim_sign");
	TCase *tests = tcase_create("dkim_sign");

	tcase_add_checked_fixture(tests, open_tools, close_tools);
	tcase_add_test(tests, a_draft_names_what_it_signs);
	tcase_add_loop_test(tests, an_edited_message_is_signed_as_it_will_be,
	    0, sizeof(edited) / sizeof(edited[0]));
	tcase_add_test(tests, what_cannot_be_signed_is_told);
	tcase_add_test(tests, a_signature_that_does_not_fit_is_left_out);
	suite_add_tcase(suite, tests);
	return suite;
}
