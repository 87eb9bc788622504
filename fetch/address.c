/*
 * address.c - a domain's mail: for whom each message is, before it is submitted
 */
#include "fetch/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch/collect_inside.h"
#include "fetch/domain/explain.h"
#include "lib/message/envelope.h"
#include "policy/fetch_domains.h"
#include "policy/keeper.h"

#define READ_BYTES	65536
#define ENVELOPE_ARENA	(512 * 1024)	/* of one that is packed in 128 KiB */

static void	ask_next(struct collect *);

/* Nothing more can be addressed: what waits is taken another time. */
static void
give_up(struct collect *collect, enum fetch_end end, const char *words)
{
	address_forget(collect);
	collect_break(collect, end, words);
	collect_settle(collect);
}

/* The collection */

/* The mailbox itself is nobody's address: a login, with its host's domain. */
static void
set_mailbox(struct arena *arena, struct domain_rules *rules,
    const struct fetch_account *account)
{
	TEXT_AUTO mailbox = TEXT_INIT(FETCH_USER_SIZE + FETCH_HOST_SIZE);
	struct slice host = slice_str(account->host), first;
	struct domain_fault fault;

	if (rules->mailbox.len > 0)
		return;
	text_add_str(&mailbox, account->user);
	if (strchr(account->user, '@') == NULL &&
	    slice_cut(&host, '.', &first)) {
		text_add_byte(&mailbox, '@');
		text_add(&mailbox, host);
	}
	/* a login that is no address stands in no header either */
	if (!text_failed(&mailbox))
		(void)domain_rules_set(arena, rules, slice_str("mailbox"),
		    text_slice(&mailbox), &fault);
}

int
address_rules(struct arena *arena, struct slice text,
    const struct fetch_account *account, struct domain_rules *rules_out)
{
	struct domain_fault fault;
	int r = domain_rules_read(arena, text, rules_out, &fault);

	if (r == 0)
		set_mailbox(arena, rules_out, account);
	return r == -ENOBUFS ? -ENOMEM : r;
}

int
address_open(struct collect *collect, struct slice rules, struct ipc *keeper)
{
	struct address *address = calloc(1, sizeof(*address));
	int r = -ENOMEM;

	if (address == NULL)
		return -ENOMEM;
	STAILQ_INIT(&address->waiting);
	address->keeper = keeper;
	address->start = (struct text)TEXT_INIT(ADDRESS_HEADER_BYTES);
	address->arena = arena_new(DOMAIN_RULES_ARENA);
	collect->address = address;
	if (address->arena != NULL && identity_open(&address->identity) == 0)
		r = address_rules(address->arena, rules, &collect->account,
		    &address->rules);
	if (r == 0 && address->rules.archive)
		r = as_sent_open(&address->sent, collect_largest(collect));
	return r;
}

void
address_close(struct collect *collect)
{
	struct address *address = collect->address;

	if (address == NULL)
		return;
	if (address->is_asking && address->keeper != NULL)
		ipc_forget(address->keeper, collect);
	identity_close(&address->identity);
	as_sent_close(&address->sent);
	text_free(&address->start);
	arena_free(address->arena);
	free(address);
	collect->address = NULL;
}

void
address_keeper_lost(struct collect *collect)
{
	struct address *address = collect->address;

	if (address == NULL)
		return;
	if (address->is_asking)
		ipc_forget(address->keeper, collect);
	address->keeper = NULL;
	address->is_asking = false;
	give_up(collect, FETCH_END_PAUSED, "the keeper is not there");
}

unsigned
address_waiting(const struct collect *collect)
{
	return collect->address == NULL ? 0 : collect->address->count;
}

/* What comes in */

void
address_begin(struct collect *collect)
{
	if (collect->address == NULL)
		return;
	identity_begin(&collect->address->identity);
	if (collect->address->rules.archive)
		as_sent_begin(&collect->address->sent);
	text_clear(&collect->address->start);
}

void
address_add(struct collect *collect, struct slice s, unsigned mend)
{
	struct address *address = collect->address;

	if (address == NULL)
		return;
	identity_add(&address->identity, s);
	if (address->rules.archive)
		as_sent_add(&address->sent, s, mend);
	text_add(&address->start, slice_first(s,
	    ADDRESS_HEADER_BYTES - address->start.len));
}

struct slice
address_header(struct slice message)
{
	size_t end = slice_find_str(message, "\r\n\r\n");

	if (slice_has_prefix(message, "\r\n"))
		return slice_of(NULL, 0);
	return end == SIZE_MAX ? message : slice_first(message, end + 2);
}

/* Of a message that is over, and how it begins: 0 or -errno. */
static int
know(struct parcel *parcel, struct identity *identity,
    const struct text *start)
{
	int r = identity_end(identity, parcel->identity);

	text_add(&parcel->header, address_header(text_slice(start)));
	parcel->has_identity = r == 0;
	if (text_failed(&parcel->header) || text_failed(start))
		return -ENOMEM;
	return r == -ENOENT ? 0 : r;
}

