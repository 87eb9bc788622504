/*
 * console_desk_test.c - what is asked about mail that leaves, and what is shown
 */
#include "programs/cli.h"
#include "programs/console_desk.h"
#include "queue/desk_wire.h"
#include "tests/unit/unit.h"

#define ID	"06gywnjy02nf1qp7"

/* Where the arguments of all that moves it stand. */
enum { ACT_ID, ACT_ADDRESS, ACT_ABOVE, ACT_AT, ACT_DOMAIN, ACT_ALL, ACT_VIA,
    ACT_ARGS };

/* Arguments as the control socket packs them; NULL is not given. */
static enum admin_status
ask(const char *name, const char *const values[ACT_ARGS],
    enum admin_status (*fn)(const struct admin_work *, struct text *,
    unsigned *), struct text *body, unsigned *field)
{
	const struct admin_request *request = admin_find(slice_str(name));
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

static const struct {
	const char	*name;
	const char	*values[ACT_ARGS];
	unsigned	 field;		/* ADMIN_NO_FIELD: it is fine */
	const char	*via;
} acts[] = {
	{ "queue hold", { ID }, ADMIN_NO_FIELD, "" },
	{ "queue hold", { [ACT_DOMAIN] = "far.test" }, ADMIN_NO_FIELD, "" },
	{ "queue retry", { [ACT_ALL] = "yes" }, ADMIN_NO_FIELD, "" },
	{ "queue hold", { NULL }, ACT_ID, "" },
	{ "queue hold", { ID, [ACT_ALL] = "yes" }, ACT_ID, "" },
	{ "queue hold", { "../../etc" }, ACT_ID, "" },
	{ "queue hold", { ID, [ACT_ABOVE] = "x" }, ACT_ABOVE, "" },
	{ "queue hold", { [ACT_DOMAIN] = "" }, ACT_DOMAIN, "" },
	{ "queue reroute", { ID, [ACT_VIA] = "mx.test" }, ADMIN_NO_FIELD,
	    "mx.test:25" },
	{ "queue reroute", { ID, [ACT_VIA] = "mx.test:2525" }, ADMIN_NO_FIELD,
	    "mx.test:2525" },
	{ "queue reroute", { ID, [ACT_VIA] = "[::1]:26" }, ADMIN_NO_FIELD,
	    "[::1]:26" },
	{ "queue reroute", { ID, [ACT_VIA] = "::1" }, ADMIN_NO_FIELD,
	    "[::1]:25" },
	{ "queue reroute", { ID, [ACT_VIA] = "" }, ADMIN_NO_FIELD, "" },
	{ "queue reroute", { [ACT_ALL] = "yes", [ACT_VIA] = "mx.test" },
	    ACT_ID, "" },
	{ "queue reroute", { ID, [ACT_VIA] = "mx.test:0" }, ACT_VIA, "" },
	{ "queue reroute", { ID, [ACT_VIA] = "mx.test:70000" }, ACT_VIA, "" },
	{ "queue reroute", { ID, [ACT_VIA] = "m x" }, ACT_VIA, "" },
	{ "queue bounce", { ID, "zoe@far.test" }, ADMIN_NO_FIELD, "" },
	{ "queue remove", { ID, "" }, ACT_ADDRESS, "" },
};

START_TEST(one_message_or_a_domain_or_all_is_meant)
{
	TEXT_AUTO body = TEXT_INIT(4096);
	struct desk_ask back;
	unsigned field;

	ck_assert_int_eq(ask(acts[_i].name, acts[_i].values, desk_ask_act,
	    &body, &field), acts[_i].field == ADMIN_NO_FIELD ? ADMIN_OK :
	    ADMIN_UNFIT);
	ck_assert_uint_eq(field, acts[_i].field);
	if (field != ADMIN_NO_FIELD)
		return;
	ck_assert_int_eq(desk_ask_unpack(text_slice(&body), &back), 0);
	ck_assert(slice_is_str(back.via, acts[_i].via));
	ck_assert(slice_is_str(back.who, "postmaster"));
	ck_assert_int_eq(back.which.has_id, acts[_i].values[ACT_ID] != NULL);
	for (size_t len = 0; len < body.len; len++)
		ck_assert_int_lt(desk_ask_unpack(slice_first(
		    text_slice(&body), len), &back), 0);
}
END_TEST

START_TEST(a_list_is_of_a_state_that_there_is)
{
	const char *values[ACT_ARGS] = { NULL, "far.test", NULL, "held" };
	TEXT_AUTO body = TEXT_INIT(4096);
	struct desk_ask back;
	unsigned field;

	ck_assert_int_eq(ask("queue list", values, desk_ask_list, &body,
	    &field), ADMIN_OK);
	ck_assert_int_eq(desk_ask_unpack(text_slice(&body), &back), 0);
	ck_assert(back.which.has_state);
	ck_assert_int_eq(back.which.state, OUTBOUND_HELD);
	ck_assert(slice_is_str(back.which.domain, "far.test"));
	values[3] = "sent";
	ck_assert_int_eq(ask("queue list", values, desk_ask_list, &body,
	    &field), ADMIN_UNFIT);
	ck_assert_uint_eq(field, 3);
}
END_TEST

static const struct {
	enum desk_status	said;
	enum admin_status	status;
	unsigned		field;
} answers[] = {
	{ DESK_NONE,	 ADMIN_NO_SUCH,	 ACT_ID },
	{ DESK_LATER,	 ADMIN_LATER,	 ADMIN_NO_FIELD },
	{ DESK_DAMAGED,	 ADMIN_FAILED,	 ACT_ID },
	{ DESK_OURS,	 ADMIN_REFUSED,	 ACT_VIA },
	{ DESK_TOO_MANY, ADMIN_TOO_MANY, ADMIN_NO_FIELD },
	{ DESK_TELLING,	 ADMIN_LATER,	 ACT_ID },
};

START_TEST(an_answer_is_told_in_the_words_of_the_table)
{
	TEXT_AUTO body = TEXT_INIT(64), rows = TEXT_INIT(64);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };

	pack_u8(&body, (uint8_t)answers[_i].said);
	ck_assert_int_eq(desk_done_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(said.status, answers[_i].status);
	ck_assert_uint_eq(said.field, answers[_i].field);
	ck_assert_int_eq(desk_list_said(text_slice(&body), &said), 0);
	ck_assert_int_eq(desk_file_said(text_slice(&body), &said), 0);
	pack_u8(&body, 0);	/* something behind it */
	ck_assert_int_lt(desk_done_said(text_slice(&body), &said), 0);
}
END_TEST

START_TEST(a_list_fits_an_answer_and_a_cut_one_is_none)
{
	TEXT_AUTO body = TEXT_INIT(ADMIN_ANSWER_BYTES);
	TEXT_AUTO rows = TEXT_INIT(ADMIN_ANSWER_BYTES);
	struct queue_said said = { ADMIN_OK, 0, 0, &rows };
	const struct desk_place place = { .address = "zoe@far.test" };
	static char most[ROWS_ADDRESS_BYTES + OUTBOUND_WORDS_BYTES];
	const struct desk_row row = { .row = {
		.address = { most, ROWS_ADDRESS_BYTES },
		.domain = { most, ROWS_ADDRESS_BYTES },
		.status = { most, OUTBOUND_STATUS_BYTES },
		.words = { most, OUTBOUND_WORDS_BYTES },
		.host = { most, OUTBOUND_HOST_BYTES },
		.sender = { most, ROWS_ADDRESS_BYTES },
		.via = { most, OUTBOUND_VIA_BYTES } },
	    .way_name = { most, ROWS_ADDRESS_BYTES } };

	memset(most, 'm', sizeof(most));
	pack_u8(&body, DESK_OK);
	pack_u8(&body, true);
	desk_place_pack(&body, &place);
	pack_u32(&body, DESK_PAGE);
	for (unsigned i = 0; i < DESK_PAGE; i++)
		desk_row_pack(&body, &row);
	ck_assert(!text_failed(&body));
	ck_assert_int_eq(desk_list_said(text_slice(&body), &said), 0);
	ck_assert_uint_eq(said.count, DESK_PAGE + 1);
	ck_assert(!text_failed(&rows));
	for (size_t len = 0; len < body.len; len += 97)
		ck_assert_int_lt(desk_list_said(slice_first(
		    text_slice(&body), len), &said), 0);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("console_desk");
	TCase *tcase = tcase_create("console_desk");

	tcase_add_loop_test(tcase, one_message_or_a_domain_or_all_is_meant, 0,
	    sizeof(acts) / sizeof(acts[0]));
	tcase_add_test(tcase, a_list_is_of_a_state_that_there_is);
	tcase_add_loop_test(tcase, an_answer_is_told_in_the_words_of_the_table,
	    0, sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tcase, a_list_fits_an_answer_and_a_cut_one_is_none);
	suite_add_tcase(suite, tcase);
	return suite;
}
