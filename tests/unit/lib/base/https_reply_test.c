/*
 * https_reply_test.c - answers of HTTP servers, whole, cut and false
 */
#include "lib/base/https_reply.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

#define MOST	64	/* bytes of a body here */
#define HEAD	"HTTP/1.1 200 OK\r\n"

/* `want` 1: whole; 0: it needs the end of the connection, and then `end`. */
static const struct {
	const char	*bytes;
	int		 want, end;
	unsigned	 status;
	const char	*body;
} answers[] = {
	{ HEAD "Content-Length: 2\r\n\r\nhi", 1, 1, 200, "hi" },
	{ HEAD "content-length:2\r\n\r\nhi+more", 1, 1, 200, "hi" },
	{ HEAD "Content-Length: 0\r\n\r\n", 1, 1, 200, "" },
	{ "HTTP/1.1 204 None\r\n\r\n", 1, 1, 204, "" },
	{ "HTTP/1.0 400 \r\n\r\n{}", 0, 1, 400, "{}" },
	{ "HTTP/1.1 503\r\nRetry-After: 7\r\n\r\n", 0, 1, 503, "" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n"
	    "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n",
	    1, 1, 200, "abc0123456789" },
	/* RFC 9110 15.2.1: an answer may come behind others */
	{ "HTTP/1.1 100 Continue\r\n\r\n" HEAD "Content-Length: 1\r\n\r\nx",
	    1, 1, 200, "x" },
	/* RFC 9112 6.3: equal lengths are one */
	{ HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 1, 1, 200,
	    "x" },
	/* cut */
	{ "", 0, -EBADMSG, 0, "" },
	{ HEAD, 0, -EBADMSG, 200, "" },
	{ HEAD "Content-Length: 3\r\n\r\nhi", 0, -EBADMSG, 200, "hi" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 0, -EBADMSG,
	    200, "abc" },
	/* false */
	{ "+OK ready\r\n", -EBADMSG, 0, 0, "" },
	{ "HTTP/2 200\r\n\r\n", -EBADMSG, 0, 0, "" },
	{ "HTTP/1.1 2000\r\n\r\n", -EBADMSG, 0, 0, "" },
	{ "HTTP/1.1 099 x\r\n\r\n", -EBADMSG, 0, 0, "" },
	{ "HTTP/1.1 101 Switching\r\n\r\n", -EBADMSG, 0, 101, "" },
	{ HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", -EBADMSG, 0,
	    200, "" },
	{ HEAD "Content-Length: -1\r\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
	    -EBADMSG, 0, 200, "" },
	{ HEAD "Transfer-Encoding: gzip\r\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "Content-Length : 1\r\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "A: b\r\n folded\r\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "A: b\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "no field\r\n\r\n", -EBADMSG, 0, 200, "" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\nx\r\n", -EBADMSG, 0, 200,
	    "" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", -EBADMSG, 0,
	    200, "a" },
	/* too long */
	{ HEAD "Content-Length: 65\r\n\r\n", -E2BIG, 0, 200, "" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\n41\r\n", -E2BIG, 0, 200, "" },
	{ HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n", -E2BIG, 0,
	    200, "" },
};

static void
check(const struct https_reply *reply, int i)
{
	ck_assert_uint_eq(reply->status, answers[i].status);
	ck_assert(slice_is_str(text_slice(&reply->body), answers[i].body));
}

/* RFC 9112 4, 5, 6, 7 */
START_TEST(an_answer_is_what_its_head_says)
{
	struct https_reply reply;
	int r;

	https_reply_open(&reply, MOST);
	r = https_reply_take(&reply, slice_str(answers[_i].bytes));
	ck_assert_int_eq(r, answers[_i].want);
	if (r == 0)
		ck_assert_int_eq(https_reply_end(&reply), answers[_i].end);
	check(&reply, _i);
	https_reply_close(&reply);
}
END_TEST

START_TEST(it_is_the_same_a_byte_at_a_time)
{
	struct slice rest = slice_str(answers[_i].bytes);
	struct https_reply reply;
	int r = 0;

	https_reply_open(&reply, MOST);
	for (; rest.len > 0 && r == 0; rest = slice_after(rest, 1))
		r = https_reply_take(&reply, slice_first(rest, 1));
	ck_assert_int_eq(r, answers[_i].want);
	if (r == 0)
		ck_assert_int_eq(https_reply_end(&reply), answers[_i].end);
	check(&reply, _i);
	https_reply_close(&reply);
}
END_TEST

START_TEST(how_long_to_wait_is_read)
{
	struct https_reply reply;

	https_reply_open(&reply, MOST);
	ck_assert_int_eq(https_reply_take(&reply, slice_str("HTTP/1.1 429 x\r\n"
	    "Retry-After: 99999999999999999999999\r\n"
	    "Content-Length: 0\r\n\r\n")), 1);
	ck_assert_uint_eq(reply.retry_after, 86400);
	https_reply_close(&reply);
}
END_TEST

static const struct {
	const char	*type;
	bool		 is_plain;
} types[] = {
	{ "text/plain", true }, { "Text/Plain ; charset=us-ascii", true },
	{ "text/plain;x", true }, { "text/html", false }, { "", false },
	{ "text/plainer", false }, { "x; text/plain", false },
};

/* RFC 9110 8.3.1 */
START_TEST(it_says_whether_it_is_plain_text)
{
	TEXT_AUTO answer = TEXT_INIT(256);
	struct https_reply reply;

	text_addf(&answer, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
	    "Content-Length: 0\r\n\r\n", types[_i].type);
	https_reply_open(&reply, MOST);
	ck_assert_int_eq(https_reply_take(&reply, text_slice(&answer)), 1);
	ck_assert(reply.is_plain == types[_i].is_plain);
	https_reply_close(&reply);
}
END_TEST

START_TEST(a_head_without_end_ends)
{
	static const char field[] = "X: 0123456789\r\n";
	struct https_reply reply;
	size_t bytes = 0;
	int r;

	https_reply_open(&reply, MOST);
	r = https_reply_take(&reply, slice_str(HEAD));
	while (r == 0 && bytes < 10 * HTTPS_HEAD_MOST) {
		r = https_reply_take(&reply, slice_str(field));
		bytes += sizeof(field) - 1;
	}
	ck_assert_int_eq(r, -E2BIG);
	ck_assert_uint_le(bytes, HTTPS_HEAD_MOST);
	https_reply_close(&reply);
}
END_TEST

START_TEST(a_line_without_end_ends)
{
	struct https_reply reply;
	size_t bytes = 0;
	int r = 0;

	https_reply_open(&reply, MOST);
	for (; r == 0 && bytes < 10 * HTTPS_LINE_MOST; bytes++)
		r = https_reply_take(&reply, slice_str("H"));
	ck_assert_int_lt(r, 0);
	ck_assert_uint_le(bytes, HTTPS_LINE_MOST + 2);
	https_reply_close(&reply);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("https_reply");
	TCase *test = tcase_create("answers");
	int count = (int)(sizeof(answers) / sizeof(answers[0]));

	tcase_add_loop_test(test, an_answer_is_what_its_head_says, 0, count);
	tcase_add_loop_test(test, it_is_the_same_a_byte_at_a_time, 0, count);
	tcase_add_test(test, how_long_to_wait_is_read);
	tcase_add_loop_test(test, it_says_whether_it_is_plain_text, 0,
	    sizeof(types) / sizeof(*types));
	tcase_add_test(test, a_head_without_end_ends);
	tcase_add_test(test, a_line_without_end_ends);
	suite_add_tcase(suite, test);
	return suite;
}
