/*
 * imapd_session_fuzz.c - any commands over any letter, after login
 *
 * The input is a letter, then from the first 0xff on the client's bytes.  The
 * account is played here: one mailbox, INBOX, in which the letter is twice,
 * small and big.  Whatever comes, the session ends once, and each line that is
 * no part of a literal begins as RFC 9051 7 has it.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/imap/imap.h"
#include "gateway/imap/input.h"
#include "lib/message/structure.h"
#include "lib/message/words.h"
#include "store/appending.h"
#include "store/copying.h"
#include "store/search.h"
#include "store/selected.h"
#include "tests/fuzz/folders_scene.h"
#include "tests/fuzz/metadata_scene.h"
#include "tests/fuzz/sharing_scene.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define TRACE	"Received: here\r\n"

struct account {
	struct slice	 body;
	bool		 lacks_crlf;
	struct loop	*loop;
	struct timer	*turn, *answer;
	imapd_big_fn	*reply;
	imapd_file_fn	*file;
	imapd_kept_fn	*kept;
	void		*reply_arg;
	int		 pipe;		/* the file's end of it; -1: none */
	uint64_t	 piped;		/* bytes that came there */
	unsigned	 ended;
};

struct selected {
	struct account	*account;
	struct selected_letter letter[2];
	struct text	 structure[2];	/* by number of the letter */
	bool		 is_expunged[2];
	size_t		 count;
};

struct copying {
	struct account	*account;
};

struct appending {
	unsigned	 count;
};

/* The functions of the store that a session calls. */

int
selected_open(struct account *account, uint32_t mailbox,
    struct selected **selected_out)
{
	struct selected *selected = calloc(1, sizeof(*selected));

	assert(mailbox == 1 && selected != NULL);
	selected->account = account;
	selected->count = 2;
	for (uint32_t i = 0; i < 2; i++)
		selected->letter[i] = (struct selected_letter){
			.letter = i + 1, .modseq = i + 1, .uid = 3 + 4 * i,
			.flags = i == 0 ? LETTER_SEEN | LETTER_DELETED : 0,
			.is_recent = i == 1, .keywords = i,
		};
	for (uint32_t i = 0; i < 2; i++)
		selected->structure[i] = (struct text)TEXT_INIT(
		    STRUCTURE_MOST);
	*selected_out = selected;
	return 0;
}

void
selected_close(struct selected *selected)
{
	for (uint32_t i = 0; selected != NULL && i < 2; i++)
		text_free(&selected->structure[i]);
	free(selected);
}

uint32_t
selected_mailbox(const struct selected *selected)
{
	(void)selected;
	return 1;
}

void
selected_claim(struct selected *selected)
{
	assert(selected->account != NULL);
}

size_t
selected_recent(const struct selected *selected)
{
	return selected->count;
}

int
selected_count_recent(struct account *account, uint32_t mailbox,
    const struct selected *selected, size_t *count_out)
{
	(void)account;
	assert(mailbox == 1);
	*count_out = selected != NULL ? selected->count : 0;
	return 0;
}

size_t
selected_count(const struct selected *selected)
{
	return selected->count;
}

const struct selected_letter *
selected_at(const struct selected *selected, size_t n)
{
	assert(n < selected->count);
	return &selected->letter[n];
}

size_t
selected_find(const struct selected *selected, uint32_t uid)
{
	size_t n = 0;

	while (n < selected->count && selected->letter[n].uid < uid)
		n++;
	return n;
}

uint32_t
selected_uidnext(const struct selected *selected)
{
	(void)selected;
	return 8;
}

uint64_t
selected_modseq(const struct selected *selected)
{
	(void)selected;
	return 9;
}

bool
selected_has_news(const struct selected *selected, bool may_expunge)
{
	return may_expunge && selected->count > 0 && selected->is_expunged[0];
}

void
selected_was_told(struct selected *selected, size_t n)
{
	assert(n < selected->count);
}

int
selected_vanished(struct selected *selected, uint64_t since, uint64_t *from,
    selected_vanished_fn *fn, void *arg)
{
	uint64_t at = *from;
	int r = 0;

	(void)selected;
	if (at <= 1) {
		*from = 5;
		r = since < 5 ? fn(arg, 1, 2) : 0;
		return r < 0 ? r : 1;
	}
	assert(at == 5);
	return since < 9 ? fn(arg, 5, 7) : 0;
}

