/*
 * ipc_bodies_fuzz.c - a body that is read packs into the same bytes
 *
 * The first byte chooses whose body it is: what the queue writes into its
 * journal, what it asks a mailbox, what a door asks it, what it answers; what
 * was found about a remote mailbox.  What an older version has written packs
 * into the newest, and that into itself.
 */
#include <assert.h>

#include "fetch/diagnosis.h"
#include "queue/conductor_inside.h"
#include "queue/desk_wire.h"
#include "queue/line_state.h"
#include "store/service.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define NEWER	256		/* bytes more of a newer version */

static bool
head_again(struct slice body, struct text *again)
{
	struct transit *transit;

	if (head_unpack(NULL, body, &transit) < 0)
		return false;
	head_pack(again, transit);
	transit_free(transit);
	return true;
}

static bool
delivery_again(struct slice body, struct text *again)
{
	struct delivery delivery;

	if (delivery_unpack(body, &delivery) < 0)
		return false;
	assert(delivery.is_big || delivery.body_bytes <= BIG_BYTES);
	delivery_pack(again, &delivery);
	return true;
}

static bool
session_again(struct slice body, struct text *again)
{
	struct session_request request;

	if (session_unpack(body, &request) < 0)
		return false;
	session_pack(again, &request);
	return true;
}

static bool
parting_again(struct slice body, struct text *again)
{
	struct session_parting parting;

	if (parting_unpack(body, &parting) < 0)
		return false;
	parting_pack(again, &parting);
	return true;
}

/* Something else may follow an answer. */
static bool
answer_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct queue_answer answer;

	if (answer_unpack(&u, &answer) < 0)
		return false;
	answer_pack(again, &answer);
	text_add(again, u.rest);
	return true;
}

static bool
status_again(struct slice body, struct text *again)
{
	struct queue_status status;

	if (queue_status_unpack(body, &status) < 0)
		return false;
	queue_status_pack(again, &status);
	return true;
}

static bool
diagnosis_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct diagnosis_row row;

	if (diagnosis_count(body) < 0)
		return false;
	while (diagnosis_unpack(&u, &row) == 1)
		diagnosis_pack(again, &row);
	return true;
}

static bool
step_again(struct slice body, struct text *again)
{
	struct session_step step;

	if (session_step_unpack(body, &step) < 0)
		return false;
	session_step_pack(again, &step);
	return true;
}

static bool
desk_ask_again(struct slice body, struct text *again)
{
	struct desk_ask ask;

	if (desk_ask_unpack(body, &ask) < 0)
		return false;
	desk_ask_pack(again, &ask);
	return true;
}

/* Others may follow a row. */
static bool
desk_row_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct desk_row row;

	if (desk_row_unpack(&u, &row) < 0)
		return false;
	desk_row_pack(again, &row);
	text_add(again, u.rest);
	return true;
}

static bool
recall_row_again(struct slice body, struct text *again)
{
	struct unpack u = unpack_of(body);
	struct recall_row row;

	if (recall_row_unpack(&u, &row) < 0)
		return false;
	recall_row_pack(again, &row);
	text_add(again, u.rest);
	return true;
}

static bool
line_again(struct slice body, struct text *again)
{
	struct line_state state;

	if (line_state_unpack(body, &state) < 0)
		return false;
	line_state_pack(again, &state);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static bool (*const bodies[])(struct slice, struct text *) = {
		head_again, delivery_again, session_again, answer_again,
		status_again, diagnosis_again, step_again,
		parting_again, desk_ask_again, desk_row_again, line_again,
		recall_row_again
	};
	TEXT_AUTO again = TEXT_INIT(len + NEWER);
	TEXT_AUTO once_more = TEXT_INIT(len + NEWER);
	struct slice body = slice_after(slice_of(bytes, len), 1);

	if (len == 0 || bytes[0] >= sizeof(bodies) / sizeof(bodies[0]) ||
	    !bodies[bytes[0]](body, &again))
		return 0;
	assert(!text_failed(&again));
	if (again.len == body.len)
		assert(slice_is(text_slice(&again), body));
	assert(bodies[bytes[0]](text_slice(&again), &once_more));
	assert(slice_is(text_slice(&once_more), text_slice(&again)));
	return 0;
}
