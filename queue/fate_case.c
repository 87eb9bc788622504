/*
 * fate_case.c - what is to be told of a message, and whether anybody wants it
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "queue/fate_inside.h"
#include "queue/outbound_inside.h"
#include "queue/receipt.h"

/* Rows with addresses and words, and the original. */
#define CASE_BYTES	(512 * 1024)
#define ORIGINAL_MOST	(DSN_WHOLE_MOST + 1)	/* more of it is not needed */
#define ENOUGH		1	/* no fault: there are more */
#define UNWANTED	"nobody is told: its sender asked for no such notice"

struct reading {
	const struct conductor	*conductor;
	struct fate_case	*what;
	bool			 is_wanted;	/* those; or the others */
};

enum outbound_state
fate_state(enum dsn_action action)
{
	static const enum outbound_state states[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = OUTBOUND_FAILED,
		[DSN_DELAYED] = OUTBOUND_WAITING,
		[DSN_RELAYED] = OUTBOUND_RELAYED,
	};

	return states[action];
}

static bool
is_of_case(const struct reading *reading, const struct rows_outbound *row)
{
	return row->state == fate_state(reading->what->action) &&
	    (row->state != OUTBOUND_WAITING ||
	    fate_is_late(reading->conductor, row));
}

/* RFC 3461 4.1: failures are told unless it says otherwise, and delays too. */
static bool
is_wanted(const struct reading *reading, const struct rows_outbound *row)
{
	static const uint8_t bits[DSN_ACTION_COUNT] = {
		[DSN_FAILED] = NOTIFY_FAILURE, [DSN_DELAYED] = NOTIFY_DELAY,
		[DSN_RELAYED] = NOTIFY_SUCCESS,
	};

	return row->notify == 0 ||
	    (row->notify & bits[reading->what->action]) != 0;
}

/* As whom they left says who hears of them; a list itself has no domain. */
static bool
is_like(const struct fate_case *what, const struct rows_outbound *row)
{
	return slice_is(what->rows[0].sender, row->sender) &&
	    what->is_to_list == (row->domain.len == 0);
}

static int
on_row(void *arg, const struct rows_outbound *row)
{
	struct reading *reading = arg;
	struct fate_case *what = reading->what;
	struct rows_outbound *kept = &what->rows[what->count];
	int r;

	if (!is_of_case(reading, row) ||
	    is_wanted(reading, row) != reading->is_wanted ||
	    (what->count > 0 && !is_like(what, row)))
		return 0;
	if (what->count == DSN_RECIPIENTS)
		return ENOUGH;
	*kept = *row;
	r = arena_copy(what->arena, row->address, &kept->address);
	if (r == 0)
		r = arena_copy(what->arena, row->domain, &kept->domain);
	if (r == 0)
		r = arena_copy(what->arena, row->status, &kept->status);
	if (r == 0)
		r = arena_copy(what->arena, row->words, &kept->words);
	if (r == 0)
		r = arena_copy(what->arena, row->host, &kept->host);
	if (r == 0)
		r = arena_copy(what->arena, row->sender, &kept->sender);
	what->is_to_list = row->domain.len == 0;
	what->count += r == 0;
	return r;
}

static int
read_rows(struct reading *reading, const struct message_id *id)
{
	int r;

	reading->what->count = 0;
	reading->what->is_to_list = false;
	r = rows_outbound_of(reading->conductor->rows, id, on_row, reading);
	return r < 0 ? r : 0;
}

int
fate_case_told(struct conductor *conductor, const struct message_id *id,
    const struct fate_case *what)
{
	struct slice addresses[DSN_RECIPIENTS];

	if (what->action == DSN_DELIVERED) {
		receipt_told(conductor, id, what->rows[0].address);
		return 0;
	}
	for (size_t i = 0; i < what->count; i++)
		addresses[i] = what->rows[i].address;
	return rows_outbound_told(conductor->rows, id,
	    fate_state(what->action), addresses, what->count);
}

/* Its sender wants to hear nothing of it. */
static int
pass_over(struct conductor *conductor, const struct message_id *id,
    const struct fate_case *what)
{
	int r = fate_case_told(conductor, id, what);

	for (size_t i = 0; r == 0 && what->action == DSN_FAILED &&
	    i < what->count; i++)
		trail_add(conductor->trail, &(struct trail_step){
		    .at_utc_ms = clock_utc_ms(), .id = *id,
		    .word = TRAIL_FAILED, .address = what->rows[i].address,
		    .detail = SLICE(UNWANTED) });
	return r;
}

