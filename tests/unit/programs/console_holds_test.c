/*
 * console_holds_test.c - what is asked about held mail, and what is shown of it
 */
#include "filters/verdict.h"
#include "programs/cli.h"
#include "programs/console_holds.h"
#include "queue/service.h"
#include "tests/unit/unit.h"

#define ID	"06gywnjy02nf1qp7"

/* Arguments as the control socket packs them; NULL is not given. */
static enum admin_status
ask(const char *name, const char *first, const char *second,
    enum admin_status (*fn)(const struct admin_work *, struct text *,
    unsigned *), struct text *body, unsigned *field)
{
	const struct admin_request *request = admin_find(slice_str(name));
	const char *values[2] = { first, second };
	TEXT_AUTO packed = TEXT_INIT(1024);
	struct admin_work work;

	ck_assert_ptr_nonnull(request);
	for (size_t i = 0; request->args[i].name != NULL; i++) {
		pack_u8(&packed, values[i] != NULL);
		if (values[i] != NULL)
			pack_slice(&packed, slice_str(values[i]));
	}
	ck_assert_int_eq(admin_begin(&work, request, text_slice(&packed), 0),
	    0);
	*field = ADMIN_NO_FIELD;
	text_clear(body);
	return fn(&work, body, field);
}

START_TEST(an_argument_that_is_none_is_named)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	char longest[ADDRESS_SIZE + 1];
	unsigned field;

	memset(longest, 'a', sizeof(longest));
	longest[ADDRESS_SIZE] = '\0';
	ck_assert_int_eq(ask("hold list", "released", NULL, holds_ask_list,
	    &body, &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 0);
	ck_assert_int_eq(ask("hold list", NULL, "x", holds_ask_list, &body,
	    &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 1);
	ck_assert_int_eq(ask("hold show", "../../etc", NULL, holds_ask_one,
	    &body, &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 0);
	ck_assert_int_eq(ask("hold release", ID, longest, holds_ask_release,
	    &body, &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 1);
	ck_assert_int_eq(ask("hold release", ID, "", holds_ask_release,
	    &body, &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 1);
}
END_TEST

static const struct {
	const char	*word;
	enum hold_which	 which;
} whiches[] = {
	{ NULL, HOLD_ANY }, { "held", HOLD_HELD },
	{ "quarantined", HOLD_QUARANTINED },
};

START_TEST(a_question_is_read_as_it_was_meant)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct message_id id, want;
	struct unpack u;
	unsigned field;

	ck_assert_int_eq(message_id_read(slice_str(ID), &want), 0);
	ck_assert_int_eq(ask("hold list", whiches[_i].word, ID,
	    holds_ask_list, &body, &field), ADMIN_OK);
	u = unpack_of(text_slice(&body));
	ck_assert_uint_eq(unpack_enum(&u, HOLD_WHICH_COUNT),
	    whiches[_i].which);
	memcpy(id.bytes, unpack_bytes(&u, MESSAGE_ID_BYTES).at,
	    MESSAGE_ID_BYTES);
	ck_assert(unpack_is_done(&u));
	ck_assert_int_eq(message_id_order(&id, &want), 0);
	ck_assert_int_eq(ask("hold release", ID, "ben@office.test",
	    holds_ask_release, &body, &field), ADMIN_OK);
	u = unpack_of(slice_after(text_slice(&body), MESSAGE_ID_BYTES));
	ck_assert(slice_is_str(unpack_slice(&u), "postmaster"));
	ck_assert(slice_is_str(unpack_slice(&u), "ben@office.test"));
	ck_assert(unpack_is_done(&u));
}
END_TEST

static const struct {
	enum hold_status	said;
	enum admin_status	status;
	unsigned		field;
} answers[] = {
	{ HOLD_OK,	   ADMIN_OK,	  ADMIN_NO_FIELD },
	{ HOLD_NONE,	   ADMIN_NO_SUCH, 0 },
	{ HOLD_LATER,	   ADMIN_LATER,   ADMIN_NO_FIELD },
	{ HOLD_DAMAGED,	   ADMIN_FAILED,  0 },
	{ HOLD_NO_ACCOUNT, ADMIN_NO_SUCH, 1 },
};

START_TEST(an_answer_is_told_in_the_words_of_the_table)
{
	TEXT_AUTO body = TEXT_INIT(64), rows = TEXT_INIT(64);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };

	pack_u8(&body, (uint8_t)answers[_i].said);
	ck_assert_int_eq(holds_done_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said.status, answers[_i].status);
	ck_assert_uint_eq(said.field, answers[_i].field);
	ck_assert_uint_eq(said.count, 0);
	pack_u8(&body, 0);	/* something behind it */
	ck_assert_int_lt(holds_done_said(text_slice(&body), &said), 0);
}
END_TEST

START_TEST(a_list_fits_an_answer_and_a_cut_one_is_none)
{
	TEXT_AUTO body = TEXT_INIT(ADMIN_ANSWER_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };
	static char most[VERDICT_VALUE_MAX];
	struct hold_row row = {
		.reason = { most, 512 }, .from = { most, 256 },
		.subject = { most, 256 }, .sender = { most, 320 },
		.recipients = { most, 308 }, .source = { most, 264 },
		.score = { most, VERDICT_VALUE_MAX }, .told = { most, 308 }
	};

	memset(most, 'm', sizeof(most));
	pack_u8(&body, HOLD_OK);
	pack_u32(&body, HOLD_PAGE);
	for (unsigned i = 0; i < HOLD_PAGE; i++)
		hold_row_pack(&body, &row);
	ck_assert(!text_failed(&body));
	ck_assert_int_eq(holds_list_said(text_slice(&body), &said), 0);
	ck_assert_uint_eq(said.count, HOLD_PAGE);
	ck_assert(!text_failed(&rows));
	for (size_t len = 0; len < body.len; len += 97)
		ck_assert_int_lt(holds_list_said(slice_first(
		    text_slice(&body), len), &said), 0);
}
END_TEST

/* What reaches a terminal of somebody else's text. */
static const struct {
	struct slice	in;
	const char	*out;
} texts[] = {
	{ SLICE("two\r\nlines\tand a tab\n"), "two\nlines\tand a tab\n" },
	{ SLICE("\x1b[31mred\x1b]0;title\x07"), "?[31mred?]0;title?" },
	{ SLICE("bare\rcr\x7f\x08"), "bare?cr??" },
	{ SLICE("c1\xc2\x9b" "31m"), "c1?31m" },
	{ SLICE("raw c1\x9b" "31m \xff\xc3"), "raw c1?31m ??" },
	{ SLICE("kop\xc3\xa9 \xe2\x82\xac"), "kop\xc3\xa9 \xe2\x82\xac" },
	{ SLICE("exe\xe2\x80\xae" "fdp"), "exe?fdp" },
	{ SLICE("a\xe2\x80\x8b" "b\xef\xbb\xbf" "c\xe2\x80\xa8"), "a?b?c?" },
	{ SLICE("\xf3\xa0\x81\x81"), "?" },
};

START_TEST(no_text_moves_hides_or_turns_what_is_on_a_terminal)
{
	TEXT_AUTO out = TEXT_INIT(1024);

	cli_add_harmless(&out, texts[_i].in);
	text_add_byte(&out, '\0');
	ck_assert_str_eq(out.at, texts[_i].out);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("console_holds");
	TCase *tcase = tcase_create("console_holds");

	tcase_add_test(tcase, an_argument_that_is_none_is_named);
	tcase_add_loop_test(tcase, a_question_is_read_as_it_was_meant, 0,
	    sizeof(whiches) / sizeof(whiches[0]));
	tcase_add_loop_test(tcase, an_answer_is_told_in_the_words_of_the_table,
	    0, sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tcase, a_list_fits_an_answer_and_a_cut_one_is_none);
	tcase_add_loop_test(tcase,
	    no_text_moves_hides_or_turns_what_is_on_a_terminal, 0,
	    sizeof(texts) / sizeof(texts[0]));
	suite_add_tcase(suite, tcase);
	return suite;
}
