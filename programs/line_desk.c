/*
 * line_desk.c - the schedule's paper work with the keeper
 */
#include "programs/line_desk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fetch/line_sheet.h"
#include "lib/base/log.h"
#include "policy/keeper.h"

#define WRITE_MS	60000	/* of what is carried, while it goes on */
#define WRITE_SOON_MS	1000	/* when one has ended: others end with it */
#define AGAIN_MS	10000	/* after a keeper that could not say */

struct line_desk {
	struct line		*line;
	struct schedule		*schedule;
	struct line_sheet	*sheet;
	struct ipc		*keeper;	/* or NULL */
	bool			 is_asking;	/* for the month */
	struct timer		*learn_timer, *write_timer;
	uint64_t		 write_at_ms;
};

static void	on_learn(void *arg);
static void	on_write(void *arg);

struct line_desk *
line_desk_new(struct loop *loop, struct line *line, struct schedule *schedule)
{
	struct line_desk *desk = calloc(1, sizeof(*desk));

	if (desk == NULL)
		return NULL;
	desk->line = line;
	desk->schedule = schedule;
	desk->sheet = line_sheet_new();
	desk->learn_timer = timer_new(loop, on_learn, desk);
	desk->write_timer = timer_new(loop, on_write, desk);
	if (desk->sheet != NULL && desk->learn_timer != NULL &&
	    desk->write_timer != NULL)
		return desk;
	line_sheet_free(desk->sheet);
	timer_free(desk->learn_timer);
	timer_free(desk->write_timer);
	free(desk);
	return NULL;
}

/* What the month has carried before */

/* 0, or -EAGAIN: the keeper cannot say, its log says why. */
static int
learn(struct line_desk *desk, struct slice body)
{
	struct unpack u = unpack_of(body);
	uint64_t bytes = unpack_u64(&u);

	if (!unpack_is_done(&u))
		return -EAGAIN;
	line_learn(desk->line, line_month(desk->line), bytes);
	schedule_line_changed(desk->schedule);
	return 0;
}

static void
on_learnt(void *arg, int status, struct ipc_message *message)
{
	struct line_desk *desk = arg;

	desk->is_asking = false;
	/* without the channel, the next one asks */
	if (status == 0 && learn(desk, message->body) < 0)
		timer_set(desk->learn_timer, AGAIN_MS);
}

static void
on_learn(void *arg)
{
	struct line_desk *desk = arg;
	TEXT_AUTO body = TEXT_INIT(8);

	if (desk->keeper == NULL || desk->is_asking ||
	    line_is_known(desk->line))
		return;
	pack_u32(&body, line_month(desk->line));
	desk->is_asking = !text_failed(&body) && ipc_ask(desk->keeper,
	    KEEPER_LINE_CARRIED, text_slice(&body), NULL, 0, on_learnt,
	    desk) == 0;
	if (!desk->is_asking)
		timer_set(desk->learn_timer, AGAIN_MS);
}

/* What it carries now */

/* At that time or before. */
static void
write_in(struct line_desk *desk, uint64_t ms)
{
	uint64_t at_ms = clock_ms() + ms;

	if (timer_is_set(desk->write_timer) && desk->write_at_ms <= at_ms)
		return;
	desk->write_at_ms = at_ms;
	timer_set(desk->write_timer, ms);
}

static void
on_written(void *arg, int status, struct ipc_message *message)
{
	struct line_desk *desk = arg;
	bool is_written = false;

	if (status == 0) {
		struct unpack u = unpack_of(message->body);

		is_written = unpack_bool(&u) && unpack_is_done(&u);
	}
	line_sheet_written(desk->sheet, is_written);
	if (!is_written)
		write_in(desk, WRITE_MS);
	else if (line_sheet_has_more(desk->sheet))
		write_in(desk, WRITE_SOON_MS);
}

static void
on_write(void *arg)
{
	struct line_desk *desk = arg;
	TEXT_AUTO body = TEXT_INIT(IPC_MAX_BYTES);

	if (desk->keeper == NULL || !line_sheet_take(desk->sheet, &body))
		return;
	if (text_failed(&body) || ipc_ask(desk->keeper, KEEPER_LINE_ADD,
	    text_slice(&body), NULL, 0, on_written, desk) < 0) {
		line_sheet_written(desk->sheet, false);
		write_in(desk, WRITE_MS);
	}
}

void
line_desk_keeper(struct line_desk *desk, struct ipc *keeper)
{
	desk->keeper = keeper;
	if (keeper == NULL)
		return;		/* what was asked is answered with its loss */
	on_learn(desk);
	if (line_sheet_has_more(desk->sheet))
		write_in(desk, WRITE_SOON_MS);
}

static void
warn(const struct line_desk *desk)
{
	struct line_status status = line_status(desk->line);

	log_say("the line has carried %" PRIu64 " of %" PRIu64 " bytes of "
	    "month %u", status.carried_bytes, status.month_bytes,
	    status.month);
}

void
line_desk_carried(struct line_desk *desk, uint64_t account,
    const struct line_counts *counts)
{
	line_carried(desk->line, line_counts_carried(counts));
	schedule_carried(desk->schedule, account,
	    line_counts_received(counts));
	if (line_sheet_add(desk->sheet, line_month(desk->line), account,
	    counts) < 0)
		log_say("no memory for what the line has carried");
	if (line_is_to_warn(desk->line))
		warn(desk);
	write_in(desk, WRITE_MS);
	schedule_line_changed(desk->schedule);
}

/* How it does */

static void
health_of(const struct schedule_health *from, struct fetch_health *health_out)
{
	struct fetch_health health = {
		.server_said = from->server_said,
		.success_at_utc_ms = from->success_at_utc_ms,
		.ended_at_utc_ms = from->ended_at_utc_ms,
		.failing_since_utc_ms = from->failing_since_utc_ms,
		.told_at_utc_ms = from->told_at_utc_ms,
		.grant_told = from->grant_told,
		.refusals = from->refusals,
		.faults = from->failures - from->refusals,
		.waiting = from->waiting, .waiting_bytes = from->waiting_bytes
	};

	/* both are bounded where they come from; what is not is left out */
	if (from->has_ended)
		(void)slice_cstr(slice_str(fetch_end_code(from->end)),
		    health.result, sizeof(health.result));
	(void)slice_cstr(from->words, health.words, sizeof(health.words));
	*health_out = health;
}

void
line_desk_ended(struct line_desk *desk, const struct schedule_health *from)
{
	TEXT_AUTO body = TEXT_INIT(1024);
	struct fetch_health health;

	write_in(desk, WRITE_SOON_MS);
	if (desk->keeper == NULL)
		return;		/* the next end says as much */
	health_of(from, &health);
	pack_u64(&body, from->id);
	fetch_health_pack(&body, &health);
	if (text_failed(&body) || ipc_send(desk->keeper, KEEPER_FETCH_HEALTH,
	    text_slice(&body), NULL, 0) < 0)
		log_say("the keeper was not told how a remote mailbox does");
}

void
line_desk_close(struct line_desk *desk)
{
	on_write(desk);
	timer_stop(desk->learn_timer);
	timer_stop(desk->write_timer);
}
