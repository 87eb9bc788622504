/*
 * doctor_test.c - what a mailbox is like, from headers that are made up here
 */
#include <stdio.h>
#include <string.h>

#include "fetch/diagnosis.h"
#include "fetch/domain/doctor.h"
#include "lib/message/words.h"
#include "tests/unit/unit.h"

static struct arena		*arena;
static struct domain_rules	 rules;
static struct doctor		*doctor;
static struct text		 rows;
static const char *const people[] = { "ann", "ben", "citra", "dewi" };
#define PEOPLE	4

/* A mailbox with these rules; NULL: one person's. */
static void
begin(const char *text)
{
	struct domain_fault fault;

	ck_assert_int_eq(words_open(), 0);
	arena = arena_new(DOMAIN_RULES_ARENA);
	ck_assert_int_eq(domain_rules_read(arena, slice_str(text == NULL ?
	    "mailbox box@isp.test\n" : text), &rules, &fault), 0);
	doctor = doctor_new(&rules, text != NULL,
	    slice_str("pop.isp.test"));
	rows = (struct text)TEXT_INIT(DIAGNOSIS_BYTES);
}

static void
end(void)
{
	doctor_free(doctor);
	text_free(&rows);
	arena_free(arena);
	words_close();
}

/* The keeper: four people of office.test. */
static struct domain_answer
keeper(const struct domain_ask *ask)
{
	size_t at = slice_find_last(ask->text, '@');

	if (ask->is_name || !slice_is_str(slice_after(ask->text, at + 1),
	    "office.test"))
		return (struct domain_answer){ .whose = DOMAIN_FOREIGN };
	for (uint64_t i = 0; i < PEOPLE; i++)
		if (slice_is_str(slice_first(ask->text, at), people[i]))
			return (struct domain_answer){ DOMAIN_OURS, i + 1,
			    ask->text };
	return (struct domain_answer){ .whose = DOMAIN_UNKNOWN };
}

static void
look(uint32_t number, const char *header)
{
	ARENA_AUTO one = arena_new(DOMAIN_ARENA);
	struct domain_answer answers[DOMAIN_ASKS_MOST];
	static struct doctor_look at;

	ck_assert_int_eq(doctor_ask(doctor, one, slice_str(header), &at), 0);
	ck_assert_uint_le(at.ask_count, DOMAIN_ASKS_MOST);
	for (unsigned i = 0; i < at.ask_count; i++)
		answers[i] = keeper(&at.asks[i]);
	ck_assert_int_eq(doctor_tell(doctor, one, number, &at, answers), 0);
}

/*
 * `count` messages whose headers are `form`, with the name of a person for each
 * "%s" and the message's number for "%u".
 */
static void
look_at(const char *form, unsigned count, unsigned persons)
{
	for (unsigned i = 0; i < count; i++) {
		const char *who = people[i % persons];
		TEXT_AUTO header = TEXT_INIT(8192);

		for (const char *c = form; *c != '\0'; c++) {
			if (c[0] == '%' && c[1] == 's')
				text_add_str(&header, who);
			else if (c[0] == '%' && c[1] == 'u')
				text_addf(&header, "%u", i);
			else
				text_add_byte(&header, *c);
			c += c[0] == '%' && (c[1] == 's' || c[1] == 'u');
		}
		text_add_byte(&header, '\0');
		look(i + 1, header.at);
	}
}

/* Both rounds over the same. */
static void
examine(const char *form, unsigned count, unsigned persons)
{
	look_at(form, count, persons);
	if (doctor_advise(doctor))
		look_at(form, count, persons);
	doctor_report(doctor, 1000, &rows);
	ck_assert(!text_failed(&rows));
	ck_assert_int_gt(diagnosis_count(text_slice(&rows)), 3);
}

