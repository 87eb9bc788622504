/*
 * pop3_session_fuzz.c - any commands over any letter, after login
 *
 * The input is a letter, then from the first 0xff on the client's bytes.  The
 * account is played here: the letter is there twice, small and big.  Whatever
 * comes, the session ends once and no line of a reply begins with one dot
 * except the line that is the dot.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/pop3/pop3.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct view {
	struct letter	letter[2];
};

struct account {
	struct view	 view;
	struct slice	 body;
	struct loop	*loop;
	struct timer	*turn, *answer;
	pop3_big_fn	*reply;
	void		*reply_arg;
	unsigned	 ended;
};

/* The six functions of the store that a session calls. */
int
account_view_open(struct account *account, uint32_t mailbox,
    struct view **view_out)
{
	(void)mailbox;
	*view_out = &account->view;
	return 0;
}

void
account_view_close(struct account *account, struct view *view)
{
	assert(view == &account->view);
}

size_t
view_count(const struct view *view)
{
	(void)view;
	return 2;
}

const struct letter *
view_letter(const struct view *view, size_t n)
{
	assert(n < 2);
	return &view->letter[n];
}

int
account_read(struct account *account, const struct view *view, size_t n,
    struct letter_bytes *bytes_out)
{
	(void)view;
	assert(n < 2);
	*bytes_out = (struct letter_bytes){
		.trace = SLICE("Received: here\r\n"),
		.body = n == 0 ? account->body : slice_of(NULL, 0),
		.is_big = n == 1,
		.body_bytes = account->body.len,
	};
	return 0;
}

int
account_expunge(struct account *account, const struct view *view,
    const size_t *numbers, size_t count)
{
	(void)account;
	(void)view;
	assert(count > 0 && count <= 2 && numbers[0] < 2);
	return count == 2 ? -EIO : 0;
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

static void
answer(void *arg)
{
	struct account *account = arg;
	int fd = memfd_create("big", MFD_CLOEXEC);

	if (fd >= 0 && account->body.len > 0 && write(fd, account->body.at,
	    account->body.len) != (ssize_t)account->body.len)
		abort();
	account->reply(account->reply_arg, fd);
}

static int
big(void *arg, const struct message_id *id, pop3_big_fn *reply,
    void *reply_arg)
{
	struct account *account = arg;

	(void)id;
	account->reply = reply;
	account->reply_arg = reply_arg;
	timer_set(account->answer, 0);
	return 0;
}

static void
forget(void *arg, void *reply_arg)
{
	struct account *account = arg;

	(void)reply_arg;
	timer_stop(account->answer);
}

static void
step(void *arg, const char *uidl, const char *what)
{
	(void)arg;
	assert(*uidl == 'u');
	assert(*what != '\0');
}

static void
ended(void *arg, struct pop3_session *session)
{
	struct account *account = arg;

	(void)session;
	account->ended++;
}

static void
turn(struct account *account, int fd, struct text *got)
{
	char buffer[65536];
	ssize_t n;

	timer_set(account->turn, 1);
	(void)loop_run(account->loop);
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		text_add(got, slice_of(buffer, (size_t)n));
}

static void
check_lines(struct slice got)
{
	size_t end;

	assert(slice_has_prefix(got, "+OK ann has 2 letters"));
	while ((end = slice_find_str(got, "\r\n")) != SIZE_MAX) {
		assert(got.at[0] != '.' || end == 1 || got.at[1] == '.');
		got = slice_after(got, end + 2);
	}
	assert(got.len == 0);
}

static void
converse(struct account *account, int fd, struct slice input)
{
	TEXT_AUTO got = TEXT_INIT(256 << 20);

	for (int i = 0; input.len > 0 && i < 64; i++) {
		ssize_t n = send(fd, input.at, input.len, MSG_NOSIGNAL);

		input = slice_after(input, n > 0 ? (size_t)n : 0);
		turn(account, fd, &got);
	}
	(void)shutdown(fd, SHUT_WR);
	for (int i = 0; i < 10000 && account->ended == 0; i++)
		turn(account, fd, &got);
	turn(account, fd, &got);
	assert(account->ended == 1);
	if (!text_failed(&got))
		check_lines(text_slice(&got));
}

static void
set_letters(struct account *account)
{
	for (int i = 0; i < 2; i++) {
		struct letter *letter = &account->view.letter[i];

		letter->uid = (uint32_t)i + 1;
		letter->lacks_crlf = !slice_has_suffix(account->body, "\r\n");
		letter->bytes = account->body.len + 16 +
		    (letter->lacks_crlf ? 2 : 0);
		letter->uidl[0] = 'u';
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pop3_session_options options = {
		.hostname = "hub", .login = SLICE("ann"),
	};
	struct account account = { .loop = loop_new() };
	const struct pop3_session_ports ports = {
		.arg = &account, .big = big, .forget = forget, .step = step,
		.ended = ended,
	};
	struct slice rest = slice_of(data, size > 20000 ? 20000 : size);
	TEXT_AUTO ignored = TEXT_INIT(65536);
	int pair[2];

	if (!slice_cut(&rest, '\xff', &account.body) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) {
		loop_free(account.loop);
		return 0;
	}
	set_letters(&account);
	account.turn = timer_new(account.loop, stop, account.loop);
	account.answer = timer_new(account.loop, answer, &account);
	if (pop3_session_new(account.loop, pair[1], &account, &options,
	    &ports) != NULL)
		converse(&account, pair[0], rest);
	(void)close(pair[0]);
	turn(&account, -1, &ignored);
	timer_free(account.turn);
	timer_free(account.answer);
	loop_free(account.loop);
	return 0;
}
