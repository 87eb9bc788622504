/*
 * line_report.c - the postmaster is told what the line carried in a month
 */
#include "programs/line_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "policy/keeper.h"
#include "policy/line_book.h"

struct line_report {
	const struct line	*line;
	struct line_report_ports ports;
	struct ipc		*keeper;	/* or NULL */
	struct timer		*timer;
	unsigned		 month;		/* that goes on, as last seen */
	uint64_t		 seen_ms;	/* since when */
	bool			 is_asking;
	bool			 is_done;	/* none before `month` is left */
	unsigned		 posted;	/* a month, on its way; or 0 */
};

/* What the keeper says of a month. */
struct figures {
	unsigned		 month;
	struct line_counts	 sums;
	struct notice_row	 causes[LINE_CAUSES];
	struct notice_row	 accounts[NOTICE_MOST];
	uint32_t		 account_count;	/* those not here included */
};

static void
on_time(void *arg)
{
	line_report_look(arg);
}

struct line_report *
line_report_new(struct loop *loop, const struct line *line,
    const struct line_report_ports *ports)
{
	struct line_report *report = calloc(1, sizeof(*report));

	if (report == NULL)
		return NULL;
	report->line = line;
	report->ports = *ports;
	report->month = line_month(line);
	report->seen_ms = clock_ms();
	report->timer = timer_new(loop, on_time, report);
	if (report->timer == NULL) {
		free(report);
		return NULL;
	}
	/* the first look finds the month settled, not just about to be */
	timer_set(report->timer, LINE_REPORT_SETTLE_MS + LINE_REPORT_NOTE_MS);
	return report;
}

void
line_report_free(struct line_report *report)
{
	if (report == NULL)
		return;
	timer_free(report->timer);
	free(report);
}

void
line_report_keeper(struct line_report *report, struct ipc *keeper)
{
	report->keeper = keeper;	/* the next look asks it */
}

/* The figures */

/* 0, or -EBADMSG; names point into what is read. */
static int
read_figures(struct slice body, struct figures *figures_out)
{
	struct unpack u = unpack_of(body);
	struct figures figures = { .month = unpack_u32(&u) };
	uint32_t rows = 0;

	if (figures.month != 0) {
		figures.sums = line_counts_unpack(&u);
		figures.account_count = unpack_u32(&u);
		rows = unpack_u32(&u);
		if (!line_is_month(figures.month) || rows > NOTICE_MOST ||
		    rows > figures.account_count)
			return -EBADMSG;
	}
	for (uint32_t i = 0; i < rows; i++) {
		figures.accounts[i].cause = SAY_LINE_NO_ACCOUNT;
		figures.accounts[i].name = unpack_slice(&u);
		figures.accounts[i].in = unpack_u64(&u);
		figures.accounts[i].out = unpack_u64(&u);
	}
	if (!unpack_is_done(&u))
		return -EBADMSG;
	*figures_out = figures;
	return 0;
}

/* Those that carried something; how many. */
static size_t
list_causes(struct figures *figures, uint64_t *in_out, uint64_t *out_out)
{
	uint64_t in, out, all_in = 0, all_out = 0;
	size_t count = 0;

	for (unsigned i = 0; i < LINE_CAUSES; i++) {
		in = figures->sums.carried[i].received;
		out = figures->sums.carried[i].sent;
		all_in += in;
		all_out += out;
		if (in > 0 || out > 0)
			figures->causes[count++] = (struct notice_row){
				.cause = notice_cause(i), .in = in,
				.out = out
			};
	}
	*in_out = all_in;
	*out_out = all_out;
	return count;
}

static int
send_report(struct line_report *report, struct figures *figures)
{
	const struct line_counts *sums = &figures->sums;
	struct notice_figures told = {
		.year = figures->month / 100, .month = figures->month % 100,
		.budget = line_status(report->line).month_bytes,
		.skipped = sums->saved[LINE_SKIPPED].bytes,
		.shared = sums->saved[LINE_SHARED].bytes,
		.compressed = sums->saved[LINE_COMPRESSED].bytes,
		.deferred = sums->saved[LINE_DEFERRED].bytes,
		.causes = figures->causes, .accounts = figures->accounts,
		.account_count = figures->account_count
	};
	const struct notice notice = {
		.kind = NOTICE_LINE_REPORT, .figures = &told
	};

	told.cause_count = list_causes(figures, &told.in, &told.out);
	return report->ports.send(report->ports.arg, &notice);
}

/* Asking, and noting */

static void
on_figures(void *arg, int status, struct ipc_message *message)
{
	struct line_report *report = arg;
	struct figures figures;
	int r;

	report->is_asking = false;
	/* who cannot say has logged why; both are asked at the next look */
	if (status < 0 || message->body.len == 0)
		return;
	r = read_figures(message->body, &figures);
	if (r == 0 && figures.month == 0) {
		report->is_done = true;
		return;
	}
	if (r == 0)
		r = send_report(report, &figures);
	if (r == 0) {
		report->posted = figures.month;
		timer_set(report->timer, LINE_REPORT_NOTE_MS);
	} else if (r != -EALREADY)
		log_say("the report of the line's month is not sent now: %s",
		    strerror(-r));
}

static void
ask(struct line_report *report)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u32(&body, report->month);
	report->is_asking = !text_failed(&body) && ipc_ask(report->keeper,
	    KEEPER_LINE_REPORT, text_slice(&body), NULL, 0, on_figures,
	    report) == 0;
}

/* It is in the queue: once the keeper knows, it is not reported again. */
static void
note(struct line_report *report)
{
	TEXT_AUTO body = TEXT_INIT(8);

	pack_u32(&body, report->posted);
	if (!text_failed(&body) && ipc_send(report->keeper,
	    KEEPER_LINE_REPORTED, text_slice(&body), NULL, 0) == 0)
		report->posted = 0;
}

void
line_report_look(struct line_report *report)
{
	unsigned month = line_month(report->line);
	int where;

	timer_set(report->timer, LINE_REPORT_LOOK_MS);
	if (month != report->month) {
		report->month = month;
		report->seen_ms = clock_ms();
		report->is_done = false;
	}
	if (report->keeper == NULL || report->is_asking)
		return;
	if (report->posted != 0) {
		where = report->ports.where(report->ports.arg);
		if (where == 1)
			note(report);
		else if (where < 0)
			report->posted = 0;	/* given up: asked anew */
		else
			timer_set(report->timer, LINE_REPORT_NOTE_MS);
		return;
	}
	if (!report->is_done &&
	    clock_ms() - report->seen_ms >= LINE_REPORT_SETTLE_MS)
		ask(report);
}