bool
selected_is_expunged(const struct selected *selected, size_t n)
{
	assert(n < selected->count);
	return selected->is_expunged[n];
}

struct slice
selected_words(const struct selected *selected, uint32_t keywords)
{
	(void)selected;
	return slice_str(keywords == 0 ? "" : "$Work Urgent");
}

int
selected_each_word(const struct selected *selected, selected_word_fn *fn,
    void *arg)
{
	(void)selected;
	return fn(arg, slice_str("$Work"));
}

int
selected_update(struct selected *selected, bool may_expunge,
    const struct selected_teller *teller, void *arg)
{
	for (size_t n = 0; may_expunge && n < selected->count;) {
		uint32_t uid = selected->letter[n].uid;

		if (!selected->is_expunged[n]) {
			n++;
			continue;
		}
		selected->count--;
		selected->letter[n] = selected->letter[1];
		selected->is_expunged[n] = selected->is_expunged[1];
		(void)teller->expunged(arg, n, uid);
	}
	return 0;
}

int
selected_facts(struct selected *selected, size_t from, size_t count,
    unsigned wanted, selected_facts_fn *fn, void *arg)
{
	const struct account *account = selected->account;
	int r = 0;

	for (size_t n = from; r == 0 && n < from + count; n++) {
		struct letter_facts facts = {
			.trace_bytes = sizeof(TRACE) - 1,
			.body_bytes = account->body.len,
			.lacks_crlf = account->lacks_crlf,
			.bytes = sizeof(TRACE) - 1 + account->body.len +
			    (account->lacks_crlf ? 2 : 0),
			.is_big = selected->letter[n].letter == 2,
			.received_at_utc_ms = 837596665000,
		};

		assert(n < selected->count);
		if ((wanted & FACTS_STRUCTURE) != 0)
			facts.structure = text_slice(&selected->structure[
			    selected->letter[n].letter - 1]);
		if ((wanted & FACTS_TEXT) != 0)
			facts.unreadable = selected_read(selected, n,
			    &facts.text);
		r = fn(arg, n, &facts);
	}
	return r;
}

int
selected_read(struct selected *selected, size_t n,
    struct letter_bytes *bytes_out)
{
	assert(n < selected->count);
	*bytes_out = (struct letter_bytes){
		.trace = SLICE(TRACE),
		.body = selected->letter[n].letter == 1 ?
		    selected->account->body : slice_of(NULL, 0),
		.is_big = selected->letter[n].letter == 2,
		.body_bytes = selected->account->body.len,
	};
	return 0;
}

int
selected_put_structure(struct selected *selected, size_t n,
    struct slice packed)
{
	struct text *structure =
	    &selected->structure[selected->letter[n].letter - 1];

	assert(n < selected->count && packed.len > 0);
	text_clear(structure);
	text_add(structure, packed);
	return 0;
}

int
selected_flag(struct selected *selected, const size_t *numbers, size_t count,
    const struct flag_change *change, selected_refused_fn *refused, void *arg,
    uint64_t *modseq_out)
{
	(void)refused;
	(void)arg;
	assert(count > 0);
	for (size_t i = 0; i < count; i++) {
		assert(numbers[i] < selected->count);
		selected->letter[numbers[i]].flags = change->flags;
	}
	*modseq_out = 9;
	return change->keywords.len > 100 ? -E2BIG : 0;
}

int
selected_expunge(struct selected *selected, const size_t *numbers,
    size_t count, struct message_id *ids_out, size_t *known_out)
{
	memset(ids_out, 7, count * sizeof(*ids_out));
	*known_out = count;
	for (size_t i = 0; i < count; i++) {
		assert(numbers[i] < selected->count);
		selected->is_expunged[numbers[i]] = true;
	}
	return 0;
}

/* There is no index: of two letters nobody asks it. */
struct search_query *
search_query_new(struct account *account)
{
	(void)account;
	return NULL;
}

void
search_query_free(struct search_query *query)
{
	assert(query == NULL);
}

int
search_query_add(struct search_query *query, struct slice text)
{
	(void)text;
	assert(query != NULL);
	return -1;
}

