/*
 * checkup.c - a look at a remote mailbox, for advice
 *
 * Headers are read first, all of them; then the keeper is asked about one after
 * the other, and once more where other rules are advised.
 */
#include "fetch/checkup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/collect_inside.h"
#include "fetch/diagnosis.h"
#include "policy/fetch_domains.h"
#include "policy/keeper.h"

/* Both halves of a decision, and what is asked about envelope headers. */
#define LOOK_ARENA	(DOMAIN_ARENA + 512 * 1024)

struct checkup {
	struct arena	*arena;		/* of the rules */
	struct domain_rules rules;
	struct doctor	*doctor;
	struct ipc	*keeper;	/* NULL: lost */
	bool		 is_asking;
	bool		 is_second;	/* by the rules that are advised */
	uint64_t	 bytes;		/* of all headers so far */
	/* the message whose header comes in */
	struct text	 coming;
	uint64_t	 coming_bytes;
	/* those that have come, the newest first */
	struct {
		uint32_t	 number;
		struct slice	 header;	/* owned */
	}		 messages[DOCTOR_MESSAGES_MOST];
	unsigned	 count, at;
	unsigned	 most;		/* to be looked at */
	size_t		 next;		/* in the listing, from its end */
	unsigned	 asked;
	struct arena	*look_arena;	/* of: */
	struct doctor_look look;
	struct text	 rows;
};

static void	ask_next(struct collect *);

int
checkup_open(struct collect *collect, const char *rules, unsigned messages,
    struct ipc *keeper)
{
	struct checkup *checkup = calloc(1, sizeof(*checkup));
	int r;

	if (checkup == NULL)
		return -ENOMEM;
	collect->checkup = checkup;
	checkup->keeper = keeper;
	checkup->most = messages == 0 ? DOCTOR_MESSAGES :
	    messages > DOCTOR_MESSAGES_MOST ? DOCTOR_MESSAGES_MOST : messages;
	checkup->coming = (struct text)TEXT_INIT(CHECKUP_HEADER_MOST);
	checkup->rows = (struct text)TEXT_INIT(DIAGNOSIS_BYTES);
	checkup->arena = arena_new(DOMAIN_RULES_ARENA);
	r = checkup->arena == NULL ? -ENOMEM : address_rules(checkup->arena,
	    slice_str(rules == NULL ? "" : rules), &collect->account,
	    &checkup->rules);
	if (r < 0)
		return r;
	checkup->doctor = doctor_new(&checkup->rules, rules != NULL,
	    slice_str(collect->account.host));
	return checkup->doctor == NULL ? -ENOMEM : 0;
}

void
checkup_close(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;

	if (checkup == NULL)
		return;
	if (checkup->is_asking && checkup->keeper != NULL)
		ipc_forget(checkup->keeper, collect);
	for (unsigned i = 0; i < checkup->count; i++)
		free((void *)(uintptr_t)checkup->messages[i].header.at);
	doctor_free(checkup->doctor);
	arena_free(checkup->look_arena);
	arena_free(checkup->arena);
	text_free(&checkup->coming);
	text_free(&checkup->rows);
	free(checkup);
	collect->checkup = NULL;
}

void
checkup_keeper_lost(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;

	if (checkup == NULL)
		return;
	if (checkup->is_asking)
		ipc_forget(checkup->keeper, collect);
	checkup->keeper = NULL;
	checkup->is_asking = false;
	collect_break(collect, FETCH_END_PAUSED, "the keeper is not there");
}

/* Headers */

static void
on_header(void *arg, uint32_t number, bool ok, struct slice words)
{
	struct collect *collect = arg;

	/* one that cannot be had says nothing */
	(void)number;
	(void)ok;
	(void)words;
	text_clear(&collect->checkup->coming);
	collect->checkup->coming_bytes = 0;
}

static void
on_header_part(void *arg, uint32_t number, struct slice s)
{
	struct collect *collect = arg;
	struct checkup *checkup = collect->checkup;

	(void)number;
	checkup->bytes += s.len;
	checkup->coming_bytes += s.len;
	if (checkup->coming_bytes > CHECKUP_HEADER_ENDLESS) {
		collect_break(collect, FETCH_END_INCONSISTENT,
		    "a header without end");
		return;
	}
	text_add(&checkup->coming, slice_first(s,
	    CHECKUP_HEADER_MOST - checkup->coming.len));
}

