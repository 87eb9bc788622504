/*
 * stage.c - a conductor with nobody around it but the test
 */
#include "tests/unit/queue/stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "queue/relay_job.h"
#include "store/service.h"

static struct stage_call *
note(struct stage *stage, enum stage_what what)
{
	struct stage_call *call = &stage->call[stage->count++];

	ck_assert_uint_lt(stage->count, STAGE_MOST);
	memset(call, 0, sizeof(*call));
	call->what = what;
	return call;
}

static int
port_judge(void *arg, void *ticket, struct slice packed_env, int fd)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	struct stage *stage = arg;
	struct stage_call *call;
	struct envelope env;

	if (stage->judge_fault < 0)
		return stage->judge_fault;
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(envelope_unpack(arena, packed_env, &env), 0);
	call = note(stage, STAGE_JUDGE);
	call->ticket = ticket;
	call->id = env.id;
	return 0;
}

static int
port_deliver(void *arg, void *ticket, uint64_t account,
    struct slice packed_delivery, int fd)
{
	struct stage *stage = arg;
	struct delivery delivery;
	struct stage_call *call;
	struct stat st;

	if (stage->deliver_fault < 0)
		return stage->deliver_fault;
	ck_assert_int_eq(delivery_unpack(packed_delivery, &delivery), 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(delivery.body_bytes, (uint64_t)st.st_size);
	call = note(stage, STAGE_DELIVER);
	call->ticket = ticket;
	call->account = account;
	call->id = delivery.id;
	call->position = delivery.position;
	call->is_released = delivery.is_released;
	call->is_decided = delivery.is_decided;
	call->is_spam = delivery.is_spam;
	ck_assert_int_eq(slice_cstr(delivery.folder, call->words,
	    sizeof(call->words)), 0);
	call->bytes = delivery.body_bytes;
	ck_assert_int_eq(pread(fd, &call->first, 1, 0), st.st_size > 0);
	memset(stage->last, 0, sizeof(stage->last));
	ck_assert_int_ge(pread(fd, stage->last, sizeof(stage->last) - 1, 0),
	    0);
	if (!delivery.is_big)	/* no mailbox may change it for the next */
		ck_assert_int_lt(pwrite(fd, "x", 1, 0), 0);
	return 0;
}

static int
port_whose(void *arg, void *ticket, struct slice address)
{
	struct stage *stage = arg;
	struct stage_call *call;

	if (stage->whose_fault < 0)
		return stage->whose_fault;
	call = note(stage, STAGE_WHOSE);
	call->ticket = ticket;
	ck_assert_int_eq(slice_cstr(address, call->words,
	    sizeof(call->words)), 0);
	return 0;
}

static int
port_wishes(void *arg, void *ticket, struct slice author,
    const uint64_t *accounts, size_t count)
{
	struct stage *stage = arg;
	struct stage_call *call;

	if (stage->wishes_fault < 0)
		return stage->wishes_fault;
	call = note(stage, STAGE_WISHES);
	call->ticket = ticket;
	call->account = accounts[0];
	call->bytes = count;
	ck_assert_int_eq(slice_cstr(author, call->words,
	    sizeof(call->words)), 0);
	return 0;
}

/* `bytes` of it from `at` on, added to the digest. */
static void
digest_part(EVP_MD_CTX *digest, int fd, uint64_t at, uint64_t bytes)
{
	char piece[4096];

	while (bytes > 0) {
		size_t n = bytes < sizeof(piece) ? (size_t)bytes :
		    sizeof(piece);

		ck_assert_int_eq(pread(fd, piece, n, (off_t)at), (ssize_t)n);
		ck_assert_int_eq(EVP_DigestUpdate(digest, piece, n), 1);
		at += n;
		bytes -= n;
	}
}

static int
port_compare(void *arg, void *ticket, struct slice packed_ask, int header_fd,
    int whole_fd)
{
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	struct stage *stage = arg;
	struct stage_call *call;

	if (stage->compare_fault < 0) {
		EVP_MD_CTX_free(digest);
		return stage->compare_fault;
	}
	call = note(stage, STAGE_COMPARE);
	call->ticket = ticket;
	ck_assert_int_eq(same_body_ask_unpack(packed_ask, &call->ask), 0);
	ck_assert_int_eq(EVP_DigestInit_ex(digest, EVP_sha256(), NULL), 1);
	digest_part(digest, header_fd, 0, call->ask.header_bytes);
	digest_part(digest, whole_fd, call->ask.body_at,
	    call->ask.whole_bytes - call->ask.body_at);
	ck_assert_int_eq(EVP_DigestFinal_ex(digest, call->digest, NULL), 1);
	EVP_MD_CTX_free(digest);
	/* nobody may change what is compared */
	ck_assert_int_lt(pwrite(header_fd, "x", 1, 0), 0);
	ck_assert_int_lt(pwrite(whole_fd, "x", 1, 0), 0);
	return 0;
}

static int
port_settle(void *arg, uint64_t account, uint64_t upto, uint64_t prune_below)
{
	struct stage_call *call = note(arg, STAGE_SETTLE);

	call->account = account;
	call->upto = upto;
	call->prune_below = prune_below;
	return 0;
}

static void
port_want(void *arg, uint64_t account)
{
	note(arg, STAGE_WANT)->account = account;
}

static int
port_relay(void *arg, void *ticket, struct slice packed_job, int fd)
{
	ARENA_AUTO arena = arena_new(1024 * 1024);
	struct stage *stage = arg;
	struct stage_call *call;
	struct relay_job job;

	ck_assert_int_eq(relay_job_unpack(arena, packed_job, &job), 0);
	call = note(stage, STAGE_RELAY);
	call->ticket = ticket;
	call->id = job.id;
	call->bytes = job.bytes;
	call->upto = job.recipient_count;
	ck_assert_int_eq(slice_cstr(job.recipients[0].orcpt, call->orcpt,
	    sizeof(call->orcpt)), 0);
	call->turn = job.turn;
	call->by_turn = job.by_turn;
	ck_assert_int_eq(pread(fd, &call->first, 1, 0), job.bytes > 0);
	ck_assert_int_lt(pwrite(fd, "x", 1, 0), 0);
	(void)snprintf(call->words, sizeof(call->words), "%s%.*s %.*s",
	    job.via.len > 0 ? ">" : job.way.len > 0 ? "=" : "",
	    SLICE_FMT(job.via.len > 0 ? job.via : job.way.len > 0 ? job.way :
	    job.domain), SLICE_FMT(job.recipients[0].address));
	return 0;
}

static int
port_turn(void *arg, uint64_t number, struct slice packed_turn, int fd)
{
	struct relay_turn turn;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(relay_turn_unpack(packed_turn, &turn), 0);
	ck_assert_uint_eq(turn.number, number);
	note(arg, STAGE_TURN)->turn = number;
	return 0;
}

static void
port_turn_done(void *arg, uint64_t number)
{
	note(arg, STAGE_TURN_DONE)->turn = number;
}

static void
port_noted(void *arg, uint64_t number)
{
	struct stage *stage = arg;

	ck_assert_uint_eq(number, STAGE_RELAY);
	stage->noted++;
}

static int
port_person(void *arg, void *ticket, uint64_t account, struct slice address)
{
	struct stage_call *call = note(arg, STAGE_PERSON);

	call->ticket = ticket;
	call->account = account;
	ck_assert_int_eq(slice_cstr(address, call->words,
	    sizeof(call->words)), 0);
	return 0;
}

static void
port_wayless(void *arg)
{
	struct stage *stage = arg;

	stage->wayless++;
}

static int
port_expand(void *arg, void *ticket, struct slice packed_ask)
{
	struct stage *stage = arg;

	note(stage, STAGE_EXPAND)->ticket = ticket;
	text_clear(&stage->ask);
	text_add(&stage->ask, packed_ask);
	ck_assert(!text_failed(&stage->ask));
	return 0;
}

static void
port_broken(void *arg, const char *what)
{
	(void)arg;
	ck_abort_msg("%s is broken", what);
}

static void
port_answer(void *arg, const struct asker *asker,
    const struct queue_answer *answer)
{
	struct stage_call *call = note(arg, STAGE_ANSWER);

	ck_assert_ptr_nonnull(asker->from);
	call->serial = asker->serial;
	call->code = answer->code;
	call->held = answer->held;
	call->known = answer->known;
	(void)snprintf(call->words, sizeof(call->words), "%.*s %.*s",
	    SLICE_FMT(answer->status), SLICE_FMT(answer->words));
}

static void
port_saved(void *arg, const struct asker *asker, int status, uint64_t bytes)
{
	struct stage_call *call = note(arg, STAGE_SAVED);

	ck_assert_ptr_nonnull(asker->from);
	call->serial = asker->serial;
	call->account = asker->owner;
	call->status = status;
	call->bytes = bytes;
}

void
stage_new(struct stage *stage)
{
	memset(stage, 0, sizeof(*stage));
	stage->scratch = scratch_new();
	stage->ask.limit = ENVELOPE_MAX_BYTES;
	stage->loop = loop_new();
	ck_assert_ptr_nonnull(stage->loop);
	stage->options = (struct conductor_options){
		.hostname = "mx.office.test", .hub_id = "sixteen bytes...",
		.segment_bytes = 256 * 1024, .segments = 4,
		.transit_bytes = 64 * 1024 * 1024,
		.message_bytes = STAGE_MESSAGE_BYTES, .settle_seconds = 3600,
		.trail_days = 30, .archive_days = 30,
		.quarantine_days = 30,
		.outbound_plan = { .first_seconds = 300,
		    .retry_seconds = 900, .slow_seconds = 3600,
		    .slow_after_seconds = 43200, .days = 5,
		    .least_tries = 3, .delay_seconds = 14400 },
		.outbound_per_host = 2, .outbound_most = 8
	};
}

void
stage_drop(struct stage *stage)
{
	stage_close(stage);
	loop_free(stage->loop);
	text_free(&stage->ask);
	scratch_drop(&stage->scratch);
}

void
stage_open(struct stage *stage)
{
	const struct conductor_ports ports = {
		.arg = stage, .judge = port_judge, .deliver = port_deliver,
		.settle = port_settle, .want = port_want, .broken = port_broken,
		.answer = port_answer, .whose = port_whose,
		.wishes = stage->has_lists ? port_wishes : NULL,
		.compare = port_compare, .saved = port_saved,
		.relay = port_relay, .noted = port_noted,
		.person = port_person, .wayless = port_wayless,
		.expand = stage->has_groups ? port_expand : NULL,
		.turn = port_turn, .turn_done = port_turn_done
	};

	ck_assert_int_eq(conductor_open(stage->scratch.fd, &stage->options,
	    &ports, stage->loop, &stage->conductor), 0);
	if (!stage->is_keeper_away)
		stage_gateways(stage);
}

void
stage_gateways(struct stage *stage)
{
	TEXT_AUTO packed = TEXT_INIT(GATEWAYS_BYTES);

	pack_u32(&packed, (uint32_t)stage->gateway_count);
	for (size_t i = 0; i < stage->gateway_count; i++)
		gateway_pack(&packed, &stage->gateways[i]);
	ck_assert_int_eq(conductor_gateways(stage->conductor,
	    text_slice(&packed)), 0);
}

void
stage_close(struct stage *stage)
{
	if (stage->conductor != NULL)
		conductor_close(stage->conductor);
	stage->conductor = NULL;
}

void
stage_restart(struct stage *stage)
{
	stage_close(stage);
	stage_forget(stage);
	stage_open(stage);
}

#define KILLED_MOST	(8u << 20)

void
stage_kill(struct stage *stage)
{
	static const char *const names[] = { "queue.db", "queue.db-wal" };
	static char bytes[2][KILLED_MOST];
	ssize_t len[2];

	for (size_t i = 0; i < 2; i++) {
		int fd = openat(stage->scratch.fd, names[i], O_RDONLY |
		    O_CLOEXEC);

		ck_assert_int_ge(fd, 0);
		len[i] = read(fd, bytes[i], KILLED_MOST);
		ck_assert_int_ge(len[i], 0);
		ck_assert_int_lt(len[i], KILLED_MOST);
		(void)close(fd);
	}
	stage_close(stage);
	stage_forget(stage);
	(void)unlinkat(stage->scratch.fd, "queue.db-shm", 0);
	for (size_t i = 0; i < 2; i++) {
		int fd = openat(stage->scratch.fd, names[i], O_WRONLY |
		    O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(write(fd, bytes[i], (size_t)len[i]), len[i]);
		(void)close(fd);
	}
	stage_open(stage);
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

/* No turns besides, as turn_ms() has: in some tests each of them waits 1 s. */
void
stage_run(struct stage *stage, unsigned ms)
{
	struct timer *timer = timer_new(stage->loop, stop, stage->loop);

	ck_assert_ptr_nonnull(timer);
	timer_set(timer, ms);
	ck_assert_int_eq(loop_run(stage->loop), 0);
	timer_free(timer);
}

void
stage_wait(struct stage *stage, enum stage_what what, size_t n)
{
	for (unsigned i = 0; stage_count(stage, what) < n && i < 4000; i++)
		stage_run(stage, 1);
	ck_assert_uint_ge(stage_count(stage, what), n);
}

size_t
stage_count(const struct stage *stage, enum stage_what what)
{
	size_t n = 0;

	for (size_t i = 0; i < stage->count; i++)
		n += stage->call[i].what == what;
	return n;
}

struct stage_call *
stage_call(struct stage *stage, enum stage_what what, size_t n)
{
	for (size_t i = 0; i < stage->count; i++)
		if (stage->call[i].what == what && n-- == 0)
			return &stage->call[i];
	ck_abort_msg("no such call");
	return NULL;
}

void
stage_forget(struct stage *stage)
{
	stage->count = 0;
}

static void
pack(struct text *text, uint64_t bytes, bool to_ben)
{
	struct recipient rcpt[2] = {
		{ .address = SLICE("ann@office.test"), .account = STAGE_ANN },
		{ .address = SLICE("ben@office.test"), .account = STAGE_BEN },
	};
	struct envelope env = {
		.sender = SLICE("zoe@far.test"), .helo = SLICE("far.test"),
		.peer = SLICE("192.0.2.1"), .bytes = bytes,
		.recipients = rcpt, .recipient_count = to_ben ? 2 : 1
	};

	envelope_pack(text, &env);
	ck_assert(!text_failed(text));
}

static int
memory_file(char fill, size_t bytes)
{
	int fd = memfd_create("message", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	static char whole[BIG_BYTES];

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_le(bytes, sizeof(whole));
	memset(whole, fill, bytes);
	ck_assert_int_eq(write(fd, whole, bytes), (ssize_t)bytes);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS,
	    F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	return fd;
}

int
stage_submit(struct stage *stage, void *from, char fill, size_t bytes, bool to_ben)
{
	TEXT_AUTO env = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct asker asker = { .from = from, .serial = ++stage->serial };

	pack(&env, bytes, to_ben);
	return conductor_submit(stage->conductor, &asker, 0, text_slice(&env),
	    memory_file(fill, bytes), 0);
}

int
stage_submit_big(struct stage *stage, void *from, size_t bytes, uint64_t said,
    bool to_ben)
{
	TEXT_AUTO env = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct asker asker = { .from = from, .serial = ++stage->serial };
	char piece[4096];
	uint64_t ticket;

	memset(piece, 'B', sizeof(piece));
	ck_assert_int_eq(conductor_big_begin(stage->conductor, from, &ticket),
	    0);
	for (; bytes > 0; bytes -= bytes < 4096 ? bytes : 4096)
		conductor_big_feed(stage->conductor, ticket, slice_of(piece,
		    bytes < 4096 ? bytes : 4096));
	conductor_big_end(stage->conductor, ticket);
	pack(&env, said, to_ben);
	return conductor_submit(stage->conductor, &asker, 0, text_slice(&env),
	    -1, ticket);
}

void
stage_judge(struct stage *stage, size_t n, enum verdict_action action)
{
	static const struct {
		unsigned	 code;
		const char	*status, *reason;
	} say[VERDICT_ACTIONS] = {
		[VERDICT_ACCEPT] = { 250, "2.0.0", "fine" },
		[VERDICT_MARK] = { 250, "2.0.0", "odd" },
		[VERDICT_HOLD] = { 250, "2.0.0", "a person has to see it" },
		[VERDICT_QUARANTINE] = { 250, "2.0.0", "nobody may open it" },
		[VERDICT_DEFER] = { 451, "4.7.1", "come back in five minutes" },
		[VERDICT_REFUSE] = { 554, "5.7.1", "not wanted here" },
	};
	TEXT_AUTO packed = TEXT_INIT(VERDICT_PACKED_MAX);
	struct stage_call *call = stage_call(stage, STAGE_JUDGE, n);
	struct verdict verdict;

	verdict_init(&verdict);
	verdict_set(&verdict, action, say[action].code, say[action].status,
	    "%s", say[action].reason);
	if (stage->folder != NULL)
		ck_assert_int_eq(verdict_set_folder(&verdict,
		    slice_str(stage->folder)), 0);
	if (stage->redirect != NULL)
		ck_assert_int_eq(verdict_set_redirect(&verdict,
		    slice_str(stage->redirect)), 0);
	if (stage->line != NULL)
		ck_assert_int_eq(verdict_add_line(&verdict,
		    slice_str(stage->line), slice_str(stage->value)), 0);
	if (stage->edits != NULL)
		verdict.edits = *stage->edits;
	if (stage->author != NULL) {
		ck_assert_int_eq(verdict_set_author(&verdict,
		    slice_str(stage->author)), 0);
		verdict.author_is_shown = stage->author_is_shown;
		verdict.unless_spam = stage->unless_spam;
		verdict.is_junk = stage->is_junk;
	}
	verdict.recall_seconds = stage->recall_seconds;
	verdict_pack(&packed, &verdict);
	ck_assert(!call->is_done);
	call->is_done = true;
	conductor_judged(stage->conductor, call->ticket, 0,
	    text_slice(&packed));
}

void
stage_receive(struct stage *stage, char fill, bool to_ben)
{
	size_t judged = stage_count(stage, STAGE_JUDGE);
	size_t answered = stage_count(stage, STAGE_ANSWER);

	ck_assert_int_eq(stage_submit(stage, stage, fill, 100, to_ben), 0);
	stage_judge(stage, judged, VERDICT_ACCEPT);
	stage_wait(stage, STAGE_ANSWER, answered + 1);
	ck_assert_uint_eq(stage_call(stage, STAGE_ANSWER, answered)->code, 250);
}

void
stage_wish(struct stage *stage, size_t n, int status, struct slice wishes)
{
	struct stage_call *call = stage_call(stage, STAGE_WISHES, n);

	ck_assert(!call->is_done);
	call->is_done = true;
	conductor_wished(stage->conductor, call->ticket, status, wishes);
}

void
stage_deliver(struct stage *stage, size_t n, int status)
{
	struct stage_call *call = stage_call(stage, STAGE_DELIVER, n);

	ck_assert(!call->is_done);
	call->is_done = true;
	conductor_delivered(stage->conductor, call->ticket, status, false,
	    false);
}

void
stage_compare(struct stage *stage, size_t n, int status, bool is_same)
{
	struct stage_call *call = stage_call(stage, STAGE_COMPARE, n);
	struct same_body_answer answer = { .is_same = is_same,
	    .reason = is_same ? DKIM_VERIFIED : DKIM_BODY_CHANGED,
	    .domain = SLICE("news.example") };
	TEXT_AUTO packed = TEXT_INIT(SAME_BODY_ANSWER_BYTES);

	ck_assert(!call->is_done);
	call->is_done = true;
	memcpy(answer.digest, call->digest, BIG_DIGEST_BYTES);
	same_body_answer_pack(&packed, &answer);
	conductor_compared(stage->conductor, call->ticket, status,
	    status == 0 ? text_slice(&packed) : slice_of(NULL, 0));
}

void
stage_whose(struct stage *stage, size_t n, int status, uint64_t account)
{
	struct stage_call *call = stage_call(stage, STAGE_WHOSE, n);

	ck_assert(!call->is_done);
	call->is_done = true;
	conductor_whose(stage->conductor, call->ticket, status, account);
}

void
stage_settle(struct stage *stage, size_t n, int status)
{
	struct stage_call *call = stage_call(stage, STAGE_SETTLE, n);

	ck_assert(!call->is_done);
	call->is_done = true;
	conductor_settled(stage->conductor, call->account, call->upto, status);
}

void
stage_damage(struct stage *stage, uint64_t position)
{
	int fd = openat(stage->scratch.fd, "journal",
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	off_t at = (off_t)(position & UINT32_MAX) + 100;
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	unsigned n = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL) {
		int file;

		if (entry->d_name[0] == '.')
			continue;
		file = openat(fd, entry->d_name, O_WRONLY | O_CLOEXEC);
		ck_assert_int_ge(file, 0);
		ck_assert_int_eq(pwrite(file, "damage", 6, at), 6);
		(void)close(file);
		n++;
	}
	ck_assert_uint_eq(n, 1);	/* else it might be another's record */
	(void)closedir(folder);
}

static size_t
count_files(int folder_fd)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;
	size_t n = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (entry->d_type == DT_DIR) {
			int below = openat(fd, entry->d_name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			n += count_files(below);
			(void)close(below);
		} else {
			n++;
		}
	}
	(void)closedir(folder);
	return n;
}

size_t
stage_files(const struct stage *stage, const char *folder)
{
	int fd = openat(stage->scratch.fd, folder,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t n;

	ck_assert_int_ge(fd, 0);
	n = count_files(fd);
	(void)close(fd);
	return n;
}

bool
stage_trail_stands(const struct stage *stage, const char *words)
{
	static char all[256 * 1024];
	char command[256];
	size_t n;
	FILE *in;

	(void)snprintf(command, sizeof(command), "cat %s/trail/* /dev/null",
	    stage->scratch.path);
	in = popen(command, "r");
	ck_assert_ptr_nonnull(in);
	n = fread(all, 1, sizeof(all) - 1, in);
	all[n] = '\0';
	ck_assert_int_eq(pclose(in), 0);
	return strstr(all, words) != NULL;
}

bool
stage_trail_has(const struct stage *stage, const char *words)
{
	trail_flush(stage->conductor->trail);
	return stage_trail_stands(stage, words);
}