bool
search_query_step(struct search_query *query)
{
	assert(query != NULL);
	return false;
}

bool
search_query_excludes(const struct search_query *query, int number,
    uint64_t letter)
{
	(void)number;
	(void)letter;
	assert(query != NULL);
	return false;
}

int
copying_new(struct selected *from, uint32_t to, bool is_move,
    struct copying **copying_out)
{
	(void)to;
	(void)is_move;
	*copying_out = calloc(1, sizeof(**copying_out));
	assert(*copying_out != NULL);
	(*copying_out)->account = from->account;
	return 0;
}

int
copying_add(struct copying *copying, const size_t *numbers, size_t count,
    bool is_last, uint32_t *uids_out)
{
	(void)copying;
	assert(is_last && count > 0 && count <= 2);
	for (size_t i = 0; i < count; i++)
		uids_out[i] = (uint32_t)numbers[i] + 20;
	return 0;
}

enum lesson
copying_lesson(const struct copying *copying)
{
	(void)copying;
	return LESSON_SPAM;
}

uint32_t
copying_uidvalidity(const struct copying *copying)
{
	(void)copying;
	return 7;
}

void
copying_end(struct copying *copying)
{
	free(copying);
}

int
appending_new(struct account *account, uint32_t to,
    struct appending **appending_out)
{
	(void)account;
	(void)to;
	*appending_out = calloc(1, sizeof(**appending_out));
	return 0;
}

int
appending_add(struct appending *appending, const struct append_letter *letter)
{
	assert(letter->is_big || letter->body.len == letter->body_bytes);
	assert(slice_find(letter->body, '\0') == SIZE_MAX);
	return ++appending->count > 100 ? -E2BIG : 0;
}

int
appending_expect(struct appending *appending, const struct message_id *big)
{
	(void)appending;
	(void)big;
	return 0;
}

void
appending_replaces(struct appending *appending, struct selected *selected,
    uint32_t uid)
{
	(void)appending;
	(void)selected;
	(void)uid;
}

int
appending_commit(struct appending *appending, uint32_t *uidvalidity_out,
    uint32_t *first_uid_out)
{
	assert(appending->count > 0);
	*uidvalidity_out = 7;
	*first_uid_out = 30;
	return 0;
}

int
appending_step(struct appending *appending)
{
	assert(appending->count > 0);
	return 0;
}

const uint32_t *
appending_uids(const struct appending *appending, size_t *count_out)
{
	static const uint32_t uids[] = { 30, 31, 33 };

	*count_out = appending->count < 3 ? appending->count : 3;
	return uids;
}

const struct message_id *
appending_id(const struct appending *appending, size_t n)
{
	static const struct message_id id;

	assert(n < appending->count);
	return &id;
}

void
appending_end(struct appending *appending)
{
	free(appending);
}

/* The process around the session. */

static void
stop(void *arg)
{
	loop_stop(arg);
}

/* What the client saves goes nowhere, and is counted. */
static void
drain(struct account *account)
{
	char bytes[65536];
	ssize_t n;

	while (account->pipe >= 0 &&
	    (n = read(account->pipe, bytes, sizeof(bytes))) > 0)
		account->piped += (size_t)n;
}

static void
pipe_close(struct account *account)
{
	if (account->pipe >= 0)
		(void)close(account->pipe);
	account->pipe = -1;
}

static void
answer_file(struct account *account)
{
	struct imapd_file file = { .ticket = 1 };
	int pair[2];

	if (pipe2(pair, O_NONBLOCK | O_CLOEXEC) < 0)
		abort();
	pipe_close(account);
	account->pipe = pair[0];
	account->piped = 0;
	file.pipe = pair[1];
	account->file(account->reply_arg, 0, &file);
}

static void
answer_kept(struct account *account)
{
	drain(account);
	pipe_close(account);
	account->kept(account->reply_arg, 0, account->piped);
}

static void
answer_big(struct account *account)
{
	int fd = memfd_create("big", MFD_CLOEXEC);

	if (fd >= 0 && account->body.len > 0 && write(fd, account->body.at,
	    account->body.len) != (ssize_t)account->body.len)
		abort();
	account->reply(account->reply_arg, fd);
}