/* Its bytes, all that were said to be there. */
static int
read_all(const struct parcel *parcel, int fd, struct identity *identity,
    struct text *start)
{
	char bytes[READ_BYTES];
	uint64_t at = 0;
	ssize_t n;

	while ((n = pread(fd, bytes, sizeof(bytes), (off_t)at)) > 0) {
		struct slice s = slice_of(bytes, (size_t)n);

		identity_add(identity, s);
		text_add(start, slice_first(s,
		    ADDRESS_HEADER_BYTES - start->len));
		at += (uint64_t)n;
	}
	return n < 0 ? -errno : at == parcel->bytes ? 0 : -EBADMSG;
}

int
address_read(struct parcel *parcel, int fd)
{
	TEXT_AUTO start = TEXT_INIT(ADDRESS_HEADER_BYTES);
	struct identity identity;	/* another message may be coming in */
	int r = identity_open(&identity);

	if (r < 0)
		return r;
	identity_begin(&identity);
	r = read_all(parcel, fd, &identity, &start);
	if (r == 0)
		r = know(parcel, &identity, &start);
	identity_close(&identity);
	return r;
}

int
address_end(struct collect *collect, struct parcel *parcel)
{
	struct address *address = collect->address;
	int r;

	if (address == NULL)
		return 0;
	r = know(parcel, &address->identity, &address->start);
	if (r < 0)
		return r;
	return address->rules.archive ? as_sent_end(&address->sent,
	    &parcel->original_fd) : 0;
}

/* For whom it is */

struct domain_answer *
address_answers(struct arena *arena, const struct find_answer *found,
    size_t count)
{
	static const enum domain_whose whose[FINDING_COUNT] = {
		[FINDING_FOREIGN] = DOMAIN_FOREIGN,
		[FINDING_UNKNOWN] = DOMAIN_UNKNOWN,
		[FINDING_OURS] = DOMAIN_OURS,
		[FINDING_SEVERAL] = DOMAIN_SEVERAL,
	};
	struct domain_answer *answers = arena_array(arena, count,
	    sizeof(*answers));

	for (size_t i = 0; answers != NULL && i < count; i++)
		answers[i] = (struct domain_answer){
			.whose = whose[found[i].finding],
			.account = found[i].account,
			.address = slice_str(found[i].address)
		};
	return answers;
}

/* Whole lines of the explanation, as many as fit. */
static struct slice
explain(struct text *text, const struct address *address,
    const struct domain_decision *decision)
{
	struct slice words;

	domain_explain(text, &address->rules, decision);
	words = slice_first(text_slice(text), FETCHED_WORDS_MOST);
	if (words.len < text->len)
		words = slice_first(words, slice_find_last(words, '\n'));
	return words;
}

