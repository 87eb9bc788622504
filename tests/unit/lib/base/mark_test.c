/*
 * mark_test.c - a mark is on the byte that it was put on
 */
#include "lib/base/mark.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/stream.h"
#include "tests/unit/lib/base/peer.h"
#include "tests/unit/unit.h"

static void
takes(int fd, const char *words, bool is_marked)
{
	char bytes[64];
	bool got = !is_marked;
	ssize_t n = mark_recv(fd, bytes, sizeof(bytes), &got);

	ck_assert_int_eq(n, (ssize_t)strlen(words));
	ck_assert_int_eq(memcmp(bytes, words, (size_t)n), 0);
	ck_assert_int_eq(got, is_marked);
}

START_TEST(a_read_ends_with_the_byte_that_is_marked)
{
	unsigned before, had;
	int fd[2];

	had = fds_open();
	pair_open(fd);
	before = fds_open();
	peer_say(fd[0], "one ");
	peer_say(fd[0], "two");
	ck_assert_int_eq(mark_send(fd[0], 'x'), 1);
	peer_say(fd[0], "three");
	ck_assert_int_eq(mark_send(fd[0], 'y'), 1);
	ck_assert_int_eq(mark_send(fd[0], 'z'), 1);
	peer_say(fd[0], "xyz");
	takes(fd[1], "one twox", true);
	takes(fd[1], "threey", true);
	takes(fd[1], "z", true);
	takes(fd[1], "xyz", false);
	/* the descriptor that went with it is not kept */
	ck_assert_uint_eq(fds_open(), before);
	(void)close(fd[0]);
	takes(fd[1], "", false);
	(void)close(fd[1]);
	ck_assert_uint_eq(fds_open(), had);
}
END_TEST

/* A short buffer marks no other byte. */
START_TEST(in_pieces_the_same_byte_is_marked)
{
	bool is_marked = true;
	char bytes[2];
	int fd[2];

	pair_open(fd);
	peer_say(fd[0], "xxx");
	ck_assert_int_eq(mark_send(fd[0], 'x'), 1);
	ck_assert_int_eq(mark_recv(fd[1], bytes, 2, &is_marked), 2);
	ck_assert(!is_marked);
	takes(fd[1], "xx", true);
	ck_assert_int_eq(mark_recv(fd[1], bytes, 2, &is_marked), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert(!is_marked);
	(void)close(fd[0]);
	(void)close(fd[1]);
}
END_TEST

START_TEST(more_than_one_descriptor_is_refused)
{
	union {
		struct cmsghdr	head;
		char		bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec piece = { .iov_base = "x", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes)
	};
	bool is_marked;
	unsigned before;
	char byte;
	int fd[2];

	pair_open(fd);
	before = fds_open();
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.head), fd, sizeof(fd));
	ck_assert_int_eq(sendmsg(fd[0], &message, MSG_NOSIGNAL), 1);
	ck_assert_int_eq(mark_recv(fd[1], &byte, 1, &is_marked), -1);
	ck_assert_int_eq(errno, EPROTO);
	ck_assert_uint_eq(fds_open(), before);
	(void)close(fd[0]);
	(void)close(fd[1]);
}
END_TEST

/* Two streams, and how often the first was told of what. */
struct scene {
	struct loop	*loop;
	struct stream	*stream, *other;
	unsigned	 told[STREAM_IDLE + 1];
};

static void
on_stream(void *arg, enum stream_event event)
{
	struct scene *scene = arg;

	scene->told[event]++;
}

static void
on_other(void *arg, enum stream_event event)
{
	(void)arg;
	(void)event;
}

static void
begin(struct scene *scene)
{
	int fd[2];

	*scene = (struct scene){ .loop = loop_new() };
	pair_open(fd);
	pair_narrow(fd[1], 1);
	scene->stream = stream_new(scene->loop, fd[0], 4096, 64, on_stream,
	    scene);
	scene->other = stream_new(scene->loop, fd[1], 64, 65536, on_other,
	    scene);
	ck_assert(scene->stream != NULL && scene->other != NULL);
	stream_take_marks(scene->stream);
}