/* The rows of a topic, as "name|value|extra|count/of|ours|different;". */
static const char *
says(enum diagnosis_topic topic)
{
	static char all[4096];
	struct unpack u = unpack_of(text_slice(&rows));
	struct diagnosis_row row;
	size_t len = 0;

	all[0] = '\0';
	while (diagnosis_unpack(&u, &row) == 1)
		if (row.topic == topic)
			len += (size_t)snprintf(all + len, sizeof(all) - len,
			    "%.*s|%.*s|%.*s|%u/%u|%u|%u;",
			    SLICE_FMT(row.name), SLICE_FMT(row.value),
			    SLICE_FMT(row.extra), (unsigned)row.count,
			    (unsigned)row.of, (unsigned)row.ours,
			    (unsigned)row.different);
	return all;
}

#define TRACE	"Received: from box ([192.0.2.9]) by mx.isp.test; x\r\n"
#define REST	"Message-ID: <%u@far.test>\r\nFrom: joe@far.test\r\n" \
		"Subject: no %u\r\n"

START_TEST(a_header_with_a_prefix_is_advised_and_tried)
{
	begin("domain office.test\nmailbox box@isp.test\n");
	examine("Delivered-To: box-%s@office.test\r\n" TRACE REST
	    "To: list@far.test\r\n", 20, 4);
	ck_assert_str_eq(says(DIAGNOSIS_MESSAGES), "|||20/1000|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_SHAPE), "domain|Delivered-To||4/0|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_HEADER),
	    "Delivered-To|box-ann@office.test|box-|20/20|20|4;");
	ck_assert_str_eq(says(DIAGNOSIS_OPTION),
	    "--envelope-header|Delivered-To:box-||0/0|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_NOW), "foreign|||20/20|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_THEN), "delivered|||20/20|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_HOP),
	    "mx.isp.test|192.0.2.9||20/20|0|0;");
	end();
}
END_TEST

static const struct {
	const char	*form, *header, *option;
} patterns[] = {
{ "Envelope-To: %s@office.test\r\n" TRACE REST,
  "Envelope-To|ann@office.test||20/20|20|4;",
  "--envelope-header|Envelope-To||0/0|0|0;" },
/* qmail's virtual domains */
{ "Delivered-To: office.test-%s@office.test\r\n" TRACE REST,
  "Delivered-To|office.test-ann@office.test|office.test-|20/20|20|4;",
  "--envelope-header|Delivered-To:office.test-||0/0|0|0;" },
{ "X-Original-To: %s-in@office.test\r\n" TRACE REST,
  "X-Original-To|ann-in@office.test|:-in|20/20|20|4;",
  "--envelope-header|X-Original-To::-in||0/0|0|0;" },
/* Fastmail */
{ "X-Delivered-To: %s@office.test\r\n" TRACE REST,
  "X-Delivered-To|ann@office.test||20/20|20|4;",
  "--envelope-header|X-Delivered-To||0/0|0|0;" },
/* a bare name */
{ "X-RCPT-TO: box-%s\r\n" TRACE REST,
  "X-RCPT-TO|box-ann|box-|20/20|20|4;",
  "--envelope-header|X-RCPT-TO:box-||0/0|0|0;" },
/* the mailbox itself on top, and two hops of the provider's above it */
{ "Delivered-To: box@isp.test\r\n" TRACE TRACE "Delivered-To: %s@office.test"
  "\r\n" TRACE REST,
  "Delivered-To|ann@office.test||20/20|20|4;",
  "--envelope-header|Delivered-To||0/0|0|0;--envelope-depth|2||0/0|0|0;" },
};

START_TEST(each_way_of_writing_it_is_known)
{
	begin("domain office.test\nmailbox box@isp.test\n");
	examine(patterns[_i].form, 20, 4);
	ck_assert_str_eq(says(DIAGNOSIS_HEADER), patterns[_i].header);
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), patterns[_i].option);
	ck_assert_str_eq(says(DIAGNOSIS_THEN), "delivered|||20/20|0|0;");
	end();
}
END_TEST