static void
answer(void *arg)
{
	struct account *account = arg;

	if (account->file != NULL)
		answer_file(account);
	else if (account->kept != NULL)
		answer_kept(account);
	else
		answer_big(account);
	account->file = NULL;
	account->kept = NULL;
}

static int
file(void *arg, uint64_t bytes, imapd_file_fn *reply, void *reply_arg)
{
	struct account *account = arg;

	(void)bytes;
	account->file = reply;
	account->reply_arg = reply_arg;
	timer_set(account->answer, 0);
	return 0;
}

static int
keep(void *arg, uint64_t ticket, imapd_kept_fn *reply, void *reply_arg)
{
	struct account *account = arg;

	assert(ticket == 1);
	account->kept = reply;
	account->reply_arg = reply_arg;
	timer_set(account->answer, 0);
	return 0;
}

static void
abandon(void *arg, uint64_t ticket)
{
	assert(ticket == 1);
	pipe_close(arg);
}

static int
big(void *arg, const struct message_id *id, imapd_big_fn *reply,
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
	account->file = NULL;
	account->kept = NULL;
	timer_stop(account->answer);
}

static void
step(void *arg, const struct message_id *ids, size_t count, const char *what)
{
	(void)arg;
	(void)ids;
	(void)count;
	assert(*what != '\0');
}

static void
saved(void *arg, const struct imapd_saved *is)
{
	(void)arg;
	assert(slice_is_utf8(is->mailbox) && is->id != NULL);
}

static void
failed(void *arg, int error)
{
	(void)arg;
	assert(error < 0);
}

static void
wrote(void *arg)
{
	(void)arg;
}

static void
ended(void *arg, struct imapd_session *session)
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
	drain(account);
	while ((n = recv(fd, buffer, sizeof(buffer), 0)) > 0)
		text_add(got, slice_of(buffer, (size_t)n));
}

/* One response off the front, its literals with it. */
static struct slice
response(struct slice got)
{
	struct imapd_literal literal;
	struct slice line;
	size_t end;

	for (;;) {
		end = slice_find_str(got, "\r\n");
		assert(end != SIZE_MAX);
		line = slice_first(got, end);
		got = slice_after(got, end + 2);
		if (imapd_literal_read(line, &literal) < 0)
			return got;
		/* a client's word may be told back, and look like one */
		if (literal.bytes > got.len)
			return got;
		got = slice_after(got, (size_t)literal.bytes);
	}
}

static void
check(struct slice got)
{
	assert(slice_has_prefix(got, "x OK [CAPABILITY "));
	while (got.len > 0) {
		assert(got.at[0] > ' ' && got.at[0] < 0x7f);
		got = response(got);
	}
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
		check(text_slice(&got));
	if (getenv("IMAPD_SHOW") != NULL)
		(void)fwrite(got.at, 1, got.len, stdout);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct imapd_session_options options = {
		.hostname = "hub", .login = SLICE("ann"), .tag = SLICE("x"),
		.message_bytes = 1024 * 1024,
	};
	struct account account = { .loop = loop_new(), .pipe = -1 };
	const struct imapd_session_ports ports = {
		.arg = &account, .big = big, .file = file, .keep = keep,
		.abandon = abandon, .forget = forget, .step = step,
		.saved = saved, .failed = failed, .wrote = wrote, .ended = ended,
	};
	struct slice rest = slice_of(data, size > 20000 ? 20000 : size);
	TEXT_AUTO ignored = TEXT_INIT(65536);
	int pair[2];

	(void)words_open();
	(void)signal(SIGPIPE, SIG_IGN);
	if (!slice_cut(&rest, '\xff', &account.body) || account.body.len == 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0) {
		loop_free(account.loop);
		return 0;
	}
	account.lacks_crlf = !slice_has_suffix(account.body, "\r\n");
	account.turn = timer_new(account.loop, stop, account.loop);
	account.answer = timer_new(account.loop, answer, &account);
	if (imapd_session_new(account.loop, pair[1], &account, &options,
	    &ports) != NULL)
		converse(&account, pair[0], rest);
	(void)close(pair[0]);
	turn(&account, -1, &ignored);
	pipe_close(&account);
	timer_free(account.turn);
	timer_free(account.answer);
	loop_free(account.loop);
	return 0;
}