static void
end(struct scene *scene)
{
	stream_free(scene->stream);
	stream_free(scene->other);
	loop_free(scene->loop);
}

static void
says(const struct scene *scene, const char *words, bool is_marked)
{
	ck_assert(slice_is_str(stream_input(scene->stream), words));
	ck_assert_int_eq(stream_is_marked(scene->stream), is_marked);
}

START_TEST(a_stream_reads_no_further_than_a_mark)
{
	struct scene scene;

	begin(&scene);
	ck_assert_int_eq(stream_mark(scene.other), -EBUSY);
	ck_assert_int_eq(stream_write(scene.other, slice_str("before")), 0);
	ck_assert_int_eq(stream_mark(scene.other), 0);
	ck_assert_int_eq(stream_write(scene.other, slice_str("behind")), 0);
	ck_assert_int_eq(stream_mark(scene.other), -EBUSY);
	turn(scene.loop);
	says(&scene, "before", true);
	/* nothing behind it is read, though there is room */
	stream_consume(scene.stream, 6);
	turn(scene.loop);
	says(&scene, "", true);
	ck_assert_uint_eq(scene.told[STREAM_INPUT], 1);
	stream_pass_mark(scene.stream);
	turn(scene.loop);
	says(&scene, "behind", false);
	ck_assert_uint_eq(scene.told[STREAM_INPUT], 2);
	stream_consume(scene.stream, 6);
	end(&scene);
}
END_TEST

START_TEST(the_end_comes_behind_a_mark)
{
	struct scene scene;

	begin(&scene);
	ck_assert_int_eq(stream_write(scene.other, slice_str("n")), 0);
	ck_assert_int_eq(stream_mark(scene.other), 0);
	stream_finish(scene.other);
	scene.other = NULL;
	turn(scene.loop);
	says(&scene, "n", true);
	ck_assert(!stream_has_ended(scene.stream));
	ck_assert_uint_eq(scene.told[STREAM_INPUT], 1);
	ck_assert_uint_eq(scene.told[STREAM_CLOSED], 0);
	stream_consume(scene.stream, 1);
	stream_pass_mark(scene.stream);
	turn(scene.loop);
	ck_assert(stream_has_ended(scene.stream));
	ck_assert_uint_eq(scene.told[STREAM_CLOSED], 1);
	/* our own end lets the finish of the other go on to its end */
	stream_free(scene.stream);
	scene.stream = NULL;
	turn(scene.loop);
	end(&scene);
}
END_TEST

/* What waits before it may be more than the socket takes at once. */
START_TEST(a_mark_waits_for_what_was_written_before)
{
	static char bytes[60000];
	struct scene scene;
	size_t sum = 0;

	begin(&scene);
	memset(bytes, 'w', sizeof(bytes));
	ck_assert_int_eq(stream_write(scene.other, slice_of(bytes,
	    sizeof(bytes))), 0);
	ck_assert_int_eq(stream_mark(scene.other), 0);
	ck_assert_int_eq(stream_write(scene.other, slice_str("z")), 0);
	while (!stream_is_marked(scene.stream)) {
		size_t n = stream_input(scene.stream).len;

		sum += n;
		stream_consume(scene.stream, n);
		turn(scene.loop);
	}
	ck_assert_uint_eq(sum + stream_input(scene.stream).len,
	    sizeof(bytes));
	stream_consume(scene.stream, stream_input(scene.stream).len);
	stream_pass_mark(scene.stream);
	turn(scene.loop);
	says(&scene, "z", false);
	end(&scene);
}
END_TEST

Suite *
unit_suite(void)
{
	Suite *suite = suite_create("mark");
	TCase *tcase = tcase_create("mark");

	tcase_add_test(tcase, a_read_ends_with_the_byte_that_is_marked);
	tcase_add_test(tcase, in_pieces_the_same_byte_is_marked);
	tcase_add_test(tcase, more_than_one_descriptor_is_refused);
	tcase_add_test(tcase, a_stream_reads_no_further_than_a_mark);
	tcase_add_test(tcase, the_end_comes_behind_a_mark);
	tcase_add_test(tcase, a_mark_waits_for_what_was_written_before);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return suite;
}