START_TEST(what_is_set_rightly_is_left_as_it_is)
{
	begin("domain office.test\nmailbox box@isp.test\n"
	    "envelope-header Delivered-To:box-\n");
	examine("Delivered-To: box-%s@office.test\r\n" TRACE REST, 20, 4);
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), "");
	ck_assert_str_eq(says(DIAGNOSIS_NOW), "delivered|||20/20|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_THEN), "");
	end();
}
END_TEST

START_TEST(a_header_that_is_set_and_stands_nowhere_gives_way)
{
	begin("domain office.test\nmailbox box@isp.test\n"
	    "envelope-header X-Wrong\n");
	if (_i == 0)
		examine("Delivered-To: %s@office.test\r\n" TRACE REST, 20, 4);
	else
		examine(TRACE REST "To: %s@office.test\r\n", 20, 4);
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), _i == 0 ?
	    "--envelope-header|none||0/0|0|0;"
	    "--envelope-header|Delivered-To||0/0|0|0;" :
	    "--envelope-header|none||0/0|0|0;");
	ck_assert_ptr_nonnull(strstr(says(DIAGNOSIS_HEADER),
	    "X-Wrong|||0/20|0|0;"));
	end();
}
END_TEST

/* A sender may have written it: it stands anywhere, or deep down. */
START_TEST(a_header_that_anybody_may_have_written_is_not_advised)
{
	begin("domain office.test\nmailbox box@isp.test\n");
	if (_i == 0) {
		look_at("Delivered-To: %s@office.test\r\n" TRACE REST, 10, 4);
		look_at(TRACE TRACE "Delivered-To: %s@office.test\r\n" REST,
		    10, 4);
	} else {
		look_at(TRACE TRACE TRACE TRACE TRACE
		    "Delivered-To: %s@office.test\r\n" REST, 20, 4);
	}
	(void)doctor_advise(doctor);
	doctor_report(doctor, 20, &rows);
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), "");
	end();
}
END_TEST

/* All mail is put into one mailbox of our domain, that is nobody's. */
START_TEST(what_always_names_the_same_is_the_mailbox)
{
	begin("domain office.test\nmailbox box@isp.test\n");
	examine("Delivered-To: catchall@office.test\r\n" TRACE REST
	    "To: %s@office.test\r\n", 20, 4);
	ck_assert_str_eq(says(DIAGNOSIS_SHAPE), "domain|To||4/0|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_NOW), "doubt|||20/20|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_OPTION),
	    "--mailbox|catchall@office.test||0/0|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_THEN), "delivered|||20/20|0|0;");
	end();
}
END_TEST

START_TEST(one_persons_mailbox_looks_like_one)
{
	begin(NULL);
	if (_i == 0)
		examine("Delivered-To: ann@office.test\r\n" TRACE REST
		    "To: ann@office.test, %s@office.test\r\n", 20, 4);
	else
		examine(TRACE REST "To: ann@office.test\r\n", 20, 1);
	ck_assert_ptr_nonnull(strstr(says(DIAGNOSIS_SHAPE), "person|To|"));
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), "");
	ck_assert_str_eq(says(DIAGNOSIS_NOW), "");
	end();
}
END_TEST

START_TEST(a_domains_mail_in_one_persons_mailbox_is_seen)
{
	begin(NULL);
	examine(_i == 0 ? TRACE REST "To: %s@office.test\r\n" :
	    "Delivered-To: %s@office.test\r\n" TRACE REST, 20, 4);
	ck_assert_ptr_nonnull(strstr(says(DIAGNOSIS_SHAPE), "domain|"));
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), _i == 0 ?
	    "--headers|received,resent-to,resent-cc,resent-bcc,to,cc,"
	    "bcc,apparently-to||0/0|0|0;" :
	    "--envelope-header|Delivered-To||0/0|0|0;");
	end();
}
END_TEST