static int
set_recipients(struct arena *arena, struct envelope *env,
    const struct domain_decision *decision)
{
	unsigned count = decision->owner_count;
	struct recipient *list;

	if (count == 0)
		return 0;	/* it is held, for whoever looks after it */
	list = arena_array(arena, count, sizeof(*list));
	if (list == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		list[i] = (struct recipient){
			.address = decision->owners[i].address,
			.account = decision->owners[i].account
		};
	env->recipients = list;
	env->recipient_count = count;
	return 0;
}

/* The parcel's envelope anew, with all that was decided. */
static int
readdress(const struct address *address, struct parcel *parcel,
    const struct domain_decision *decision)
{
	ARENA_AUTO arena = arena_new(ENVELOPE_ARENA);
	TEXT_AUTO found = TEXT_INIT(DOMAIN_EXPLAIN_MOST);
	struct text packed = TEXT_INIT(ENVELOPE_MAX_BYTES);
	struct envelope env;
	int r = arena == NULL ? -ENOMEM : envelope_unpack(arena,
	    text_slice(&parcel->envelope), &env);

	if (r == 0)
		r = set_recipients(arena, &env, decision);
	if (r < 0)
		return r;
	env.fetched.found = explain(&found, address, decision);
	env.fetched.has_identity = parcel->has_identity;
	memcpy(env.fetched.identity, parcel->identity, DIGEST_BYTES);
	if (decision->owner_count == 0)
		env.fetched.hold = slice_str(say(LANGUAGE_EN,
		    domain_hold_sentence(decision->hold)));
	else
		env.fetched.by_envelope = decision->owners[0].sure ==
		    DOMAIN_SURE_ENVELOPE;
	envelope_pack(&packed, &env);
	if (text_failed(&packed)) {
		text_free(&packed);
		return -ENOMEM;
	}
	text_free(&parcel->envelope);
	parcel->envelope = packed;
	return 0;
}

/* Everybody whom the header may name: 0 or -ENOBUFS. */
static int
read_candidates(struct arena *arena, const struct address *address,
    const struct parcel *parcel, struct domain_candidates *candidates_out)
{
	int r = domain_candidates(arena, text_slice(&parcel->header),
	    &address->rules, candidates_out);

	/* its end was not kept: who is named there is not known */
	if (r == 0 && parcel->header.len == ADDRESS_HEADER_BYTES &&
	    !candidates_out->has_envelope && !candidates_out->over) {
		candidates_out->over = true;
		candidates_out->over_in = DOMAIN_VISIBLE;
	}
	return r;
}

/* Decide on the first that waits: 0, or why that cannot be now. */
static int
decide(struct address *address, struct parcel *parcel, struct slice body)
{
	ARENA_AUTO arena = arena_new(DOMAIN_ARENA);
	struct domain_candidates candidates;
	struct domain_decision decision;
	struct domain_answer *answers;
	struct find_answer *found;
	size_t count = 0;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = read_candidates(arena, address, parcel, &candidates);
	if (r == 0)
		r = find_answer_unpack(arena, body, &found, &count);
	if (r < 0)
		return r;
	if (count != candidates.ask_count)
		return -EBADMSG;
	answers = address_answers(arena, found, count);
	r = answers == NULL ? -ENOMEM : domain_decide(arena, &address->rules,
	    &candidates, answers, &decision);
	return r < 0 ? r : readdress(address, parcel, &decision);
}

static bool
is_recent(const struct address *address, const struct parcel *parcel)
{
	for (unsigned i = 0; i < address->recent_count; i++)
		if (memcmp(address->recent[i], parcel->identity,
		    DIGEST_BYTES) == 0)
			return true;
	return address->recent_count == ADDRESS_RECENT;
}

/* Submit the first, which is addressed. */
static void
hand_over(struct collect *collect, struct parcel *parcel)
{
	struct address *address = collect->address;

	STAILQ_REMOVE_HEAD(&address->waiting, next);
	address->count--;
	text_free(&parcel->header);
	if (parcel->has_identity)
		memcpy(address->recent[address->recent_count++],
		    parcel->identity, DIGEST_BYTES);
	parcel_submit_now(collect, parcel);
}

static void
on_found(void *arg, int status, struct ipc_message *message)
{
	struct collect *collect = arg;
	struct address *address = collect->address;
	struct parcel *parcel = STAILQ_FIRST(&address->waiting);

	address->is_asking = false;
	if (status == -ECONNRESET || parcel == NULL)
		return;		/* address_keeper_lost() comes, or it was */
	if (status == 0 && message->body.len == 0)
		status = -EAGAIN;
	if (status == 0)
		status = decide(address, parcel, message->body);
	if (status < 0) {
		give_up(collect, status == -EAGAIN ? FETCH_END_PAUSED :
		    FETCH_END_LOCAL, "recipients could not be looked for");
		return;
	}
	hand_over(collect, parcel);
	ask_next(collect);
}

static int
ask(struct collect *collect, const struct parcel *parcel)
{
	struct address *address = collect->address;
	ARENA_AUTO arena = arena_new(DOMAIN_ARENA);
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct domain_candidates candidates;
	struct find_ask *asks;
	int r;

	if (arena == NULL)
		return -ENOMEM;
	r = read_candidates(arena, address, parcel, &candidates);
	if (r < 0)
		return r;
	asks = arena_array(arena, candidates.ask_count, sizeof(*asks));
	if (asks == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < candidates.ask_count; i++)
		asks[i] = (struct find_ask){ candidates.asks[i].is_name,
		    candidates.asks[i].text };
	pack_u8(&body, true);
	find_ask_pack(&body, asks, candidates.ask_count);
	if (text_failed(&body))
		return -EMSGSIZE;
	return ipc_ask(address->keeper, KEEPER_FIND, text_slice(&body), NULL,
	    0, on_found, collect);
}

/* The first that waits may go on. */
static void
ask_next(struct collect *collect)
{
	struct address *address = collect->address;
	struct parcel *parcel = STAILQ_FIRST(&address->waiting);
	int r;

	if (collect->conversation->submissions.unanswered == 0)
		address->recent_count = 0;
	if (parcel == NULL || address->is_asking ||
	    (parcel->has_identity && is_recent(address, parcel)))
		return;
	r = address->keeper == NULL ? -ENOTCONN : ask(collect, parcel);
	address->is_asking = r == 0;
	if (r < 0)
		give_up(collect, FETCH_END_LOCAL,
		    "recipients could not be looked for");
}

void
address_parcel(struct collect *collect, struct parcel *parcel)
{
	struct address *address = collect->address;

	STAILQ_INSERT_TAIL(&address->waiting, parcel, next);
	address->count++;
	ask_next(collect);
}

void
address_turn(struct collect *collect)
{
	if (collect->address != NULL && collect->address->count > 0)
		ask_next(collect);
}

void
address_forget(struct collect *collect)
{
	struct address *address = collect->address;
	struct parcel *parcel;

	if (address == NULL)
		return;
	if (address->is_asking && address->keeper != NULL)
		ipc_forget(address->keeper, collect);
	address->is_asking = false;
	while ((parcel = STAILQ_FIRST(&address->waiting)) != NULL) {
		STAILQ_REMOVE_HEAD(&address->waiting, next);
		address->count--;
		collect->outcome.left++;
		parcel_drop(collect, parcel);
	}
}