static void
on_header_end(void *arg, uint32_t number, const struct mended *mended)
{
	struct collect *collect = arg;
	struct checkup *checkup = collect->checkup;
	struct slice header = address_header(text_slice(&checkup->coming));
	char *copy;

	(void)mended;
	if (checkup->count == checkup->most || header.len == 0)
		return;
	copy = malloc(header.len);
	if (copy == NULL || text_failed(&checkup->coming)) {
		free(copy);
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	memcpy(copy, header.at, header.len);
	checkup->messages[checkup->count].number = number;
	checkup->messages[checkup->count++].header =
	    slice_of(copy, header.len);
}

static const struct heard heard_header = {
	.status = on_header, .part = on_header_part, .end = on_header_end
};

/* May one more header be asked for? */
static bool
wants_more(const struct checkup *checkup)
{
	uint64_t bytes = (uint64_t)checkup->most * CHECKUP_BYTES_EACH;

	return checkup->next > 0 && checkup->asked < checkup->most &&
	    checkup->bytes < (bytes > CHECKUP_BYTES_MOST ? CHECKUP_BYTES_MOST :
	    bytes);
}

/* From the newest back. */
static void
headers_turn(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;
	const struct protocol *protocol = collect->protocol;

	while (wants_more(checkup) && protocol->under_way(collect) < CHECKUP_WINDOW &&
	    protocol->room(collect) > 0) {
		checkup->asked++;
		protocol->header(collect, collect->conversation->
		    listing.numbers[--checkup->next], &heard_header);
	}
	if (!conversation_is_open(collect) || protocol->under_way(collect) > 0)
		return;
	collect->conversation->turn = NULL;
	ask_next(collect);
}

void
step_checkup(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;

	checkup->next = collect->conversation->listing.told_count;
	collect->conversation->turn = headers_turn;
	line_bill_for(collect->bill, LINE_HEADERS);
	headers_turn(collect);
}

/* Whose the addresses are */

/* All have been told: other rules are tried, or that was it. */
static void
conclude(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;

	if (!checkup->is_second && doctor_advise(checkup->doctor)) {
		checkup->is_second = true;
		checkup->at = 0;
		ask_next(collect);
		return;
	}
	doctor_report(checkup->doctor,
	    collect->conversation->listing.told_count, &checkup->rows);
	if (text_failed(&checkup->rows)) {
		collect_break(collect, FETCH_END_LOCAL, "out of memory");
		return;
	}
	collect->outcome.report = text_slice(&checkup->rows);
	collect_quit(collect);
}

static int
tell(struct checkup *checkup, struct slice body)
{
	struct find_answer *found;
	struct domain_answer *answers;
	size_t count = 0;
	int r = find_answer_unpack(checkup->look_arena, body, &found, &count);

	if (r < 0)
		return r;
	if (count != checkup->look.ask_count)
		return -EBADMSG;
	answers = address_answers(checkup->look_arena, found, count);
	return answers == NULL ? -ENOMEM : doctor_tell(checkup->doctor,
	    checkup->look_arena, checkup->messages[checkup->at].number,
	    &checkup->look, answers);
}

static void
on_found(void *arg, int status, struct ipc_message *message)
{
	struct collect *collect = arg;
	struct checkup *checkup = collect->checkup;

	checkup->is_asking = false;
	if (status == -ECONNRESET || !conversation_is_open(collect))
		return;		/* checkup_keeper_lost() comes, or it is over */
	if (status == 0 && message->body.len == 0)
		status = -EAGAIN;
	if (status == 0)
		status = tell(checkup, message->body);
	if (status < 0) {
		collect_break(collect, status == -EAGAIN ? FETCH_END_PAUSED :
		    FETCH_END_LOCAL, "recipients could not be looked for");
		return;
	}
	checkup->at++;
	ask_next(collect);
}

static int
ask(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);
	struct find_ask *asks;
	int r;

	if (checkup->keeper == NULL)
		return -ENOTCONN;
	arena_free(checkup->look_arena);
	checkup->look_arena = arena_new(LOOK_ARENA);
	if (checkup->look_arena == NULL)
		return -ENOMEM;
	r = doctor_ask(checkup->doctor, checkup->look_arena,
	    checkup->messages[checkup->at].header, &checkup->look);
	if (r < 0)
		return r;
	asks = arena_array(checkup->look_arena, checkup->look.ask_count,
	    sizeof(*asks));
	if (asks == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < checkup->look.ask_count; i++)
		asks[i] = (struct find_ask){ checkup->look.asks[i].is_name,
		    checkup->look.asks[i].text };
	pack_u8(&body, false);	/* nothing is delivered by it */
	find_ask_pack(&body, asks, checkup->look.ask_count);
	return text_failed(&body) ? -EMSGSIZE : ipc_ask(checkup->keeper,
	    KEEPER_FIND, text_slice(&body), NULL, 0, on_found, collect);
}

static void
ask_next(struct collect *collect)
{
	struct checkup *checkup = collect->checkup;
	int r;

	if (checkup->at == checkup->count) {
		conclude(collect);
		return;
	}
	r = ask(collect);
	checkup->is_asking = r == 0;
	if (r < 0)
		collect_break(collect, r == -ENOTCONN ? FETCH_END_PAUSED :
		    FETCH_END_LOCAL, "recipients could not be looked for");
}