/* The first thing that is to be told: failures, before all. */
static int
choose(struct fate_case *what, struct conductor *conductor,
    const struct message_id *id)
{
	static const enum dsn_action order[] = { DSN_FAILED, DSN_RELAYED,
	    DSN_DELAYED };
	struct reading reading = { .conductor = conductor, .what = what };
	int r = 0;

	what->count = 0;
	for (size_t i = 0; r == 0 && what->count == 0 && i < 3; i++) {
		what->action = order[i];
		reading.is_wanted = false;
		do {
			r = read_rows(&reading, id);
			if (r == 0 && what->count > 0)
				r = pass_over(conductor, id, what);
		} while (r == 0 && what->count > 0);
		reading.is_wanted = true;
		if (r == 0)
			r = read_rows(&reading, id);
	}
	return r < 0 ? r : what->count == 0 ? -ENOENT : 0;
}

/* The message */

/* How a big one begins. */
static int
read_big(struct fate_case *what, struct conductor *conductor)
{
	char *begin = arena_alloc(what->arena, ORIGINAL_MOST);
	int fd, r;
	ssize_t n;

	if (begin == NULL)
		return -ENOBUFS;
	r = big_open(conductor->big, &what->about->env.id, &fd);
	if (r < 0)
		return r;
	n = pread(fd, begin, ORIGINAL_MOST, 0);
	if (n < 0)
		r = -errno;
	else
		what->original = slice_of(begin, (size_t)n);
	(void)close(fd);
	return r;
}

/* A damaged one is told of all the same: its row says enough. */
static int
read_message(struct fate_case *what, struct conductor *conductor,
    const struct message_id *id)
{
	TEXT_AUTO buffer = TEXT_INIT(conductor->options.segment_bytes);
	struct slice head, bytes;
	int r;

	r = out_read(conductor, id, &buffer, &head, &bytes);
	if (r == 0)
		r = head_unpack(conductor, head, &what->about);
	if (r == 0)
		r = what->about->is_big ? read_big(what, conductor) :
		    arena_copy(what->arena, slice_first(bytes, ORIGINAL_MOST),
		    &what->original);
	if (r == -ENOENT || r == -EBADMSG || r == -EPROTO || r == -EIO) {
		log_say("of a message that was not sent only the recipients "
		    "are known: %s", strerror(-r));
		return 0;
	}
	return r;
}

/* Whether they are copies of a list. */
static void
find_list(struct fate_case *what)
{
	const struct envelope *env = &what->about->env;

	for (size_t i = 0; !what->is_to_list &&
	    i < env->recipient_count; i++)
		if (env->recipients[i].account == 0 &&
		    (env->recipients[i].by & RECIPIENT_BY_LIST) != 0 &&
		    slice_is(env->recipients[i].address,
		    what->rows[0].address))
			what->list = &env->recipients[i];
}

/* Delivered here, where no row is: a notice for each, so that it has one name. */
static int
read_copy(struct fate_case *what, struct conductor *conductor,
    const struct message_id *id)
{
	char *begin = arena_alloc(what->arena, ORIGINAL_MOST);
	struct slice address, original = { begin, ORIGINAL_MOST };
	int64_t since;
	int r;

	if (begin == NULL)
		return -ENOBUFS;
	r = receipt_read(conductor, id, &what->about, &address, &original);
	if (r < 0)
		return r;
	since = what->about->env.received_at_utc_ms;
	what->action = DSN_DELIVERED;
	what->original = original;
	what->count = 1;
	what->rows[0] = (struct rows_outbound){ .id = *id,
	    .since_utc_ms = since, .next_try_utc_ms = since };
	return arena_copy(what->arena, address, &what->rows[0].address);
}

int
fate_case_begin(struct fate_case *what, struct conductor *conductor,
    const struct message_id *id)
{
	int r;

	*what = (struct fate_case){ .arena = arena_new(CASE_BYTES) };
	if (what->arena == NULL)
		return -ENOMEM;
	what->rows = arena_array(what->arena, DSN_RECIPIENTS,
	    sizeof(*what->rows));
	r = what->rows == NULL ? -ENOMEM : choose(what, conductor, id);
	if (r == -ENOENT)
		return read_copy(what, conductor, id);
	if (r == 0)
		r = read_message(what, conductor, id);
	if (r == 0 && what->about != NULL)
		find_list(what);
	return r;
}

void
fate_case_end(struct fate_case *what)
{
	transit_free(what->about);
	arena_free(what->arena);
	*what = (struct fate_case){ .arena = NULL };
}

struct slice
fate_address(const struct fate_case *what)
{
	if (what->list != NULL)
		return what->list->sender;
	/* a stranger's is his word; of a network that is trusted it is ours */
	return what->about == NULL || fate_sender(what) != 0 ||
	    what->about->env.trust != TRUST_NETWORK ? slice_of(NULL, 0) :
	    what->about->env.sender;
}

uint64_t
fate_sender(const struct fate_case *what)
{
	return what->about == NULL || what->about->env.sender.len == 0 ? 0 :
	    what->about->env.sender_account;
}