START_TEST(too_few_messages_say_nothing)
{
	begin("domain office.test\n");
	examine("Delivered-To: %s@office.test\r\n" TRACE REST, 4, 4);
	ck_assert_str_eq(says(DIAGNOSIS_SHAPE), "unknown|||0/0|0|0;");
	ck_assert_str_eq(says(DIAGNOSIS_OPTION), "");
	end();
}
END_TEST

/* Each message lies there once for ann and once for ben; or once in all. */
START_TEST(copies_for_each_recipient_are_told_from_one_for_all)
{
	static const char all[] = TRACE REST
	    "To: ann@office.test, ben@office.test\r\n";

	begin("domain office.test\n");
	if (_i < 2) {
		look_at(_i == 0 ? "Delivered-To: ann@office.test\r\n"
		    TRACE REST : all, 6, 1);
		look_at(_i == 0 ? "Delivered-To: ben@office.test\r\n"
		    TRACE REST : all, 6, 1);
	} else {
		look_at(all, 6, 1);
	}
	(void)doctor_advise(doctor);
	doctor_report(doctor, 20, &rows);
	ck_assert_str_eq(says(DIAGNOSIS_COPIES), _i == 0 ?
	    "each|||6/6|0|6;" : _i == 1 ? "each|||6/6|0|0;" :
	    "one|||0/6|0|0;");
	end();
}
END_TEST

/* What stands in messages is data: escaped, cut, and never a rule by itself. */
START_TEST(headers_full_of_nonsense_are_only_counted)
{
	begin("domain office.test\nmailbox box@isp.test\n");
	examine("Delivered-To: \"$(rm -rf)\x01\xff-%s\"@office.test\r\n"
	    "Subject: \x1b[31m%u" "\r\nFrom: \"\\\" <\r\n" TRACE, 20, 4);
	ck_assert_ptr_null(strchr(says(DIAGNOSIS_HEADER), '\x01'));
	ck_assert_ptr_null(strstr(says(DIAGNOSIS_CASE), "\x1b"));
	ck_assert_msg(strstr(says(DIAGNOSIS_CASE), "\\x1B[31m") != NULL, "%s",
	    says(DIAGNOSIS_CASE));
	end();
}
END_TEST

START_TEST(rows_that_are_torn_are_none)
{
	struct slice all;

	begin("domain office.test\n");
	examine("Delivered-To: %s@office.test\r\n" TRACE REST, 20, 4);
	all = text_slice(&rows);
	ck_assert_int_lt(diagnosis_count(slice_first(all, all.len - 1)), 0);
	rows.at[0] = (char)DIAGNOSIS_TOPIC_COUNT;
	ck_assert_int_lt(diagnosis_count(all), 0);
	end();
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("fetch/domain/doctor");
	TCase *tests = tcase_create("doctor");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_header_with_a_prefix_is_advised_and_tried);
	tcase_add_loop_test(tests, each_way_of_writing_it_is_known, 0,
	    sizeof(patterns) / sizeof(patterns[0]));
	tcase_add_test(tests, what_is_set_rightly_is_left_as_it_is);
	tcase_add_loop_test(tests,
	    a_header_that_is_set_and_stands_nowhere_gives_way, 0, 2);
	tcase_add_loop_test(tests,
	    a_header_that_anybody_may_have_written_is_not_advised, 0, 2);
	tcase_add_test(tests, what_always_names_the_same_is_the_mailbox);
	tcase_add_loop_test(tests, one_persons_mailbox_looks_like_one, 0, 2);
	tcase_add_loop_test(tests,
	    a_domains_mail_in_one_persons_mailbox_is_seen, 0, 2);
	tcase_add_test(tests, too_few_messages_say_nothing);
	tcase_add_loop_test(tests,
	    copies_for_each_recipient_are_told_from_one_for_all, 0, 3);
	tcase_add_test(tests, headers_full_of_nonsense_are_only_counted);
	tcase_add_test(tests, rows_that_are_torn_are_none);
	suite_add_tcase(suite, tests);
	return suite;
}
